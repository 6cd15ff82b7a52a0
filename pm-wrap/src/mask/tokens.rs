//! Secrets that are known by their own shape.

use std::ops::Range;

use super::length;

/// What GitHub's tokens begin with. They are masked wherever they stand, also in the middle of a word.
pub(super) const GITHUB: [&str; 6] = ["ghp_", "github_pat_", "gho_", "ghu_", "ghs_", "ghr_"];

/// What the tokens of others begin with, and how many characters follow at least: fewer are something else.
/// They begin where a word begins.
const OTHERS: [(&str, usize); 31] = [
    // GitLab.
    ("glpat-", 8),
    ("gldt-", 8),
    ("glptt-", 8),
    ("glrt-", 8),
    // Slack.
    ("xoxa-", 8),
    ("xoxb-", 8),
    ("xoxc-", 8),
    ("xoxd-", 8),
    ("xoxe-", 8),
    ("xoxe.", 8),
    ("xoxo-", 8),
    ("xoxp-", 8),
    ("xoxr-", 8),
    ("xoxs-", 8),
    ("xapp-", 8),
    // Amazon's access keys, permanent and temporary.
    ("AKIA", 16),
    ("ASIA", 16),
    // A JSON Web Token: `{"` in base64.
    ("eyJ", 16),
    ("AIza", 35),
    ("ya29.", 16),
    ("sk-ant-", 16),
    ("sk-proj-", 16),
    ("sk_live_", 16),
    ("sk_test_", 16),
    ("rk_live_", 16),
    ("whsec_", 16),
    ("npm_", 36),
    ("pypi-", 32),
    ("hf_", 30),
    ("dckr_pat_", 16),
    ("dop_v1_", 32),
];

/// URLs that let whoever knows them write to a channel.
const WEBHOOKS: [&str; 2] = ["hooks.slack.com/services/", "/api/webhooks/"];

/// How a private key begins: within the first line after this, it says that it is one.
const BLOCK: &[u8] = b"-----BEGIN ";

/// Where in `word` there are tokens.
pub(super) fn find(word: &str) -> Vec<Range<usize>> {
    let bytes = word.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let is_start = at == 0 || !bytes[at - 1].is_ascii_alphanumeric();
        match token(&bytes[at..], is_start) {
            Some(length) => {
                found.push(at..at + length);
                at += length;
            }
            None => at += 1,
        }
    }
    found
}

/// How long the token is that `rest` begins with.
fn token(rest: &[u8], is_start: bool) -> Option<usize> {
    if let Some(prefix) = GITHUB.iter().find(|prefix| rest.starts_with(prefix.as_bytes())) {
        return longer(rest, prefix.len(), 1);
    }
    if let Some(prefix) = WEBHOOKS.iter().find(|prefix| rest.starts_with(prefix.as_bytes())) {
        return Some(prefix.len() + length(&rest[prefix.len()..], |byte| byte.is_ascii_graphic()));
    }
    if rest.starts_with(BLOCK) && rest[..rest.len().min(64)].windows(11).any(|part| part == b"PRIVATE KEY") {
        return Some(rest.len());
    }
    let (prefix, fewest) =
        OTHERS.iter().find(|(prefix, _)| is_start && rest.starts_with(prefix.as_bytes()))?;
    longer(rest, prefix.len(), *fewest)
}

/// How long a token with a prefix of this length is, unless fewer characters follow than there have to.
fn longer(rest: &[u8], prefix: usize, fewest: usize) -> Option<usize> {
    let is_of_token = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    let required = rest.get(prefix..prefix + fewest)?;
    required.iter().all(|&byte| is_of_token(byte)).then(|| prefix + length(&rest[prefix..], is_of_token))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Marks the tokens of `word` by brackets.
    #[track_caller]
    fn check(word: &str, expected: &str) {
        let mut marked = word.to_owned();
        for token in find(word).iter().rev() {
            marked.insert(token.end, ']');
            marked.insert(token.start, '[');
        }
        assert_eq!(marked, expected);
    }

    #[test]
    fn github_s_tokens_are_found_anywhere() {
        for prefix in GITHUB {
            check(&format!("{prefix}16C7e42F292c"), &format!("[{prefix}16C7e42F292c]"));
            check(&format!("xé{prefix}a:b"), &format!("xé[{prefix}a]:b"));
            check(&format!("{prefix} {prefix}"), &format!("{prefix} {prefix}"));
        }
    }

    #[test]
    fn tokens_of_others_are_found_where_a_word_begins() {
        check("glpat-abcDEF123456", "[glpat-abcDEF123456]");
        check("x=xoxb-1234-5678-abc", "x=[xoxb-1234-5678-abc]");
        check("AKIAIOSFODNN7EXAMPLE", "[AKIAIOSFODNN7EXAMPLE]");
        check(
            "'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-_'",
            "'[eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-_]'",
        );
        check("npm_0123456789abcdefghijklmnopqrstuvwxyz", "[npm_0123456789abcdefghijklmnopqrstuvwxyz]");
        check("MAKIAIOSFODNN7EXAMPLE", "MAKIAIOSFODNN7EXAMPLE");
    }

    #[test]
    fn what_is_too_short_for_a_token_is_something_else() {
        check(
            "npm_config_cache hf_home AKIA eyJ glpat- xoxb-",
            "npm_config_cache hf_home AKIA eyJ glpat- xoxb-",
        );
    }

    #[test]
    fn private_keys_and_webhooks_are_found() {
        check("x -----BEGIN RSA PRIVATE KEY-----\nMIIE", "x [-----BEGIN RSA PRIVATE KEY-----\nMIIE]");
        check("-----BEGIN CERTIFICATE-----\nMIIE", "-----BEGIN CERTIFICATE-----\nMIIE");
        check("https://hooks.slack.com/services/T0/B0/x y", "https://[hooks.slack.com/services/T0/B0/x] y");
    }
}
