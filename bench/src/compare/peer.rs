//! The programs that ours are compared with, where they are installed.

use std::path::PathBuf;

use super::Bench;
use super::measure::CommandLine;

/// An installed program.
#[derive(Debug)]
pub(super) struct Peer {
    pub(super) program: PathBuf,
    /// The first line of what it says about itself.
    pub(super) version: String,
}

impl Peer {
    /// Looks whether `program` is there and answers a question about its version.
    fn find(program: Option<PathBuf>, question: &[&str]) -> Option<Self> {
        let program = program?;
        let answer = CommandLine::new("version", &program, question).answer().ok()?;
        let version = String::from_utf8_lossy(&answer).lines().next()?.to_owned();
        Some(Self { program, version })
    }

    pub(super) fn gnu_time(bench: &Bench<'_>) -> Option<Self> {
        Self::find(bench.on_path("time"), &["--version"])
    }

    pub(super) fn strace(bench: &Bench<'_>) -> Option<Self> {
        Self::find(bench.on_path("strace"), &["--version"])
    }

    pub(super) fn jq(bench: &Bench<'_>) -> Option<Self> {
        Self::find(bench.on_path("jq"), &["--version"])
    }

    pub(super) fn duckdb(bench: &Bench<'_>) -> Option<Self> {
        let question = "import duckdb, platform; \
            print('DuckDB', duckdb.__version__, 'in Python', platform.python_version())";
        Self::find(bench.args.python.clone(), &["-c", question])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_says_its_version_and_one_that_is_not_installed_is_none() {
        let shell = Peer::find(Some("/bin/sh".into()), &["-c", "echo sh 1.2; echo more"]);
        assert_eq!(shell.expect("a shell").version, "sh 1.2");
        assert!(Peer::find(Some("/bin/sh".into()), &["-c", "exit 1"]).is_none());
        assert!(Peer::find(None, &[]).is_none());
    }
}
