//! Signals and stops: what the command would have had without us it has, once.

use std::io::Write;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use pm_record::Status;

use crate::{PM_WRAP, check_as_if_unwrapped, pm_wrap, read, record, run};

#[test]
fn death_by_signal_is_met_in_the_same_way() {
    // Not SIGINT: whoever runs the tests in the background may have it ignored.
    for signal in [9, 10, 15] {
        let output = run(&["--", "sh", "-c", &format!("kill -{signal} $$")]);
        assert_eq!(output.status.signal(), Some(signal));
        let run = record(&output.stdout);
        assert_eq!((run.signal, run.exit_code, run.status), (Some(signal), None, Some(Status::Signaled)));
    }
}

#[test]
fn a_signal_sent_to_us_reaches_the_command_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let (ready, log) = (folder.path().join("ready"), folder.path().join("log"));
    let script = format!(
        "trap 'echo TERM >> {log}' TERM; touch {ready}; i=0; while [ $i -lt 20 ]; do sleep 0.05; i=$((i+1)); done; exit 7",
        log = log.display(),
        ready = ready.display()
    );
    let mut process =
        pm_wrap(&["--", "sh", "-c", &script]).stdout(Stdio::null()).spawn().expect("pm-wrap starts");
    wait_for(|| ready.exists());
    signal(process.id(), rustix::process::Signal::TERM);
    assert_eq!(process.wait().expect("it ends").code(), Some(7));
    assert_eq!(std::fs::read_to_string(log).expect("the trap ran"), "TERM\n");
}

/// Waits until the process `pid` is in `state`, one letter as `/proc` shows it.
#[track_caller]
fn wait_for_state(pid: u32, state: &str) {
    let stat = format!("/proc/{pid}/stat");
    wait_for(|| std::fs::read_to_string(&stat).is_ok_and(|stat| stat.contains(&format!(") {state} "))));
}

#[test]
fn a_command_stopped_by_job_control_stops_us_and_the_record_says_how_long() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("log.ndjson");
    let mut command =
        pm_wrap(&["-o", file.to_str().expect("a path"), "--", "sh", "-c", "kill -TSTP $$; exit 5"]);
    // A group of its own, as a shell's job has: job control stops no group that nobody could continue.
    let mut process = command.process_group(0).spawn().expect("pm-wrap starts");
    wait_for_state(process.id(), "T");
    std::thread::sleep(Duration::from_millis(50));
    signal(process.id(), rustix::process::Signal::CONT);
    assert_eq!(process.wait().expect("it ends").code(), Some(5));
    check_stopped(&file, 50.0);
}

#[track_caller]
fn check_stopped(file: &Path, at_least: f64) {
    let run = read(file);
    let stopped = run.stopped_ms.expect("it was stopped");
    assert!(stopped.to_f64() >= at_least, "{stopped} of {}", run.duration.total_ms);
    assert!(stopped < run.duration.total_ms, "{stopped} of {}", run.duration.total_ms);
}

#[test]
fn a_command_stopped_and_continued_by_its_own_number_does_not_hang_us() {
    let folder = tempfile::tempdir().expect("a folder");
    let (file, pid) = (folder.path().join("log.ndjson"), folder.path().join("pid"));
    let script = format!("echo $$ > {0}.new; mv {0}.new {0}; kill -STOP $$; exit 5", pid.display());
    let mut process = pm_wrap(&["-o", file.to_str().expect("a path"), "--", "sh", "-c", &script])
        .spawn()
        .expect("pm-wrap starts");
    wait_for(|| pid.exists());
    let child: u32 = std::fs::read_to_string(&pid).expect("a number").trim().parse().expect("a number");
    wait_for_state(child, "T");
    // Long enough for pm-wrap to see it stopped, even on a busy machine.
    std::thread::sleep(Duration::from_millis(500));
    signal(child, rustix::process::Signal::CONT);
    assert_eq!(process.wait().expect("it ends").code(), Some(5));
    check_stopped(&file, 40.0);
}

/// Runs a command under pm-wrap from a shell that ignores `signals`, and demands the exit status.
#[track_caller]
fn check_ignoring(signals: &str, command: &str, expected: i32) {
    let wrapped = format!("trap '' {signals}; exec {PM_WRAP} -o /dev/null -- sh -c '{command}'");
    let unwrapped = format!("trap '' {signals}; exec sh -c '{command}'");
    for script in [unwrapped, wrapped] {
        let status = Command::new("/bin/sh").args(["-c", &script]).status().expect("sh starts");
        assert_eq!(status.code(), Some(expected), "{script}");
    }
}

