//! The relay as a process of its own.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::Child;

use crate::compare::measure::CommandLine;
use crate::compare::{Bench, Error};

/// A running relay. It ends with its standard input, so also with this program.
#[derive(Debug)]
pub(super) struct Relay {
    child: Child,
    command: CommandLine,
    pub(super) socket: PathBuf,
    records: PathBuf,
}

impl Relay {
    /// Starts one in front of `upstream`, with these variables set.
    pub(super) fn start(bench: &Bench<'_>, upstream: &str, variables: &[String]) -> Result<Self, Error> {
        let folder = bench.in_work("relay");
        let records = bench.in_work("requests.ndjson");
        for path in [&folder, &records] {
            let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
            match removed {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(Error::file(path, error));
                }
                _ => {}
            }
        }
        let socket = folder.join("gh.sock");
        let words = ["--until-stdin-closes", "--ready-fd", "1", "--upstream", upstream, "--socket"];
        let relay = bench.tool(super::TOOL, words).with([&socket]).with(["-o"]).with([&records]);
        let command =
            CommandLine::new(super::TOOL, "/usr/bin/env", variables).around([] as [&str; 0], &relay);
        let mut child = command.start()?;
        let mut ready = String::new();
        let output = child.stdout.take();
        output
            .map_or(Ok(0), |output| BufReader::new(output).read_line(&mut ready))
            .map_err(|error| command.wrong(error.to_string()))?;
        if ready.ends_with('\n') {
            Ok(Self { child, command, socket, records })
        } else {
            Err(command.wrong("it is not ready"))
        }
    }

    /// A value of `/proc/PID/status` in MiB, such as `VmRSS`.
    pub(super) fn memory_mib(&self, key: &str) -> Option<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?;
        line.trim().strip_suffix(" kB")?.parse::<f64>().ok().map(|kib| kib / 1024.0)
    }

    /// Ends it; returns the records of requests that went out.
    pub(super) fn stop(mut self) -> Result<u64, Error> {
        drop(self.child.stdin.take());
        let status = self.child.wait().map_err(|error| self.command.wrong(error.to_string()))?;
        if !status.success() {
            return Err(self.command.failed(status, String::new()));
        }
        let text = fs::read_to_string(&self.records).map_err(|error| Error::file(&self.records, error))?;
        Ok(text.lines().filter(|line| line.contains("\"wait_ms\":")).count() as u64)
    }
}
