//! The host command as it was: a revision of its repository, checked out beside it for as long as it runs.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use super::Trouble;
use crate::Error;
use crate::invocation::Invocation;
use crate::surroundings::Surroundings;

/// A worktree that can be made.
#[derive(Debug)]
pub(super) struct Worktree {
    git: PathBuf,
    /// The top of the repository, with links resolved.
    repository: PathBuf,
    /// The revision, as it was typed.
    pub(super) revision: String,
    commit: String,
    /// Where it goes; nothing is there yet.
    folder: PathBuf,
}

/// A worktree that is there, until this is dropped.
#[derive(Debug)]
pub(super) struct Checkout<'a>(&'a Worktree);

impl Worktree {
    /// The worktree for a revision of the repository that holds a program; none if it is in no repository, or that
    /// has no such revision.
    pub(super) fn find(text: &str, program: &Path, here: &Surroundings) -> Result<Option<Self>, Error> {
        let (Some(git), Ok(program)) = (here.on_path("git").next(), std::fs::canonicalize(program)) else {
            return Ok(None);
        };
        let folder = program.parent().unwrap_or(Path::new("/"));
        let ask = |words: &[&str]| answer(&git, folder, words);
        let Some(top) = ask(&["rev-parse", "--show-toplevel"]) else { return Ok(None) };
        let spoken = format!("{text}^{{commit}}");
        let Some(commit) = ask(&["rev-parse", "--verify", "--quiet", "--end-of-options", &spoken]) else {
            return Ok(None);
        };
        let repository = std::fs::canonicalize(&top).unwrap_or_else(|_| top.into());
        let Ok(inside) = program.strip_prefix(&repository) else { return Ok(None) };
        // From its top, whatever the working folder is.
        if ask(&["cat-file", "-t", &format!("{commit}:{}", inside.display())]).as_deref() != Some("blob") {
            let (revision, program) = (text.to_owned(), inside.display().to_string());
            return Err(Trouble::NotInRevision { revision, program }.into());
        }
        let temporary = here.environment.absolute("TMPDIR").map_or_else(|| "/tmp".into(), Path::to_path_buf);
        let name = format!("github-pm-benchmark-{}-{}", std::process::id(), here.now);
        Ok(Some(Self { git, repository, revision: text.to_owned(), commit, folder: temporary.join(name) }))
    }

    /// Where a file of the repository stands in the worktree.
    pub(super) fn place_of(&self, file: &Path) -> Option<PathBuf> {
        let inside = std::fs::canonicalize(file).ok()?;
        Some(self.folder.join(inside.strip_prefix(&self.repository).ok()?))
    }

    /// What makes it. No hook runs: whoever compares times expects none.
    pub(super) fn making(&self) -> Invocation {
        let words = ["-C".into(), self.repository.clone().into_os_string()];
        let rest = ["-c", "core.hooksPath=/dev/null", "worktree", "add", "--quiet", "--detach"];
        let ends = [self.folder.clone().into_os_string(), self.commit.clone().into()];
        Invocation::new(self.git.clone(), words.into_iter().chain(rest.map(Into::into)).chain(ends))
    }

    /// What takes it away again.
    pub(super) fn removing(&self) -> Invocation {
        let words = ["-C".into(), self.repository.clone().into_os_string()];
        let rest = ["worktree", "remove", "--force"];
        let end = [self.folder.clone().into_os_string()];
        Invocation::new(self.git.clone(), words.into_iter().chain(rest.map(Into::into)).chain(end))
    }

    /// Makes it.
    pub(super) fn add(&self) -> Result<Checkout<'_>, Error> {
        let failed = |reason: String| Trouble::Git { command: "git worktree add".to_owned(), reason };
        // A folder that is ours alone, so that nobody can have put a link in its place.
        DirBuilder::new().mode(0o700).create(&self.folder).map_err(|error| failed(error.to_string()))?;
        let checkout = Checkout(self);
        let output = run(&self.making()).map_err(|error| failed(error.to_string()))?;
        if output.status.success() {
            return Ok(checkout);
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(failed(said.lines().last().unwrap_or_default().to_owned()).into())
    }
}

impl Drop for Checkout<'_> {
    fn drop(&mut self) {
        let _ = run(&self.0.removing());
        // What git would not remove is ours too, and is then no worktree of it any more.
        if self.0.folder.exists() {
            let _ = std::fs::remove_dir_all(&self.0.folder);
            let prune =
                ["-C".into(), self.0.repository.clone().into_os_string(), "worktree".into(), "prune".into()];
            let _ = run(&Invocation::new(self.0.git.clone(), prune));
        }
    }
}

/// What git says, without the end of its line; none if it fails.
fn answer(git: &Path, folder: &Path, words: &[&str]) -> Option<String> {
    let words = ["-C".into(), folder.as_os_str().to_owned()].into_iter().chain(words.iter().map(Into::into));
    let output =
        run(&Invocation::new(git.to_owned(), words)).ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim_end_matches('\n').to_owned())
}

/// Runs git, about the folder that it is told and no other, and out of reach of ^C: it takes no time, and what is made
/// has to be removed.
fn run(invocation: &Invocation) -> std::io::Result<Output> {
    let mut command = invocation.command();
    for variable in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"] {
        command.env_remove(variable);
    }
    command.process_group(0).stdin(Stdio::null()).output()
}
