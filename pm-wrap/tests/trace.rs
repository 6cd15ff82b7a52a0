//! `--trace`: every process has a record, and being followed changes as little as can be.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use pm_record::{ProcessTrace, Scalar, Status, Thousandths};

use crate::PM_WRAP;
use crate::run;
use crate::script::{command, folder, lives, parse, read, wait_for_file, wrap, wrap_in};

/// What is known of a process: its parent's place among all, its program, its status and its signal.
type Shape<'a> = (Option<usize>, &'a str, Option<i32>, Option<i32>);

fn shape(processes: &[ProcessTrace]) -> Vec<Shape<'_>> {
    let place = |pid| processes.iter().position(|process| process.pid == pid);
    let of = |process: &'_ ProcessTrace| (process.parent.and_then(place), process.exit_code, process.signal);
    let known = processes.iter().map(of).zip(programs(processes));
    known.map(|((parent, code, signal), program)| (parent, program, code, signal)).collect()
}

fn programs(processes: &[ProcessTrace]) -> Vec<&str> {
    processes.iter().map(|process| process.program.as_str()).collect()
}

#[test]
fn every_process_of_a_tree_is_recorded_behind_the_run() {
    let script = "(sleep 0.05; exit 3); /bin/true; sh -c 'kill -9 $$'; exit 5";
    let ended = wrap(&["--trace"], script);
    assert_eq!(ended.output.status.code(), Some(5));
    let expected = [
        (None, "sh", Some(5), None),
        (Some(0), "sh", Some(3), None),
        (Some(1), "sleep", Some(0), None),
        (Some(0), "true", Some(0), None),
        (Some(0), "sh", None, Some(9)),
    ];
    assert_eq!(shape(&ended.processes), expected);
    assert_eq!(ended.run.resource_usage.processes, Some(Thousandths::from_count(5)));
    let total = ended.run.duration.total_ms;
    for process in &ended.processes {
        assert_eq!(process.execution_id, ended.run.execution_id);
        assert!(process.timestamp >= Some(ended.run.timestamp), "{process:?}");
        let took = process.duration_ms.expect("it has ended");
        assert!(process.start_ms.0 + took.0 <= total.0, "{process:?} of {total}");
        assert!(process.cpu_time_ms.is_some() && process.peak_memory_mb.is_some(), "{process:?}");
    }
    assert!(ended.processes.is_sorted_by_key(|process| process.start_ms));
    assert!(ended.processes[2].duration_ms.expect("it has ended").to_f64() >= 50.0, "{:?}", ended.processes);
}

#[test]
fn without_a_destination_the_records_follow_on_standard_output() {
    let output = run(&["--trace", "--", "true"]);
    let (run, processes) = parse(&String::from_utf8_lossy(&output.stdout));
    assert_eq!(
        (run.program.as_deref(), shape(&processes)),
        (Some("true"), vec![(None, "true", Some(0), None)])
    );
}

#[test]
fn without_the_flag_no_process_is_recorded() {
    assert_eq!(wrap(&[], "/bin/true; /bin/true").processes, []);
}

#[test]
fn what_a_process_used_is_its_own() {
    let ended = wrap(&["--trace"], "consume cpu 100; consume memory 30 0; :");
    ended.quietly(0);
    let [shell, busy, large] = &ended.processes[..] else { panic!("{:?}", ended.processes) };
    let cpu = |process: &ProcessTrace| process.cpu_time_ms.expect("known").to_f64();
    let peak = |process: &ProcessTrace| process.peak_memory_mb.expect("known").to_f64();
    assert!(cpu(busy) >= 100.0 && cpu(shell) < 50.0, "{:?}", ended.processes);
    assert!((30.0..40.0).contains(&peak(large)) && peak(busy) < 10.0, "{:?}", ended.processes);
}

#[test]
fn a_program_s_life_is_a_phase() {
    let flags = ["--trace", "--phase", "idle=sleep,nap", "--phase", "count=consume"];
    let ended = wrap(&flags, "sleep 0.1; consume cpu 50; consume cpu 50");
    ended.quietly(0);
    let phases = &ended.run.duration.phases;
    assert!(phases["idle_ms"].to_f64() >= 99.0 && phases["count_ms"].to_f64() >= 99.0, "{phases:?}");
    assert_eq!(Thousandths(phases.values().map(|time| time.0).sum()), ended.run.duration.total_ms);
}

