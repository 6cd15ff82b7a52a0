//! One reader on trial: whatever it has read before, its answer is that of the full parser.

use std::collections::HashMap;

use pm_record::{RunReader, Wanted};

use crate::answer::{self, Answer, Verdict};

/// How often lines are repeated: a layout is learned when it is seen for the second time, and read by after that.
pub(crate) const OFTEN: usize = 4;

/// A reader, and what it is held against.
pub(crate) struct Trial<'a> {
    wanted: &'a Wanted,
    /// As it is on this processor, and as it is on every other.
    readers: [RunReader; 2],
    full: RunReader,
    /// The names of the phases that every shape had so far.
    shapes: HashMap<u32, Vec<String>>,
}

impl<'a> Trial<'a> {
    /// A reader that has read nothing yet.
    pub(crate) fn new(wanted: &'a Wanted) -> Self {
        let readers = [RunReader::new(wanted), RunReader::new(wanted).portable()];
        Self { wanted, readers, full: RunReader::new(wanted), shapes: HashMap::new() }
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
        for reader in &mut self.readers {
            let reading = reader.read(line);
            let shape = match &reading {
                Ok(pm_record::Reading::Run(run)) => run.shape(),
                _ => None,
            };
            let verdict = answer::read(reading, self.wanted);
            assert!(
                verdict == *expected,
                "the reader:\n{verdict:#?}\nthe full parser:\n{expected:#?}\non {}",
                show(line)
            );
            // Both learn the same from the same lines.
            if let (Ok(Answer::Run(run)), Some(shape)) = (verdict, shape) {
                let names: Vec<_> = run.phases.into_iter().map(|(name, _)| name).collect();
                let before = self.shapes.entry(shape).or_insert_with(|| names.clone());
                assert_eq!(*before, names, "of two lines of shape {shape}, the second being {}", show(line));
            }
        }
    }
}

/// A line for people; of a long one, its beginning.
pub(crate) fn show(line: &[u8]) -> String {
    let (begin, rest) = line.split_at(line.len().min(4000));
    format!("{}{}", begin.escape_ascii(), if rest.is_empty() { "" } else { " …" })
}
