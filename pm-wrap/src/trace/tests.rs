//! The tracer at work on real processes.

use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use super::*;

/// Starts a shell that waits for a line, follows it, and has it run `script` in its place.
#[expect(clippy::disallowed_methods, reason = "it starts what is followed")]
fn start(script: &str) -> (Child, Tracer) {
    let mut shell = Command::new("sh");
    shell.args(["-c", "read -r line; exec bash -c \"$1\"", "sh", script]);
    shell.stdin(Stdio::piped()).stderr(Stdio::null());
    let mut child = shell.spawn().expect("a shell");
    let tracer = Tracer::seize(Pid::from_child(&child), Instant::now()).expect("nobody forbids it");
    child.stdin.take().expect("a pipe").write_all(b"\n").expect("it reads");
    (child, tracer)
}

/// Follows the shell to its end, and returns what it told on the way.
fn follow(child: &mut Child, tracer: &mut Tracer) -> Vec<String> {
    let mut told = Vec::new();
    for _ in 0..5_000 {
        let _ = tracer.look(&mut |event| told.push(format!("{event:?}"))).expect("nothing fails");
        // Whoever outlives it may have told more in the same look.
        if told.iter().any(|event| event == "RootEnded") {
            child.wait().expect("it has ended");
            return told;
        }
        sleep(Duration::from_millis(2));
    }
    panic!("it does not end; it told {told:?}");
}

/// Runs `script` in a shell and compares each process, in order of start.
#[track_caller]
fn check(script: &str, expected: &[(&str, End)]) {
    let (mut child, mut tracer) = start(script);
    follow(&mut child, &mut tracer);
    let processes = tracer.finish().processes;
    let ends = processes.iter().map(|process| {
        let ending = process.ending.expect("it has ended");
        assert!(process.start < ending.at && process.peak_kib.is_some(), "{process:?}");
        assert!(ending.cpu.is_some_and(|cpu| cpu > Duration::ZERO), "{process:?}");
        (&*process.program, ending.end)
    });
    assert_eq!(ends.collect::<Vec<_>>(), expected);
}

#[test]
fn every_process_is_seen_with_its_program_and_its_end() {
    check(
        "sleep 0.01; (exit 5); sh -c 'kill -9 $$'; exit 3",
        &[
            ("bash", End::Exited(3)),
            ("sleep", End::Exited(0)),
            ("bash", End::Exited(5)),
            ("sh", End::Signaled(9)),
        ],
    );
}

#[test]
fn a_signal_that_has_no_name_reaches_its_process() {
    check("trap 'exit 7' 40; kill -40 $$; exit 1", &[("bash", End::Exited(7))]);
    check("kill -64 $$; exit 1", &[("bash", End::Signaled(64))]);
}

#[test]
fn a_process_of_many_is_not_forgotten() {
    let (mut child, mut tracer) = start("for i in {1..300}; do sleep 0.2 & done; wait");
    follow(&mut child, &mut tracer);
    let processes = tracer.finish().processes;
    assert_eq!(processes.len(), 301);
    assert!(processes[1..].iter().all(|process| process.parent == Some(processes[0].pid)));
    assert!(processes.iter().all(|process| process.ending.is_some()));
}

#[test]
fn a_stopped_command_stays_stopped_until_it_is_continued() {
    let (mut child, mut tracer) = start("(sleep 0.2; kill -CONT $$) & kill -TSTP $$; wait");
    let told = follow(&mut child, &mut tracer);
    let stops: Vec<_> = told.iter().filter(|event| !event.starts_with("Program")).collect();
    assert_eq!(stops, ["RootStopped(20)", "RootContinued", "RootEnded"]);
    let ending = tracer.finish().processes[0].ending;
    assert!(ending.is_some_and(|ending| ending.at > Duration::from_millis(150)), "{ending:?}");
}

#[test]
fn programs_come_and_go_in_pairs() {
    let (mut child, mut tracer) = start("sleep 0.01; exec true");
    let told = follow(&mut child, &mut tracer);
    let count = |text: &str| told.iter().filter(|event| event.contains(text)).count();
    for program in ["bash", "sleep", "true"] {
        let (was, is) = (format!("was: Some(\"{program}\")"), format!("is: Some(\"{program}\")"));
        assert!(count(&was) == count(&is) && count(&is) > 0, "{program}: {told:?}");
    }
}

#[test]
fn who_outlives_the_command_has_no_end_and_lives_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let mark = folder.path().join("mark");
    let (mut child, mut tracer) = start(&format!("(sleep 0.1; true; echo > '{}') & exit 0", mark.display()));
    follow(&mut child, &mut tracer);
    let processes = tracer.finish().processes;
    assert!(processes[0].ending.is_some() && processes[1].ending.is_none(), "{processes:?}");
    for _ in 0..1_000 {
        if mark.exists() {
            return;
        }
        let _ = tracer.look(&mut |_| ()).expect("nothing fails");
        sleep(Duration::from_millis(5));
    }
    panic!("it has not lived on");
}
