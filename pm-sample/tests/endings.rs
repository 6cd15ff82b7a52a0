//! How it ends: signals, full disks, midnight.

use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use pm_cli::{Clock, Environment, Exit, Input, Output, Streams};

use crate::sampler::{command, ticks};

#[test]
fn a_signal_ends_it_between_two_ticks_and_it_dies_of_it() {
    for (signal, number) in [("TERM", 15), ("INT", 2)] {
        let home = tempfile::tempdir().expect("a folder");
        let file = home.path().join("ticks");
        let script = r#"
            set -m
            "$1" --interval 50ms -o "$2" & sampler=$!
            until [ -s "$2" ]; do sleep 0.01; done
            kill -$3 $sampler; wait $sampler; echo $?"#;
        let program = env!("CARGO_BIN_EXE_pm-sample");
        let output = Command::new("bash")
            .args(["-c", script, "bash", program, file.to_str().expect("text"), signal])
            .output()
            .expect("bash");
        let status = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        assert_eq!(status, (128 + number).to_string(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(!ticks(&std::fs::read_to_string(&file).expect("ticks")).is_empty());
    }
}

#[test]
fn a_signal_before_the_first_tick_ends_it_with_nothing_written() {
    let home = tempfile::tempdir().expect("a folder");
    let mut child =
        command(home.path(), &["--interval", "1h"]).stdout(Stdio::piped()).spawn().expect("the program");
    // It is ready for signals once it has a handler for both.
    let status = format!("/proc/{}/status", child.id());
    let catches_both = || {
        let status = std::fs::read_to_string(&status).expect("it lives");
        let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).expect("a mask");
        u64::from_str_radix(mask.trim(), 16).expect("digits") & 0x4002 == 0x4002
    };
    while !catches_both() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    Command::new("kill").arg(child.id().to_string()).status().expect("kill");
    let ended = child.wait().expect("an end");
    assert_eq!(ended.signal(), Some(15));
}

#[test]
fn a_disk_that_is_full_is_said_once_and_is_status_4() {
    let home = tempfile::tempdir().expect("a folder");
    let args = ["-o", "/dev/full", "--count", "3", "--interval", "20ms"];
    let output = command(home.path(), &args).output().expect("the program");
    assert_eq!(output.status.code(), Some(4));
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "pm-sample: cannot append to '/dev/full': No space left on device (os error 28)\n"
    );
}

#[test]
fn a_file_that_cannot_be_written_for_a_while_is_tried_again() {
    let home = tempfile::tempdir().expect("a folder");
    let args = ["-o", "later/ticks", "--interval", "20ms"];
    let mut child = command(home.path(), &args).stderr(Stdio::piped()).spawn().expect("the program");
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stderr.take().expect("a pipe")));
    let mut said = || lines.next().expect("a word").expect("text");
    assert!(said().starts_with("pm-sample: cannot open "));
    std::fs::create_dir(home.path().join("later")).expect("a folder");
    let recovered = loop {
        let line = said();
        if !line.starts_with("  hint: ") {
            break line;
        }
    };
    assert!(recovered.ends_with(" lost; writing again"), "{recovered}");
    child.kill().expect("it lives");
    child.wait().expect("it ends");
    assert!(!ticks(&std::fs::read_to_string(home.path().join("later/ticks")).expect("ticks")).is_empty());
}

const NOON: i64 = 1_733_486_400_000;
const HALF_A_DAY: i64 = 43_200_000;

#[test]
fn at_midnight_it_goes_on_in_the_file_of_the_next_day() {
    let home = tempfile::tempdir().expect("a folder");
    let time = Arc::new(AtomicI64::new(NOON));
    let store = home.path().join("store");
    let args = ["pm-sample", &format!("--store={}", store.display()), "--interval", "20ms", "--count", "150"];
    let args: Vec<std::ffi::OsString> = args.iter().map(Into::into).collect();
    let (clock, root) = (Arc::clone(&time), home.path().to_owned());
    let run = std::thread::spawn(move || {
        let environment = Environment::new([("HOME", root.as_os_str())], &root);
        let (input, output) = (Input::memory(""), Output::new(std::io::sink(), false));
        let mut io =
            Streams::for_test(input, output, Box::new(std::io::sink()), environment, Clock::Played(clock));
        pm_sample::run(args, &mut io).expect("it runs")
    });
    let day = |day: &str| std::fs::read_to_string(store.join(format!("records/2024-12-{day}.ndjson")));
    while day("06").is_err() && !run.is_finished() {
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    time.store(NOON + HALF_A_DAY, Ordering::Relaxed);
    assert_eq!(run.join().expect("no panic"), Exit::Done);
    let (before, after) = (ticks(&day("06").expect("a day")), ticks(&day("07").expect("the next")));
    assert_eq!(before.len() + after.len(), 150);
    assert!(after.iter().all(|tick| tick.timestamp.to_string().starts_with("2024-12-07T00:00:00.000Z")));
}
