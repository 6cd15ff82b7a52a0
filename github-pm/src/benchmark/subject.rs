//! A command with what it runs, as an absolute path.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use pm_store::Store;

use super::Trouble;
use super::choice::Candidate;
use crate::find::{FileId, is_executable};
use crate::invocation::Invocation;
use crate::plan::Warning;
use crate::surroundings::Surroundings;
use crate::{Error, explain, host};

/// A command that is going to run.
#[derive(Debug)]
pub(super) struct Subject {
    pub(super) name: String,
    pub(super) invocation: Invocation,
    /// Whether its program is the host command.
    pub(super) is_host: bool,
    /// What to tell of how that was found.
    pub(super) warning: Option<Warning>,
}

/// Something that takes turns.
#[derive(Debug)]
pub(super) struct Arm {
    pub(super) command: String,
    pub(super) side: Side,
    pub(super) invocation: Invocation,
    pub(super) is_host: bool,
}

/// On which side of a comparison a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// What is asked about.
    Current,
    /// What it is compared with.
    Baseline,
    /// The same as what is asked about.
    Control,
}

impl Side {
    /// How a run's label has it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Baseline => "baseline",
            Self::Control => "control",
        }
    }
}

impl Subject {
    /// What a candidate runs. A path in `run:` is meant from the folder above the store's, as in `config.yml`.
    pub(super) fn new(candidate: &Candidate, store: &Store, here: &Surroundings) -> Result<Self, Error> {
        let name = candidate.name.clone();
        let Some(words) = &candidate.run else {
            let found = host::find(&[OsString::from(&name)], here)?;
            return Ok(Self { invocation: found.invocation, name, is_host: true, warning: found.warning });
        };
        let base = store.root().parent().unwrap_or(store.root());
        let program = program(words[0].as_ref(), base, here)
            .ok_or_else(|| Trouble::NoProgram { program: words[0].clone(), command: name.clone() })?;
        let host = host::find(&[OsString::from(&name)], here).ok();
        let is_host = host.is_some_and(|host| same_file(&host.invocation.program, &program));
        Ok(Self { invocation: Invocation::new(program, &words[1..]), name, is_host, warning: None })
    }

    pub(super) fn arm(&self, side: Side, invocation: Invocation) -> Arm {
        Arm { command: self.name.clone(), side, invocation, is_host: self.is_host }
    }

    /// What it runs, as a shell reads it.
    pub(super) fn words(&self) -> String {
        as_typed(&self.invocation)
    }
}

/// A command as a shell reads it.
pub(super) fn as_typed(invocation: &Invocation) -> String {
    let words = std::iter::once(invocation.program.as_os_str())
        .chain(invocation.args.iter().map(OsString::as_os_str));
    let words: Vec<_> = words.map(|word| explain::quote(word).to_string_lossy().into_owned()).collect();
    words.join(" ")
}

/// The program of a name, which is looked for on PATH unless it is a path from `base`.
pub(super) fn program(name: &OsStr, base: &Path, here: &Surroundings) -> Option<std::path::PathBuf> {
    if name.as_encoded_bytes().contains(&b'/') {
        Some(base.join(name)).filter(|path| is_executable(path))
    } else {
        here.on_path(name).next()
    }
}

fn same_file(one: &Path, other: &Path) -> bool {
    FileId::of(one).is_some_and(|file| FileId::of(other) == Some(file))
}
