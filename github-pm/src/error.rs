//! What can go wrong.

use std::io;
use std::path::PathBuf;

use pm_cli::{Exit, Explain};

use crate::explain;
use crate::host::PassedOver;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command line cannot be meant.
    #[error(transparent)]
    Usage(#[from] pm_cli::Usage),
    /// The store or its settings cannot be used.
    #[error(transparent)]
    Store(#[from] pm_store::Error),
    /// There is no host command.
    #[error("no host command found{}: {}", for_word(.word.as_ref()), list(.looked_for))]
    NoHost {
        /// The word that was meant for it.
        word: Option<String>,
        /// Where it was looked for, and why it was not taken from there.
        looked_for: Vec<PassedOver>,
        /// How to name one here.
        naming: String,
    },
    /// The host command starts this program again, and so on.
    #[error("'{}' leads back to github-pm, which already runs {depth} times inside itself", .host.display())]
    Loop {
        /// The program that would be started once more.
        host: PathBuf,
        /// How often this program has been started inside itself.
        depth: u32,
        /// How to name another one here.
        naming: String,
    },
    /// The system refuses to run the host command.
    #[error("cannot run '{}'", .program.display())]
    CannotRun {
        /// The host command.
        program: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A tool of ours is missing.
    #[error("cannot find {tool}, neither beside github-pm nor on PATH")]
    NoTool {
        /// Its name.
        tool: &'static str,
    },
    /// The system refuses to run a tool of ours.
    #[error("cannot start '{}'", .program.display())]
    CannotStart {
        /// The tool.
        program: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A word that is neither a verb nor a tool.
    #[error("'{word}' is no verb of `github-pm {group}`{}", or_tool(.group))]
    NoVerb {
        /// `performance` or `monitor`.
        group: &'static str,
        /// The word.
        word: String,
        /// What was probably meant, and what there is.
        hint: String,
    },
    /// Somebody else looks after the store.
    #[error("the store is being compacted by another process, which holds '{}'", .lock.display())]
    StoreIsBusy {
        /// The lock.
        lock: PathBuf,
    },
    /// The monitor is on another machine, or in another container.
    #[error("a monitor of this store runs on '{host}', out of reach from here")]
    MonitorElsewhere {
        /// The machine.
        host: String,
    },
    /// A monitor could not say of itself which process it is.
    #[error("a monitor of this store runs, and could not say which process it is")]
    UnknownMonitor {
        /// The store.
        store: PathBuf,
    },
    /// The system refuses to send a signal to the monitor.
    #[error("cannot end the monitor (pid {pid})")]
    CannotStop {
        /// The monitor.
        pid: i32,
        /// Why.
        source: io::Error,
    },
    /// Somebody removed what makes this process the monitor.
    #[error("the lock of the monitor is gone from '{}', and so this monitor ends", .store.display())]
    LockIsGone {
        /// The store.
        store: PathBuf,
    },
    /// A file of a new store cannot be made.
    #[error("cannot {action} '{}'", .path.display())]
    File {
        /// What was tried, as a verb.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// Signals cannot be watched.
    #[error("cannot watch for signals")]
    Watch(#[source] io::Error),
    /// The tools of a pipeline cannot be joined.
    #[error("cannot make a pipe")]
    Pipe(#[source] io::Error),
    /// A benchmark cannot go on.
    #[error(transparent)]
    Benchmark(#[from] crate::benchmark::Trouble),
    /// Standard output failed.
    #[error("cannot write to standard output")]
    Write(#[source] io::Error),
}

/// A store's error with its cause, on one line.
pub(crate) fn in_full(error: &pm_store::Error) -> String {
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

fn for_word(word: Option<&String>) -> String {
    word.map(|word| format!(" for '{word}'")).unwrap_or_default()
}

fn list(looked_for: &[PassedOver]) -> String {
    looked_for.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn or_tool(group: &str) -> &'static str {
    if group == "performance" { ", and there is no tool of that name" } else { "" }
}

impl Error {
    /// Names what was tried on a file of a new store, for `map_err`.
    pub(crate) fn file(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { action, path, source }
    }
}

impl Explain for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::Usage(usage) => usage.exit(),
            Self::Benchmark(trouble) => trouble.exit(),
            Self::Store(store) if store.is_configuration() => Exit::Usage,
            Self::Loop { .. } | Self::NoVerb { .. } => Exit::Usage,
            // What a shell says when it cannot run a program.
            Self::NoHost { .. } => Exit::Status(127),
            Self::CannotRun { source, .. } if source.kind() == io::ErrorKind::NotFound => Exit::Status(127),
            Self::CannotRun { .. } => Exit::Status(126),
            Self::Store(_)
            | Self::StoreIsBusy { .. }
            | Self::MonitorElsewhere { .. }
            | Self::UnknownMonitor { .. }
            | Self::CannotStop { .. }
            | Self::LockIsGone { .. }
            | Self::NoTool { .. }
            | Self::CannotStart { .. }
            | Self::File { .. }
            | Self::Watch(_)
            | Self::Pipe(_)
            | Self::Write(_) => Exit::Environment,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Usage(usage) => usage.hint(),
            Self::Benchmark(trouble) => trouble.hint(),
            Self::Store(store) => store.hint(),
            Self::NoHost { word, looked_for, naming } => {
                Some(no_host_hint(word.as_deref(), looked_for, naming))
            }
            Self::Loop { naming, .. } => Some(naming.clone()),
            Self::CannotRun { program, .. } | Self::CannotStart { program, .. } => {
                let program = explain::quote(program.as_os_str());
                Some(format!("look at it with `ls -l {0}; head -n 1 {0}`", program.display()))
            }
            Self::NoTool { .. } => Some("see what is missing with `github-pm performance doctor`".to_owned()),
            Self::StoreIsBusy { lock } => {
                Some(format!("see which one with `fuser -v {}`", explain::quote(lock.as_os_str()).display()))
            }
            Self::MonitorElsewhere { host } => Some(format!(
                "end it there with `github-pm monitor stop`; if '{host}' is gone for good, `rm run/monitor.json` in the store"
            )),
            Self::UnknownMonitor { store } => {
                let lock = explain::quote(store.join("run/monitor.lock").as_os_str());
                Some(format!("see which one with `fuser -v {0}`", lock.display()))
            }
            Self::CannotStop { pid, .. } => Some(format!("see whose it is with `ps -fp {pid}`")),
            Self::LockIsGone { .. } => Some("start another one with `github-pm monitor start`".to_owned()),
            Self::NoVerb { hint, .. } => Some(hint.clone()),
            Self::File { .. } | Self::Watch(_) | Self::Pipe(_) | Self::Write(_) => None,
        }
    }
}

fn no_host_hint(word: Option<&str>, looked_for: &[PassedOver], naming: &str) -> String {
    if looked_for.iter().any(PassedOver::lacks_trust) {
        return "look at what would be started with `github-pm --explain performance trust`, then trust it: `github-pm performance trust`"
            .to_owned();
    }
    match word.and_then(|word| pm_cli::nearest(word, ["performance", "monitor"])) {
        Some(ours) => format!("did you mean `github-pm {ours}`?\n{naming}"),
        None => naming.to_owned(),
    }
}
