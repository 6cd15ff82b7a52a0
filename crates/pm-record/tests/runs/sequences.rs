//! The corpus in many orders: what a reader has learned from one line never changes its answer to another.

use pm_record::Wanted;

use crate::answer::Verdict;
use crate::corpus;
use crate::trial::{OFTEN, Trial};
use crate::wanted;

struct Line {
    bytes: Vec<u8>,
    verdict: Verdict,
}

/// Every case that is not a burden to read often, with its verdict.
fn lines(wanted: &Wanted) -> Vec<Line> {
    let mut trial = Trial::new(wanted);
    let short = corpus::cases().into_iter().map(|case| case.line).filter(|line| line.len() <= 1 << 16);
    short.map(|bytes| Line { verdict: trial.expected(&bytes), bytes }).collect()
}

/// Reads all lines with one reader, `step` further each time; a few lines as often as it takes to learn their
/// layouts and to read them so, before it goes on to the next few.
fn check_in_steps_of(step: usize, wanted: &Wanted, lines: &[Line]) {
    let mut trial = Trial::new(wanted);
    let order: Vec<_> = (0..lines.len()).map(|place| &lines[place * step % lines.len()]).collect();
    for few in order.chunks(8) {
        for Line { bytes, verdict } in std::iter::repeat_n(few, OFTEN).flatten() {
            trial.check_against(bytes, verdict);
        }
    }
}

#[test]
fn one_reader_answers_the_whole_corpus_in_any_order() {
    for wanted in wanted::sets() {
        let mut lines = lines(&wanted);
        // Steps that share no factor with the number of lines come by every line.
        lines.truncate(lines.len() / 30 * 30 + 1);
        for step in [1, 30, lines.len() - 1] {
            check_in_steps_of(step, &wanted, &lines);
        }
    }
}

/// The same line with one value changed: its last digit, and a letter of its last text.
fn near(line: &[u8]) -> Vec<Vec<u8>> {
    let change = |is: fn(&u8) -> bool, to: u8| {
        let mut changed = line.to_vec();
        let place = changed.iter().rposition(is)?;
        changed[place] = to;
        Some(changed)
    };
    let texts = [change(u8::is_ascii_digit, b'7'), change(u8::is_ascii_lowercase, b'q')];
    let mut longer = line.to_vec();
    if let Some(place) = longer.iter().rposition(u8::is_ascii_digit) {
        longer.insert(place, b'1');
    }
    texts.into_iter().flatten().chain([longer]).collect()
}

/// Reads every case after its neighbours, after itself and after lines that are nearly the same, and then what
/// is usual again.
fn check_warmed_up(wanted: &Wanted) {
    let lines = lines(wanted);
    let usual = &lines
        .iter()
        .find(|line| line.bytes.windows(10).any(|part| part == b"\"truncated"))
        .expect("a full run");
    for neighbours in lines.windows(3) {
        let [before, line, after] = neighbours else { unreachable!("three of them") };
        let near = near(&line.bytes);
        for warm_up in
            [&[usual, before, after][..], &[usual, line], &[before, line, line, after], &[line, usual, line]]
        {
            let mut trial = Trial::new(wanted);
            for Line { bytes, verdict } in warm_up.iter().copied().chain([line, usual, line]) {
                trial.check_against(bytes, verdict);
            }
        }
        let mut trial = Trial::new(wanted);
        for near in &near {
            let verdict = trial.expected(near);
            for _ in 0..2 {
                trial.check_against(near, &verdict);
                trial.check_against(&line.bytes, &line.verdict);
            }
        }
    }
}

#[test]
fn what_was_read_before_changes_no_answer_when_everything_is_wanted() {
    check_warmed_up(&wanted::sets()[0]);
}

#[test]
fn what_was_read_before_changes_no_answer_when_little_is_wanted() {
    check_warmed_up(&wanted::sets()[2]);
}

#[test]
fn what_was_read_before_changes_no_answer_when_odd_things_are_wanted() {
    check_warmed_up(&wanted::sets()[3]);
}
