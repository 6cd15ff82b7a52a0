//! What can go wrong with a benchmark.

use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;

use pm_cli::{Exit, Explain, human};

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// A command was asked for that the settings do not have.
    #[error("'{name}' is no command of benchmarks.yml")]
    NoCommand {
        /// Its name.
        name: String,
        /// The one that was probably meant.
        nearest: Option<String>,
        /// Those that there are.
        names: Vec<String>,
    },
    /// Nobody said that any of these may run.
    #[error("nothing runs: nobody has said that {} may", .0.join(", "))]
    NothingSafe(Vec<String>),
    /// The settings of a store that may have come from a stranger say what to run.
    #[error("'{}' says what to run, and you have not trusted its store", .0.display())]
    NotTrusted(PathBuf),
    /// A program that is to run is not there.
    #[error("cannot find '{program}', which the benchmark of '{command}' runs")]
    NoProgram {
        /// The program, as it was written.
        program: String,
        /// The command.
        command: String,
    },
    /// What was to be compared with is nothing of what it could be.
    #[error("'{0}' is no file of results, no revision of the host command, and no program")]
    NothingAgainst(String),
    /// Another host command would make no difference.
    #[error("none of the chosen commands runs the host command, so that {0} would differ in nothing")]
    NoDifference(String),
    /// One command stands against several.
    #[error("`--against '{0}'` stands against one command, and {1} are chosen")]
    OneAgainstSeveral(String, usize),
    /// A revision does not have the host command.
    #[error("'{revision}' has no '{program}' that could be run")]
    NotInRevision {
        /// The revision.
        revision: String,
        /// The program, from the top of the repository on.
        program: String,
    },
    /// git could not make or remove a worktree.
    #[error("`{command}` failed: {reason}")]
    Git {
        /// What was called.
        command: String,
        /// What it said.
        reason: String,
    },
    /// More quota is needed than there is.
    #[error("about {} points of quota are needed, and {} are left", human::count(*.needed), human::count(*.left))]
    NoQuota {
        /// How much is needed.
        needed: u64,
        /// How much is left.
        left: u64,
    },
    /// What was to be run before each run failed.
    #[error("--prepare failed ({0})")]
    Prepare(ExitStatus),
    /// A run failed.
    #[error("'{command}' failed ({status}), and so the benchmark ended")]
    Failed {
        /// The command.
        command: String,
        /// How it ended.
        status: String,
        /// It, as a shell reads it.
        words: String,
    },
    /// A run left no record.
    #[error("pm-wrap left no record of '{command}' ({status})")]
    NoRecord {
        /// The command.
        command: String,
        /// How pm-wrap ended.
        status: ExitStatus,
        /// How it was called, as a shell reads it.
        words: String,
    },
    /// A tool could not be talked to.
    #[error("cannot talk to '{}'", .program.display())]
    Tool {
        /// The tool.
        program: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file of results cannot be written.
    #[error("cannot write '{}'", .path.display())]
    Output {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// pm-report cannot compare with what was named.
    #[error("{complaint}")]
    Refused {
        /// What it says.
        complaint: String,
        /// What it advises.
        hint: Option<String>,
    },
    /// A tool made something that is not what it makes.
    #[error("pm-report made no results")]
    NoResults,
}

impl Explain for Trouble {
    fn exit(&self) -> Exit {
        match self {
            Self::NoCommand { .. }
            | Self::NothingSafe(_)
            | Self::NotTrusted(_)
            | Self::NoProgram { .. }
            | Self::NothingAgainst(_)
            | Self::NoDifference(_)
            | Self::OneAgainstSeveral(..)
            | Self::Refused { .. }
            | Self::NotInRevision { .. } => Exit::Usage,
            Self::Git { .. }
            | Self::NoQuota { .. }
            | Self::Prepare(_)
            | Self::Failed { .. }
            | Self::NoRecord { .. }
            | Self::Tool { .. }
            | Self::Output { .. }
            | Self::NoResults => Exit::Environment,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NoCommand { nearest: Some(nearest), .. } => Some(format!("did you mean `--commands {nearest}`?")),
            Self::NoCommand { names, .. } => Some(format!("there are `--commands {}`", names.join(","))),
            Self::NothingSafe(_) => {
                Some("add `--yes` if they may, or `safe: true` in benchmarks.yml to those that change nothing".to_owned())
            }
            Self::NotTrusted(_) => Some(
                "look at what would be run with `github-pm --explain performance trust`, then trust it: `github-pm performance trust`"
                    .to_owned(),
            ),
            Self::NoProgram { command, .. } => {
                Some(format!("write what there is behind `run:` of '{command}' in benchmarks.yml"))
            }
            Self::NothingAgainst(_) => {
                Some("name one, such as `--against results.json` or `--against v2.0.0`; see `github-pm performance benchmark --help`".to_owned())
            }
            Self::NoDifference(_) => {
                Some("choose one that does with `--commands NAME`, or write the other command out: `--against 'PROGRAM ARG…'`".to_owned())
            }
            Self::OneAgainstSeveral(..) => Some("choose it with `--commands NAME`".to_owned()),
            Self::NotInRevision { revision, .. } => {
                Some(format!("see what it has with `git ls-tree -r --name-only {}`", pm_cli::quote(revision)))
            }
            Self::Git { .. } => Some("see which worktrees there are with `git worktree list`".to_owned()),
            Self::NoQuota { .. } => {
                Some("choose fewer `--iterations`, wait as `pm-ratelimit --once` says, or insist with `--yes`".to_owned())
            }
            Self::Prepare(_) => None,
            Self::Refused { hint, .. } => hint.clone(),
            Self::Failed { words, .. } => {
                Some(format!("see why with `{words}`, or count such runs too with `--ignore-failure`"))
            }
            Self::NoRecord { words, .. } => Some(format!("see why with `{words}`")),
            Self::Tool { .. } | Self::NoResults => {
                Some("see what is missing with `github-pm performance doctor`".to_owned())
            }
            Self::Output { path, .. } => {
                let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
                let folder = folder.unwrap_or(std::path::Path::new("."));
                Some(format!("see who may write there with `ls -ld {}`", pm_cli::quote(&folder.display().to_string())))
            }
        }
    }
}
