//! How far a long delivery has come, for whoever waits for it.
//!
//! On a terminal it is one line that is written again and again, and taken away before anything else is said; elsewhere it
//! is a line now and then. What is done before anybody wonders says nothing.

use std::ffi::OsStr;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use pm_cli::{Input, Source, Streams, human};

use crate::TOOL;
use crate::config::{Config, Form};

/// How soon somebody wonders.
const FIRST: Duration = Duration::from_secs(2);

/// How often a line on a terminal changes, and how often one is written elsewhere, at most.
const ON_TERMINAL: Duration = Duration::from_millis(100);
const ELSEWHERE: Duration = Duration::from_secs(30);

/// How many records pass before the clock is looked at.
const PACE: u64 = 500;

/// How many bytes of text a packed one is, until a file has shown it.
const USUAL_RATIO: f64 = 7.0;

/// Says how far it has come.
#[derive(Debug)]
pub(crate) struct Progress {
    way: Way,
    begun: Instant,
    /// When it was said last, since it began.
    said: Option<Duration>,
    course: Course,
    /// Whether a line stands on the terminal.
    stands: Arc<AtomicBool>,
}

/// Where it is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Nowhere,
    Terminal,
    Lines,
}

/// How much is done, and how much there is.
#[derive(Debug, Default)]
struct Course {
    records: u64,
    /// Bytes that are there, of files that are packed and of others.
    plain: u64,
    packed: u64,
    /// Bytes of text that were read in files that are done.
    text: u64,
    /// The same of the one that is read.
    current: u64,
    /// Of packed files that are done: their bytes, and those of their text.
    unpacked: (u64, u64),
}

/// Standard error that takes the line away before anything else is written.
struct Screen {
    inner: Box<dyn Write + Send>,
    stands: Arc<AtomicBool>,
}

impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.stands.swap(false, Ordering::Relaxed) {
            self.inner.write_all(b"\r\x1b[K")?;
        }
        self.inner.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl Progress {
    /// Only of what is delivered, and not where it was asked to be quiet.
    pub(crate) fn new(config: &Config, io: &mut Streams) -> Self {
        let is_wanted = matches!(config.form, Form::Push(_)) && !config.dry && !config.quiet;
        Self::by(
            match (is_wanted, io.diagnostics_are_terminal()) {
                (false, _) => Way::Nowhere,
                (true, true) => Way::Terminal,
                (true, false) => Way::Lines,
            },
            io,
        )
    }

    fn by(way: Way, io: &mut Streams) -> Self {
        let stands = Arc::new(AtomicBool::new(false));
        if way == Way::Terminal {
            let inner = std::mem::replace(&mut io.diagnostics, Box::new(io::sink()));
            io.diagnostics = Box::new(Screen { inner, stands: Arc::clone(&stands) });
        }
        Self { way, begun: Instant::now(), said: None, course: Course::default(), stands }
    }

    /// The same of files that were named, and of nothing that has no end.
    pub(crate) fn of_files(config: &Config, inputs: &[Input], io: &mut Streams) -> Self {
        let mut progress = Self::new(config, io);
        if inputs.iter().any(Input::is_live) {
            progress.way = Way::Nowhere;
        }
        let (mut plain, mut packed) = (0, 0);
        if let Source::Named(files) = &config.source {
            for file in files.iter().map(|file| io.environment.current_dir().join(file)) {
                let size = file.metadata().map_or(0, |status| status.len());
                let ending = file.extension().and_then(OsStr::to_str);
                if matches!(ending, Some("zst" | "gz")) { packed += size } else { plain += size }
            }
        }
        progress.begin(plain, packed);
        progress
    }

    /// Begins with so many bytes of files, packed ones and others; none are known of what is no file.
    pub(crate) fn begin(&mut self, plain: u64, packed: u64) {
        (self.begun, self.said) = (Instant::now(), None);
        self.course = Course { plain, packed, ..Course::default() };
    }

    /// Notes a record, and where its text ended in the file, counted from where that began to be read.
    #[inline]
    pub(crate) fn take(&mut self, offset: u64, io: &mut Streams) {
        self.course.records += 1;
        if offset < self.course.current {
            self.end_file(None);
        }
        self.course.current = offset;
        if self.course.records.is_multiple_of(PACE) && self.way != Way::Nowhere {
            self.say(self.begun.elapsed(), io);
        }
    }

    /// The file is done; `packed` is its size if it is packed.
    pub(crate) fn end_file(&mut self, packed: Option<u64>) {
        let text = std::mem::take(&mut self.course.current);
        self.course.text += text;
        if let Some(size) = packed {
            self.course.unpacked = (self.course.unpacked.0 + size, self.course.unpacked.1 + text);
        }
    }

    /// Takes the line away.
    pub(crate) fn end(&mut self, io: &mut Streams) {
        if self.stands.load(Ordering::Relaxed) {
            // It goes with whatever is written next, also with nothing.
            let _ = io.diagnostics.write(b"").and_then(|_| io.diagnostics.flush());
        }
    }

    fn say(&mut self, elapsed: Duration, io: &mut Streams) {
        if !is_due(self.way, self.said, elapsed) {
            return;
        }
        self.said = Some(elapsed);
        let line = self.course.line(elapsed);
        if self.way == Way::Lines {
            io.tell(TOOL, &line);
            return;
        }
        // Nobody is helped by hearing that it could not be shown.
        let _ = io.diagnostics.write_all(format!("\r{TOOL}: {line}\x1b[K").as_bytes());
        let _ = io.diagnostics.flush();
        self.stands.store(true, Ordering::Relaxed);
    }
}

