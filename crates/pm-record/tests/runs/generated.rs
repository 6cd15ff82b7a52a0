//! Made-up logs of about twenty lines: whatever they hold, one reader answers each line as the full parser does.

use pm_record::{LONGEST_LINE, Wanted};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::choices::Choices;
use crate::corpus;
use crate::generate;
use crate::pieces;
use crate::trial::{OFTEN, Trial};
use crate::wanted;

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn a_reader_answers_any_log_as_the_full_parser_does(choices in vec(any::<u8>(), 0..3000), set in 0_usize..4) {
        let lines = generate::lines(&mut Choices::new(&choices));
        Trial::new(&wanted::sets()[set]).check(&lines);
    }

    #[test]
    fn lines_that_are_read_as_runs_are_those_that_are_read_as_lines(
        choices in vec(any::<u8>(), 0..2000),
        pieces in vec(1_usize..5000, 1..10),
    ) {
        let input = input(&mut Choices::new(&choices));
        check_lines(&input, &pieces);
    }
}

/// Lines with newlines and with CRLF, blank ones between them, and not always a last newline.
fn input(choices: &mut Choices<'_>) -> Vec<u8> {
    let mut input = Vec::new();
    let lines = generate::lines(choices);
    for line in std::iter::repeat_n(&lines, OFTEN).flatten() {
        input.extend(line);
        input.extend(choices.pick::<&[u8]>(&[b"\n", b"\r\n", b"\n\n", b"\n \t\r\n"]));
    }
    let end = input.len() - if choices.one_in(2) { input.len().min(1) } else { 0 };
    input.truncate(end);
    input
}

fn check_lines(input: &[u8], sizes: &[usize]) {
    for wanted in &wanted::sets()[..2] {
        pieces::check(input, sizes, wanted);
    }
}

#[test]
fn the_corpus_read_as_runs_is_the_corpus_read_as_lines() {
    let mut input = Vec::new();
    for case in corpus::cases().into_iter().filter(|case| case.line.len() <= 1 << 16) {
        // The torn line behind the whole ones has the same layout up to where it ends.
        let (torn, _) = case.line.split_at(case.line.len().saturating_sub(3));
        for line in [&case.line, &case.line, &case.line, torn, &case.line] {
            input.extend_from_slice(line);
            input.push(b'\n');
        }
    }
    check_lines(&input, &[1 << 30]);
    check_lines(&input, &[4093, 1, 700]);
}

#[test]
fn a_line_that_is_too_long_is_refused_and_the_next_one_is_read() {
    let run = r#"{"performance_metrics":{"command":"x","timestamp":"2024-12-06T10:30:15Z","duration":{"total_ms":1},"host":"~"}}"#;
    let of_length = |length: usize| run.replace('~', &"a".repeat(length + 1 - run.len()));
    let input =
        [of_length(200), of_length(LONGEST_LINE), of_length(LONGEST_LINE + 1), of_length(200)].join("\n");
    check_lines(input.as_bytes(), &[1 << 30]);
    check_lines(input.as_bytes(), &[4096, 65_521]);
    let read = pieces::as_runs(input.as_bytes(), &[usize::MAX], &Wanted::default());
    let refused: Vec<_> = read.into_iter().map(|(_, verdict)| verdict.err()).collect();
    assert_eq!(refused, [None, None, Some("longer than 1 MiB".to_owned()), None]);
}
