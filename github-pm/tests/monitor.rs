//! The monitor, with stand-ins for the programs that it runs.

use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use crate::place::{Place, Seen};

/// Says that it runs, and goes on until it is ended.
const WORK: &str = "echo $$ >> \"$HOME/${0##*/}.pids\"; exec sleep 600";

/// No condition takes longer, on whatever machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// A place with a store and every program that a monitor runs; whatever still runs at the end is ended.
struct Monitored(Place);

impl std::ops::Deref for Monitored {
    type Target = Place;

    fn deref(&self) -> &Place {
        &self.0
    }
}

impl Monitored {
    fn new() -> Self {
        Self::with(Place::new())
    }

    fn with(place: Place) -> Self {
        let place = place.program("bin/pm-sample", WORK).program("bin/pm-alert", WORK);
        let place = place.program("bin/pm-ratelimit", WORK).variable("GH_TOKEN", "none");
        fs::create_dir(place.path("desk/.github-pm")).expect("a store");
        Self(place)
    }

    fn start(&self) -> String {
        let seen = self.run(&["monitor", "start"]);
        assert_eq!((seen.stderr.as_str(), seen.status), ("", 0), "{}", seen.stdout);
        seen.stdout
    }

    fn stop(&self) -> Seen {
        self.run(&["monitor", "stop"])
    }

    /// A part of what `status --json` says.
    fn status(&self) -> serde_json::Value {
        let seen = self.run(&["monitor", "status", "--json"]);
        let mut status: serde_json::Value = serde_json::from_str(&seen.stdout).expect("an object");
        status["monitor_status"].take()
    }

    fn monitor(&self) -> Pid {
        pid(&self.status()["pid"]).expect("a monitor")
    }

    /// The process of a program, once it runs.
    fn worker(&self, program: &str) -> Pid {
        let mut found = None;
        until(&format!("{program} runs"), || {
            let status = self.status();
            let workers = status["workers"].as_array().cloned().unwrap_or_default();
            found = workers.iter().find(|worker| worker["program"] == program).and_then(|it| pid(&it["pid"]));
            found.is_some_and(is_there)
        });
        found.expect("it was found")
    }
}

impl Drop for Monitored {
    fn drop(&mut self) {
        let _ = self.stop();
    }
}

fn pid(value: &serde_json::Value) -> Option<Pid> {
    Pid::from_raw(i32::try_from(value.as_i64()?).ok()?)
}

/// One that has ended and is not waited for yet is not there any more.
fn is_there(pid: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_pid())).unwrap_or_default();
    test_kill_process(pid).is_ok() && !stat.contains(") Z ")
}

#[track_caller]
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < end, "never: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn it_runs_until_it_is_stopped_and_says_so() {
    let place = Monitored::new();
    let seen = place.run(&["monitor", "status"]);
    assert_eq!(
        seen.stdout,
        "no monitor runs for TOP/desk/.github-pm; start one with `github-pm monitor start`\n"
    );
    assert_eq!(seen.status, 1);
    let text = place.start();
    assert!(text.starts_with("the monitor runs (pid ") && text.contains(", until it is stopped\n"), "{text}");
    let monitor = place.monitor();
    let workers = ["pm-sample", "pm-ratelimit", "pm-alert"].map(|program| place.worker(program));
    let status = place.run(&["monitor", "status"]);
    assert_eq!(status.status, 0);
    for part in ["since", "until", "pm-sample", "records", "last tick", "store"] {
        assert!(status.stdout.contains(part), "{part} is not in {}", status.stdout);
    }
    let again = place.run(&["monitor", "start"]);
    assert!(
        again.stdout.starts_with(&format!("a monitor runs already (pid {}), since ", monitor.as_raw_pid()))
    );
    assert_eq!(again.status, 0);
    place.stop().check("the monitor has ended\n", "", 0);
    assert!([monitor].into_iter().chain(workers).all(|pid| !is_there(pid)));
    assert!(!place.path("desk/.github-pm/run/monitor.json").exists());
    place.stop().check("no monitor runs\n", "", 0);
}

#[test]
fn each_program_is_given_the_store_and_its_own_flags() {
    let place = Monitored::with(Place::new());
    for program in ["pm-sample", "pm-ratelimit", "pm-alert"] {
        let note = format!("#!/bin/sh\necho \"$*\" > \"$HOME/{program}.args\"; exec sleep 600\n");
        place.file(&format!("bin/{program}"), &note);
    }
    place.run(&["monitor", "start", "--interval=200ms"]);
    let expected = [
        ("pm-sample", "--interval 200ms --store=TOP/desk/.github-pm\n"),
        ("pm-ratelimit", "--interval 60s --store=TOP/desk/.github-pm\n"),
        ("pm-alert", "--follow --store=TOP/desk/.github-pm --no-tips --begin={\"files\":[]}\n"),
    ];
    for (program, args) in expected {
        let args = args.replace("TOP", place.path("").display().to_string().trim_end_matches('/'));
        let file = place.path(&format!("home/{program}.args"));
        until(program, || fs::read_to_string(&file).is_ok_and(|text| text == args));
    }
}

