//! What a command sees, gets and gives is as if it were not wrapped, and no trouble of ours changes that.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use pm_record::Status;

use crate::{PM_WRAP, check_as_if_unwrapped, pm_wrap, read};

/// Runs a shell script in which `$pm_wrap` is our program.
#[track_caller]
fn sh(folder: &Path, script: &str) -> Output {
    let mut command = Command::new("bash");
    command.args(["-c", script]).env("pm_wrap", PM_WRAP).current_dir(folder).stdin(Stdio::null());
    command.output().expect("a shell")
}

/// Demands the same standard output with `$wrap` being a wrapper and nothing.
#[track_caller]
fn check_in_shell(script: &str) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let [unwrapped, wrapped] = ["", "$pm_wrap -o /dev/null --"].map(|wrap| {
        let output = sh(folder.path(), &format!("wrap=\"{wrap}\"\n{script}"));
        String::from_utf8_lossy(&output.stdout).into_owned()
    });
    assert_eq!(wrapped, unwrapped, "{script}");
    wrapped
}

#[test]
fn a_shell_is_told_of_a_death_by_signal_as_without_us() {
    assert_eq!(check_in_shell("$wrap sh -c 'kill -9 $$' 2>/dev/null; echo $?"), "137\n");
    let folder = tempfile::tempdir().expect("a folder");
    let output = sh(folder.path(), "$pm_wrap -o log -- sh -c 'kill -9 $$'; exit $?");
    assert_eq!(output.status.code(), Some(137));
    let run = read(&folder.path().join("log"));
    assert_eq!((run.status, run.signal, run.exit_code), (Some(Status::Signaled), Some(9), None));
}

#[test]
fn a_command_that_stops_reading_is_not_fed_further() {
    let statuses = check_in_shell("yes | $wrap head -1; echo ${PIPESTATUS[@]}");
    assert_eq!(statuses, "y\n141 0\n");
}

#[test]
fn a_command_whose_reader_has_left_dies_of_it() {
    assert_eq!(check_in_shell("$wrap yes | head -1; echo ${PIPESTATUS[@]}"), "y\n141 0\n");
}

#[test]
fn a_gigabyte_of_standard_input_passes_unchanged() {
    let begin = Instant::now();
    let folder = tempfile::tempdir().expect("a folder");
    let output = sh(folder.path(), "head -c 1G /dev/zero | $pm_wrap -o log -- cat | cksum");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "3413741448 1073741824\n");
    assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
    assert_eq!(read(&folder.path().join("log")).exit_code, Some(0));
}

#[test]
fn the_command_s_place_and_rights_are_as_if_unwrapped() {
    for script in [
        "umask 0137; $wrap sh -c umask",
        "umask 0; $wrap touch made; stat -c %a made",
        "cd /proc; $wrap readlink /proc/self/cwd",
        "$wrap sh -c 'cat /proc/self/limits'",
        "ulimit -n 37; $wrap sh -c 'ulimit -n'",
        "nice -n 3 $wrap nice",
        "$wrap grep -E '^(Uid|Gid|Groups|Umask|Cap|NoNewPrivs|Seccomp|Cpus_allowed|Sig[BI])' /proc/self/status",
        "$wrap cat /proc/self/oom_score_adj /proc/self/timerslack_ns /proc/self/coredump_filter",
    ] {
        check_in_shell(script);
    }
}

#[test]
fn the_command_s_process_group_session_and_terminal_are_as_if_unwrapped() {
    check_as_if_unwrapped("cut", &["-d", " ", "-f", "5-8", "/proc/self/stat"]);
}

#[test]
fn the_command_has_the_descriptors_that_it_would_have_had_and_no_other() {
    for script in [
        "$wrap ls /proc/self/fd",
        "$wrap ls /proc/self/fd 5</dev/null 7>/dev/null",
        "echo seven >x; $wrap cat /dev/fd/7 7<x",
        "$wrap sh -c 'echo out >&7' 7>&1",
    ] {
        check_in_shell(script);
    }
}

/// The words in front of `=`.
fn names(environment: &[u8]) -> BTreeSet<String> {
    let text = String::from_utf8_lossy(environment);
    text.lines().filter_map(|line| Some(line.split_once('=')?.0.to_owned())).collect()
}

#[test]
fn the_environment_is_the_same_but_for_our_own_variables() {
    let env = |program: &mut Command| {
        let output = program.env("EMPTY", "").env("ODD", "a=b \u{e9}").output().expect("it starts");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let wrapped = env(&mut pm_wrap(&["-o", "/dev/null", "--", "env"]));
    let unwrapped = env(Command::new("env").env_clear().env("PATH", "/usr/bin:/bin"));
    let ours = |line: &&str| line.starts_with("PM_") || line.starts_with("TRACEPARENT=");
    let kept: BTreeSet<&str> = wrapped.lines().filter(|line| !ours(line)).collect();
    assert_eq!(kept, unwrapped.lines().collect());
    let added: Vec<String> =
        names(wrapped.as_bytes()).difference(&names(unwrapped.as_bytes())).cloned().collect();
    assert_eq!(added, ["PM_EXECUTION_ID", "PM_MARKS", "PM_WRAP_PID", "TRACEPARENT"]);
}

/// Wraps a command in a script that may mount things, and demands its status, its output and at most this one
/// warning.
#[track_caller]
fn check_in_trouble(script: &str, warning: Option<&str>) {
    let folder = tempfile::tempdir().expect("a folder");
    let script = format!("set -e\nmkdir here\n{script}\n$wrap sh -c 'echo kept; exit 3'");
    let output = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "bash", "-c", &script])
        .env("pm_wrap", PM_WRAP)
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .output()
        .expect("unshare starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{script}\n{stderr}");
    assert_eq!(output.stdout, b"kept\n", "{script}");
    match warning {
        Some(warning) => {
            assert!(stderr.starts_with(warning), "{script}\n{stderr}");
            assert_eq!(stderr.matches("pm-wrap: ").count(), 1, "{stderr}");
        }
        None => assert_eq!(stderr, "", "{script}"),
    }
}

const LOST: Option<&str> = Some("pm-wrap: the record is lost: ");

#[test]
fn a_full_disk_costs_the_record_and_nothing_else() {
    let full = "mount -t tmpfs -o size=16k none here; head -c 1M /dev/zero >here/full 2>/dev/null || true";
    for wrap in ["-o here/log", "--store=here/store", "--store=here"] {
        check_in_trouble(&format!("{full}\nwrap=\"$pm_wrap {wrap} --\""), LOST);
    }
}

#[test]
fn a_full_or_missing_temporary_folder_costs_nothing_at_all() {
    for trouble in
        ["mount -t tmpfs -o size=16k,nr_inodes=1 none here", "mount -t tmpfs -o ro none here", "rmdir here"]
    {
        let script = format!("{trouble}\nexport TMPDIR=$PWD/here XDG_RUNTIME_DIR=$PWD/here");
        check_in_trouble(&format!("{script}\nwrap=\"$pm_wrap -o /dev/null --\""), None);
    }
}

#[test]
fn a_home_that_is_read_only_costs_a_record_that_should_go_there_and_nothing_else() {
    let home = "mount -t tmpfs -o ro none here; export HOME=$PWD/here; unset XDG_STATE_HOME";
    check_in_trouble(&format!("{home}\nwrap=\"$pm_wrap --store=here/store --\""), LOST);
    check_in_trouble(&format!("{home}\nwrap=\"$pm_wrap -o log --\""), None);
}