#[test]
fn a_mark_outranks_a_program_and_the_first_phase_the_others() {
    let script = r#"sleep 0.6 & sleep 0.05; consume memory 1 50; echo marked 1<>"$PM_MARKS"; sleep 0.1
        echo - 1<>"$PM_MARKS"; wait; sleep 0.05"#;
    let ended = wrap(&["--trace", "--phase", "first=sleep", "--phase", "second=consume"], script);
    ended.quietly(0);
    let phases = &ended.run.duration.phases;
    assert!(!phases.contains_key("second_ms"), "{phases:?}");
    assert!(phases["first_ms"].to_f64() >= 150.0 && phases["marked_ms"].to_f64() >= 100.0, "{phases:?}");
}

#[test]
fn a_phase_of_a_program_needs_tracing() {
    for flags in
        [&["--phase", "git=git"][..], &["--trace", "--phase", "git="], &["--trace", "--phase", "G=git"]]
    {
        assert_eq!(run(&[flags, &["--", "true"]].concat()).status.code(), Some(125), "{flags:?}");
    }
}

#[test]
fn threads_are_no_processes() {
    let ended = wrap(&["--trace"], "exec consume threads 8 5");
    ended.quietly(0);
    assert_eq!(shape(&ended.processes), [(None, "consume", Some(0), None)]);
    assert!(ended.processes[0].cpu_time_ms.expect("known").to_f64() >= 40.0, "{:?}", ended.processes);
}

/// Python itself: what is on the path may be a script that looks for it.
fn python() -> String {
    let output = Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).output();
    let output = output.expect("whoever runs these tests has Python");
    String::from_utf8(output.stdout).expect("a path that is text").trim().to_owned()
}

/// The number of the process stays, and all of its other threads are gone without a word.
#[test]
fn a_thread_that_is_not_the_first_may_run_another_program() {
    let program = "import os, threading, time
for _ in range(4):
    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
threading.Thread(target=os.execv, args=('/bin/sh', ['sh', '-c', '/bin/true; exit 7'])).start()
time.sleep(60)";
    let script = format!("{} -c \"{program}\"; exit $?", python());
    let ended = wrap(&["--trace", "--timeout", "30s"], &script);
    ended.quietly(7);
    let expected =
        [(None, "sh", Some(7), None), (Some(0), "sh", Some(7), None), (Some(1), "true", Some(0), None)];
    assert_eq!(shape(&ended.processes), expected);
}

#[test]
fn five_thousand_processes_are_recorded() {
    let ended = wrap(&["--trace"], "i=0; while [ $i -lt 5000 ]; do /bin/true; i=$((i+1)); done");
    ended.quietly(0);
    assert_eq!(ended.processes.len(), 5001);
    assert_eq!(ended.run.resource_usage.processes, Some(Thousandths::from_count(5001)));
    let complete = |process: &ProcessTrace| process.program == "true" && process.exit_code == Some(0);
    assert!(ended.processes[1..].iter().all(complete));
    assert!(ended.took < Duration::from_secs(30), "{:?}", ended.took);
}

#[test]
fn a_signal_passes_whatever_its_number() {
    for number in [2, 10, 15, 34, 50, 64] {
        let script = format!("exec bash -c \"trap 'exit 9' {number}; kill -{number} \\$\\$; exit 1\"");
        wrap(&["--trace"], &script).quietly(9);
    }
}

#[test]
fn death_by_signal_is_met_in_the_same_way() {
    use std::os::unix::process::ExitStatusExt;
    for number in [9, 15, 40] {
        let ended = wrap(&["--trace"], &format!("kill -{number} $$"));
        assert_eq!(ended.output.status.signal(), Some(number));
        assert_eq!((ended.run.status, ended.run.signal), (Some(Status::Signaled), Some(number)));
        assert_eq!(shape(&ended.processes)[0], (None, "sh", None, Some(number)));
    }
}

#[test]
fn a_stop_of_the_command_is_counted_and_ends() {
    let ended = wrap(&["--trace"], "(sleep 0.3; kill -CONT $$) & kill -STOP $$; wait; exit 5");
    ended.quietly(5);
    let stopped = ended.run.stopped_ms.expect("it was stopped").to_f64();
    assert!((200.0..ended.run.duration.total_ms.to_f64()).contains(&stopped), "{stopped}");
}

#[test]
fn a_child_that_is_stopped_stays_stopped_until_it_is_continued() {
    let script =
        "sh -c 'kill -STOP $$; touch on' & sleep 0.2; [ -e on ] && exit 1; kill -CONT $!; wait $!; [ -e on ]";
    wrap(&["--trace"], script).quietly(0);
}

