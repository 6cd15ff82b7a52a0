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

/// The metric that stands in a frame of its own.
pub(crate) const DURATION: &str = "duration.total_ms";

/// How much is read at once: what a frame's blocks hold at most.
const BLOCK: usize = 128 << 10;

/// How much of a line is held: what readers of lines take, with its newline, and a byte by which they see that it is
/// more.
const MOST_HELD: u64 = pm_record::LONGEST_LINE as u64 + 2;

/// How many frames there are before those of the other metrics: the first line, and the durations.
const OF_DURATIONS: u32 = 2;

/// The needed lines of a rollup, as text.
pub struct Extract<'a, R: Read> {
    /// The frame that is read; none behind the last one that is needed.
    frame: Option<Frame<R>>,
    /// How many frames are still to be read, that one included.
    frames: u32,
    sieve: Sieve<'a>,
    line: Vec<u8>,
    /// How much of the line was handed out.
    taken: usize,
    /// Whether a piece of a line was handed out and the rest of it is still to come.
    in_line: bool,
    /// What went wrong behind lines that were handed out before it is told.
    failure: Option<io::Error>,
}

type Frame<R> = BufReader<Decoder<'static, BufReader<R>>>;

/// Finds the metric that a line is about.
#[derive(Debug)]
pub(crate) struct MetricOf(Finder<'static>);

/// Lets lines through.
struct Sieve<'a> {
    needed: Needed<'a>,
    window: Finder<'static>,
    metric: MetricOf,
    /// The times of the window that was looked at last, as text, and whether it is needed: the metrics of a group
    /// stand together.
    last: Option<(Box<[u8]>, bool)>,
}

/// A quotation mark inside of a string has a backslash before it, so that neither occurs in one.
const WINDOW: &str = "\"window\":{\"start\":\"";
const METRIC: &str = "\"metric\":\"";

/// Both stand at the beginning of a line, which may be long.
const LONGEST_BEGINNING: usize = 4096;

impl<'a, R: Read> Extract<'a, R> {
    /// Reads a rollup as it lies in the store.
    ///
    /// # Errors
    ///
    /// There is no memory to decompress it.
    pub fn new(rollup: R, needed: Needed<'a>) -> io::Result<Self> {
        let only_durations = needed.metric == Some(DURATION);
        let frames = if only_durations { OF_DURATIONS } else { u32::MAX };
        let frame = Some(begin(BufReader::with_capacity(BLOCK, rollup))?);
        Ok(Self {
            frame,
            frames,
            sieve: Sieve::new(needed),
            line: Vec::new(),
            taken: 0,
            in_line: false,
            failure: None,
        })
    }
}

impl<R: Read> Read for Extract<'_, R> {
    /// Fills the buffer as far as there are lines, so that whoever reads is not asked for every line.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() && self.failure.is_none() {
            match self.has_line() {
                Ok(true) => {}
                Ok(false) => break,
                Err(failure) => {
                    self.failure = Some(failure);
                    break;
                }
            }
            let length = Read::read(&mut &self.line[self.taken..], &mut buffer[filled..])?;
            self.taken += length;
            filled += length;
        }
        if filled > 0 { Ok(filled) } else { self.failure.take().map_or(Ok(0), Err) }
    }
}

impl<R: Read> Extract<'_, R> {
    /// Goes on to the next needed line, if the last one was handed out. Returns whether there is one.
    fn has_line(&mut self) -> io::Result<bool> {
        while self.taken == self.line.len() {
            self.line.clear();
            self.taken = 0;
            let Some(frame) = &mut self.frame else { return Ok(false) };
            // A line that is too long is handed on in pieces, for whoever reads lines to say so.
            let mut some = Read::by_ref(frame).take(MOST_HELD);
            if some.read_until(b'\n', &mut self.line)? == 0 {
                self.next_frame()?;
                continue;
            }
            let is_piece = !self.line.ends_with(b"\n") || self.in_line;
            self.in_line = !self.line.ends_with(b"\n");
            if !is_piece && !self.sieve.lets_through(&self.line) {
                self.line.clear();
            }
        }
        Ok(true)
    }

    fn next_frame(&mut self) -> io::Result<()> {
        self.frames -= 1;
        let Some(frame) = self.frame.take().filter(|_| self.frames > 0) else { return Ok(()) };
        let mut rest = frame.into_inner().finish();
        if !rest.fill_buf()?.is_empty() {
            self.frame = Some(begin(rest)?);
        }
        Ok(())
    }
}

fn begin<R: Read>(rollup: BufReader<R>) -> io::Result<Frame<R>> {
    Ok(BufReader::new(Decoder::with_buffer(rollup)?.single_frame()))
}

impl Default for MetricOf {
    fn default() -> Self {
        Self(Finder::new(METRIC))
    }
}

