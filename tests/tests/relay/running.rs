//! A relay that runs, and what it wrote.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::thread::JoinHandle;

use pm_e2e::fake_github::gh::GhHome;
use pm_e2e::fake_github::{Clock, DEFAULT_TOKEN, FakeGithub, Setup};
use pm_e2e::harness::Place;
use pm_record::{ApiRequest, Record};
use rustix::process::{Pid, Signal, kill_process};

/// A running relay; it is killed when dropped.
pub(super) struct Relay {
    pub(super) place: Place,
    child: Child,
    addresses: Vec<String>,
    /// Gathers what it says after its first line.
    listener: Option<JoinHandle<()>>,
}

/// What a relay left behind.
pub(super) struct Ended {
    pub(super) code: Option<i32>,
    pub(super) records: Vec<ApiRequest>,
    pub(super) stderr: String,
    /// The records as they were written.
    pub(super) text: String,
}

/// A fake GitHub whose clock stands still, so that no window ends while a test runs.
pub(super) fn github() -> FakeGithub {
    FakeGithub::start(Setup { clock: Clock::Fixed(1_700_000_000), ..Setup::default() })
}

/// In front of a fake GitHub, on both kinds of sockets.
pub(super) fn relay_to(github: &FakeGithub) -> Relay {
    Relay::start(&["--upstream", &github.url()], &[])
}

impl Relay {
    /// Starts one on a socket and a free port, and waits until it is ready.
    pub(super) fn start(flags: &[&str], variables: &[(&str, &str)]) -> Self {
        let place = Place::new().with(variables.iter().copied());
        let programs = pm_e2e::harness::programs();
        let mut command = place.command(programs.join("pm-relay"));
        let own = [["--socket", "private/gh.sock"], ["--listen", "127.0.0.1:0"]];
        if !flags.iter().any(|flag| flag.ends_with("-fd")) {
            command.args(own.as_flattened());
        }
        command.args(flags).stdin(Stdio::piped());
        command.stdout(File::create(place.path().join("records")).expect("a file"));
        command.stderr(Stdio::piped());
        let mut child = command.spawn().expect("the relay can be started");
        let mut words = BufReader::new(child.stderr.take().expect("it was piped"));
        let mut first = String::new();
        words.read_line(&mut first).expect("standard error can be read");
        let listening = first.strip_prefix("pm-relay: listening on ").unwrap_or_else(|| panic!("{first}"));
        let addresses = listening.trim().split(" and ").map(str::to_owned).collect();
        // What it says later is for the end of the test.
        let later = File::create(place.path().join("words")).expect("a file");
        let listener = std::thread::spawn(move || {
            std::io::copy(&mut words, &mut &later).expect("standard error can be read");
        });
        Self { place, child, addresses, listener: Some(listener) }
    }

    pub(super) fn socket(&self) -> PathBuf {
        PathBuf::from(self.addresses.iter().find(|address| address.starts_with('/')).expect("a socket"))
    }

    /// The base of API addresses.
    pub(super) fn url(&self) -> &str {
        self.addresses.iter().find(|address| address.starts_with("http")).expect("a port")
    }

    pub(super) fn address(&self) -> &str {
        self.url().trim_start_matches("http://")
    }

    /// A home whose `gh` goes through the relay.
    pub(super) fn gh(&self) -> GhHome {
        GhHome::through(&self.socket(), DEFAULT_TOKEN)
    }

    pub(super) fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).expect("a process number");
        kill_process(Pid::from_raw(pid).expect("no zero"), signal).expect("it still runs");
    }

    pub(super) fn close_stdin(&mut self) {
        drop(self.child.stdin.take());
    }

    /// How many records there are by now.
    pub(super) fn count(&self) -> usize {
        self.place.read("records").lines().count()
    }

    /// Asks it to end, and demands that it does as it should.
    pub(super) fn stop(self) -> Vec<ApiRequest> {
        self.signal(Signal::TERM);
        let ended = self.wait();
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        ended.records
    }

    /// Waits until it has ended.
    pub(super) fn wait(mut self) -> Ended {
        let status = self.child.wait().expect("it is our child");
        if let Some(listener) = self.listener.take() {
            listener.join().expect("it said nothing that cannot be read");
        }
        let text = self.place.read("records");
        let records = text.lines().map(|line| match Record::parse(line.as_bytes()) {
            Ok(Record::Request(request)) => *request,
            other => panic!("{line}: {other:?}"),
        });
        Ended { code: status.code(), records: records.collect(), stderr: self.words(), text: text.clone() }
    }

    fn words(&self) -> String {
        fs::read_to_string(self.place.path().join("words")).unwrap_or_default()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ended_already = self.child.kill();
        let _ = self.child.wait();
    }
}
