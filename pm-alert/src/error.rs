//! What can go wrong.

use std::io;
use std::path::PathBuf;

use pm_cli::{Exit, Explain};
use pm_record::{BadRecord, Position};

/// What went wrong. The last three need not end the tool: they are told, and trouble shows in its
/// exit status.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command line cannot be meant.
    #[error(transparent)]
    Usage(#[from] pm_cli::Usage),
    /// A named input is not there.
    #[error(transparent)]
    Input(#[from] pm_cli::MissingInput),
    /// The store, its settings or its state cannot be used.
    #[error(transparent)]
    Store(#[from] pm_store::Error),
    /// A limit that no value can be compared with.
    #[error("the {key} of {subject} is {value}, which is no limit")]
    NoLimit {
        /// The rule or command that it stands under.
        subject: String,
        /// Its name in the settings.
        key: &'static str,
        /// What it says.
        value: f64,
    },
    /// The store has no such file of records.
    #[error("there is no '{name}' among the records of the store")]
    NoSegment {
        /// The file.
        name: String,
        /// Where they are.
        folder: PathBuf,
    },
    /// Signals cannot be watched.
    #[error("cannot watch for signals")]
    Watch(#[source] io::Error),
    /// An input failed while it was read.
    #[error("cannot read records")]
    Read(#[source] io::Error),
    /// Standard output failed.
    #[error("cannot write to standard output")]
    Write(#[source] io::Error),
    /// A line that is no record, with `--strict`.
    #[error("{position}: {reason}")]
    BadLine {
        /// Where it stands.
        position: String,
        /// Why it is none.
        reason: BadRecord,
    },
    /// There is no limit to judge by.
    #[error("no limit is watched: {}", match settings {
        Some(file) => format!("'{}' sets none", file.display()),
        None => "there is no alerts.yml and no benchmarks.yml here".to_owned(),
    })]
    NothingWatched {
        /// The first file that could have set one.
        settings: Option<PathBuf>,
    },
    /// The counts of earlier runs cannot be understood.
    #[error("the state of earlier runs cannot be used and now lies at '{}': {reason}", aside.display())]
    Damaged {
        /// Where it is kept now.
        aside: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A channel did not take alerts.
    #[error("cannot tell channel '{channel}': {reason}")]
    NotTold {
        /// Its name.
        channel: String,
        /// Why not, without secrets.
        reason: String,
        /// How many alerts it did not take.
        count: usize,
    },
    /// A channel has not said in time whether it took alerts.
    #[error("channel '{channel}' was not done in time: it may have {} or not", alerts(*count))]
    Unfinished {
        /// Its name.
        channel: String,
        /// How many alerts it was to take.
        count: usize,
    },
    /// A channel of somebody else's store, which may not be told yet.
    #[error(
        "channel '{channel}' is not told: you have not trusted what this store's alerts.yml sends and starts"
    )]
    Untrusted {
        /// Its name.
        channel: String,
    },
    /// There is no such channel.
    #[error("there is no channel '{channel}'")]
    NoChannel {
        /// What was typed.
        channel: String,
        /// Those that there are.
        known: Vec<String>,
    },
    /// The job summary of GitHub Actions cannot be written.
    #[error("cannot write the job summary '{}'", path.display())]
    Summary {
        /// Where it is.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// More alerts wait for channels than are kept.
    #[error("{count} alerts gave way before any channel took them: more wait than are kept")]
    Dropped {
        /// How many.
        count: u64,
    },
    /// More fires than can be remembered.
    #[error("{count} alerts that fire are not followed any more: more fire than are remembered")]
    Forgotten {
        /// How many.
        count: u64,
    },
    /// The channel `log` is asked for, and there is no store to hold the log.
    #[error("alerts are not logged: there is no store here")]
    NoLog,
}

fn alerts(count: usize) -> String {
    format!("{count} {}", if count == 1 { "alert" } else { "alerts" })
}

impl Error {
    pub(crate) fn bad_line(position: Position<'_>, reason: BadRecord) -> Self {
        Self::BadLine { position: position.to_string(), reason }
    }
}

impl Explain for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::Usage(usage) => usage.exit(),
            Self::Input(missing) => missing.exit(),
            Self::Store(store) if store.is_configuration() => Exit::Usage,
            Self::NoLimit { .. } | Self::NothingWatched { .. } | Self::NoChannel { .. } => Exit::Usage,
            Self::Store(_)
            | Self::NoSegment { .. }
            | Self::Watch(_)
            | Self::Read(_)
            | Self::Write(_)
            | Self::NotTold { .. }
            | Self::Unfinished { .. }
            | Self::Summary { .. }
            | Self::Dropped { .. }
            | Self::Forgotten { .. }
            | Self::Damaged { .. } => Exit::Environment,
            Self::BadLine { .. } => Exit::BadInput,
            Self::NoLog | Self::Untrusted { .. } => Exit::Done,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Usage(usage) => usage.hint(),
            Self::Input(missing) => missing.hint(),
            Self::Store(store) => store.hint(),
            Self::NoLimit { key, .. } => Some(format!("write a number from 0 up, such as `{key}: 100`")),
            Self::NoSegment { folder, .. } => {
                Some(format!("see which there are with `ls {}`", folder.display()))
            }
            Self::BadLine { .. } => Some("leave `--strict` out to skip such lines and count them".to_owned()),
            Self::NothingWatched { settings: None } => {
                Some("write both here with `github-pm performance init`".to_owned())
            }
            Self::NothingWatched { settings: Some(_) } => {
                Some("set one, such as `alerts: { memory_usage_high: { threshold_mb: 100 } }`".to_owned())
            }
            Self::Damaged { aside, .. } => {
                Some(format!("counting starts again; look at it with `less {}`", aside.display()))
            }
            Self::NotTold { channel, count: 0, .. } => Some(format!("try it with `pm-alert --test {channel}`")),
            Self::NotTold { channel, count, .. } => {
                let alerts = if *count == 1 { "the alert is" } else { "the alerts are" };
                Some(format!("{alerts} kept and tried again by a later run; try it with `pm-alert --test {channel}`"))
            }
            Self::Unfinished { channel, .. } => Some(format!(
                "what it may lack is kept, and told once more by a later run; try it with `pm-alert --test {channel}`"
            )),
            Self::Untrusted { .. } => Some(
                "see what it would do with `github-pm --explain performance trust`, then `github-pm performance trust`"
                    .to_owned(),
            ),
            Self::NoChannel { known, .. } => Some(format!("name one of {}", known.join(", "))),
            Self::Dropped { .. } => Some("see which channels fail with `pm-alert --test CHANNEL`".to_owned()),
            Self::Forgotten { .. } => {
                Some("watch fewer commands, such as with `commands: [deploy, 'nightly-*']` in alerts.yml".to_owned())
            }
            Self::NoLog => Some("make one with `github-pm performance init`".to_owned()),
            Self::Read(_) => {
                Some("see whether a file is whole with `gzip -t FILE` or `zstd -t FILE`".to_owned())
            }
            Self::Summary { .. } | Self::Watch(_) | Self::Write(_) => None,
        }
    }
}