#[test]
fn when_the_time_is_up_the_whole_tree_ends_and_also_what_left_it() {
    let folder = folder();
    let script = "consume daemon 20000 > pids; (trap '' TERM; consume daemon 20000) >> pids; sleep 20";
    let ended = wrap_in(&folder, &["--trace", "--timeout", "400ms", "--kill-after", "200ms"], script);
    assert_eq!((ended.output.status.code(), ended.run.status), (Some(124), Some(Status::Timeout)));
    assert!(ended.took < Duration::from_secs(5), "{:?}", ended.took);
    let pids = std::fs::read_to_string(folder.path().join("pids")).expect("two numbers");
    assert_eq!(pids.lines().count(), 2, "{pids}");
    assert!(!pids.lines().any(lives), "of {pids:?}, and {:?}", ended.processes);
}

/// Eight shells that fork all the time, so that some stop for us at every moment.
#[test]
fn what_outlives_a_traced_command_lives_on() {
    let folder = folder();
    let script = "for n in 1 2 3 4 5 6 7 8; do
            (i=0; while [ $i -lt 100 ]; do /bin/true; i=$((i+1)); done; touch lived.$n) >/dev/null 2>&1 &
        done; sleep 0.05; exit 3";
    let ended = wrap_in(&folder, &["--trace"], script);
    ended.quietly(3);
    for number in 1..=8 {
        wait_for_file(&folder.path().join(format!("lived.{number}")));
    }
    let living = ended.processes.iter().filter(|process| process.duration_ms.is_none());
    assert!(living.count() > 0, "none was alive when the command ended");
}

#[test]
fn a_wrapper_that_is_killed_does_not_take_the_command_with_it() {
    let folder = folder();
    let script = "touch begun; i=0; while [ $i -lt 200 ]; do /bin/true; i=$((i+1)); done; touch lived";
    let mut wrapper = command(folder.path(), &["--trace"], script);
    let mut process = wrapper.stderr(Stdio::null()).spawn().expect("pm-wrap starts");
    wait_for_file(&folder.path().join("begun"));
    process.kill().expect("it is our own process");
    let _ = process.wait();
    wait_for_file(&folder.path().join("lived"));
}

#[test]
fn a_tracer_inside_does_its_work() {
    for (script, said) in [
        ("exec strace -f -e trace=execve -o seen sh -c '/bin/true; exit 4'", "exited with 4"),
        ("strace -f -e trace=execve -o seen sh -c '/bin/true; exit 4'; exit $?", "exited with 4"),
    ] {
        let folder = folder();
        let ended = wrap_in(&folder, &["--trace"], script);
        ended.warned(4, "'strace' traces others, so it and what it starts were not traced\n");
        let seen = std::fs::read_to_string(folder.path().join("seen")).expect("strace wrote");
        assert!(seen.contains("/bin/true") && seen.contains(said), "{seen}");
        assert!(!programs(&ended.processes).contains(&"true"), "{:?}", ended.processes);
        // How many there were is not known.
        assert_eq!(ended.run.resource_usage.processes, None);
        assert_eq!(ended.run.trace_degraded, None);
    }
}

#[test]
fn where_tracing_is_refused_the_processes_are_looked_at() {
    let output = Command::new("strace")
        .args(["-f", "-qq", "-e", "trace=none", "-e", "signal=none", "-o", "/dev/null"])
        .args([PM_WRAP, "--trace", "--", "sh", "-c", "sleep 0.3; exit 3"])
        .env("PATH", "/usr/bin:/bin")
        .output()
        .expect("strace starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{stderr}");
    assert!(stderr.starts_with("pm-wrap: the command cannot be traced"), "{stderr}");
    assert_eq!(stderr.matches("pm-wrap: ").count(), 1, "{stderr}");
    let (run, processes) = parse(&String::from_utf8_lossy(&output.stdout));
    assert_eq!((run.exit_code, run.resource_usage.processes), (Some(3), None));
    assert_eq!(shape(&processes), [(None, "sh", None, None), (Some(0), "sleep", None, None)]);
}

