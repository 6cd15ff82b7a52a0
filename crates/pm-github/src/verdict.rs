//! Why a request was refused: a limit of one kind or the other, or a lack of permission.

use crate::{Answer, Door, LimitHeaders};

/// What an answer means for whoever wants to ask again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// No limit was hit. The request may have failed for another reason.
    Allowed,
    /// The quota of the hour, or of the minute for searches, is used up.
    Primary,
    /// Too much at once. Nobody can ask how much would have been enough.
    Secondary,
    /// The credential may not do this; waiting changes nothing.
    Forbidden,
}

/// Tells them apart.
///
/// GitHub answers both limits with 403 or 429, as it does a lack of permission, and GraphQL answers the primary
/// limit with 200. So what the body says counts first, then `retry-after`, then what remains.
#[must_use]
pub fn verdict(door: Door, status: u16, headers: &LimitHeaders, answer: &Answer) -> Verdict {
    let said = answer.complaints.iter().find_map(said);
    match (status, door) {
        (403 | 429, _) => said.unwrap_or_else(|| by_headers(status, headers)),
        (200, Door::Graphql) => said.unwrap_or(Verdict::Allowed),
        _ => Verdict::Allowed,
    }
}

/// The limit that a complaint speaks of.
fn said(complaint: &crate::Complaint) -> Option<Verdict> {
    let message = complaint.message.to_ascii_lowercase();
    let secondary = ["secondary rate limit", "abuse detection"];
    if secondary.iter().any(|words| message.contains(words))
        || complaint.documentation.contains("secondary-rate-limits")
    {
        return Some(Verdict::Secondary);
    }
    let is_primary = matches!(complaint.kind.as_str(), "RATE_LIMITED" | "RATE_LIMIT")
        || message.contains("api rate limit")
        || message.contains("rate limit exceeded");
    is_primary.then_some(Verdict::Primary)
}

fn by_headers(status: u16, headers: &LimitHeaders) -> Verdict {
    match (headers.limit.remaining, headers.retry_after, status) {
        (Some(0), None, _) => Verdict::Primary,
        (_, Some(_), _) | (_, _, 429) => Verdict::Secondary,
        (_, None, _) => Verdict::Forbidden,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::Limit;

    #[track_caller]
    fn check(
        door: Door,
        status: u16,
        remaining: Option<u64>,
        retry: Option<u64>,
        body: &str,
        expected: Verdict,
    ) {
        let headers = LimitHeaders {
            limit: Limit { remaining, ..Limit::default() },
            retry_after: retry.map(Duration::from_secs),
            ..LimitHeaders::default()
        };
        let verdict = verdict(door, status, &headers, &Answer::read(body.as_bytes()));
        assert_eq!(verdict, expected, "{status} {remaining:?} {retry:?} {body}");
    }

    const SECONDARY: &str =
        r#"{"message":"You have exceeded a secondary rate limit. Please wait a few minutes."}"#;
    const PRIMARY: &str = r#"{"message":"API rate limit exceeded for user ID 1."}"#;
    const PERMISSION: &str = r#"{"message":"Resource not accessible by personal access token"}"#;

    #[test]
    fn the_two_limits_and_a_lack_of_permission_are_told_apart() {
        for status in [403, 429] {
            check(Door::Rest, status, Some(0), None, PRIMARY, Verdict::Primary);
            check(Door::Rest, status, Some(4000), None, SECONDARY, Verdict::Secondary);
            check(Door::Rest, status, Some(4000), Some(60), SECONDARY, Verdict::Secondary);
            // What the body says counts before the headers: a primary limit may be used up at the same time.
            check(Door::Rest, status, Some(0), None, SECONDARY, Verdict::Secondary);
            check(Door::Rest, status, Some(0), None, "", Verdict::Primary);
            check(Door::Rest, status, Some(4000), Some(60), "", Verdict::Secondary);
            check(Door::Rest, status, None, None, PRIMARY, Verdict::Primary);
        }
        check(Door::Rest, 403, Some(4000), None, PERMISSION, Verdict::Forbidden);
        check(Door::Rest, 403, None, None, "", Verdict::Forbidden);
        check(Door::Rest, 429, Some(4000), None, "", Verdict::Secondary);
    }

    #[test]
    fn graphql_answers_the_primary_limit_with_200() {
        let limited = r#"{"errors":[{"type":"RATE_LIMITED","message":"API rate limit exceeded"}]}"#;
        check(Door::Graphql, 200, Some(0), None, limited, Verdict::Primary);
        check(
            Door::Graphql,
            200,
            Some(9),
            None,
            r#"{"errors":[{"message":"You have exceeded a secondary rate limit"}]}"#,
            Verdict::Secondary,
        );
        check(Door::Graphql, 200, Some(0), None, r#"{"data":{}}"#, Verdict::Allowed);
        check(Door::Graphql, 200, Some(9), None, r#"{"errors":[{"type":"NOT_FOUND"}]}"#, Verdict::Allowed);
    }

    #[test]
    fn other_answers_hit_no_limit_whatever_their_text() {
        check(Door::Rest, 200, Some(0), None, PRIMARY, Verdict::Allowed);
        for status in [304, 401, 404, 422, 500, 503] {
            check(Door::Rest, status, Some(0), None, "", Verdict::Allowed);
        }
    }
}
