//! The answers of ours and of a peer, brought into one form and compared.

use std::collections::BTreeMap;

use pm_record::{Record, Scalar};
use serde_json::Value;

/// For each command, its figures by name.
pub(super) type Answer = BTreeMap<String, BTreeMap<String, f64>>;

/// The summaries of `pm-aggregate`.
pub(super) fn ours(lines: &[u8]) -> Result<Answer, String> {
    records(lines, |line| {
        let Ok(Record::Summary(summary)) = Record::parse(line) else { return None };
        let Some(Scalar::Text(command)) = summary.by.get("command") else { return None };
        let duration = summary.metrics.get("duration.total_ms")?;
        let spread = [
            ("mean", duration.mean),
            ("std_deviation", duration.std_deviation),
            ("min", duration.min),
            ("max", duration.max),
            ("p50", duration.p50),
            ("p90", duration.p90),
            ("p95", duration.p95),
            ("p99", duration.p99),
        ];
        let spread = spread.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.to_f64())));
        let totals = summary.api_totals.iter().map(|(name, total)| (name.clone(), total.to_f64()));
        let count = ("count".to_owned(), summary.count as f64);
        Some((command.clone(), spread.chain(totals).chain([count]).collect()))
    })
}

/// One object a command, with `command` and numbers.
pub(super) fn theirs(lines: &[u8]) -> Result<Answer, String> {
    records(lines, |line| {
        let Ok(Value::Object(mut object)) = serde_json::from_slice(line) else { return None };
        let Some(Value::String(command)) = object.remove("command") else { return None };
        let figures: Option<_> =
            object.into_iter().map(|(name, value)| Some((name, value.as_f64()?))).collect();
        Some((command, figures?))
    })
}

fn records(
    lines: &[u8],
    read: impl Fn(&[u8]) -> Option<(String, BTreeMap<String, f64>)>,
) -> Result<Answer, String> {
    lines
        .split(|&byte| byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| read(line).ok_or_else(|| format!("'{}'", String::from_utf8_lossy(line))))
        .collect()
}

/// The first figure of theirs that ours does not confirm. A peer may say less than we do, but about every
/// command.
pub(super) fn disagreement(ours: &Answer, theirs: &Answer) -> Option<String> {
    if !ours.keys().eq(theirs.keys()) {
        return Some(format!("{} commands, where pm-aggregate has {}", theirs.len(), ours.len()));
    }
    for (command, figures) in theirs {
        for (name, &theirs) in figures {
            let Some(&ours) = ours[command].get(name) else {
                return Some(format!("{name} of {command} is {theirs}, and pm-aggregate has none"));
            };
            if (ours - theirs).abs() > tolerance(name, theirs) {
                return Some(format!("{name} of {command} is {theirs}, and pm-aggregate has {ours}"));
            }
        }
    }
    None
}

/// How far two right answers may be apart.
fn tolerance(name: &str, value: f64) -> f64 {
    match name {
        // The sketch promises to be nearer than this.
        "p50" | "p90" | "p95" | "p99" => value.abs() * 0.0056,
        // Ours are exact and then rounded to three decimals; a peer's are sums of floating point.
        "mean" | "std_deviation" => 0.000_501 + value.abs() * 1e-9,
        _ => value.abs() * 1e-12,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &[u8] = br#"{"performance_summary":{"by":{"command":"batch"},"window":{"start":"2024-12-06T10:00:00Z","end":"2024-12-06T11:00:00Z"},"count":3,"metrics":{"duration.total_ms":{"count":3,"sum":1000,"mean":333.333,"min":100,"max":600,"p50":301}},"api_totals":{"cache_hits":7}}}
"#;

    #[track_caller]
    fn check(answer: &str, expected: Option<&str>) {
        let (ours, theirs) = (ours(OURS).expect("ours"), theirs(answer.as_bytes()).expect("theirs"));
        assert_eq!(disagreement(&ours, &theirs).as_deref(), expected);
    }

    #[test]
    fn answers_agree_within_rounding_and_the_error_of_the_sketch() {
        check(
            r#"{"command":"batch","count":3,"mean":333.3333333333333,"min":100.0,"p50":300,"cache_hits":7}"#,
            None,
        );
    }

    #[test]
    fn whatever_differs_more_is_named() {
        check(r#"{"command":"batch","count":4}"#, Some("count of batch is 4, and pm-aggregate has 3"));
        check(
            r#"{"command":"batch","mean":333.4}"#,
            Some("mean of batch is 333.4, and pm-aggregate has 333.333"),
        );
        check(r#"{"command":"batch","p50":299}"#, Some("p50 of batch is 299, and pm-aggregate has 301"));
        check(
            r#"{"command":"batch","cache_hits":6}"#,
            Some("cache_hits of batch is 6, and pm-aggregate has 7"),
        );
        check(r#"{"command":"batch","p99":1}"#, Some("p99 of batch is 1, and pm-aggregate has none"));
    }

    #[test]
    fn every_command_must_be_answered() {
        check("", Some("0 commands, where pm-aggregate has 1"));
        check(r#"{"command":"status"}"#, Some("1 commands, where pm-aggregate has 1"));
    }

    #[test]
    fn a_line_that_is_no_answer_is_shown() {
        assert_eq!(theirs(b"Traceback"), Err("'Traceback'".to_owned()));
        assert_eq!(
            theirs(br#"{"command":"a","count":null}"#),
            Err(r#"'{"command":"a","count":null}'"#.to_owned())
        );
    }
}
