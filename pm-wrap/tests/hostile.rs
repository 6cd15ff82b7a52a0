//! Surroundings in which a wrapper could do harm: nothing of ours may cost the command anything.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use pm_record::Status;
use rustix::process::{Pid, Signal, kill_process};

use crate::script::{folder, lives, read, wait_for_file, wrap};
use crate::{PM_WRAP, run};

/// Runs a shell script that starts `$pm_wrap` itself, and says what came of it and how long it took.
fn shell(folder: &Path, script: &str) -> (Option<i32>, String, Duration) {
    let begin = Instant::now();
    let mut command = Command::new("bash");
    command.args(["-c", script]).env("pm_wrap", PM_WRAP).current_dir(folder).stdin(Stdio::null());
    let output = command.output().expect("bash starts");
    (output.status.code(), String::from_utf8_lossy(&output.stdout).trim_end().to_owned(), begin.elapsed())
}

#[test]
fn a_limit_holds_where_proc_is_that_of_another_container() {
    let folder = folder();
    let script = "unshare --user --map-root-user --pid --fork \
                  $pm_wrap -o log --timeout 200ms --kill-after 200ms -- sh -c 'trap \"\" TERM; sleep 5 & wait; sleep 5'";
    let (status, _, took) = shell(folder.path(), script);
    assert_eq!(status, Some(124));
    assert!(took < Duration::from_secs(4), "{took:?}");
    let (run, _) = read(&folder.path().join("log"));
    assert_eq!(
        (run.status, run.resource_usage.memory_samples.map(|count| count.0)),
        (Some(Status::Timeout), Some(0))
    );
}

#[test]
fn a_command_that_stops_without_job_control_hangs_nobody() {
    let folder = folder();
    let stops = "$pm_wrap -o log -- sh -c '(sleep 0.2; kill -CONT $$) & kill -TSTP $$; echo on'; echo $?";
    assert_eq!(shell(folder.path(), stops).1, "on\n0");
    let (run, _) = read(&folder.path().join("log"));
    assert!(run.stopped_ms.is_some_and(|stopped| stopped.0 > 100_000), "{:?}", run.stopped_ms);
    let forever =
        "$pm_wrap -o log --timeout 300ms --kill-after 300ms -- sh -c 'kill -TSTP $$; sleep 9'; echo $?";
    let (_, said, took) = shell(folder.path(), forever);
    assert_eq!(said, "124");
    assert!(took < Duration::from_secs(3), "{took:?}");
}

