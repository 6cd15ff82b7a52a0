//! What the new process becomes: a program, its words and its environment, made ready before the fork.
//!
//! After the fork every page that is written to has to be copied first, so as little as possible is left to
//! do there. That is also why the program is searched for here, by the rules of `execvp`: the first file of
//! that name on the path that can be run, and a script without a first line that names its interpreter is
//! one for the shell.

use std::ffi::{CStr, CString, OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;

use nix::errno::Errno;
use nix::libc::{STDERR_FILENO, STDOUT_FILENO};
use nix::spawn::{PosixSpawnAttr, PosixSpawnFileActions, posix_spawn};
use nix::unistd::{Pid, execve};
use rustix::fs::Access;

use crate::heritage::Heritage;
use crate::kernel;

/// Where programs are looked for when nobody says.
const DEFAULT_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// Where the command's standard output goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Streams {
    /// Where it always went.
    Own,
    /// To standard error, because the record goes to standard output.
    OutputToError,
}

/// A program that is ready to be run.
#[derive(Debug)]
pub(crate) struct Image {
    /// The files that it may be, in the order of the path.
    files: Vec<CString>,
    /// The words for the shell, of which the second is still to be filled in: the file.
    words: Vec<CString>,
    variables: Vec<CString>,
}

impl Image {
    /// `program` as it was typed, looked for in `path`.
    pub(crate) fn new(
        program: &OsStr,
        arguments: &[OsString],
        path: Option<&OsStr>,
        variables: impl Iterator<Item = (OsString, OsString)>,
    ) -> io::Result<Self> {
        let shell = [OsStr::new("/bin/sh"), program].into_iter();
        let words = shell.chain(arguments.iter().map(OsString::as_os_str)).map(|word| text(word.as_bytes()));
        let variables = variables.map(|(name, value)| text([name.as_bytes(), value.as_bytes()].join(&b'=')));
        Ok(Self {
            files: files(program.as_bytes(), path.unwrap_or(OsStr::new(DEFAULT_PATH)))?,
            words: words.collect::<Result<_, _>>()?,
            variables: variables.collect::<Result<_, _>>()?,
        })
    }

    /// Becomes the program, with what this process was started with. It returns only if that cannot be, and says
    /// why.
    pub(crate) fn become_it(&mut self, heritage: Heritage, streams: Streams) -> Errno {
        if streams == Streams::OutputToError
            && let Err(error) = rustix::stdio::dup2_stdout(rustix::stdio::stderr())
        {
            return Errno::from_raw(error.raw_os_error());
        }
        for descriptor in kernel::closed_at_start() {
            let _ = nix::unistd::close(descriptor);
        }
        if let Err(error) = heritage.take_back() {
            return error;
        }
        match self.attempt(execve) {
            Err(error) => error,
            Ok(never) => match never {},
        }
    }

    /// Makes a process that is the program from its first instruction on.
    pub(crate) fn spawn(&mut self, streams: Streams, attributes: &PosixSpawnAttr) -> Result<Pid, Errno> {
        let mut actions = PosixSpawnFileActions::init()?;
        if streams == Streams::OutputToError {
            actions.add_dup2(STDERR_FILENO, STDOUT_FILENO)?;
        }
        for descriptor in kernel::closed_at_start() {
            actions.add_close(descriptor)?;
        }
        self.attempt(|file, words, variables| {
            // A process is a dear way to find out that there is no such file.
            rustix::fs::access(file, Access::EXISTS)
                .map_err(|error| Errno::from_raw(error.raw_os_error()))?;
            posix_spawn(file, &actions, attributes, words, variables)
        })
    }

    /// Tries one file after the other.
    fn attempt<T>(
        &mut self,
        run: impl Fn(&CStr, &[CString], &[CString]) -> Result<T, Errno>,
    ) -> Result<T, Errno> {
        // A file that may not be run hides none that may further on, but is a better reason than none at all.
        let mut reason = Errno::ENOENT;
        for file in &self.files {
            match run(file, &self.words[1..], &self.variables) {
                Err(Errno::ENOENT | Errno::ENOTDIR | Errno::ELOOP | Errno::ESTALE | Errno::ENODEV) => {}
                Err(Errno::EACCES) => reason = Errno::EACCES,
                Err(Errno::ENOEXEC) => {
                    self.words[1].clone_from(file);
                    return run(c"/bin/sh", &self.words, &self.variables);
                }
                other => return other,
            }
        }
        Err(reason)
    }
}

/// The files that a program may be: the one that was named, or one of that name in each folder of the path.
fn files(program: &[u8], path: &OsStr) -> io::Result<Vec<CString>> {
    if program.is_empty() {
        return Ok(Vec::new());
    }
    if program.contains(&b'/') {
        return Ok(vec![text(program)?]);
    }
    let folders = path.as_bytes().split(|&byte| byte == b':');
    folders
        .map(|folder| if folder.is_empty() { text(program) } else { text([folder, program].join(&b'/')) })
        .collect()
}

/// As the kernel takes it: without a NUL in it.
fn text(bytes: impl Into<Vec<u8>>) -> io::Result<CString> {
    Ok(CString::new(bytes)?)
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStringExt;

    use super::*;

    #[track_caller]
    fn check(program: &str, path: &str, expected: &[&str]) {
        let files = files(program.as_bytes(), OsStr::new(path)).expect("no NUL");
        let files: Vec<_> = files.iter().map(|file| file.to_str().expect("text")).collect();
        assert_eq!(files, expected);
    }

    #[test]
    fn a_name_is_looked_for_in_every_folder_of_the_path() {
        check("git", "/usr/bin:/bin", &["/usr/bin/git", "/bin/git"]);
        check("git", "", &["git"]);
        check("git", "/bin::.", &["/bin/git", "git", "./git"]);
    }

    #[test]
    fn a_path_is_taken_as_it_is() {
        check("./git", "/usr/bin", &["./git"]);
        check("bin/git", "/usr/bin", &["bin/git"]);
        check("", "/usr/bin", &[]);
    }

    #[test]
    fn a_nul_is_refused_and_not_cut_off() {
        let program = OsString::from_vec(b"a\0b".to_vec());
        assert!(Image::new(&program, &[], None, std::iter::empty()).is_err());
    }
}