#[test]
fn what_was_ignored_before_is_still_ignored() {
    // `nohup` lives on the first: the hang-up must neither end us nor reach the command.
    for signal in ["HUP", "PIPE", "XFSZ", "CHLD", "USR1", "INT"] {
        check_ignoring(signal, &format!("kill -{signal} $$; exit 6"), 6);
    }
}

#[test]
fn a_parent_that_does_not_wait_for_its_children_does_not_make_us_hang() {
    check_ignoring("CHLD", "exit 7", 7);
}

#[test]
fn what_the_kernel_sends_to_us_alone_reaches_the_command() {
    // An alarm survives `exec`, and without us it would have ended the command.
    let program = format!("alarm 1; exec @ARGV, '{PM_WRAP}', '-o', '/dev/null', '--', 'sleep', '40'");
    let begin = Instant::now();
    let status = Command::new("perl").args(["-e", &program]).status().expect("perl starts");
    assert_eq!(status.signal(), Some(14));
    assert!(begin.elapsed() < Duration::from_secs(30));
}

#[test]
fn every_signal_that_can_be_caught_is_passed_on() {
    for number in [1, 2, 3, 6, 10, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 34, 50, 64] {
        let mut process = pm_wrap(&["-o", "/dev/null", "--", "perl", "-e"])
            .arg("my $got; $SIG{$_} = sub { $got = 1 } for keys %SIG; $| = 1; print \"ready\\n\"; for (1 .. 400) { exit 9 if $got; select undef, undef, undef, 0.025 } exit 1")
            .stdout(Stdio::piped())
            .spawn()
            .expect("pm-wrap starts");
        let mut ready = String::new();
        std::io::BufRead::read_line(
            &mut std::io::BufReader::new(process.stdout.take().expect("piped")),
            &mut ready,
        )
        .expect("read");
        let kill = Command::new("/bin/sh").args(["-c", &format!("kill -{number} {}", process.id())]).status();
        assert!(kill.expect("sh starts").success(), "signal {number} was sent");
        assert_eq!(process.wait().expect("it ends").code(), Some(9), "signal {number}");
    }
}

#[test]
fn a_signal_ends_us_with_the_command_s_status_while_nobody_takes_the_record() {
    let folder = tempfile::tempdir().expect("a folder");
    let begun = folder.path().join("begun");
    let (_reader, mut writer) = std::io::pipe().expect("a pipe");
    // As full as a pipe gets, so that the record finds no room.
    writer.write_all(&vec![b'x'; 65_536]).expect("a pipe holds 64 KiB");
    // As long as the command runs, it is the command that gets the signal, so this one ignores it.
    let mut process = pm_wrap(&["--", "sh", "-c", "trap '' TERM; : >\"$0\"; exit 7"])
        .arg(&begun)
        .stdout(writer)
        .stderr(Stdio::piped())
        .spawn()
        .expect("pm-wrap starts");
    wait_for(|| begun.exists());
    wait_for(|| {
        signal(process.id(), rustix::process::Signal::TERM);
        std::thread::sleep(Duration::from_millis(50));
        process.try_wait().expect("it is our own process").is_some()
    });
    let output = process.wait_with_output().expect("it has ended");
    assert_eq!(output.status.code(), Some(7));
    assert!(String::from_utf8_lossy(&output.stderr).contains("the record is lost"), "{output:?}");
}

#[test]
fn the_command_s_signal_mask_and_dispositions_are_as_if_unwrapped() {
    check_as_if_unwrapped("grep", &["^Sig[BI]", "/proc/self/status"]);
}

#[track_caller]
fn wait_for(mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !condition() {
        assert!(Instant::now() < deadline, "it did not happen within ten seconds");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn signal(process: u32, signal: rustix::process::Signal) {
    let pid = rustix::process::Pid::from_raw(i32::try_from(process).expect("a pid")).expect("a pid");
    rustix::process::kill_process(pid, signal).expect("it is our own process");
}

/// As in a container that somebody else's session entered: the leader's number is 0 inside.
#[test]
fn a_session_that_began_outside_of_our_container_is_no_trouble() {
    let outside_already = nix::unistd::getsid(None).is_ok_and(|leader| leader.as_raw() == 0);
    let mut command = Command::new(if outside_already { "env" } else { "unshare" });
    if !outside_already {
        command.args(["--user", "--map-root-user", "--pid", "--fork"]);
    }
    command.args([PM_WRAP, "--", "sh", "-c", "exit 3"]);
    let output = command.output().expect("the container starts");
    assert_eq!((output.status.code(), output.stderr), (Some(3), Vec::new()));
}