#[test]
fn a_signal_that_comes_after_the_command_costs_neither_status_nor_record() {
    let folder = folder();
    let mut command = Command::new(PM_WRAP);
    command.args(["-o", "log", "--then", "touch then; exec sleep 0.8", "--", "sh", "-c", "exit 7"]);
    let begin = Instant::now();
    command.current_dir(folder.path()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().expect("pm-wrap starts");
    wait_for_file(&folder.path().join("then"));
    kill_process(Pid::from_child(&child), Signal::TERM).expect("it lives");
    assert_eq!(child.wait().expect("it ends").code(), Some(7));
    assert!(
        begin.elapsed() < Duration::from_millis(700),
        "the signal ends the waiting: {:?}",
        begin.elapsed()
    );
    assert_eq!(read(&folder.path().join("log")).0.exit_code, Some(7));
}

#[test]
fn children_that_we_found_are_not_ours_to_end() {
    let folder = folder();
    let script = "sh -c 'sleep 3 & echo $! > mine; exec $pm_wrap -o log --timeout 200ms --kill-after 200ms -- sleep 3' \
                  >/dev/null 2>&1; echo $?";
    let (_, said, took) = shell(folder.path(), script);
    assert_eq!(said, "124");
    assert!(took < Duration::from_secs(2), "{took:?}");
    let mine = std::fs::read_to_string(folder.path().join("mine")).expect("a number");
    assert!(lives(mine.trim()), "the shell's own child still lives");
    let mine = Pid::from_raw(mine.trim().parse().expect("a number")).expect("a process");
    kill_process(mine, Signal::KILL).expect("it lives");
}

#[test]
fn a_limit_that_passes_after_the_command_has_ended_is_none() {
    let folder = folder();
    let script = "$pm_wrap -o log --timeout 600ms -- sh -c 'sleep 0.3; exit 5' & sleep 0.1; kill -STOP $!; \
                  sleep 0.8; kill -CONT $!; wait $!; echo $?";
    assert_eq!(shell(folder.path(), script).1, "5");
    assert_eq!(read(&folder.path().join("log")).0.status, Some(Status::Failure));
}

#[test]
fn time_to_end_may_be_as_long_as_anybody_can_write() {
    let ended = wrap(&["--timeout", "100ms", "--kill-after", "18446744073709551615s"], "sleep 5");
    assert_eq!((ended.output.status.code(), ended.run.status), (Some(124), Some(Status::Timeout)));
    assert!(ended.took < Duration::from_secs(3), "{:?}", ended.took);
}

#[test]
fn adopted_processes_do_not_pile_up() {
    for flags in [&["--timeout", "1m"][..], &["--timeout", "1m", "--trace"]] {
        let script = "for i in 1 2 3 4 5 6 7 8 9; do (/bin/true &); done; sleep 0.3; \
                      exec cat /proc/$PM_WRAP_PID/task/$PM_WRAP_PID/children";
        let ended = wrap(flags, script);
        let children = String::from_utf8_lossy(&ended.output.stdout).into_owned();
        assert_eq!(children.split_whitespace().count(), 1, "only the command is left of {children}");
    }
}

#[test]
fn pages_that_processes_share_are_counted_once() {
    // Eight copies of a shell that holds 12 MiB and only read it, for long enough to afford a dear reading.
    let script = "exec bash -c 'x=$(head -c 12000000 /dev/zero | tr \"\\0\" a); \
                  for i in 1 2 3 4 5 6 7 8; do (sleep 2; : ${#x}) & done; sleep 2; wait'";
    let peak = wrap(&[], script).run.resource_usage.peak_memory_mb.expect("a peak").to_f64();
    assert!((12.0..75.0).contains(&peak), "{peak} MiB, and with every page counted each time over 110");
}

#[test]
fn many_arguments_do_not_hold_anybody_up() {
    let words: Vec<String> = (0..20_000).map(|number| number.to_string()).collect();
    let args = ["--record-args", "--", "true"]
        .into_iter()
        .chain(words.iter().map(String::as_str))
        .collect::<Vec<_>>();
    let begin = Instant::now();
    let output = run(&args);
    assert!(begin.elapsed() < Duration::from_secs(2), "{:?}", begin.elapsed());
    assert!(output.stdout.len() <= 4096 && output.stdout.len() > 2048, "{} bytes", output.stdout.len());
}

#[test]
fn the_environment_keeps_its_order() {
    let folder = folder();
    let list = "env -i Z=1 PATH=/usr/bin:/bin A=2 M=3";
    let script = format!("{list} $pm_wrap -o log -- env | grep -v -e '^PM_' -e '^TRACEPARENT='; {list} env");
    let (_, said, _) = shell(folder.path(), &script);
    let lines: Vec<_> = said.lines().collect();
    assert_eq!(lines[..4], lines[4..], "wrapped, and unwrapped");
}

#[test]
fn what_was_closed_is_closed() {
    let folder = folder();
    for closed in ["<&-", "2>&-"] {
        let script = format!(
            "$pm_wrap -o log -- ls /proc/self/fd {closed} | wc -l; ls /proc/self/fd {closed} | wc -l"
        );
        let (_, said, _) = shell(folder.path(), &script);
        let counts: Vec<_> = said.lines().collect();
        assert_eq!(counts[0], counts[1], "{closed}");
    }
}

#[test]
fn what_is_to_end_with_its_parent_does() {
    let folder = folder();
    // The shell ends, pm-wrap with it, and with that the command.
    let script = "sh -c 'setpriv --pdeathsig KILL $pm_wrap -o log -- sh -c \"echo \\$\\$ > number; exec sleep 20\" & sleep 0.3'";
    shell(folder.path(), script);
    let number = std::fs::read_to_string(folder.path().join("number")).expect("a number");
    let deadline = Instant::now() + Duration::from_secs(5);
    while lives(number.trim()) {
        assert!(Instant::now() < deadline, "the command outlives its parents");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_command_runs_even_where_there_is_nothing_left_to_measure_it_with() {
    let folder = folder();
    let script = "ulimit -n 7; $pm_wrap -o log -- sh -c 'exit 6'; echo $?";
    assert_eq!(shell(folder.path(), script).1, "6");
}

#[test]
fn a_signal_of_its_own_name_reaches_the_command_also_when_it_is_one_for_faults() {
    let folder = folder();
    let mut command = Command::new(PM_WRAP);
    command.args([
        "-o",
        "log",
        "--",
        "bash",
        "-c",
        "trap 'exit 3' FPE SEGV; touch ready; while :; do sleep 0.05; done",
    ]);
    for signal in [Signal::FPE, Signal::SEGV] {
        let mut child = command.current_dir(folder.path()).process_group(0).spawn().expect("pm-wrap starts");
        wait_for_file(&folder.path().join("ready"));
        kill_process(Pid::from_child(&child), signal).expect("it lives");
        assert_eq!(child.wait().expect("it ends").code(), Some(3));
        std::fs::remove_file(folder.path().join("ready")).expect("it was made");
    }
}
