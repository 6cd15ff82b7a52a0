//! What an exit status means: one list for every tool.

use std::process::ExitCode;

/// How a tool ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// 0: done, also when the reader of our output left early.
    Done,
    /// 1: the answer that `--exit-code` asked about is yes: an alert fired, a regression is certain.
    Yes,
    /// 2: wrong usage or configuration; trying again is useless.
    Usage,
    /// 3: the answer that `--exit-code` asked about is not known.
    Inconclusive,
    /// 4: the surroundings: files, network, permissions; trying again may help.
    Environment,
    /// 5: bad input, with `--strict`.
    BadInput,
    /// Any other status: that of a command that was run, or `pm-wrap`'s own 125 to 127.
    Status(u8),
    /// The end of a command that a signal ended, to be met by this process in the same way.
    Signal(i32),
}

impl Exit {
    /// The status as a shell shows it.
    #[must_use]
    pub fn status(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Yes => 1,
            Self::Usage => 2,
            Self::Inconclusive => 3,
            Self::Environment => 4,
            Self::BadInput => 5,
            Self::Status(status) => status,
            Self::Signal(signal) => u8::try_from(signal).unwrap_or(127).saturating_add(128),
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.status())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_shows_as_128_and_its_number() {
        assert_eq!(
            [Exit::Done, Exit::BadInput, Exit::Status(124), Exit::Signal(9)].map(Exit::status),
            [0, 5, 124, 137]
        );
    }
}
