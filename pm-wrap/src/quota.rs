//! The quota before and after a run, and how far their difference is the run's own.
//!
//! Every process with the same credential uses the same quota, so a difference alone says nothing of who made it.
//! The requests that were counted meanwhile say: as much as they used is exclusively ours.

use std::io::Read;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use pm_cli::{Exit, Explain, Streams};
use pm_record::{ApiMonitoring, QuotaDelta, RateLimit, Record, Thousandths, Timestamp};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::TOOL;
use crate::sibling;
use crate::signals::Signals;
use crate::tally::Tally;

/// How long a reading may keep the command, or the user, waiting.
const PATIENCE: Duration = Duration::from_secs(2);

/// The resets of one window differ by as much from answer to answer, in milliseconds.
const JITTER_MS: i64 = 5_000;

/// A longer answer is none.
const LONGEST: u64 = 64 * 1024;

const PROGRAM: &str = "pm-ratelimit";

/// The quota as it was before the run.
#[derive(Debug)]
pub(crate) struct Quota {
    program: PathBuf,
    before: ApiMonitoring,
    /// Waited for at the end, when the command's account is closed.
    asked: Vec<Process>,
}

/// Why the difference is not known: a warning.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error("the quota that the command uses is not known: {PROGRAM} is not installed")]
    NotInstalled,
    #[error("the quota that the command uses is not known: {PROGRAM} did not answer within 2 s")]
    TooLate,
    #[error("the quota that the command uses is not known: {0}")]
    NoAnswer(String),
}

impl Explain for Trouble {
    fn exit(&self) -> Exit {
        Exit::Environment
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NotInstalled => "see what is installed with `github-pm performance doctor`".to_owned(),
            Self::TooLate | Self::NoAnswer(_) => format!("see how it does alone with `{PROGRAM} --once`"),
        })
    }
}

impl Quota {
    /// Asks for it; none, and a warning, if there is no answer.
    pub(crate) fn before(signals: &Signals, io: &mut Streams) -> Option<Self> {
        let found = sibling::find(PROGRAM, &io.environment).ok_or(Trouble::NotInstalled);
        let quota = found.and_then(|program| {
            let (process, answer) = ask(&program, signals)?;
            Ok(Self { before: answer?, program, asked: vec![process] })
        });
        quota.map_err(|trouble| io.complain(TOOL, &trouble)).ok()
    }

    /// Asks again, and says what the difference is worth. `tally` has what the command is known to have used.
    pub(crate) fn after(
        mut self,
        tally: Option<&Tally>,
        signals: &Signals,
        io: &mut Streams,
    ) -> Option<QuotaDelta> {
        let answer = ask(&self.program, signals).and_then(|(process, answer)| {
            self.asked.push(process);
            answer
        });
        match answer {
            Ok(after) => difference(&self.before, &after, tally),
            Err(trouble) => {
                io.complain(TOOL, &trouble);
                None
            }
        }
    }
}

/// A process that is ended and waited for when it is dropped.
#[derive(Debug)]
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

type Answer = Result<ApiMonitoring, Trouble>;

/// Asks once, and waits for the answer as long as [`PATIENCE`].
#[expect(clippy::disallowed_methods, reason = "starting this program is this module's job")]
fn ask(program: &std::path::Path, signals: &Signals) -> Result<(Process, Answer), Trouble> {
    let no_answer = |error: std::io::Error| Trouble::NoAnswer(error.to_string());
    let mut command = Command::new(program);
    command
        .args(["--once", "--limits-only"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    signals.heritage().give_to(&mut command);
    let mut process = Process(command.spawn().map_err(no_answer)?);
    let (Some(mut stdout), Some(mut stderr)) = (process.0.stdout.take(), process.0.stderr.take()) else {
        return Err(Trouble::NoAnswer(String::new()));
    };
    let deadline = Instant::now() + PATIENCE;
    let mut text = Vec::new();
    let mut piece = [0; 4096];
    let answer = loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let mut watched = [PollFd::new(&stdout, PollFlags::IN)];
        let patience = Timespec::try_from(left).unwrap_or_default();
        if left.is_zero() || text.len() as u64 > LONGEST {
            break Err(Trouble::TooLate);
        }
        if !matches!(poll(&mut watched, Some(&patience)), Ok(1..)) {
            continue;
        }
        match stdout.read(&mut piece) {
            Ok(0) => break read(&text, &mut stderr),
            Ok(count) => text.extend_from_slice(&piece[..count]),
            Err(error) => break Err(no_answer(error)),
        }
    };
    Ok((process, answer))
}

/// Reads the answer of a process that has nothing more to say.
fn read(text: &[u8], complaints: &mut impl Read) -> Answer {
    let line = text.split(|&byte| byte == b'\n').next().unwrap_or_default();
    if let Ok(Record::Api(reading)) = Record::parse(line) {
        return Ok(*reading);
    }
    let mut words = String::new();
    let _ = complaints.take(LONGEST).read_to_string(&mut words);
    let words = words.lines().next().unwrap_or("it gave no reading").trim().to_owned();
    Err(Trouble::NoAnswer(words))
}

/// What was used between two readings of one credential.
fn difference(before: &ApiMonitoring, after: &ApiMonitoring, tally: Option<&Tally>) -> Option<QuotaDelta> {
    let (mut value, mut confidence) = (Thousandths(0), Confidence::Exclusive);
    let mut is_known = false;
    let core = after.resources.get("core");
    for (name, after) in &after.resources {
        // Some servers tell the core quota a second time, under another name.
        if name != "core" && after.used.is_some_and(|used| used.0 > 0) && core == Some(after) {
            continue;
        }
        let Some(used) = after.used else { continue };
        is_known = true;
        let counted = tally.and_then(|tally| tally.used(before.credential.as_deref(), name));
        let earlier = before_of(before, name, after);
        let delta = match earlier {
            Earlier::Same(earlier) => Thousandths(used.0 - earlier.0),
            Earlier::Fresh => used,
            Earlier::Rolled => {
                // A window that nobody used counts for nothing, rolled over or not.
                if used.0 > 0 || counted.is_some_and(|counted| counted.0 > 0) {
                    confidence = confidence.max(Confidence::WindowRolled);
                }
                used
            }
        };
        value = Thousandths(value.0.saturating_add(delta.0));
        if !matches!(earlier, Earlier::Rolled) {
            confidence = confidence.max(match counted {
                Some(counted) if counted == delta => Confidence::Exclusive,
                Some(counted) if counted < delta => Confidence::Contaminated,
                // The reading lags behind, or nothing was counted that it could be held against.
                _ => Confidence::Unknown,
            });
        }
    }
    is_known.then(|| QuotaDelta { value, confidence: confidence.word().to_owned() })
}

/// How far a difference can be trusted, from the most to the least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Confidence {
    Exclusive,
    Contaminated,
    WindowRolled,
    Unknown,
}

