//! Requests and commands as single words, as suggestions and dashboards name them.

/// A word of lowercase letters, digits and underscores: `GET /repos/{owner}/{repo}/issues/{number}` is
/// `get_issues_number`, `GraphQL projectItemFetch` is `project_item_fetch`.
pub(crate) fn word(request: &str) -> String {
    let request = request.strip_prefix("GraphQL ").unwrap_or(request);
    let request = request.replace("/repos/{owner}/{repo}", "");
    let mut word = String::with_capacity(request.len());
    let mut before = ' ';
    for character in request.chars() {
        if character.is_ascii_uppercase() && (before.is_ascii_lowercase() || before.is_ascii_digit()) {
            word.push('_');
        }
        if character.is_ascii_alphanumeric() {
            word.push(character.to_ascii_lowercase());
        } else if !word.is_empty() && !word.ends_with('_') {
            word.push('_');
        }
        before = character;
    }
    word.truncate(word.trim_end_matches('_').len());
    if word == "get" { "get_repository".to_owned() } else { word }
}

#[cfg(test)]
mod tests {
    use super::word;

    #[test]
    fn a_request_is_a_word() {
        for (request, expected) in [
            ("GET /repos/{owner}/{repo}/issues/{number}", "get_issues_number"),
            ("GET /repos/{owner}/{repo}", "get_repository"),
            ("GraphQL projectItemFetch", "project_item_fetch"),
            ("GraphQL node,projectV2", "node_project_v2"),
            ("GET /user", "get_user"),
            ("setup-complete", "setup_complete"),
            ("", ""),
        ] {
            assert_eq!(word(request), expected, "{request}");
        }
    }
}
