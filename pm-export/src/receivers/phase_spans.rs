//! The spans of phases, most of all spans: written once for runs that are alike, and then only given their ids and
//! times.

use pm_record::Run;

use super::attributes::{Any, attribute};
use super::spans::{INTERNAL, after, begin};
use crate::traces::{Place, Spans, mixed, scattered};

/// The spans of a run's phases, with nothing in place of ids and times.
#[derive(Debug, Clone, Default)]
pub(super) struct PhaseSpans {
    /// The numbers of the phases that they were written for; none if one of these has no number.
    numbers: Option<Vec<u8>>,
    written: Vec<u8>,
    blanks: Vec<Blank>,
}

/// The places that are to be filled in, in what was written.
#[derive(Debug, Clone, Copy)]
struct Blank {
    /// A number that stands for the name.
    name: u64,
    trace: usize,
    parent: usize,
    id: usize,
    start: usize,
    end: usize,
    /// Where the span ends.
    behind: usize,
}

impl PhaseSpans {
    /// Adds those of a run, end to end from its start.
    pub(super) fn add(&mut self, run: &Run<'_>, place: &Place, mut start: u64, spans: &mut Spans) {
        let numbers = || run.numbered_phases().map(|(number, _)| number);
        let is_alike = |known: &Vec<u8>| numbers().eq(known.iter().copied().map(Some));
        if !self.numbers.as_ref().is_some_and(is_alike) {
            self.write(run);
            self.numbers = numbers().collect();
        }
        let parent = u64::from_be_bytes(place.span);
        let out = spans.add_written(&self.written, self.blanks.iter().map(|blank| blank.behind));
        for (blank, duration) in self.blanks.iter().zip(run.numbered_phases().map(|(_, value)| value)) {
            let end = after(start, duration);
            let mut fill = |at: usize, bytes: &[u8]| out[at..at + bytes.len()].copy_from_slice(bytes);
            fill(blank.trace, &place.trace);
            fill(blank.parent, &place.span);
            fill(blank.id, &scattered(parent ^ blank.name).to_be_bytes());
            fill(blank.start, &start.to_le_bytes());
            fill(blank.end, &end.to_le_bytes());
            start = end;
        }
    }

    fn write(&mut self, run: &Run<'_>) {
        /// A fixed number, with its field.
        const TIME: usize = 1 + size_of::<u64>();
        let mut spans = Spans::default();
        self.blanks.clear();
        for (name, _) in run.phases() {
            let short = name.strip_suffix("_ms").unwrap_or(name);
            let (mut fields, mut attributes) = (0, 0);
            spans.add_short(&[0; 16], Some(&[0; 8]), |out| {
                let first = out.len();
                begin([0; 8], short.as_bytes(), INTERNAL, (0, 0), out);
                attributes = out.len();
                attribute("github_pm.laid_end_to_end", Any::Bool(true), out);
                (fields, attributes) = (out.len() - first, out.len() - attributes);
            });
            // What is short may have been moved, and so places are counted from behind. The parent is the last field before
            // these, and the times are the last ones before the attributes.
            let behind = spans.weight();
            let (first, last) = (behind - fields, behind - attributes);
            self.blanks.push(Blank {
                name: mixed(&[b"phase", name.as_bytes()]),
                trace: first - 8 - 2 - 16,
                parent: first - 8,
                id: first + 2,
                start: last - TIME - 8,
                end: last - 8,
                behind,
            });
        }
        self.written.clear();
        self.written.extend_from_slice(spans.part(0..self.blanks.len()));
    }
}
