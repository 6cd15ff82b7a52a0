//! `github-pm monitor` with the programs that it runs, and `pm-alert --follow` by itself.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use pm_e2e::fake_github::{DEFAULT_TOKEN, FakeGithub, Setup};
use pm_e2e::harness::Place;
use rustix::process::{Pid, Signal, kill_process};

/// Every run of `batch` is over its limit.
const LIMITS: &str = "benchmarks: { commands: { batch: { baseline_ms: 0.1, max_acceptable_ms: 0.2 } } }\n";
const CHANNELS: &str = "alerts: { performance_degradation: { notification_channels: [console, log] } }\n";

/// No condition takes longer, on whatever machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// A place with a store and limits, whose monitor is ended with it.
struct Monitored(Place);

impl std::ops::Deref for Monitored {
    type Target = Place;

    fn deref(&self) -> &Place {
        &self.0
    }
}

impl Drop for Monitored {
    fn drop(&mut self) {
        let _ = self.0.sh("github-pm monitor stop");
    }
}

fn place() -> Monitored {
    let place = Place::new();
    place.write(".github-pm/benchmarks.yml", LIMITS);
    place.write(".github-pm/alerts.yml", CHANNELS);
    place.script("bin/gh-pm", "exit 0");
    let path = format!(
        "{}:{}:/usr/bin:/bin",
        pm_e2e::harness::programs().display(),
        place.path().join("bin").display()
    );
    Monitored(place.with([("PATH", path)]))
}

#[track_caller]
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < end, "never: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Alerts in the store's log, a line each.
fn logged(place: &Place) -> Vec<String> {
    let log = place.path().join(".github-pm/state/alerts.ndjson");
    std::fs::read_to_string(log).unwrap_or_default().lines().map(str::to_owned).collect()
}

#[test]
fn a_command_is_judged_by_the_monitor_as_soon_as_it_ends_and_by_nobody_else() {
    let place = place();
    let started = place.sh("github-pm monitor start").succeeds();
    assert!(started.starts_with("the monitor runs (pid "), "{started}");
    place.sh("github-pm batch").succeeds();
    until("the alert is in the log", || logged(&place).len() == 1);
    place.sh("pm-wrap --store --name batch -- true").succeeds();
    until("the next one is too", || logged(&place).len() == 2);
    let status = place.sh("github-pm monitor status").succeeds();
    assert!(status.contains("performance_degradation: command batch since"), "{status}");
    let log = place.read(".github-pm/run/monitor.log");
    assert_eq!(log.matches("PERFORMANCE ALERT: Command 'batch'").count(), 1, "told once: {log}");
    assert_eq!(place.sh("github-pm monitor stop").succeeds(), "the monitor has ended\n");
}

#[test]
fn explain_shows_the_programs_of_a_monitor_with_the_flags_that_they_get() {
    let place = place();
    let explained = place.sh("github-pm --explain monitor start").succeeds();
    // Whoever hears of no tip has none computed.
    assert!(explained.contains(" --no-tips &\n"), "{explained}");
    place.sh("github-pm monitor start").succeeds();
    let workers = "github-pm monitor status --json | jq '.monitor_status.workers[].pid // empty'";
    let running = || {
        let lines = place
            .sh(&format!("for pid in $({workers}); do tr '\\0' ' ' < /proc/$pid/cmdline; echo '&'; done"));
        // Where it begins to read, only the monitor knows.
        let is_shown = |line: &&str| {
            explained
                .lines()
                .any(|shown| shown.strip_suffix('&').is_some_and(|shown| line.starts_with(shown)))
        };
        lines.stdout.lines().filter(is_shown).count()
    };
    until("all of them run as they were shown", || running() == explained.matches(" &\n").count());
}

#[test]
fn samples_arrive_and_status_counts_them() {
    let place = place();
    place.sh("github-pm monitor start --interval 100ms").succeeds();
    until("samples were counted", || {
        let status = place.sh("github-pm monitor status --json | jq .monitor_status.records.system_metrics");
        status.stdout.trim().parse::<u32>().is_ok_and(|count| count >= 3)
    });
    let frame = place.sh("COLUMNS=120 LINES=40 github-pm monitor watch --once").succeeds();
    assert!(frame.contains("CPU ") && !frame.contains("no samples yet"), "{frame}");
    place.sh("github-pm monitor stop").succeeds();
    let lines = place.sh("cat .github-pm/records/*.ndjson").succeeds();
    let whole = |line: &&str| line.starts_with('{') && line.ends_with('}');
    assert!(lines.ends_with('\n') && lines.lines().all(|line| whole(&line)), "nothing is half-written");
}

