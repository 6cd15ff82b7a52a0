//! What of REST is an object of GraphQL, so that many of them fit into one query, and how such a query is written.

/// The field of an object that a request asks for by its endpoint, with the field that it stands in; none if GraphQL
/// does not have it, as nothing of Actions.
pub(super) fn field(endpoint: &str) -> Option<(Place, &'static str)> {
    let inside = endpoint.strip_prefix("/repos/{owner}/{repo}");
    let field = match inside {
        Some("") => return Some((Place::Top, "repository(owner: \"O\", name: \"R\") { id }")),
        Some("/issues/{number}") => "issue(number: 1) { title }",
        Some("/issues/{number}/comments") => "issue(number: 1) { comments(first: 100) { nodes { body } } }",
        Some("/issues/{number}/labels") => "issue(number: 1) { labels(first: 100) { nodes { name } } }",
        Some("/issues/{number}/timeline") => {
            "issue(number: 1) { timelineItems(first: 100) { nodes { id } } }"
        }
        Some("/pulls/{number}") => "pullRequest(number: 1) { title }",
        Some("/pulls/{number}/comments") => {
            "pullRequest(number: 1) { reviewThreads(first: 100) { nodes { id } } }"
        }
        Some("/pulls/{number}/commits") => "pullRequest(number: 1) { commits(first: 100) { nodes { id } } }",
        Some("/pulls/{number}/files") => "pullRequest(number: 1) { files(first: 100) { nodes { path } } }",
        Some("/pulls/{number}/reviews") => {
            "pullRequest(number: 1) { reviews(first: 100) { nodes { state } } }"
        }
        Some("/milestones/{number}") => "milestone(number: 1) { title }",
        Some("/labels/{label}") => "label(name: \"L\") { color }",
        Some("/branches/{branch}") => "ref(qualifiedName: \"refs/heads/B\") { target { oid } }",
        Some("/commits/{ref}" | "/git/commits/{sha}") => "object(expression: \"REF\") { oid }",
        Some("/contents/{path}") => "object(expression: \"HEAD:PATH\") { ... on Blob { text } }",
        Some("/releases/tags/{tag}") => "release(tagName: \"T\") { name }",
        Some("/commits/{ref}/status") => {
            "object(expression: \"REF\") { ... on Commit { statusCheckRollup { state } } }"
        }
        Some(_) => return None,
        None => match endpoint {
            "/users/{user}" => return Some((Place::Top, "user(login: \"U\") { name }")),
            "/orgs/{org}" => return Some((Place::Top, "organization(login: \"O\") { name }")),
            _ => return None,
        },
    };
    Some((Place::Repository, field))
}

/// Where a field stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Top,
    Repository,
}

/// What to type for many of them at once.
pub(super) fn batch(place: Place, field: &str) -> String {
    let another = field.replacen("number: 1", "number: 2", 1);
    let aliases = format!("a: {field} b: {another} …");
    let query = match place {
        Place::Top => format!("{{ {aliases} }}"),
        Place::Repository => format!("{{ repository(owner: \"O\", name: \"R\") {{ {aliases} }} }}"),
    };
    format!("`gh api graphql -f query='{query}'`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_graphql_has_can_be_asked_for_together_and_what_it_has_not_cannot() {
        let (place, issue) = field("/repos/{owner}/{repo}/issues/{number}").expect("an issue");
        assert!(batch(place, issue).contains("{ a: issue(number: 1) { title } b: issue("));
        assert_eq!(field("/repos/{owner}/{repo}/actions/runs/{id}"), None);
        assert_eq!(field("/repos/{owner}/{repo}").map(|(place, _)| place), Some(Place::Top));
        assert_eq!(field("/search/issues"), None);
    }
}
