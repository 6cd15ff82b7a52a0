//! A clean place to run pipelines of the built programs in.
//!
//! Every [`Place`] is a fresh folder with a home of its own and an environment that holds nothing else,
//! so that no test sees the machine it runs on. The programs come from `PM_BIN_DIR`, which `scripts/test`
//! sets to the release build, else from the folder that cargo built the tests into; a program that is
//! missing fails the test with the command that builds it.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// Every tool of the workspace.
pub const TOOLS: [&str; 10] = [
    "pm-wrap",
    "pm-sample",
    "pm-relay",
    "pm-ratelimit",
    "pm-aggregate",
    "pm-alert",
    "pm-export",
    "pm-report",
    "pm-watch",
    "github-pm",
];

/// The filters and sinks among them: whatever reads records.
pub const READERS: [&str; 4] = ["pm-aggregate", "pm-alert", "pm-export", "pm-report"];

/// A fresh folder to run things in.
#[derive(Debug)]
pub struct Place {
    folder: TempDir,
    variables: Vec<(OsString, OsString)>,
}

/// What a script did.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "check how it ended: `.succeeds()` or `.fails_with(code)`"]
pub struct Outcome {
    /// What it wrote to standard output.
    pub stdout: String,
    /// What it wrote to standard error.
    pub stderr: String,
    /// Its exit status; none if a signal ended it.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
}

/// The folder that the built programs are in.
///
/// # Panics
///
/// If one of [`TOOLS`] is not there.
#[must_use]
pub fn programs() -> PathBuf {
    let folder = std::env::var_os("PM_BIN_DIR").map_or_else(beside_the_tests, PathBuf::from);
    for tool in TOOLS {
        assert!(
            folder.join(tool).is_file(),
            "{tool} is not in {}: run `cargo build --workspace --bins`, or set PM_BIN_DIR to where it is",
            folder.display()
        );
    }
    folder
}

/// A test runs in `target/<profile>/deps`; programs are one folder up.
fn beside_the_tests() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own program");
    test.ancestors().nth(2).expect("it lies two folders deep").to_owned()
}

impl Default for Place {
    fn default() -> Self {
        Self::new()
    }
}

impl Place {
    /// A fresh folder, with the built programs first on its path.
    ///
    /// # Panics
    ///
    /// If no folder can be made or a program is missing.
    #[must_use]
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let path = format!("{}:/usr/local/bin:/usr/bin:/bin", programs().display());
        let variables = [
            ("PATH", path.into()),
            ("HOME", folder.path().join("home").into_os_string()),
            ("TMPDIR", folder.path().as_os_str().to_owned()),
            ("LC_ALL", "C.UTF-8".into()),
            ("GIT_CONFIG_NOSYSTEM", "1".into()),
        ];
        fs::create_dir(folder.path().join("home")).expect("a home");
        fs::create_dir(folder.path().join("work")).expect("a folder to work in");
        Self { folder, variables: variables.map(|(name, value)| (name.into(), value)).into() }
    }

    /// Adds variables to the environment, or replaces them.
    #[must_use]
    pub fn with<K: Into<OsString>, V: Into<OsString>>(
        mut self,
        variables: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        self.variables.extend(variables.into_iter().map(|(name, value)| (name.into(), value.into())));
        self
    }

    /// The folder in which scripts run.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    /// Writes a file in it, with the folders that lead there.
    ///
    /// # Panics
    ///
    /// If it cannot be written.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().expect("a file has a folder")).expect("folders can be made");
        fs::write(path, content).expect("the file can be written");
    }

    /// Reads a file in it.
    ///
    /// # Panics
    ///
    /// If it is not there or is no text.
    #[must_use]
    pub fn read(&self, name: &str) -> String {
        let path = self.path().join(name);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Writes an executable shell script in it.
    ///
    /// # Panics
    ///
    /// If it cannot be written.
    pub fn script(&self, name: &str, body: &str) {
        use std::os::unix::fs::PermissionsExt;
        self.write(name, format!("#!/bin/sh\n{body}\n"));
        let permissions = fs::Permissions::from_mode(0o755);
        fs::set_permissions(self.path().join(name), permissions).expect("permissions can be set");
    }

    /// A command in this place, with nothing on its standard input.
    #[must_use]
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .envs(self.variables.iter().cloned())
            .current_dir(self.path())
            .stdin(Stdio::null());
        command
    }

    /// Runs a bash script, which fails where one of its pipelines does.
    ///
    /// # Panics
    ///
    /// If bash cannot be started.
    pub fn sh(&self, script: &str) -> Outcome {
        self.run(self.command("bash").args(["-c", &format!("set -o pipefail\n{script}")]))
    }

    /// Runs a command.
    ///
    /// # Panics
    ///
    /// If it cannot be started.
    pub fn run(&self, command: &mut Command) -> Outcome {
        let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        Outcome {
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            code: output.status.code(),
            signal: output.status.signal(),
        }
    }
}

impl Outcome {
    /// Demands status 0 and a silent standard error; returns standard output.
    ///
    /// # Panics
    ///
    /// If it was otherwise.
    #[track_caller]
    #[expect(clippy::must_use_candidate, reason = "often the demand is all there is to it")]
    pub fn succeeds(self) -> String {
        assert_eq!((self.code, self.stderr.as_str()), (Some(0), ""), "standard output: {}", self.stdout);
        self.stdout
    }

    /// Demands an exit status and an empty standard output; returns standard error.
    ///
    /// # Panics
    ///
    /// If it was otherwise.
    #[track_caller]
    #[expect(clippy::must_use_candidate, reason = "often the demand is all there is to it")]
    pub fn fails_with(self, code: i32) -> String {
        assert_eq!((self.code, self.stdout.as_str()), (Some(code), ""), "standard error: {}", self.stderr);
        self.stderr
    }
}

/// A run of `command` that began at `time` and took `millis`, as a line.
#[must_use]
pub fn run_record(command: &str, time: &str, millis: u32) -> String {
    format!(
        "{{\"performance_metrics\":{{\"schema\":1,\"command\":\"{command}\",\"timestamp\":\"{time}\",\"duration\":{{\"total_ms\":{millis}}},\"exit_code\":0,\"status\":\"success\"}}}}\n"
    )
}

/// The root of the repository that these tests belong to.
///
/// # Panics
///
/// Never: this crate is a folder of the repository.
#[must_use]
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this crate lies in a folder of the repository")
}