#[test]
fn of_twenty_that_start_at_once_one_is_left() {
    let place = Monitored::new();
    let mut starts: Vec<_> = (0..20)
        .map(|_| {
            let mut command = place.command(&place.path("bin/github-pm"));
            command.args(["monitor", "start"]).stdout(Stdio::piped()).spawn().expect("started")
        })
        .collect();
    for start in &mut starts {
        assert!(start.wait().expect("waited for").success());
    }
    place.worker("pm-sample");
    let pids = || fs::read_to_string(place.path("home/pm-sample.pids")).unwrap_or_default();
    until("it works", || !pids().is_empty());
    assert_eq!(pids().lines().count(), 1, "one monitor runs one pm-sample");
}

#[test]
fn what_it_runs_dies_with_it_when_it_is_killed_and_the_next_one_starts() {
    let place = Monitored::new();
    place.start();
    let monitor = place.monitor();
    let workers = ["pm-sample", "pm-ratelimit", "pm-alert"].map(|program| place.worker(program));
    kill_process(monitor, Signal::KILL).expect("killed");
    until("all have ended", || workers.into_iter().all(|pid| !is_there(pid)));
    until("it is known", || place.run(&["monitor", "status"]).status == 1);
    assert!(place.path("desk/.github-pm/run/monitor.json").exists(), "it could not take that back");
    place.start();
    assert_ne!(place.monitor(), monitor);
}

#[test]
fn a_program_that_is_killed_is_started_again_and_that_is_said() {
    let place = Monitored::new();
    place.start();
    let first = place.worker("pm-sample");
    kill_process(first, Signal::KILL).expect("killed");
    until("it is another one", || place.worker("pm-sample") != first);
    let status = place.run(&["monitor", "status"]).stdout;
    assert!(status.contains("started again 1 time; before, it was ended by signal 9"), "{status}");
    let log = fs::read_to_string(place.path("desk/.github-pm/run/monitor.log")).expect("a log");
    assert!(log.contains("pm-sample was ended by signal 9; next try in 1 s"), "{log}");
}

#[test]
fn changed_limits_are_read_at_once_and_that_is_no_trouble() {
    let place = Monitored::new();
    place.start();
    let (alerts, sample) = (place.worker("pm-alert"), place.worker("pm-sample"));
    place.file("desk/.github-pm/alerts.yml", "alerts: {}\n");
    until("it is another one", || place.worker("pm-alert") != alerts);
    assert_eq!(place.worker("pm-sample"), sample);
    assert!(!place.run(&["monitor", "status"]).stdout.contains("started again"));
}

#[test]
fn a_program_that_is_missing_is_said_and_the_others_run() {
    let place = Monitored::new();
    fs::remove_file(place.path("bin/pm-sample")).expect("removed");
    let text = place.start();
    assert!(text.contains("  without pm-sample: is neither beside github-pm nor on PATH\n"), "{text}");
    place.worker("pm-alert");
}

#[test]
fn without_a_token_nobody_asks_for_the_quota() {
    let place = Monitored::with(Place::new().program("path/gh", "exit 1"));
    let seen = place.sh("unset GH_TOKEN; ../bin/github-pm monitor start");
    assert!(seen.stdout.contains("  without pm-ratelimit: there is no token: "), "{seen:?}");
}

#[test]
fn it_ends_by_itself_after_its_time() {
    let place = Monitored::new();
    let seen = place.run(&["monitor", "start", "--duration", "300ms", "--foreground"]);
    assert_eq!(seen.status, 0, "{seen:?}");
    place.run(&["monitor", "start", "--duration=300ms"]);
    until("it has ended", || place.run(&["monitor", "status"]).status == 1);
}

#[test]
fn starts_stops_and_looks_at_the_same_time_leave_none_or_one() {
    let place = Monitored::new();
    std::thread::scope(|scope| {
        for words in [["monitor", "start"], ["monitor", "stop"], ["monitor", "status"], ["monitor", "start"]]
        {
            let place = &place;
            scope.spawn(move || {
                for _ in 0..5 {
                    let seen = place.run(&words);
                    assert!(seen.status <= 1, "{words:?}: {seen:?}");
                }
            });
        }
    });
    place.start();
    place.worker("pm-sample");
    place.stop().check("the monitor has ended\n", "", 0);
    let pids = fs::read_to_string(place.path("home/pm-sample.pids")).expect("it ran");
    let pids = pids.lines().filter_map(|pid| Pid::from_raw(pid.parse().ok()?));
    assert_eq!(pids.filter(|pid| is_there(*pid)).count(), 0);
}