fn is_due(way: Way, said: Option<Duration>, elapsed: Duration) -> bool {
    let (first, pause) = match way {
        Way::Nowhere => return false,
        Way::Terminal => (FIRST, ON_TERMINAL),
        Way::Lines => (ELSEWHERE, ELSEWHERE),
    };
    elapsed >= said.map_or(first, |said| said + pause)
}

impl Course {
    /// How much of the text has been read; none where nobody knows how much there is.
    fn fraction(&self) -> Option<f64> {
        let ratio = match self.unpacked {
            (0, _) => USUAL_RATIO,
            (packed, text) => text as f64 / packed as f64,
        };
        let all = self.plain as f64 + self.packed as f64 * ratio;
        // What was appended meanwhile is read too.
        (all > 0.0).then(|| ((self.text + self.current) as f64 / all).min(0.999))
    }

    /// `1,234,000 records, 46%, 310,000 a second, 12s left`
    fn line(&self, elapsed: Duration) -> String {
        let millis = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX).max(1);
        let rate = human::count(self.records.saturating_mul(1000) / millis);
        let records = human::count(self.records);
        let Some(fraction) = self.fraction() else { return format!("{records} records, {rate} a second") };
        let left = human::duration(millis as f64 * (1.0 / fraction.max(1e-6) - 1.0));
        format!("{records} records, {}, {rate} a second, {left} left", human::percentage(fraction))
    }
}

#[cfg(test)]
mod tests {
    use pm_cli::{Exit, Trial};

    use super::*;

    #[test]
    fn what_is_done_soon_says_nothing_and_what_takes_longer_not_too_often() {
        let due = |way, said: Option<u64>, elapsed| {
            is_due(way, said.map(Duration::from_millis), Duration::from_millis(elapsed))
        };
        assert!(!due(Way::Terminal, None, 1999) && due(Way::Terminal, None, 2000));
        assert!(!due(Way::Terminal, Some(2000), 2099) && due(Way::Terminal, Some(2000), 2100));
        assert!(!due(Way::Lines, None, 29_999) && due(Way::Lines, None, 30_000));
        assert!(!due(Way::Lines, Some(30_000), 59_999) && due(Way::Lines, Some(30_000), 60_000));
        assert!(!due(Way::Nowhere, None, 1_000_000));
    }

    /// What stands on standard error when 500 records have taken a while, and then something else is said.
    #[track_caller]
    fn check_said(way: Way, seconds: u64, expected: &str) {
        let say = |_, io: &mut Streams| -> Result<Exit, crate::Error> {
            let mut progress = Progress::by(way, io);
            progress.begin(1000, 0);
            progress.course = Course { records: 500, plain: 1000, current: 500, ..Course::default() };
            progress.say(Duration::from_secs(seconds), io);
            progress.say(Duration::from_secs(seconds), io);
            io.tell(TOOL, "else");
            progress.end(io);
            Ok(Exit::Done)
        };
        assert_eq!(Trial::new().run(TOOL, say, &[]).stderr, expected);
    }

    #[test]
    fn a_line_on_a_terminal_makes_way_for_what_else_is_said_and_one_elsewhere_stays() {
        let gone = "\rpm-export: 500 records, 50%, 50 a second, 10.0s left\x1b[K\r\x1b[Kpm-export: else\n";
        check_said(Way::Terminal, 10, gone);
        check_said(Way::Lines, 10, "pm-export: else\n");
        let stays = "pm-export: 500 records, 50%, 10 a second, 50.0s left\npm-export: else\n";
        check_said(Way::Lines, 50, stays);
        check_said(Way::Nowhere, 50, "pm-export: else\n");
    }

    #[test]
    fn the_time_left_follows_from_what_is_read_and_from_how_much_a_packed_file_holds() {
        let seconds = Duration::from_secs(10);
        let mut course = Course { records: 5000, plain: 1000, current: 250, ..Course::default() };
        assert_eq!(course.line(seconds), "5,000 records, 25%, 500 a second, 30.0s left");
        // A file of 100 bytes held 900: another one of 100 will hold as much.
        course = Course { records: 5000, packed: 200, text: 900, unpacked: (100, 900), ..Course::default() };
        assert_eq!(course.line(seconds), "5,000 records, 50%, 500 a second, 10.0s left");
        course = Course { records: 5000, ..Course::default() };
        assert_eq!(course.line(seconds), "5,000 records, 500 a second");
    }
}
