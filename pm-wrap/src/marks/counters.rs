//! The counters of a mark: requests to GitHub's API that only the command knows of.

use indexmap::IndexMap;
use pm_record::{GithubApi, Thousandths};
use serde::Deserialize;
use serde_json::Value;

use super::line::NoMark;

type Counter<'a> = (&'static str, &'a mut Option<Thousandths>);

/// What marks can count, by the names it has in records.
fn counters(api: &mut GithubApi) -> [Counter<'_>; 7] {
    [
        ("requests_made", &mut api.requests_made),
        ("rate_limit_consumed", &mut api.rate_limit_consumed),
        ("cache_hits", &mut api.cache_hits),
        ("cache_misses", &mut api.cache_misses),
        ("graphql_points", &mut api.graphql_points),
        ("retries", &mut api.retries),
        ("waited_ms", &mut api.waited_ms),
    ]
}

pub(super) fn read(values: &IndexMap<String, Value>) -> Result<GithubApi, NoMark> {
    let mut api =
        GithubApi { rate_limit_remaining: count(values, "rate_limit_remaining")?, ..GithubApi::default() };
    for (name, counter) in counters(&mut api) {
        *counter = count(values, name)?;
    }
    Ok(api)
}

fn count(values: &IndexMap<String, Value>, name: &'static str) -> Result<Option<Thousandths>, NoMark> {
    match values.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match Thousandths::deserialize(value) {
            Ok(count) if count >= Thousandths(0) => Ok(Some(count)),
            _ => Err(NoMark::NotACount(name)),
        },
    }
}

/// Adds what one mark counted to what all before it did. Of the quota that is left, the last word counts.
pub(crate) fn add(totals: &mut GithubApi, more: &GithubApi) {
    let mut more = more.clone();
    totals.rate_limit_remaining = more.rate_limit_remaining.or(totals.rate_limit_remaining);
    for ((_, total), (_, more)) in counters(totals).into_iter().zip(counters(&mut more)) {
        if let Some(more) = more {
            let sum = total.unwrap_or_default().0.saturating_add(more.0);
            *total = Some(Thousandths(sum));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(marks: &[&str], expected: &str) {
        let mut totals = GithubApi::default();
        for mark in marks {
            let values = serde_json::from_str(mark).expect(mark);
            add(&mut totals, &read(&values).expect(mark));
        }
        assert_eq!(serde_json::to_string(&totals).expect("counters"), expected);
    }

    #[test]
    fn counters_of_several_marks_are_added_up_and_the_last_quota_counts() {
        check(
            &[
                r#"{"requests_made":1,"rate_limit_remaining":4999,"waited_ms":0.5}"#,
                r#"{"requests_made":2,"rate_limit_remaining":4990,"cache_hits":0}"#,
                r#"{"retries":1,"graphql_points":3,"cache_misses":4,"rate_limit_consumed":5,"waited_ms":1}"#,
            ],
            r#"{"requests_made":3,"rate_limit_consumed":5,"rate_limit_remaining":4990,"cache_hits":0,"cache_misses":4,"graphql_points":3,"retries":1,"waited_ms":1.5}"#,
        );
    }

    #[test]
    fn what_was_never_counted_is_absent_and_what_is_not_known_is_left_alone() {
        check(&[], "{}");
        check(&[r#"{"requests_made":null,"quota_delta":{"value":-1},"newer":"x"}"#], "{}");
    }

    #[test]
    fn a_sum_that_cannot_be_held_stays_the_largest() {
        let mut totals = GithubApi { retries: Some(Thousandths(i64::MAX)), ..GithubApi::default() };
        let more = totals.clone();
        add(&mut totals, &more);
        assert_eq!(totals.retries, Some(Thousandths(i64::MAX)));
    }
}
