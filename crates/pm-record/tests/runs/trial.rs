//! One reader on trial: whatever it has read before, its answer is that of the full parser.

use std::collections::HashMap;

use pm_record::{Run, RunReader, Wanted};

use crate::answer::{self, Verdict};

/// How often lines are repeated: a layout is learned when it is seen for the second time, and read by after that.
pub(crate) const OFTEN: usize = 4;

/// A reader, and what it is held against.
pub(crate) struct Trial<'a> {
    wanted: &'a Wanted,
    /// As it is on this processor, and as it is on every other.
    readers: [RunReader; 2],
    full: RunReader,
    /// The names that have the numbers of phases, of each reader.
    names: [HashMap<u8, String>; 2],
}

impl<'a> Trial<'a> {
    /// A reader that has read nothing yet.
    pub(crate) fn new(wanted: &'a Wanted) -> Self {
        let readers = [RunReader::new(wanted), RunReader::new(wanted).portable()];
        Self { wanted, readers, full: RunReader::new(wanted), names: Default::default() }
    }

    /// The verdict on a line, by the full parser.
    ///
    /// The reference agrees with it, but for one thing: the full parser may refuse a line that a parser of whole
    /// trees refuses, because of a field that the types do not look at.
    pub(crate) fn expected(&mut self, line: &[u8]) -> Verdict {
        let full = answer::read(self.full.read_fully(line), self.wanted);
        let reference = answer::reference(line, self.wanted);
        if full != reference {
            let refused = full.is_err() && !answer::is_strict(line);
            assert!(
                refused,
                "the full parser:\n{full:#?}\nthe reference:\n{reference:#?}\non {}",
                show(line)
            );
        }
        full
    }

    /// Reads the lines over and over, and compares.
    pub(crate) fn check<L: AsRef<[u8]>>(&mut self, lines: &[L]) {
        let expected: Vec<_> = lines.iter().map(|line| self.expected(line.as_ref())).collect();
        for (line, expected) in std::iter::repeat_n(std::iter::zip(lines, &expected), OFTEN).flatten() {
            self.check_against(line.as_ref(), expected);
        }
    }

    /// Reads a line whose verdict is known, and compares.
    pub(crate) fn check_against(&mut self, line: &[u8], expected: &Verdict) {
        for (reader, names) in self.readers.iter_mut().zip(&mut self.names) {
            let reading = reader.read(line);
            if let Ok(pm_record::Reading::Run(run)) = &reading {
                check_numbers(run, names);
            }
            let verdict = answer::read(reading, self.wanted);
            assert!(
                verdict == *expected,
                "the reader:\n{verdict:#?}\nthe full parser:\n{expected:#?}\non {}",
                show(line)
            );
        }
    }
}

/// A number stands for one name, with one value beside it, whichever way a line was read.
fn check_numbers(run: &Run<'_>, names: &mut HashMap<u8, String>) {
    let numbered = run.numbered_phases();
    assert_eq!(numbered.len(), run.phases().len());
    for (place, ((number, value), phase)) in numbered.zip(run.phases()).enumerate() {
        assert_eq!((run.phase_name(place), value), (Some(phase.0), phase.1), "{}", show(run.line()));
        if let Some(number) = number {
            let before = names.entry(number).or_insert_with(|| phase.0.to_owned());
            assert_eq!(before, phase.0, "phase {number} on {}", show(run.line()));
        }
    }
}

/// A line for people; of a long one, its beginning.
pub(crate) fn show(line: &[u8]) -> String {
    let (begin, rest) = line.split_at(line.len().min(4000));
    format!("{}{}", begin.escape_ascii(), if rest.is_empty() { "" } else { " …" })
}
