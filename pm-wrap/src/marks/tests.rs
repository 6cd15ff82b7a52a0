use proptest::prelude::*;

use super::*;

const NO_NAME: &str = "is no name of a phase, which has 1 to 40 of a-z, 0-9 and _, a letter first";

/// What was read of some bytes, piece by piece: the marks, and the warning.
fn read<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Mark>, Option<String>) {
    let (mut marks, mut all) = (Marks::default(), Vec::new());
    for piece in pieces {
        marks.read(piece, |mark| all.push(mark));
        assert!(marks.held() <= LONGEST);
    }
    marks.finish(|mark| all.push(mark));
    (all, marks.ignored().map(ToString::to_string))
}

/// A mark in few words.
fn short(mark: &Mark) -> String {
    let step = match &mark.step {
        Some(Step::Switch(name)) => format!("switch {name}"),
        Some(Step::Open(name)) => format!("open {name}"),
        Some(Step::Close(Some(name))) => format!("close {name}"),
        Some(Step::Close(None)) => "close".to_owned(),
        None => "-".to_owned(),
    };
    let labels = mark.context.iter().map(|(key, scalar)| format!("{key}={scalar:?}"));
    let counters = serde_json::to_string(&mark.github_api).expect("counters");
    let counters = (counters != "{}").then_some(counters);
    std::iter::once(step).chain(labels).chain(counters).collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn check(input: impl AsRef<[u8]>, expected: &[&str]) {
    let (marks, ignored) = read([input.as_ref()]);
    assert_eq!(ignored, None);
    assert_eq!(marks.iter().map(short).collect::<Vec<_>>(), expected);
}

/// Checks why one line is no mark.
#[track_caller]
fn check_bad(line: impl AsRef<[u8]>, reason: &str) {
    let expected = Some(format!("1 mark was ignored: line 1: {reason}"));
    assert_eq!(read([line.as_ref()]), (vec![], expected));
}

#[test]
fn a_line_switches_opens_or_closes_a_phase() {
    check("fetch\n+parse\n-\n-fetch\n", &["switch fetch", "open parse", "close", "close fetch"]);
    check("fetch\n+parse", &["switch fetch", "open parse"]);
    check("\n  \n\r\n\t fetch \r\n\n", &["switch fetch"]);
    check("", &[]);
}

#[test]
fn a_line_of_json_says_the_same_and_carries_labels_and_counters() {
    check(r#"{"phase":"fetch"}"#, &["switch fetch"]);
    check(r#" {"event":"switch","phase":"fetch","newer":[1]} "#, &["switch fetch"]);
    check(r#"{"phase":"fetch","event":"open"}"#, &["open fetch"]);
    check(r#"{"phase":"fetch","event":"close"}"#, &["close fetch"]);
    check(r#"{"event":"close","phase":null,"context":null,"github_api":null}"#, &["close"]);
    check(
        r#"{"context":{"task_count":87,"size":"large","dry":true,"none":null},"github_api":{"requests_made":15,"rate_limit_remaining":4975,"newer":"x"}}"#,
        &[
            r#"- task_count=Number(Thousandths(87000)) size=Text("large") dry=Bool(true) {"requests_made":15,"rate_limit_remaining":4975}"#,
        ],
    );
    check("{}", &["-"]);
}

#[test]
fn a_line_that_is_no_mark_is_told_with_its_number_and_why() {
    let (marks, ignored) = read([&b"\n\nFetch Data\nfetch\n-Fetch\n"[..]]);
    assert_eq!(marks.iter().map(short).collect::<Vec<_>>(), ["switch fetch"]);
    let expected = format!("2 marks were ignored; first: line 3: 'Fetch Data' {NO_NAME}");
    assert_eq!(ignored, Some(expected));
    check_bad(b"\xff\xfe", "not UTF-8");
    check_bad("a\0", &format!(r"'a\u{{0}}' {NO_NAME}"));
    check_bad("-\u{1b}".repeat(50), &format!("'{}…' {NO_NAME}", &"\\u{1b}-".repeat(6)[..40]));
    check_bad("{\"phase\" 1}", "expected ':' at column 10");
    check_bad(r#"{"event":"begin","phase":"a"}"#, "'begin' is no event, which is switch, open or close");
    check_bad(
        format!(r#"{{"context":{{"a":{}"#, "[".repeat(4_000)),
        "recursion limit exceeded at column 142",
    );
    check_bad(r#"{"event":"open"}"#, "an event, but no phase");
}

#[test]
fn a_label_or_counter_that_a_record_cannot_hold_makes_the_line_no_mark() {
    let labels: Vec<_> = (0..65).map(|number| format!(r#""l{number}":1"#)).collect();
    check_bad(format!(r#"{{"context":{{{}}}}}"#, labels.join(",")), "more than 64 labels");
    for label in ["", "a.b"] {
        let expected = format!("'{label}' is no label, which has a name without dots");
        check_bad(format!(r#"{{"context":{{"{label}":1}}}}"#), &expected);
    }
    for value in ["[1]", "{}", "1e300", &format!("\"{}\"", "x".repeat(257))] {
        let expected = "the label 'a' is no number, true, false or text of up to 256 bytes";
        check_bad(format!(r#"{{"context":{{"a":{value}}}}}"#), expected);
    }
    for value in ["-1", "\"1\"", "[1]", "true", "1e300"] {
        let expected = "github_api.retries is no number from 0 up";
        check_bad(format!(r#"{{"phase":"a","github_api":{{"retries":{value}}}}}"#), expected);
    }
}

#[test]
fn a_line_that_is_too_long_is_counted_once_and_costs_no_memory() {
    let (mut marks, mut all) = (Marks::default(), Vec::new());
    for _ in 0..10_000 {
        marks.read(&[b'x'; 10_000], |mark| all.push(mark));
        assert!(marks.held.capacity() <= 2 * LONGEST);
    }
    marks.read(b"\nfetch\n", |mark| all.push(mark));
    assert_eq!(
        marks.ignored().expect("one").to_string(),
        "1 mark was ignored: line 1: longer than 4,096 bytes"
    );
    assert_eq!(all.iter().map(short).collect::<Vec<_>>(), ["switch fetch"]);

    check(format!("{:LONGEST$}", "fetch"), &["switch fetch"]);
    check_bad(format!("{:>1$}", "fetch", LONGEST + 1), "longer than 4,096 bytes");
}

/// Bytes of which many make lines that say something.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let line = prop_oneof![
        "[+-]?[a-z]{0,3} ?\r?\n?",
        r#"\{"phase":"[a-c]?"(,"event":"(open|close)")?(,"context":\{"a":[0-9]\})?\}\n?"#,
        (4_000..4_200_usize).prop_map(|length| format!("{:length$}\n", "a")),
    ];
    let piece = prop_oneof![line.prop_map(String::into_bytes), prop::collection::vec(any::<u8>(), 0..6)];
    prop::collection::vec(piece, 0..20).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn what_is_read_does_not_depend_on_how_the_bytes_were_cut(bytes in bytes(), length in 1..5_000_usize) {
        let at_once = read([&bytes[..]]);
        prop_assert_eq!(&read(bytes.chunks(length)), &at_once);
        prop_assert_eq!(&read(bytes.chunks(1)), &at_once);
    }
}
