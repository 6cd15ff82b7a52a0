//! What was meant: the command line, checked.

use std::num::NonZeroU64;
use std::path::PathBuf;
use std::time::Duration;

use pm_cli::Usage;

use crate::args::Args;

/// How far apart the two readings of `--once` are.
const ONCE: Duration = Duration::from_millis(200);

/// Closer ticks would measure the measuring, and the clock of a timer is not much finer.
const SHORTEST: Duration = Duration::from_millis(1);

/// What to do, with nothing left to default.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) choice: Choice,
    pub(crate) memory: MemoryKind,
    pub(crate) interval: Duration,
    pub(crate) duration: Option<Duration>,
    pub(crate) count: Option<NonZeroU64>,
    pub(crate) destination: Destination,
}

/// Which processes are looked at, beside the system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Choice {
    /// None.
    System,
    /// These, as long as they live.
    Pids(Vec<i32>),
    /// Those whose name matches.
    Name(String),
    /// Those of a control group.
    Cgroup(PathBuf),
}

/// How a process's memory is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MemoryKind {
    /// What is in memory of it; a page that two processes share counts twice.
    Resident,
    /// A page that two processes share counts half for each.
    Proportional,
}

/// Where the records go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Destination {
    Stdout,
    /// Behind what this file holds.
    File(PathBuf),
    /// To the store: this one, or the nearest.
    Store(Option<PathBuf>),
}

impl TryFrom<Args> for Config {
    type Error = Usage;

    fn try_from(args: Args) -> Result<Self, Usage> {
        let interval = if args.once { ONCE } else { args.interval };
        if interval < SHORTEST {
            return Err(Usage::new("an interval has at least 1ms", "try `pm-sample --interval 100ms`"));
        }
        if args.duration.is_some_and(|duration| duration.is_zero()) {
            return Err(Usage::new("nothing is due in no time", "for one record try `pm-sample --once`"));
        }
        Ok(Self {
            choice: choice(args.pid.iter().map(|pid| pid.get()), args.name, args.cgroup)?,
            memory: if args.pss { MemoryKind::Proportional } else { MemoryKind::Resident },
            interval,
            duration: args.duration,
            count: if args.once { Some(NonZeroU64::MIN) } else { args.count },
            destination: match (args.output, args.store) {
                (Some(file), _) => Destination::File(file),
                (None, Some(named)) => Destination::Store(named),
                (None, None) => Destination::Stdout,
            },
        })
    }
}

fn choice(
    pids: impl Iterator<Item = u32>,
    name: Option<String>,
    cgroup: Option<PathBuf>,
) -> Result<Choice, Usage> {
    let no_process = |_| Usage::new("a process has a smaller number", "see them with `ps -e`");
    let pids: Vec<i32> = pids.map(i32::try_from).collect::<Result<_, _>>().map_err(no_process)?;
    Ok(match (name, cgroup) {
        (Some(glob), _) => Choice::Name(glob),
        (None, Some(group)) => Choice::Cgroup(group),
        (None, None) if pids.is_empty() => Choice::System,
        (None, None) => Choice::Pids(pids),
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn config(words: &[&str]) -> Result<Config, Usage> {
        let words = std::iter::once("pm-sample").chain(words.iter().copied());
        Config::try_from(Args::try_parse_from(words).expect("flags"))
    }

    #[test]
    fn once_is_one_record_of_200_ms() {
        let once = config(&["--once"]).expect("meant");
        assert_eq!((once.interval, once.count), (ONCE, Some(NonZeroU64::MIN)));
        assert_eq!((once.choice, once.destination), (Choice::System, Destination::Stdout));
    }

    #[test]
    fn an_interval_of_nothing_and_a_process_of_no_number_are_refused() {
        for words in [&["--interval", "0s"][..], &["--duration", "0s"], &["--pid", "4294967295"]] {
            config(words).expect_err("nothing that can be meant");
        }
    }

    #[test]
    fn pids_are_a_list() {
        assert_eq!(config(&["--pid", "12,7"]).expect("meant").choice, Choice::Pids(vec![12, 7]));
    }
}
