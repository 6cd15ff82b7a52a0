//! Following the processes of the command, where that was asked for: by tracing them, or else by looking who
//! is there each time the memory of the tree is read.

use pm_cli::{Exit, Explain};
use pm_record::ProcessTrace;

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
pub(crate) use linux::Following;

#[cfg(not(target_os = "linux"))]
mod portable;
#[cfg(not(target_os = "linux"))]
pub(crate) use portable::Following;

/// What became of the command since the last look.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Change {
    /// It was stopped by this signal.
    pub(crate) stopped_by: Option<i32>,
    pub(crate) continued: bool,
    pub(crate) ended: bool,
    /// There may be more to see, and no signal will say so.
    pub(crate) more: bool,
}

/// What was seen of the processes.
#[derive(Debug, Default)]
pub(crate) struct Followed {
    /// One record a process, in order of start.
    pub(crate) records: Vec<ProcessTrace>,
    /// How many there were, if none was missed.
    pub(crate) count: Option<u64>,
    /// The largest of them, in KiB.
    pub(crate) largest_kib: Option<u64>,
    /// Whether a program lost its privileges.
    pub(crate) degraded: bool,
    pub(crate) troubles: Vec<Trouble>,
}

/// Why something was not followed, or not unharmed: a warning, whatever it is.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    #[error("the command cannot be traced, so its processes are looked at from time to time")]
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "nothing is traced there"))]
    Refused(#[source] std::io::Error),
    #[error(
        "'{program}' is set-uid, set-gid or has capabilities, and ran without them because it was traced"
    )]
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "nothing is traced there"))]
    Degraded { program: String },
    #[error("'{program}' traces others, so it and what it starts were not traced")]
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "nothing is traced there"))]
    Untraced { program: String },
    #[error("processes can be neither traced nor looked at on this system")]
    #[cfg_attr(target_os = "linux", expect(dead_code, reason = "they can be there"))]
    Unsupported,
}

impl Explain for Trouble {
    fn exit(&self) -> Exit {
        Exit::Environment
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Refused(_) => Some(
                "see whether the system forbids it with `cat /proc/sys/kernel/yama/ptrace_scope`".to_owned(),
            ),
            Self::Degraded { .. } | Self::Untraced { .. } => Some(
                "look at its processes without tracing them: `--sample` in place of `--trace`".to_owned(),
            ),
            Self::Unsupported => None,
        }
    }
}