impl Confidence {
    fn word(self) -> &'static str {
        match self {
            Self::Exclusive => "exclusive",
            Self::Contaminated => "contaminated",
            Self::WindowRolled => "window_rolled",
            Self::Unknown => "unknown",
        }
    }
}

/// How an earlier reading of a resource compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Earlier {
    /// It was of the same window, of which so much was used.
    Same(Thousandths),
    /// Nothing was used: a window that nobody uses begins anew at every answer.
    Fresh,
    /// Its window has ended since.
    Rolled,
}

fn before_of(before: &ApiMonitoring, name: &str, after: &RateLimit) -> Earlier {
    let Some(earlier) = before.resources.get(name) else { return Earlier::Fresh };
    let used = earlier.used.unwrap_or_default();
    if used.0 == 0 {
        return Earlier::Fresh;
    }
    let reset = |limit: &RateLimit| limit.reset_time.map(Timestamp::as_millis);
    let same = match (reset(earlier), reset(after)) {
        (Some(one), Some(other)) => one.abs_diff(other) <= JITTER_MS.unsigned_abs(),
        _ => after.used.is_some_and(|now| now >= used),
    };
    if same { Earlier::Same(used) } else { Earlier::Rolled }
}

#[cfg(test)]
mod tests {
    use pm_record::ApiRequest;

    use super::*;

    /// A reading of core and of search, as used so far and the minute of the reset.
    fn reading(core: (i64, u32), search: (i64, u32)) -> ApiMonitoring {
        let limit = |(used, minute): (i64, u32)| {
            format!(r#"{{"limit":5000,"used":{used},"reset_time":"2024-12-06T10:{minute:02}:00Z"}}"#)
        };
        let line = format!(
            r#"{{"api_monitoring":{{"credential":"a","resources":{{"core":{},"search":{}}}}}}}"#,
            limit(core),
            limit(search)
        );
        let Ok(Record::Api(reading)) = Record::parse(line.as_bytes()) else { panic!("{line}") };
        *reading
    }

    fn counted(cost: i64) -> Tally {
        let mut tally = Tally::default();
        let mut request = ApiRequest::new(Timestamp::from_millis(0), "GET".to_owned(), "/user".to_owned());
        request.wait_ms = Some(Thousandths(1));
        request.cost = Some(Thousandths(cost * 1000));
        request.rate_limit.resource = Some("core".to_owned());
        tally.add(request);
        tally
    }

    #[track_caller]
    fn check(before: &ApiMonitoring, after: &ApiMonitoring, tally: Option<&Tally>, expected: (i64, &str)) {
        let delta = difference(before, after, tally).expect("a difference");
        assert_eq!((delta.value.0 / 1000, delta.confidence.as_str()), expected);
    }

    #[test]
    fn what_was_counted_tells_our_own_use_from_that_of_others() {
        let (before, after) = (reading((10, 30), (0, 1)), reading((13, 30), (0, 2)));
        check(&before, &after, Some(&counted(3)), (3, "exclusive"));
        check(&before, &after, Some(&counted(2)), (3, "contaminated"));
        check(&before, &after, Some(&counted(4)), (3, "unknown"));
        check(&before, &after, None, (3, "unknown"));
    }

    #[test]
    fn a_window_that_ended_leaves_only_what_the_next_one_tells() {
        let after = reading((2, 40), (0, 1));
        check(&reading((10, 30), (0, 1)), &after, Some(&counted(3)), (2, "window_rolled"));
        check(&reading((0, 30), (0, 1)), &after, Some(&counted(2)), (2, "exclusive"));
    }

    #[test]
    fn another_window_that_ended_unused_changes_nothing() {
        check(&reading((10, 30), (5, 1)), &reading((13, 30), (0, 2)), Some(&counted(3)), (3, "exclusive"));
    }

    #[test]
    fn a_quota_that_is_told_twice_counts_once() {
        check(
            &reading((10, 30), (10, 30)),
            &reading((13, 30), (13, 30)),
            Some(&counted(3)),
            (3, "exclusive"),
        );
    }

    #[test]
    fn without_a_limit_there_is_no_difference() {
        let none = ApiMonitoring { resources: indexmap::IndexMap::new(), ..reading((0, 0), (0, 0)) };
        assert_eq!(difference(&none, &none, None), None);
    }
}
