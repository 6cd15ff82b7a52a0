//! The lines of a rollup that somebody needs, told apart without being parsed.
//!
//! A rollup holds every hour of its day and every metric, and a question mostly needs one of them. What tells them
//! apart stands in each line in the form in which it was written by us, and is looked for as it stands: a line in
//! any other form is handed on, for whoever parses it to decide.

use std::io::{self, BufRead, BufReader, Read};

use memchr::memmem::Finder;
use pm_record::{Timestamp, Window};
use zstd::stream::read::Decoder;

use crate::sources::Span;

/// Which summaries are needed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Needed<'a> {
    /// Those whose window lies in it as a whole.
    pub span: Span,
    /// Those of this metric, if it is one; those that say how many runs there were always are.
    pub metric: Option<&'a str>,
}

/// The needed lines of a rollup, as text.
pub struct Extract<'a, R: Read> {
    lines: BufReader<Decoder<'static, BufReader<R>>>,
    sieve: Sieve<'a>,
    line: Vec<u8>,
    /// How much of the line was handed out.
    taken: usize,
}

/// Lets lines through.
struct Sieve<'a> {
    needed: Needed<'a>,
    window: Finder<'static>,
    metric: Finder<'static>,
}

/// A quotation mark inside of a string has a backslash before it, so that neither occurs in one.
const WINDOW: &str = "\"window\":{\"start\":\"";
const METRIC: &str = "\"metric\":\"";

impl<'a, R: Read> Extract<'a, R> {
    /// Reads a rollup as it lies in the store.
    ///
    /// # Errors
    ///
    /// There is no memory to decompress it.
    pub fn new(rollup: R, needed: Needed<'a>) -> io::Result<Self> {
        let lines = BufReader::new(Decoder::new(rollup)?);
        Ok(Self { lines, sieve: Sieve::new(needed), line: Vec::new(), taken: 0 })
    }
}

impl<R: Read> Read for Extract<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.taken == self.line.len() {
            self.line.clear();
            self.taken = 0;
            if self.lines.read_until(b'\n', &mut self.line)? == 0 {
                return Ok(0);
            }
            if !self.sieve.lets_through(&self.line) {
                self.line.clear();
            }
        }
        let length = Read::read(&mut &self.line[self.taken..], buffer)?;
        self.taken += length;
        Ok(length)
    }
}

impl<R: Read> std::fmt::Debug for Extract<'_, R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Extract").field("needed", &self.sieve.needed).finish_non_exhaustive()
    }
}

impl<'a> Sieve<'a> {
    fn new(needed: Needed<'a>) -> Self {
        Self { needed, window: Finder::new(WINDOW), metric: Finder::new(METRIC) }
    }

    fn lets_through(&self, line: &[u8]) -> bool {
        let holds = |window| self.needed.span.holds(&window);
        self.window_of(line).is_none_or(holds) && self.is_needed_metric(line)
    }

    /// The window of a line: `"window":{"start":"…","end":"…"}`.
    fn window_of(&self, line: &[u8]) -> Option<Window> {
        let times = line.get(self.window.find(line)? + WINDOW.len()..)?;
        let (start, rest) = quoted(times)?;
        let (end, _) = quoted(rest.strip_prefix(b",\"end\":\"")?)?;
        let time = |text| Timestamp::parse(str::from_utf8(text).ok()?);
        Some(Window { start: time(start)?, end: time(end)? })
    }

    fn is_needed_metric(&self, line: &[u8]) -> bool {
        let Some(needed) = self.needed.metric else { return true };
        let name = self.metric.find(line).and_then(|at| quoted(line.get(at + METRIC.len()..)?));
        name.is_none_or(|(name, _)| name == needed.as_bytes() || name.contains(&b'\\'))
    }
}

/// What stands before the next quotation mark, and behind it.
fn quoted(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr::memchr(b'"', text)?;
    Some((&text[..end], &text[end + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: [&str; 6] = [
        r#"{"rollup_source":{"schema":1}}"#,
        r#"{"performance_partial":{"by":{"command":"a"},"window":{"start":"2024-12-06T10:00:00.000Z","end":"2024-12-06T11:00:00.000Z"},"group":{}}}"#,
        r#"{"performance_partial":{"by":{"command":"a"},"window":{"start":"2024-12-06T10:00:00.000Z","end":"2024-12-06T11:00:00.000Z"},"metric":"duration.total_ms"}}"#,
        r#"{"performance_partial":{"by":{"command":"\"metric\":\"x"},"window":{"start":"2024-12-06T11:00:00.000Z","end":"2024-12-06T12:00:00.000Z"},"metric":"github_api.requests_made"}}"#,
        r#"{"performance_partial":{"by":{"command":"a"},"metric":"duration.total_ms"}}"#,
        r#"{ "performance_partial": {"by":{"command":"a"}, "window": {"start":"1999-12-06T11:00:00.000Z","end":"1999-12-06T12:00:00.000Z"}, "metric": "x"}}"#,
    ];

    #[track_caller]
    fn check(since: Option<&str>, until: Option<&str>, metric: Option<&str>, expected: &[usize]) {
        let time = |text| Timestamp::parse(text).expect("a time");
        let span = Span { since: since.map(time), until: until.map(time) };
        let mut rollup = Vec::new();
        for line in LINES {
            rollup.extend(zstd::encode_all(format!("{line}\n").as_bytes(), 1).expect("memory"));
        }
        let mut text = String::new();
        let needed = Needed { span, metric };
        Extract::new(&rollup[..], needed).expect("memory").read_to_string(&mut text).expect("text");
        let expected: Vec<_> = expected.iter().map(|&line| LINES[line]).collect();
        assert_eq!(text.lines().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_window_is_needed_if_it_lies_in_the_span_as_a_whole() {
        check(None, None, None, &[0, 1, 2, 3, 4, 5]);
        check(Some("2024-12-06T11:00:00Z"), None, None, &[0, 3, 4, 5]);
        check(None, Some("2024-12-06T11:00:00Z"), None, &[0, 1, 2, 4, 5]);
        check(Some("2024-12-06T10:00:00.001Z"), Some("2024-12-06T11:59:59Z"), None, &[0, 4, 5]);
    }

    #[test]
    fn of_the_metrics_the_needed_one_comes_with_what_has_none() {
        check(None, None, Some("duration.total_ms"), &[0, 1, 2, 4, 5]);
        check(None, None, Some("github_api.requests_made"), &[0, 1, 3, 5]);
        check(Some("2024-12-06T11:00:00Z"), None, Some("duration.total_ms"), &[0, 4, 5]);
    }

    #[test]
    fn a_rollup_that_is_cut_off_is_an_error() {
        let rollup = zstd::encode_all(LINES.join("\n").as_bytes(), 1).expect("memory");
        let cut = &rollup[..rollup.len() - 5];
        let read =
            Extract::new(cut, Needed::default()).and_then(|mut lines| lines.read_to_end(&mut Vec::new()));
        assert!(read.is_err());
    }
}