#[test]
fn what_is_left_of_the_quota_is_asked_for_said_and_seen() {
    let github = FakeGithub::start(Setup::default());
    let mut place = place();
    place.0 =
        std::mem::take(&mut place.0).with([("GH_TOKEN", DEFAULT_TOKEN), ("GITHUB_API_URL", &github.url())]);
    place.sh("github-pm monitor start").succeeds();
    until("it is said", || place.sh("github-pm monitor status").stdout.contains("quota         core: "));
    let frame = place.sh("COLUMNS=120 LINES=40 github-pm monitor watch --once").succeeds();
    assert!(frame.contains("Quota left: ") && frame.contains("core "), "{frame}");
}

#[test]
fn what_runs_is_seen_while_it_runs() {
    let place = place();
    let running = |text: &str| place.sh("pm-watch --once").succeeds().contains(text);
    assert!(running("no command runs"));
    let mut command = place.command("pm-wrap");
    let mut command =
        command.args(["--store", "--name", "long", "--", "sleep", "600"]).spawn().expect("started");
    until("it is seen", || running("Running (1)") && running("long"));
    kill_process(pid(&command), Signal::TERM).expect("sent");
    command.wait().expect("waited for");
    assert!(running("no command runs") && running("failed"));
    // One that is killed with its wrapper cannot say that it has ended.
    let mut command = place.command("pm-wrap");
    let mut command = command.args(["--store", "--", "sleep", "1"]).spawn().expect("started");
    until("it is seen", || running("Running (1)"));
    command.kill().expect("killed");
    command.wait().expect("waited for");
    assert!(running("no command runs"));
}

fn pid(child: &Child) -> Pid {
    Pid::from_child(child)
}

fn follow(place: &Place) -> Child {
    follow_with(place, &[])
}

fn follow_with(place: &Place, more: &[&str]) -> Child {
    let mut command = place.command("pm-alert");
    let command =
        command.args(["--store", "--follow"]).args(more).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("started")
}

/// Runs `batch` until the follower has told of it; the first runs may come before it follows. How often it ran.
fn run_until_told(place: &Place) -> usize {
    let before = logged(place).len();
    let mut runs = 0;
    until("a run is told", || {
        place.sh("pm-wrap --store --name batch -- true").succeeds();
        runs += 1;
        logged(place).len() > before
    });
    runs
}

#[test]
fn a_follower_that_is_killed_misses_nothing_and_repeats_nothing() {
    let place = place();
    let mut first = follow(&place);
    run_until_told(&place);
    // Everything that was read is told before it is killed, so that the count below is exact.
    let count = || {
        place
            .sh("cat .github-pm/records/*.ndjson | wc -l")
            .succeeds()
            .trim()
            .parse::<usize>()
            .expect("a number")
    };
    place.sh("pm-wrap --store --name batch -- true").succeeds();
    let is_last_told = || {
        let id = place
            .sh("tail -n 1 .github-pm/records/*.ndjson | jq -r .performance_metrics.execution_id")
            .succeeds();
        logged(&place).last().is_some_and(|line| line.contains(id.trim()))
    };
    until("the last one is told", is_last_told);
    let (records, told) = (count(), logged(&place).len());
    first.kill().expect("killed");
    first.wait().expect("waited for");
    for _ in 0..3 {
        place.sh("pm-wrap --store --name batch -- true").succeeds();
    }
    let mut second = follow(&place);
    until("what came meanwhile is told", || logged(&place).len() == told + 3);
    place.sh("pm-wrap --store --name batch -- true").succeeds();
    until("it goes on", is_last_told);
    assert_eq!((count(), logged(&place).len()), (records + 4, told + 4));
    kill_process(pid(&second), Signal::TERM).expect("sent");
    let status = second.wait().expect("waited for");
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(15));
}

#[test]
fn what_is_recorded_while_a_follower_starts_is_judged() {
    let place = place();
    // A monitor says what there was when it began: nothing.
    place.sh("pm-wrap --store --name batch -- true").succeeds();
    let mut late = follow_with(&place, &["--begin={\"files\":[]}"]);
    until("the run before it is told", || logged(&place).len() == 1);
    kill_process(pid(&late), Signal::TERM).expect("sent");
    late.wait().expect("waited for");
}

#[test]
fn following_needs_a_store_and_no_time() {
    let place = place();
    for (words, named) in [
        ("--follow", "--store"),
        ("--follow --store --since '1 day ago'", "--since"),
        ("--follow --store --replay", "--replay"),
    ] {
        let stderr = place.sh(&format!("pm-alert {words}")).fails_with(2);
        assert!(stderr.contains(named), "{stderr}");
    }
}