#[test]
fn sampled_processes_are_recorded_as_they_were_seen() {
    let ended = wrap(&["--sample"], "consume cpu 300; sleep 0.3; exit 4");
    ended.quietly(4);
    let expected =
        [(None, "sh", None, None), (Some(0), "consume", None, None), (Some(0), "sleep", None, None)];
    assert_eq!(shape(&ended.processes), expected);
    let total = ended.run.duration.total_ms;
    let mut reached = 0;
    for child in &ended.processes[1..] {
        let took = child.duration_ms.expect("it was seen").0;
        assert!(child.start_ms.0 >= reached && took > 100_000, "{:?}", ended.processes);
        reached = child.start_ms.0 + took;
    }
    assert!(reached <= total.0 && ended.processes[0].start_ms.0 == 0, "{:?}", ended.processes);
    let cpu = |process: &ProcessTrace| process.cpu_time_ms.expect("it was seen").to_f64();
    assert!(cpu(&ended.processes[1]) >= 100.0 && cpu(&ended.processes[2]) < 50.0, "{:?}", ended.processes);
    // Those that lived between two looks are missing, so how many there were is not known.
    assert_eq!(ended.run.resource_usage.processes, None);
}

#[test]
fn a_wrapper_that_is_traced_by_another_says_so_and_works() {
    let script = "exec pm-wrap -o inner --trace -- sh -c '/bin/true; exit 6'";
    let folder = folder();
    let ended = wrap_in(&folder, &["--trace"], script);
    ended.warned(6, "the command cannot be traced");
    assert_eq!(programs(&ended.processes), ["pm-wrap", "sh", "true"]);
    let (inner, _) = read(&folder.path().join("inner"));
    assert_eq!(inner.exit_code, Some(6));
}

/// A set-uid program, run by our program as somebody who is not root.
fn as_nobody(folder: &Path, flags: &[&str]) -> (Option<i32>, String, String) {
    // The test's own folders may be closed to others.
    std::fs::set_permissions(folder, PermissionsExt::from_mode(0o755)).expect("our own folder");
    let program = folder.join("pm-wrap");
    std::fs::copy(PM_WRAP, &program).expect("a copy");
    std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).expect("our own file");
    let mut command = Command::new(program);
    command.args(flags).args(["--", "/bin/mount", "--version"]).env_clear().env("PATH", "/usr/bin:/bin");
    command.stdin(Stdio::null()).current_dir("/");
    if rustix::process::geteuid().is_root() {
        command.uid(65_534);
    }
    let output = command.output().expect("pm-wrap starts");
    let [out, err] = [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned());
    (output.status.code(), out, err)
}

#[test]
fn a_set_uid_program_that_loses_its_privileges_is_named() {
    let folder = folder();
    let (code, out, err) = as_nobody(folder.path(), &["--trace"]);
    assert_eq!(code, Some(0), "{err}");
    assert!(
        err.contains("pm-wrap: 'mount' is set-uid, set-gid or has capabilities, and ran without them"),
        "{err}"
    );
    assert!(err.contains("--trace"), "{err}");
    let (run, processes) = parse(&out);
    assert_eq!((run.trace_degraded, processes.len()), (Some(true), 1));
}

#[test]
fn a_set_uid_program_that_is_not_traced_is_no_trouble() {
    let folder = folder();
    let (code, out, err) = as_nobody(folder.path(), &[]);
    assert_eq!((code, err.contains("pm-wrap: ")), (Some(0), false), "{err}");
    assert_eq!(parse(&out).0.trace_degraded, None);
}

#[test]
fn a_set_uid_program_keeps_its_privileges_under_a_privileged_tracer() {
    if rustix::process::geteuid().is_root() {
        let ended = wrap(&["--trace"], "mount --version");
        ended.quietly(0);
        assert_eq!(ended.run.trace_degraded, None);
    }
}

#[test]
fn tracing_goes_with_everything_else() {
    let flags =
        ["--trace", "--context", "size=large", "--record-args", "--timeout", "20s", "--then", "cat > then"];
    let folder = folder();
    let ended = wrap_in(&folder, &flags, "echo '{\"context\":{\"tasks\":2}}' 1<>\"$PM_MARKS\"; /bin/true; :");
    ended.quietly(0);
    assert_eq!(ended.processes.len(), 2);
    assert_eq!(ended.run.context["size"], Scalar::from("large"));
    assert_eq!(ended.run.context["tasks"], Scalar::Number(Thousandths::from_units(2)));
    // Whoever comes after gets the record of the run.
    let (run, processes) = read(&folder.path().join("then"));
    assert_eq!((run, processes), (ended.run, vec![]));
}
