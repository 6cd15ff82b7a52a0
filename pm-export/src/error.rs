//! What can go wrong.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use pm_cli::{Exit, Explain};
use pm_record::{BadRecord, Position};

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command line cannot be meant.
    #[error(transparent)]
    Usage(#[from] pm_cli::Usage),
    /// A named input is not there.
    #[error(transparent)]
    Input(#[from] pm_cli::MissingInput),
    /// The store or what is kept in it cannot be used.
    #[error(transparent)]
    Store(#[from] pm_store::Error),
    /// Signals cannot be watched.
    #[error("cannot watch for signals")]
    Watch(#[source] io::Error),
    /// An input failed while it was read.
    #[error("cannot read records")]
    Read(#[source] io::Error),
    /// Standard output failed.
    #[error("cannot write to standard output")]
    Write(#[source] io::Error),
    /// The file of `-o` failed.
    #[error("cannot write '{}'", path.display())]
    Output {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Nobody can listen there.
    #[error("cannot listen on {address}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Nothing can be sent there.
    #[error("cannot send to '{address}'")]
    Send {
        /// Where.
        address: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A receiver's address cannot be meant.
    #[error("'{url}' is no address of a receiver")]
    Address {
        /// What was given.
        url: String,
    },
    /// A receiver cannot be reached by the proxies or with the roots that there are.
    #[error(transparent)]
    Way(#[from] pm_http::NoWay),
    /// What was to be delivered was given up.
    #[error("cannot deliver to {url} after {attempts} attempts: {told}; {}", left(*kept))]
    Undelivered {
        /// The receiver.
        url: String,
        /// What it said last.
        told: String,
        /// How often it was tried.
        attempts: u32,
        /// Whether a later run finds what was not delivered.
        kept: bool,
    },
    /// A request cannot be packed.
    #[error("cannot pack a request")]
    Pack {
        /// Why.
        #[source]
        source: io::Error,
    },
    /// What cannot be delivered cannot be kept either.
    #[error("cannot keep requests in '{}'", path.display())]
    Spool {
        /// The folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The receiver takes nothing from us.
    #[error("{url} takes nothing: {told}")]
    Unwelcome {
        /// The receiver.
        url: String,
        /// What it said.
        told: String,
    },
    /// There is nothing to compare.
    #[error("there are no runs and no benchmark results in what was read")]
    Nothing,
    /// A line that is no record, with `--strict`.
    #[error("{position}: {reason}")]
    BadLine {
        /// Where it stands.
        position: String,
        /// Why it is none.
        reason: BadRecord,
    },
}

fn why(what: Lost) -> &'static str {
    match what {
        Lost::Expired => "became too old or too many, and were removed",
        Lost::Damaged => "are damaged, and were set aside",
    }
}

/// What became of what was not delivered.
fn left(kept: bool) -> &'static str {
    if kept {
        "what was not delivered stays in the store, and the next run goes on there"
    } else {
        "what was not delivered is not kept"
    }
}

/// Why requests that were kept will not be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lost {
    Expired,
    Damaged,
}

/// What is told and ends nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Warning {
    #[error("more than {most} series of {metric}: {count} values are counted as '_other'")]
    Overflow { metric: String, most: usize, count: String },
    #[error("the totals of earlier runs cannot be used and now lie at '{}': {reason}", aside.display())]
    Damaged { aside: PathBuf, reason: String },
    #[error(
        "the totals of earlier runs have other labels or buckets, and are made anew from what is in the store"
    )]
    OtherShape,
    #[error("'{}' is not the file that was read before, and is read again from its beginning", path.display())]
    Changed { path: PathBuf },
    #[error(
        "cannot deliver to {url} after {attempts} attempts: {told}; what comes now is kept until it is back"
    )]
    Away { url: String, told: String, attempts: u32 },
    #[error("requests that are kept in '{}' and not delivered yet: {count}", folder.display())]
    Kept { count: String, folder: PathBuf },
    #[error("requests in '{}' that {}: {count}", folder.display(), why(*what))]
    Lost { count: u64, what: Lost, folder: PathBuf },
    #[error("{url} refused a part: {told}")]
    Partial { url: String, told: String },
    #[error("{url} does not know remote write 2.0, and gets 1.0")]
    Older { url: String },
    #[error("{url} refused a request, which is not sent again: {told}")]
    Refused { url: String, told: String },
    #[error("a key on the command line can be seen by everybody on this machine")]
    Seen { variable: &'static str },
    #[error("everybody who can reach {0} can read these metrics")]
    Public(SocketAddr),
}

impl Explain for Warning {
    fn exit(&self) -> Exit {
        Exit::Done
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Overflow { .. } => "leave a field out of --by, or raise --max-series".to_owned(),
            Self::Damaged { aside, .. } => {
                format!(
                    "what was removed from the store no longer counts; look at it with `less {}`",
                    aside.display()
                )
            }
            Self::OtherShape => "keep both by giving one of them a name with --position".to_owned(),
            Self::Changed { .. } => "check the store with `github-pm performance store verify`".to_owned(),
            Self::Away { .. } => "see who answers there; `--patience 10m` waits longer".to_owned(),
            Self::Kept { .. } => {
                "the next export to this receiver sends them first; do not export the same records again, or they count twice"
                    .to_owned()
            }
            Self::Lost { what: Lost::Expired, .. } => {
                "keep records in a store with `pm-wrap --store`, and export that".to_owned()
            }
            Self::Lost { what: Lost::Damaged, folder, .. } => {
                format!("look at them with `ls {}`", pm_cli::quote(&folder.display().to_string()))
            }
            Self::Partial { .. } | Self::Refused { .. } => {
                "see what would be sent with `--dry-run`".to_owned()
            }
            Self::Older { .. } => "leave `--remote-write-version 2` out".to_owned(),
            Self::Seen { variable } => format!("set {variable}, or name a file with `--key-file FILE`"),
            Self::Public(_) => "write `--listen 127.0.0.1:PORT` to keep it to this machine".to_owned(),
        })
    }
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
            Self::Address { .. } => Exit::Usage,
            Self::Way(way) => way.exit(),
            Self::BadLine { .. } => Exit::BadInput,
            Self::Store(_)
            | Self::Watch(_)
            | Self::Read(_)
            | Self::Write(_)
            | Self::Output { .. }
            | Self::Listen { .. }
            | Self::Send { .. }
            | Self::Undelivered { .. }
            | Self::Pack { .. }
            | Self::Spool { .. }
            | Self::Unwelcome { .. }
            | Self::Nothing => Exit::Environment,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Usage(usage) => usage.hint(),
            Self::Input(missing) => missing.hint(),
            Self::Store(store) => store.hint(),
            Self::BadLine { .. } => Some("leave `--strict` out to skip such lines and count them".to_owned()),
            Self::Read(_) => {
                Some("see whether a file is whole with `gzip -t FILE` or `zstd -t FILE`".to_owned())
            }
            Self::Listen { address, .. } => {
                Some(format!("see who listens there with `ss -ltnp 'sport = :{}'`", address.port()))
            }
            Self::Output { path, .. } => {
                let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
                let folder = parent.unwrap_or_else(|| ".".as_ref());
                Some(format!(
                    "see who may write there with `ls -ld {}`",
                    pm_cli::quote(&folder.display().to_string())
                ))
            }
            Self::Send { .. } => Some("write it as `--address 127.0.0.1:8125`".to_owned()),
            Self::Address { .. } => Some("write it as `--url https://HOST`".to_owned()),
            Self::Way(way) => way.hint(),
            Self::Undelivered { kept: true, .. } => {
                Some("try again later with the same command; `--patience 10m` waits longer".to_owned())
            }
            Self::Undelivered { kept: false, .. } => Some(
                "`--patience 10m` waits longer; what is kept with `pm-wrap --store` can be delivered later with `--store`"
                    .to_owned(),
            ),
            Self::Unwelcome { .. } => {
                Some("check the address and the key, and see what would be sent with `--dry-run`".to_owned())
            }
            Self::Spool { path, .. } => Some(format!(
                "see what is there with `ls -ld {}`, or name another folder with `--spool DIR`",
                pm_cli::quote(&path.display().to_string())
            )),
            Self::Nothing => {
                Some("make some with `pm-wrap -- COMMAND` or `github-pm performance benchmark`".to_owned())
            }
            Self::Pack { .. } => Some("send it as it is with `--compression none`".to_owned()),
            Self::Watch(_) | Self::Write(_) => None,
        }
    }
}
