//! Made-up logs of about twenty lines: whatever they hold, one reader answers each line as the full parser does.

use std::fmt;
use std::io::{self, Read};

use pm_record::{LONGEST_LINE, Lines, RunReader, Wanted};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::answer::{self, Verdict};
use crate::choices::Choices;
use crate::generate;
use crate::trial::{Trial, show};
use crate::wanted;

/// Reads the lines twice with one reader: the second time it knows all of their layouts.
fn check(wanted: &Wanted, lines: &[Vec<u8>]) {
    let mut trial = Trial::new(wanted);
    for line in lines.iter().chain(lines) {
        trial.check(line);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn a_reader_answers_any_log_as_the_full_parser_does(choices in vec(any::<u8>(), 0..3000), set in 0_usize..4) {
        let lines = generate::lines(&mut Choices::new(&choices));
        check(&wanted::sets()[set], &lines);
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
    for line in generate::lines(choices) {
        input.extend(line);
        input.extend(choices.pick::<&[u8]>(&[b"\n", b"\r\n", b"\n\n", b"\n \t\r\n"]));
    }
    let end = input.len() - if choices.one_in(2) { input.len().min(1) } else { 0 };
    input.truncate(end);
    input
}

/// Hands out its bytes in pieces of the given sizes, over and over.
struct Pieces<'a> {
    bytes: &'a [u8],
    sizes: std::iter::Cycle<std::slice::Iter<'a, usize>>,
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let size = *self.sizes.next().expect("at least one size");
        let length = buffer.len().min(size);
        self.bytes.read(&mut buffer[..length])
    }
}

impl fmt::Display for Pieces<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("pieces")
    }
}

#[track_caller]
fn check_lines(input: &[u8], pieces: &[usize]) {
    for wanted in &wanted::sets()[..2] {
        let pieces = || [Pieces { bytes: input, sizes: pieces.iter().cycle() }];
        let whole = || [Pieces { bytes: input, sizes: [usize::MAX].iter().cycle() }];
        let expected = line_by_line(Lines::new(whole()), wanted);
        assert_eq!(as_runs(Lines::new(pieces()), wanted), expected, "of {}", show(input));
    }
}

/// The position of each line, and the full parser's verdict on it.
fn line_by_line(
    mut lines: Lines<std::array::IntoIter<Pieces<'_>, 1>>,
    wanted: &Wanted,
) -> Vec<(String, Verdict)> {
    let mut full = RunReader::new(wanted);
    let mut all = Vec::new();
    while let Some(line) = lines.next_line(|_| Ok(())).expect("memory") {
        let verdict = match line.record() {
            Err(bad) if line.bytes.is_empty() => Err(bad.to_string()),
            _ => answer::read(full.read_fully(line.bytes), wanted),
        };
        all.push((line.position.to_string(), verdict));
    }
    all
}

fn as_runs(mut lines: Lines<std::array::IntoIter<Pieces<'_>, 1>>, wanted: &Wanted) -> Vec<(String, Verdict)> {
    let mut runs = RunReader::new(wanted);
    let mut all = Vec::new();
    while let Some((position, reading)) = lines.next_run(&mut runs, |_| Ok(())).expect("memory") {
        all.push((position.to_string(), answer::read(reading, wanted)));
    }
    all
}

#[test]
fn a_line_that_is_too_long_is_refused_and_the_next_one_is_read() {
    let run = r#"{"performance_metrics":{"command":"x","timestamp":"2024-12-06T10:30:15Z","duration":{"total_ms":1},"host":"~"}}"#;
    let of_length = |length: usize| run.replace('~', &"a".repeat(length + 1 - run.len()));
    let input =
        [of_length(200), of_length(LONGEST_LINE), of_length(LONGEST_LINE + 1), of_length(200)].join("\n");
    check_lines(input.as_bytes(), &[1 << 30]);
    check_lines(input.as_bytes(), &[4096, 65_521]);
    let [set, ..] = &wanted::sets();
    let lines = Lines::new([Pieces { bytes: input.as_bytes(), sizes: [usize::MAX].iter().cycle() }]);
    let refused = as_runs(lines, set).into_iter().map(|(_, verdict)| verdict.err()).collect::<Vec<_>>();
    assert_eq!(refused, [None, None, Some("longer than 1 MiB".to_owned()), None]);
}
