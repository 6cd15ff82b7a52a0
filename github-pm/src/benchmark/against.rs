//! What commands are compared with: `--against`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::Trouble;
use super::subject::{Subject, program};
use super::worktree::Worktree;
use crate::Error;
use crate::find::is_executable;
use crate::invocation::Invocation;
use crate::surroundings::Surroundings;

/// What there is to compare with.
#[derive(Debug)]
pub(super) enum Against {
    /// Results that are there already.
    File(PathBuf),
    /// The host command as it was.
    Revision(Worktree),
    /// Another program in the place of the host command.
    Program { program: PathBuf, text: String },
    /// Another command in the place of the only one.
    Command { invocation: Invocation, text: String },
}

impl Against {
    /// What a text means: a file that is no program, a revision of the repository that holds the host command, or
    /// a command. With words behind it a program is a whole command.
    pub(super) fn read(text: &str, subjects: &[Subject], here: &Surroundings) -> Result<Self, Error> {
        let directory = here.environment.current_dir();
        let path = directory.join(text);
        if path.is_file() && !is_executable(&path) {
            return Ok(Self::File(path));
        }
        let host = subjects.iter().find(|subject| subject.is_host);
        if let Some(host) = host
            && let Some(worktree) = Worktree::find(text, &host.invocation.program, here)?
        {
            return Ok(Self::Revision(worktree));
        }
        let unknown = || Trouble::NothingAgainst(text.to_owned());
        let words = shlex::split(text).filter(|words| !words.is_empty()).ok_or_else(unknown)?;
        let program = program(words[0].as_ref(), directory, here).ok_or_else(unknown)?;
        let text = text.to_owned();
        if words.len() == 1 && host.is_some() {
            return Ok(Self::Program { program, text });
        }
        Ok(Self::Command { invocation: Invocation::new(program, &words[1..]), text })
    }

    /// What each command runs on the other side; none where that is the same.
    pub(super) fn others(
        &self,
        subjects: &[Subject],
        here: &Surroundings,
    ) -> Result<Vec<Option<Invocation>>, Error> {
        let others: Vec<_> = match self {
            Self::File(_) => return Ok(vec![None; subjects.len()]),
            Self::Revision(worktree) => {
                let directory = here.environment.current_dir();
                subjects.iter().map(|subject| in_worktree(worktree, subject, directory)).collect()
            }
            Self::Program { program, .. } => subjects
                .iter()
                .map(|subject| {
                    subject
                        .is_host
                        .then(|| Invocation { program: program.clone(), ..subject.invocation.clone() })
                })
                .collect(),
            Self::Command { invocation, text } => {
                if subjects.len() != 1 {
                    return Err(Trouble::OneAgainstSeveral(text.clone(), subjects.len()).into());
                }
                vec![Some(invocation.clone())]
            }
        };
        if others.iter().all(Option::is_none) {
            return Err(Trouble::NoDifference(self.text().to_owned()).into());
        }
        Ok(others)
    }

    fn text(&self) -> &str {
        match self {
            Self::File(_) => "a file",
            Self::Revision(worktree) => &worktree.revision,
            Self::Program { text, .. } | Self::Command { text, .. } => text,
        }
    }
}

/// The same command with every file of the repository taken from the worktree: the program, and words that are paths.
fn in_worktree(worktree: &Worktree, subject: &Subject, directory: &Path) -> Option<Invocation> {
    let Invocation { program, args, variables, .. } = &subject.invocation;
    let moved = |word: &OsString| {
        let is_path = word.as_encoded_bytes().contains(&b'/');
        is_path.then(|| worktree.place_of(&directory.join(word))).flatten().map(OsString::from)
    };
    let other = Invocation {
        program: worktree.place_of(program).unwrap_or_else(|| program.clone()),
        args: args.iter().map(|word| moved(word).unwrap_or_else(|| word.clone())).collect(),
        variables: variables.clone(),
        reads_input: false,
    };
    (other != subject.invocation).then_some(other)
}
