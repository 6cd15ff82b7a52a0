//! The programs that ours are compared with, where they are installed.

use std::path::{Path, PathBuf};

use super::Bench;
use super::measure::CommandLine;

/// An installed program.
#[derive(Debug)]
pub(super) struct Peer {
    pub(super) name: &'static str,
    pub(super) program: PathBuf,
    /// The first line of what it says about itself.
    pub(super) version: String,
}

impl Peer {
    /// Looks whether `program` is there and answers a question about its version.
    fn find(name: &'static str, program: Option<PathBuf>, question: &[&str]) -> Option<Self> {
        let program = program?;
        let answer = CommandLine::new("version", &program, question).answer().ok()?;
        let version = String::from_utf8_lossy(&answer).lines().next()?.to_owned();
        Some(Self { name, program, version })
    }

    pub(super) fn gnu_time(bench: &Bench<'_>) -> Option<Self> {
        Self::find("GNU time", bench.on_path("time"), &["--version"])
    }

    pub(super) fn strace(bench: &Bench<'_>) -> Option<Self> {
        Self::find("strace", bench.on_path("strace"), &["--version"])
    }

    pub(super) fn jq(bench: &Bench<'_>) -> Option<Self> {
        Self::find("jq", bench.on_path("jq"), &["--version"])
    }

    pub(super) fn wc(bench: &Bench<'_>) -> Option<Self> {
        Self::find("wc -l", bench.on_path("wc"), &["--version"])
    }

    /// Runs another program on some cores only.
    pub(super) fn taskset(bench: &Bench<'_>) -> Option<Self> {
        Self::find("taskset", bench.on_path("taskset"), &["--version"])
    }

    pub(super) fn pidstat(bench: &Bench<'_>) -> Option<Self> {
        Self::find("pidstat", bench.on_path("pidstat"), &["-V"])
    }

    /// Stands beside the Python that it is installed for.
    pub(super) fn psrecord(bench: &Bench<'_>) -> Option<Self> {
        let program = bench.args.python.as_ref().map(|python| python.with_file_name("psrecord"));
        Self::find("psrecord", program, &["--help"])
    }

    pub(super) fn duckdb(bench: &Bench<'_>) -> Option<Self> {
        Self::in_python(bench, "DuckDB", "duckdb")
    }

    pub(super) fn clickhouse(bench: &Bench<'_>) -> Option<Self> {
        Self::in_python(bench, "ClickHouse", "chdb")
    }

    pub(super) fn polars(bench: &Bench<'_>) -> Option<Self> {
        Self::in_python(bench, "polars", "polars")
    }

    pub(super) fn prometheus_client(bench: &Bench<'_>) -> Option<Self> {
        Self::in_package(bench, "prometheus_client", "prometheus_client")
    }

    /// A browser that is driven.
    pub(super) fn playwright(bench: &Bench<'_>) -> Option<Self> {
        bench.on_path("chromium")?;
        Self::in_package(bench, "playwright", "playwright.sync_api")
    }

    pub(super) fn opentelemetry_proto(bench: &Bench<'_>) -> Option<Self> {
        Self::in_package(bench, "opentelemetry-proto", "opentelemetry.proto.trace.v1.trace_pb2")
    }

    /// A package that does not say its version itself.
    fn in_package(bench: &Bench<'_>, name: &'static str, module: &str) -> Option<Self> {
        let question = format!(
            "import {module}, platform; from importlib.metadata import version; \
             print('{name}', version('{name}'), 'in Python', platform.python_version())"
        );
        Self::find(name, bench.args.python.clone(), &["-c", &question])
    }

    fn in_python(bench: &Bench<'_>, name: &'static str, module: &str) -> Option<Self> {
        let question = format!(
            "import {module}, platform; \
             print('{module}', {module}.__version__, 'in Python', platform.python_version())"
        );
        Self::find(name, bench.args.python.clone(), &["-c", &question])
    }

    /// The question of `pm-aggregate` about a log, put to this peer.
    pub(super) fn asked(&self, words: &[&str], log: &Path, more: &[&str]) -> CommandLine {
        let words = words.iter().map(PathBuf::from).chain([log.to_owned()]);
        CommandLine::new(self.name, &self.program, words.chain(more.iter().map(PathBuf::from)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_says_its_version_and_one_that_is_not_installed_is_none() {
        let shell = Peer::find("sh", Some("/bin/sh".into()), &["-c", "echo sh 1.2; echo more"]);
        assert_eq!(shell.expect("a shell").version, "sh 1.2");
        assert!(Peer::find("sh", Some("/bin/sh".into()), &["-c", "exit 1"]).is_none());
        assert!(Peer::find("sh", None, &[]).is_none());
    }
}