impl MetricOf {
    /// The metric, as it stands in the line.
    pub(crate) fn of<'a>(&self, line: &'a [u8]) -> Option<&'a [u8]> {
        let beginning = &line[..line.len().min(LONGEST_BEGINNING)];
        let (name, _) = quoted(beginning.get(self.0.find(beginning)? + METRIC.len()..)?)?;
        Some(name)
    }
}

impl<R: Read> std::fmt::Debug for Extract<'_, R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Extract").field("needed", &self.sieve.needed).finish_non_exhaustive()
    }
}

impl<'a> Sieve<'a> {
    fn new(needed: Needed<'a>) -> Self {
        Self { needed, window: Finder::new(WINDOW), metric: MetricOf::default(), last: None }
    }

    fn lets_through(&mut self, line: &[u8]) -> bool {
        self.is_needed_window(&line[..line.len().min(LONGEST_BEGINNING)]) && self.is_needed_metric(line)
    }

    /// The window of a line: `"window":{"start":"…","end":"…"}`.
    fn is_needed_window(&mut self, line: &[u8]) -> bool {
        let Some(at) = self.window.find(line) else { return true };
        let times = &line[at + WINDOW.len()..];
        if let Some((last, needed)) = &self.last
            // A comparison of slices is a call of the C library, which in the static builds goes byte by byte.
            && memchr::arch::all::is_prefix(times, last)
        {
            return *needed;
        }
        let Some((window, length)) = window(times) else { return true };
        let needed = self.needed.span.holds(&window);
        self.last = Some((times[..length].into(), needed));
        needed
    }

    fn is_needed_metric(&self, line: &[u8]) -> bool {
        let Some(needed) = self.needed.metric else { return true };
        let name = self.metric.of(line);
        name.is_none_or(|name| name == needed.as_bytes() || name.contains(&b'\\'))
    }
}

/// The window whose times stand here, and how long their text is, the last quotation mark included.
fn window(times: &[u8]) -> Option<(Window, usize)> {
    let (start, rest) = quoted(times)?;
    let (end, rest) = quoted(rest.strip_prefix(b",\"end\":\"")?)?;
    let time = |text| Timestamp::parse(str::from_utf8(text).ok()?);
    Some((Window { start: time(start)?, end: time(end)? }, times.len() - rest.len()))
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

    /// The first line, the counts and durations, the other metrics.
    const FRAMES: [&[usize]; 3] = [&[0], &[1, 2, 4], &[3, 5]];

    #[track_caller]
    fn check(since: Option<&str>, until: Option<&str>, metric: Option<&str>, expected: &[usize]) {
        let time = |text| Timestamp::parse(text).expect("a time");
        let span = Span { since: since.map(time), until: until.map(time) };
        let mut rollup = Vec::new();
        for frame in FRAMES {
            let lines: String = frame.iter().flat_map(|&line| [LINES[line], "\n"]).collect();
            rollup.extend(zstd::encode_all(lines.as_bytes(), 1).expect("memory"));
        }
        let mut text = String::new();
        let needed = Needed { span, metric };
        Extract::new(&rollup[..], needed).expect("memory").read_to_string(&mut text).expect("text");
        let expected: Vec<_> = expected.iter().map(|&line| LINES[line]).collect();
        assert_eq!(text.lines().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_window_is_needed_if_it_lies_in_the_span_as_a_whole() {
        check(None, None, None, &[0, 1, 2, 4, 3, 5]);
        check(Some("2024-12-06T11:00:00Z"), None, None, &[0, 4, 3, 5]);
        check(None, Some("2024-12-06T11:00:00Z"), None, &[0, 1, 2, 4, 5]);
        check(Some("2024-12-06T10:00:00.001Z"), Some("2024-12-06T11:59:59Z"), None, &[0, 4, 5]);
    }

    #[test]
    fn of_the_metrics_the_needed_one_comes_with_what_has_none() {
        check(None, None, Some("duration.total_ms"), &[0, 1, 2, 4]);
        check(None, None, Some("github_api.requests_made"), &[0, 1, 3, 5]);
        check(Some("2024-12-06T11:00:00Z"), None, Some("duration.total_ms"), &[0, 4]);
    }

    #[test]
    fn a_line_without_an_end_is_handed_on_and_not_held() {
        let text = [LINES[0], "\n", &"x".repeat(5 << 20), "\n", LINES[4], "\n"].concat();
        let rollup = zstd::encode_all(text.as_bytes(), 1).expect("memory");
        let mut lines = Extract::new(&rollup[..], Needed::default()).expect("memory");
        let mut read = String::new();
        lines.read_to_string(&mut read).expect("text");
        assert!(read == text && lines.line.capacity() < 3 << 20, "{}", lines.line.capacity());
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
