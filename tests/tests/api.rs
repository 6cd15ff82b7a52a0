//! What commands ask of GitHub's API: counted by `pm-wrap --api` as the server itself counts it, and the commands
//! none the wiser.

mod advice;
mod clients;
mod configuration;
mod counted;
mod deaths;
mod followed;
mod porcelain;
mod quota;
mod readings;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use pm_e2e::fake_github::gh::GhHome;
use pm_e2e::fake_github::{FakeGithub, Setup};
use pm_e2e::harness::{Outcome, Place, programs};
use pm_record::{ApiRequest, GithubApi, PerformanceMetrics, Record};

/// Longer than anything here takes on a machine that has other things to do.
const PATIENCE: Duration = Duration::from_mins(1);

/// A fake GitHub, and a user whose `gh` reaches it.
struct World {
    github: FakeGithub,
    home: GhHome,
    place: Place,
}

/// What one run left in the log.
#[derive(Debug)]
struct Told {
    run: PerformanceMetrics,
    requests: Vec<ApiRequest>,
}

impl World {
    /// The user's `gh` has the fake's socket in its configuration, so the relay has to chain to it.
    fn new() -> Self {
        let github = FakeGithub::start(Setup::default());
        let home = GhHome::new(&github);
        Self::of(github, home, &[])
    }

    /// The user's `gh` has never run, and the relay reaches the fake over TLS.
    fn over_tls() -> Self {
        let any_port = ([127, 0, 0, 1], 0).into();
        let github = FakeGithub::start(Setup { tls: Some(any_port), ..Setup::default() });
        let home = GhHome::untouched(&github.token());
        let url = github.tls_url().expect("it has TLS");
        let authority = github.authority().expect("it has TLS").display().to_string();
        Self::of(github, home, &[("PM_RELAY_UPSTREAM", &url), ("SSL_CERT_FILE", &authority)])
    }

    fn of(github: FakeGithub, home: GhHome, variables: &[(&str, &str)]) -> Self {
        let path = format!("{}:/usr/local/bin:/usr/bin:/bin", programs().display());
        let place = Place::new().with(home.environment()).with([("PATH", path.as_str())]);
        let place = place.with(variables.iter().copied());
        let runtime = place.path().parent().expect("a folder above").join("run");
        std::fs::create_dir(&runtime).expect("a folder for sockets");
        Self { github, home, place: place.with([("XDG_RUNTIME_DIR", runtime)]) }
    }

    /// Runs a shell script, measured: its records go to `log.ndjson`.
    fn wrap(&self, options: &str, script: &str) -> Outcome {
        self.place.run(&mut self.wrapped(options, script))
    }

    fn wrapped(&self, options: &str, script: &str) -> Command {
        let mut command = self.place.command("pm-wrap");
        command.args(["-o", "log.ndjson", "--api", "--api-requests"]);
        command.args(options.split_whitespace()).args(["--", "bash", "-c", script]);
        command
    }

    /// The same, while something else happens.
    fn start(&self, script: &str) -> Child {
        let mut command = self.wrapped("", script);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("pm-wrap can be started")
    }

    /// What the runs so far left, in order.
    fn told(&self) -> Vec<Told> {
        let mut told: Vec<Told> = Vec::new();
        for line in self.place.read("log.ndjson").lines() {
            assert!(line.len() < 4096, "{line}");
            match Record::parse(line.as_bytes()).expect(line) {
                Record::Performance(run) => told.push(Told { run: *run, requests: Vec::new() }),
                Record::Request(request) => {
                    told.last_mut().expect("the run comes first").requests.push(*request);
                }
                other => panic!("nobody asked for {other:?}"),
            }
        }
        told
    }

    /// What the only run left.
    fn told_once(&self) -> Told {
        let told = self.told();
        let [only] = <[Told; 1]>::try_from(told).expect("one run");
        only
    }

    /// What is left in the folder for sockets.
    fn left_over(&self) -> Vec<PathBuf> {
        let runtime = self.place.path().parent().expect("a folder above").join("run/github-pm");
        let Ok(entries) = std::fs::read_dir(runtime) else { return Vec::new() };
        entries.map(|entry| entry.expect("an entry").path()).collect()
    }
}

impl Told {
    fn api(&self) -> &GithubApi {
        &self.run.github_api
    }

    fn made(&self) -> usize {
        whole(self.api().requests_made)
    }
}

/// A count; none is an error.
fn whole(count: Option<pm_record::Thousandths>) -> usize {
    let count = count.expect("it was counted").0;
    assert_eq!(count % 1000, 0);
    usize::try_from(count / 1000).expect("a count")
}

#[track_caller]
fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "in vain: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The children of a process whose program has this name.
fn children(parent: u32, program: &str) -> Vec<u32> {
    let list = std::fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).unwrap_or_default();
    let is_meant = |pid: &u32| {
        let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        name.trim() == program
    };
    list.split_whitespace().filter_map(|pid| pid.parse().ok()).filter(is_meant).collect()
}

fn signal(pid: u32, name: &str) {
    let status = Command::new("kill").args([format!("-{name}"), pid.to_string()]).status();
    assert!(status.expect("kill can be started").success());
}

fn has(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}