#[test]
fn a_monitor_of_another_machine_is_reported_and_never_broken() {
    let place = Monitored::new();
    place.start();
    let said = fs::read_to_string(place.path("desk/.github-pm/run/monitor.json")).expect("said");
    place.stop().check("the monitor has ended\n", "", 0);
    let mut other: serde_json::Value = serde_json::from_str(&said).expect("an object");
    other["process"]["host"] = "far-away".into();
    other["process"]["boot_id"] = "another".into();
    place.file("desk/.github-pm/run/monitor.json", &other.to_string());
    for verb in ["start", "stop"] {
        let seen = place.run(&["monitor", verb]);
        let message = "github-pm: a monitor of this store runs on 'far-away', out of reach from here\n";
        assert!(seen.stderr.starts_with(message) && seen.status == 4, "{verb}: {seen:?}");
    }
    assert!(place.run(&["monitor", "status"]).stdout.contains(" on far-away)"));
}

#[test]
fn one_from_before_the_machine_was_started_is_known_to_be_gone() {
    let place = Monitored::new();
    place.start();
    let said = fs::read_to_string(place.path("desk/.github-pm/run/monitor.json")).expect("said");
    place.stop().check("the monitor has ended\n", "", 0);
    let mut other: serde_json::Value = serde_json::from_str(&said).expect("an object");
    other["process"]["boot_id"] = "before".into();
    place.file("desk/.github-pm/run/monitor.json", &other.to_string());
    assert_eq!(place.run(&["monitor", "status"]).status, 1);
    place.start();
}

#[test]
fn one_whose_lock_was_removed_ends() {
    let place = Monitored::new();
    place.start();
    let monitor = place.monitor();
    fs::remove_file(place.path("desk/.github-pm/run/monitor.lock")).expect("removed");
    until("it has ended", || !is_there(monitor));
}

#[test]
fn a_full_disk_is_said_and_ends_nothing() {
    let place = Monitored::new();
    // A file system of its own, which one file has filled.
    let script = "exec unshare --user --map-root-user --mount sh -c '
        mount -t tmpfs -o size=64k,mode=700 none .github-pm && mkdir .github-pm/run
        : > .github-pm/run/monitor.lock; : > .github-pm/run/monitor.log
        head -c 1000000 /dev/zero > .github-pm/full 2>/dev/null
        ../bin/github-pm monitor start; echo \"start $?\"
        ../bin/github-pm monitor status; echo \"status $?\"
        rm .github-pm/full; kill -9 $(cat ../home/pm-sample.pids)
        for i in $(seq 200); do ../bin/github-pm monitor status | grep \"again 1 time;\" && break; sleep 0.1; done
        ../bin/github-pm monitor stop; echo \"stop $?\"'";
    let seen = place.sh(script);
    for part in ["start 0\n", "status 0\n", "started again 1 time;", "the monitor has ended\nstop 0\n"] {
        assert!(seen.stdout.contains(part), "{part} is not in {seen:?}");
    }
}

#[test]
fn a_host_command_leaves_judging_to_the_monitor_while_there_is_one() {
    let place = Monitored::with(Place::new().program("path/gh-pm", "exit 0"));
    place.run(&["status"]);
    assert!(place.wrap_log().contains("--then"), "{}", place.wrap_log());
    place.start();
    place.run(&["status"]);
    assert!(!place.wrap_log().contains("--then"), "{}", place.wrap_log());
}

#[test]
fn what_makes_the_system_start_it_names_everything() {
    let place = Monitored::new();
    let unit = place.run(&["monitor", "start", "--print-unit", "--interval", "5s"]).stdout;
    let line = "ExecStart=TOP/bin/github-pm monitor start --foreground --interval=5000ms --store=TOP/desk/.github-pm\n";
    assert!(unit.contains(line) && unit.contains("[Install]"), "{unit}");
    let cron = place.run(&["monitor", "start", "--print-cron"]).stdout;
    let line = "*/5 * * * * TOP/bin/github-pm monitor start --interval=1000ms --store=TOP/desk/.github-pm >/dev/null\n";
    assert_eq!(cron, line);
    assert_eq!(place.run(&["monitor", "status"]).status, 1, "nothing was started");
}

#[test]
fn what_explain_prints_runs_the_same_programs() {
    let place = Monitored::new();
    let seen =
        place.sh("../bin/github-pm --explain monitor start --duration 200ms > script; cat script; sh script");
    for part in [
        "timeout 0.2 TOP/bin/pm-sample --interval 1000ms --store=TOP/desk/.github-pm &\n",
        "timeout 0.2 TOP/bin/pm-ratelimit --interval 60s --store=TOP/desk/.github-pm &\n",
        "timeout 0.2 TOP/bin/pm-alert --follow --store=TOP/desk/.github-pm --no-tips &\n",
    ] {
        assert!(seen.stdout.contains(part), "{part} is not in {}", seen.stdout);
    }
    assert!(place.path("home/pm-alert.pids").exists());
}
