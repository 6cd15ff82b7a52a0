//! A place of its own for a test: programs, a PATH, a home and a folder to stand in.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Folders `bin` (github-pm and its siblings), `path` (all of PATH beside the system's), `home`, `desk`.
pub(crate) struct Place {
    top: tempfile::TempDir,
    variables: Vec<(String, String)>,
    system: bool,
}

/// What a process did, with the place's own folder called TOP.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// The status; 128 and its number for a signal.
    pub(crate) status: i32,
}

/// Notes how it was called, then runs what stands behind `--`.
const WRAP: &str = r#"printf '%s\n' "$@" > "$HOME/wrap.log"
while [ "$1" != -- ]; do shift; done
shift
exec "$@""#;

impl Place {
    /// With github-pm alone.
    pub(crate) fn bare() -> Self {
        let top = tempfile::tempdir().expect("a folder");
        for folder in ["bin", "path", "home", "desk"] {
            fs::create_dir(top.path().join(folder)).expect("a folder");
        }
        let program = top.path().join("bin/github-pm");
        let built = Path::new(env!("CARGO_BIN_EXE_github-pm"));
        // A link across file systems cannot be; a copy does as well.
        fs::hard_link(built, &program).or_else(|_| fs::copy(built, &program).map(drop)).expect("the program");
        Self { top, variables: Vec::new(), system: true }
    }

    /// With stand-ins for pm-wrap and pm-alert too.
    pub(crate) fn new() -> Self {
        Self::bare().program("bin/pm-wrap", WRAP).program("bin/pm-alert", "exit 0")
    }

    /// Adds a shell script.
    pub(crate) fn program(self, name: &str, script: &str) -> Self {
        self.file(name, &format!("#!/bin/sh\n{script}\n"));
        let mode = fs::Permissions::from_mode(0o755);
        fs::set_permissions(self.path(name), mode).expect("permissions");
        self
    }

    /// Sets a variable, in which TOP stands for the place's own folder.
    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        let value = value.replace("TOP", &self.top.path().display().to_string());
        self.variables.push((name.to_owned(), value));
        self
    }

    /// Leaves the system's folders out of PATH.
    pub(crate) fn alone(mut self) -> Self {
        self.system = false;
        self
    }

    /// Writes a file, and the folders above it.
    pub(crate) fn file(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
        fs::write(path, text).expect("written");
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.top.path().join(name)
    }

    /// How pm-wrap was called, a word a line; nothing if it was not.
    pub(crate) fn wrap_log(&self) -> String {
        self.named(&fs::read(self.path("home/wrap.log")).unwrap_or_default())
    }

    /// Any program of the place, ready to be run there.
    #[expect(clippy::disallowed_methods, reason = "these tests are about processes")]
    pub(crate) fn command(&self, program: &Path) -> Command {
        let path = self.path("path").display().to_string();
        let path = if self.system { format!("{path}:/usr/bin:/bin") } else { path };
        let mut command = Command::new(program);
        command.env_clear().env("PATH", path).env("HOME", self.path("home")).current_dir(self.path("desk"));
        command.envs(self.variables.iter().map(|(name, value)| (name, value))).stdin(Stdio::null());
        command
    }

    /// Runs github-pm.
    pub(crate) fn run(&self, args: &[&str]) -> Seen {
        self.see(self.command(&self.path("bin/github-pm")).args(args))
    }

    /// Runs a line of shell.
    pub(crate) fn sh(&self, line: &str) -> Seen {
        self.see(self.command("/bin/sh".as_ref()).args(["-c", line]))
    }

    pub(crate) fn see(&self, command: &mut Command) -> Seen {
        self.seen(&command.output().expect("a process"))
    }

    pub(crate) fn seen(&self, output: &Output) -> Seen {
        use std::os::unix::process::ExitStatusExt;
        let signaled = output.status.signal().map(|signal| 128 + signal);
        Seen {
            stdout: self.named(&output.stdout),
            stderr: self.named(&output.stderr),
            status: output.status.code().or(signaled).expect("an end"),
        }
    }

    fn named(&self, bytes: &[u8]) -> String {
        String::from_utf8_lossy(bytes).replace(&self.top.path().display().to_string(), "TOP")
    }
}

impl Seen {
    #[track_caller]
    pub(crate) fn check(&self, stdout: &str, stderr: &str, status: i32) {
        let seen = (self.stdout.as_str(), self.stderr.as_str(), self.status);
        assert_eq!(seen, (stdout, stderr, status));
    }
}
