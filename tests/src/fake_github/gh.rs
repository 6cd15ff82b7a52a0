//! A private home in which the real `gh` talks to the fake and to nothing else.
//!
//! `gh` has a setting that sends all its requests through a Unix socket, so it needs no certificate and
//! no change of host name. The cost: what `gh` hands to `git` or `ssh` does not go there.

use super::FakeGithub;
use super::listen::private_directory;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// A home directory for `gh`, removed when dropped.
#[derive(Debug)]
pub struct GhHome {
    directory: TempDir,
    program: PathBuf,
    path: OsString,
    token: String,
}

/// What one run of `gh` gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GhOutput {
    /// The exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// All of standard output.
    pub stdout: String,
    /// All of standard error.
    pub stderr: String,
}

impl GhHome {
    /// A home whose `gh` uses the fake's own socket, and the token of its first account.
    ///
    /// # Panics
    ///
    /// When `gh` is not installed, or the directory cannot be made.
    #[must_use]
    pub fn new(github: &FakeGithub) -> Self {
        GhHome::through(github.socket_path(), &github.token())
    }

    /// A home whose `gh` uses any socket, such as that of a proxy before the fake, and any token.
    ///
    /// # Panics
    ///
    /// When `gh` is not installed, or the directory cannot be made.
    #[must_use]
    pub fn through(socket: &Path, token: &str) -> Self {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let program = find(&path).expect("`gh` is not installed: run `apt-get install gh`");
        let directory = private_directory("gh-home-").expect("a directory of our own");
        let config = directory.path().join("config");
        fs::create_dir(&config).expect("the directory is new");
        let settings = format!("version: \"1\"\nprompt: disabled\nhttp_unix_socket: {}\n", socket.display());
        fs::write(config.join("config.yml"), settings).expect("the directory is ours");
        GhHome { directory, program, path, token: token.to_owned() }
    }

    /// A home in which `gh` has never been: it has no configuration at all.
    ///
    /// # Panics
    ///
    /// When `gh` is not installed, or the directory cannot be made.
    #[must_use]
    pub fn untouched(token: &str) -> Self {
        let home = GhHome::through(Path::new("/nowhere"), token);
        fs::remove_dir_all(home.config_directory()).expect("the directory is ours");
        home
    }

    /// The whole environment that `gh`, or a tool that starts it, is to be given; start from an empty one.
    #[must_use]
    pub fn environment(&self) -> Vec<(&'static str, OsString)> {
        let inside = |name: &str| self.directory.path().join(name).into_os_string();
        let mut environment: Vec<(&'static str, OsString)> = vec![
            ("PATH", self.path.clone()),
            ("HOME", self.directory.path().as_os_str().to_owned()),
            // The cache of `gh api --cache` lies here in older versions.
            ("TMPDIR", self.directory.path().as_os_str().to_owned()),
            ("GH_CONFIG_DIR", inside("config")),
            ("XDG_STATE_HOME", inside("state")),
            ("XDG_DATA_HOME", inside("data")),
            ("XDG_CACHE_HOME", inside("cache")),
        ];
        let fixed = [
            ("GH_TOKEN", self.token.as_str()),
            ("GH_ENTERPRISE_TOKEN", &self.token),
            // The check for updates is an API call of its own.
            ("GH_NO_UPDATE_NOTIFIER", "1"),
            ("GH_NO_EXTENSION_UPDATE_NOTIFIER", "1"),
            ("GH_PROMPT_DISABLED", "1"),
            ("GH_SPINNER_DISABLED", "1"),
            ("NO_COLOR", "1"),
            ("TZ", "UTC"),
        ];
        environment.extend(fixed.map(|(name, value)| (name, OsString::from(value))));
        environment
    }

    /// The directory that holds `config.yml`.
    #[must_use]
    pub fn config_directory(&self) -> PathBuf {
        self.directory.path().join("config")
    }

    /// `gh` with these arguments, ready to be changed and run.
    pub fn command<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(&self.program);
        command.args(args).env_clear().envs(self.environment()).current_dir(self.directory.path());
        command
    }

    /// Runs `gh` to its end, with an empty standard input.
    ///
    /// # Panics
    ///
    /// When `gh` cannot be started.
    pub fn run<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> GhOutput {
        GhOutput::of(&mut self.command(args))
    }
}

impl GhOutput {
    /// Runs a command to its end, with an empty standard input.
    ///
    /// # Panics
    ///
    /// When it cannot be started.
    pub fn of(command: &mut Command) -> Self {
        let output = command.stdin(std::process::Stdio::null()).output().expect("`gh` can be started");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        GhOutput { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }
}

fn find(path: &OsStr) -> Option<PathBuf> {
    std::env::split_paths(path).map(|directory| directory.join("gh")).find(|file| file.is_file())
}
