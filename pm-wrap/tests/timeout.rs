//! `--timeout`: the whole tree ends, and nothing else ever does.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use pm_record::{PerformanceMetrics, Status};
use tempfile::TempDir;

use crate::{pm_wrap, programs, read, run};

/// A wrapped shell script, and what became of it.
struct Ended {
    output: Output,
    took: Duration,
    run: PerformanceMetrics,
    folder: TempDir,
}

/// Runs a script in a folder of its own, in which `consume` is the program of that name.
#[track_caller]
fn wrap(flags: &[&str], script: &str) -> Ended {
    let folder = tempfile::tempdir().expect("a folder");
    let args = [&["-o", "log"], flags, &["--", "sh", "-c", script]].concat();
    let begin = Instant::now();
    let mut command = pm_wrap(&args);
    command.env("PATH", programs::path()).current_dir(folder.path());
    let output = command.output().expect("pm-wrap starts");
    let took = begin.elapsed();
    let run = read(&folder.path().join("log"));
    Ended { output, took, run, folder }
}

impl Ended {
    /// Demands that the time was up, and that this took from `least` to `most` milliseconds.
    #[track_caller]
    fn timed_out(&self, least: u64, most: u64) {
        assert_eq!((self.output.status.code(), self.run.status), (Some(124), Some(Status::Timeout)));
        let span = Duration::from_millis(least)..=Duration::from_millis(most);
        assert!(span.contains(&self.took), "it took {:?}", self.took);
        assert!(self.run.failed(), "{:?}", self.run);
    }

    #[track_caller]
    fn said(&self, expected: &str) {
        assert_eq!(String::from_utf8_lossy(&self.output.stdout), expected);
    }

    /// Demands that none of the processes lives whose numbers the script has written to this file.
    #[track_caller]
    fn left_none_of(&self, file: &str) {
        let numbers = std::fs::read_to_string(self.folder.path().join(file)).expect("numbers");
        assert!(numbers.lines().count() > 0, "no process was started");
        let living: Vec<&str> = numbers.lines().filter(|number| lives(number)).collect();
        assert!(living.is_empty(), "{living:?} of {numbers:?} still live");
    }
}

/// Whether a process is more than an entry that waits for its parent.
fn lives(number: &str) -> bool {
    let stat = std::fs::read_to_string(PathBuf::from("/proc").join(number).join("stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

#[test]
fn a_command_that_is_asked_to_end_may_clean_up_first() {
    let script = "trap 'echo cleaned; exit 0' TERM; while :; do sleep 0.05; done";
    let ended = wrap(&["--timeout", "300ms", "--kill-after", "60s"], script);
    ended.timed_out(300, 5_000);
    ended.said("cleaned\n");
}

#[test]
fn a_command_that_ignores_sigterm_is_killed_later() {
    let ended = wrap(
        &["--timeout", "200ms", "--kill-after", "300ms"],
        "trap '' TERM; echo $$ > pids; while :; do sleep 0.05; done",
    );
    ended.timed_out(500, 5_000);
    ended.left_none_of("pids");
}

#[test]
fn the_whole_tree_ends_and_also_what_left_it() {
    let script = "consume daemon 20000 > pids; (trap '' TERM; consume daemon 20000) >> pids;
        sleep 20 & echo $! >> pids; (sleep 20 & echo $! >> pids; wait) & wait; sleep 20";
    let ended = wrap(&["--timeout", "500ms", "--kill-after", "300ms"], script);
    ended.timed_out(500, 5_000);
    ended.left_none_of("pids");
}

/// Nothing of the tree is in the way of the end: the command itself is gone long before its child.
#[test]
fn a_child_that_ignores_sigterm_is_killed_though_the_command_has_ended() {
    let script = "(trap '' TERM; exec sleep 20) & echo $! > pids; wait";
    let ended = wrap(&["--timeout", "200ms", "--kill-after", "300ms"], script);
    ended.timed_out(500, 5_000);
    ended.left_none_of("pids");
}

#[test]
fn a_command_that_is_stopped_ends_too() {
    let ended = wrap(&["--timeout", "200ms", "--kill-after", "20s"], "kill -STOP $$");
    ended.timed_out(200, 5_000);
}

#[test]
fn a_command_that_ends_in_time_ends_as_if_there_were_no_timeout() {
    let ended = wrap(&["--timeout", "20s"], "echo done; exit 3");
    assert_eq!((ended.output.status.code(), ended.run.status), (Some(3), Some(Status::Failure)));
    ended.said("done\n");
    assert!(ended.took < Duration::from_secs(5), "{:?}", ended.took);
}

/// Wraps a double fork, and demands that it is neither waited for nor ended.
#[track_caller]
fn check_left_alone(flags: &[&str]) {
    let ended = wrap(flags, "consume daemon 2000 > pid");
    assert_eq!((ended.output.status.code(), ended.run.status), (Some(0), Some(Status::Success)));
    assert!(ended.took < Duration::from_secs(1), "{:?}", ended.took);
    let number = std::fs::read_to_string(ended.folder.path().join("pid")).expect("a number");
    std::thread::sleep(Duration::from_millis(100));
    assert!(lives(number.trim()), "it was ended");
}

#[test]
fn what_outlives_the_command_is_left_alone() {
    check_left_alone(&[]);
}

#[test]
fn what_outlives_the_command_is_left_alone_by_a_timeout_that_it_did_not_need() {
    check_left_alone(&["--timeout", "20s"]);
}

#[test]
fn time_is_up_for_a_command_that_nobody_reads() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("log");
    let mut process = pm_wrap(&["-o", path(&log), "--timeout", "300ms", "--", "yes"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("pm-wrap starts");
    // The pipe stays open and full: the command can do nothing at all.
    let full = process.stdout.take();
    assert_eq!(process.wait().expect("it ends").code(), Some(124));
    assert_eq!(read(&log).status, Some(Status::Timeout));
    drop(full);
}

fn path(path: &Path) -> &str {
    path.to_str().expect("a path that is text")
}

#[test]
fn a_timeout_that_cannot_be_meant_is_wrong_usage() {
    for flags in [
        &["--timeout", "soon"][..],
        &["--timeout", "-1s"],
        &["--kill-after", "1s"],
        &["--timeout", "1s", "--kill-after", "x"],
    ] {
        let output = run(&[flags, &["--", "true"]].concat());
        assert_eq!(output.status.code(), Some(125), "{flags:?}");
    }
}
