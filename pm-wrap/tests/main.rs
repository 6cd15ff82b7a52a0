//! The tool as a process: commands run, statuses pass through, records appear where they should.
#![expect(clippy::disallowed_methods, reason = "these tests start processes")]

mod accuracy;
mod context;
mod hostile;
mod memory;
mod phases;
mod programs;
mod script;
mod signals;
mod terminal;
mod timeout;
mod trace;
mod transparency;

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use pm_record::{PerformanceMetrics, Record, Scalar, Status};

/// The program: the one that was built with these tests, or another that the build names, such as the release
/// build, which starts commands in another way because it is smaller.
const PM_WRAP: &str = match option_env!("PM_WRAP_UNDER_TEST") {
    Some(other) => other,
    None => env!("CARGO_BIN_EXE_pm-wrap"),
};

fn pm_wrap(args: &[&str]) -> Command {
    let mut command = Command::new(PM_WRAP);
    command.args(args).env_clear().env("PATH", "/usr/bin:/bin").stdin(Stdio::null());
    command
}

fn run(args: &[&str]) -> Output {
    pm_wrap(args).output().expect("pm-wrap starts")
}

#[track_caller]
fn record(bytes: &[u8]) -> PerformanceMetrics {
    let text = String::from_utf8_lossy(bytes);
    assert_eq!(text.lines().count(), 1, "one line, not {text:?}");
    match Record::parse(text.trim_end().as_bytes()) {
        Ok(Record::Performance(run)) => *run,
        other => panic!("{text} is {other:?}"),
    }
}

#[track_caller]
fn read(path: &Path) -> PerformanceMetrics {
    record(&std::fs::read(path).expect("a record was written"))
}

#[test]
fn exit_statuses_pass_through_and_are_recorded() {
    for code in [0, 3, 124, 255] {
        let output = run(&["--", "sh", "-c", &format!("exit {code}")]);
        assert_eq!(output.status.code(), Some(code));
        let run = record(&output.stdout);
        assert_eq!(run.exit_code, Some(code));
        assert_eq!(run.status, Some(if code == 0 { Status::Success } else { Status::Failure }));
    }
}

#[test]
fn a_command_that_is_not_there_is_127_with_a_record_and_a_hint() {
    let output = run(&["--", "no-such-command"]);
    assert_eq!(output.status.code(), Some(127));
    let run = record(&output.stdout);
    assert_eq!((run.status, run.exit_code), (Some(Status::NotStarted), Some(127)));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        stderr,
        "pm-wrap: command 'no-such-command' was not found\n  hint: see where programs are looked for with `echo $PATH`\n"
    );
}

#[test]
fn a_script_without_its_interpreter_says_so() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("script");
    std::fs::write(&file, "#!/no/such/interpreter\n").expect("written");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).expect("permissions");
    let output = run(&["--", file.to_str().expect("a path")]);
    assert_eq!(output.status.code(), Some(127));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        stderr.starts_with("pm-wrap: the interpreter of command '") && stderr.contains("`head -n 1 "),
        "{stderr}"
    );
}

#[test]
fn a_file_that_cannot_be_run_is_126() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("data");
    std::fs::write(&file, "text").expect("written");
    let output = run(&["--", file.to_str().expect("a path")]);
    assert_eq!(output.status.code(), Some(126));
    assert_eq!(record(&output.stdout).status, Some(Status::NotStarted));
}

#[test]
fn wrong_usage_is_125_because_2_could_be_the_command_s() {
    let output = run(&["--nmae", "x", "--", "true"]);
    assert_eq!(output.status.code(), Some(125));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.starts_with("pm-wrap: unexpected argument '--nmae' found\n  hint: "), "{stderr}");
}

#[test]
fn the_command_s_own_flags_are_its_own_with_and_without_dashes() {
    for args in [
        &["-o", "/dev/null", "--", "echo", "-o", "--", "x"][..],
        &["-o", "/dev/null", "echo", "-o", "--", "x"],
    ] {
        assert_eq!(String::from_utf8_lossy(&run(args).stdout), "-o -- x\n", "{args:?}");
    }
}

#[test]
fn without_a_destination_the_command_s_output_moves_to_standard_error() {
    let output = run(&["--", "sh", "-c", "echo out; echo err >&2"]);
    assert_eq!(record(&output.stdout).command, "sh");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "out\nerr\n");
}

#[test]
fn with_a_file_the_command_keeps_all_three_streams() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("log.ndjson");
    let mut process = pm_wrap(&["-o", file.to_str().expect("a path"), "--", "cat"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("pm-wrap starts");
    process.stdin.take().expect("piped").write_all(b"through\0\xff\n").expect("written");
    let output = process.wait_with_output().expect("it ends");
    assert_eq!((output.stdout.as_slice(), output.stderr.as_slice()), (&b"through\0\xff\n"[..], &b""[..]));
    assert_eq!(read(&file).command, "cat");
}

#[test]
fn a_destination_that_cannot_be_written_is_one_warning_and_the_command_s_status() {
    for destination in ["/dev/full", "/no/such/folder/log.ndjson"] {
        let output = run(&["-o", destination, "--", "sh", "-c", "echo kept; exit 3"]);
        assert_eq!(output.status.code(), Some(3));
        assert_eq!(output.stdout, b"kept\n");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(stderr.starts_with("pm-wrap: the record is lost: cannot "), "{stderr}");
        assert_eq!(stderr.matches("pm-wrap: ").count(), 1, "{stderr}");
    }
}

#[test]
fn a_store_that_cannot_be_found_is_one_warning_and_the_command_s_status() {
    let output =
        pm_wrap(&["--store", "--", "sh", "-c", "exit 3"]).current_dir("/").output().expect("pm-wrap starts");
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stderr).contains("there is no store here"));
}

#[test]
fn a_reader_that_has_left_changes_nothing() {
    let mut process = pm_wrap(&["--", "sh", "-c", "sleep 0.1; exit 3"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("pm-wrap starts");
    drop(process.stdout.take());
    let output = process.wait_with_output().expect("it ends");
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(3), ""));
}

#[test]
fn names_and_labels_are_recorded() {
    let output = run(&[
        "--name",
        "nightly",
        "--context",
        "project_size=large",
        "--context",
        "task_count=87",
        "--",
        "true",
    ]);
    let run = record(&output.stdout);
    assert_eq!((run.command.as_str(), run.program.as_deref()), ("nightly", Some("true")));
    assert_eq!(run.context["project_size"], Scalar::from("large"));
    assert!(matches!(run.context["task_count"], Scalar::Number(_)));
}

#[test]
fn a_record_fits_into_a_pipe_whatever_the_command_is_called() {
    let long = "\u{1}".repeat(5_000);
    for program in [long.as_str(), &"../".repeat(1_200)] {
        let output = run(&["--context", "a=b", "--", program]);
        assert!((100..=4096).contains(&output.stdout.len()), "{} bytes", output.stdout.len());
    }
}

#[test]
fn the_command_learns_its_execution_id_and_our_process() {
    let mut process = pm_wrap(&["--", "sh", "-c", "echo $PM_EXECUTION_ID $PM_WRAP_PID >&2"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("pm-wrap starts");
    let pid = process.id();
    let _ = process.wait();
    let output = process.wait_with_output().expect("it ends");
    let id = record(&output.stdout).execution_id.expect("an id");
    assert_eq!(String::from_utf8_lossy(&output.stderr), format!("{id} {pid}\n"));
}

#[test]
fn time_processor_and_io_are_those_of_the_command() {
    // Half a second of sleep takes time and no processor; counting takes processor; dd reads and writes.
    let idle = record(&run(&["--", "sleep", "0.5"]).stdout);
    assert!((500.0..900.0).contains(&idle.duration.total_ms.to_f64()), "{}", idle.duration.total_ms);
    assert!(idle.resource_usage.cpu_time_ms.expect("known").to_f64() < 100.0);
    let busy = record(&run(&["--", "sh", "-c", "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done"]).stdout);
    let cpu = busy.resource_usage.cpu_time_ms.expect("known").to_f64();
    assert!(
        cpu > 50.0 && cpu <= busy.duration.total_ms.to_f64() * 1.1,
        "{cpu} of {}",
        busy.duration.total_ms
    );
    let copy = record(
        &run(&["--", "sh", "-c", "dd if=/dev/zero of=/dev/null bs=1k count=500 2>/dev/null; true"]).stdout,
    );
    let operations = copy.resource_usage.io_operations.expect("known").to_f64();
    assert!((1000.0..1200.0).contains(&operations), "{operations} operations");
}

#[test]
fn a_spike_of_one_process_is_never_missed() {
    // 64 MiB in a grandchild: `dd` holds one block of that size.
    let run = record(
        &run(&["--", "sh", "-c", "(dd if=/dev/zero of=/dev/null bs=64M count=1 2>/dev/null); true"]).stdout,
    );
    let peak = run.resource_usage.peak_memory_mb.expect("known").to_f64();
    assert!((64.0..80.0).contains(&peak), "{peak} MiB");
    let source = run.resource_usage.peak_memory_source.expect("known");
    assert!(source.split('+').any(|reading| reading == "rusage"), "{source}");
}

#[test]
fn then_gets_the_record_and_its_failure_is_a_warning() {
    let folder = tempfile::tempdir().expect("a folder");
    let (log, copy) = (folder.path().join("log"), folder.path().join("copy"));
    let then = format!("cat > {}; exit 9", copy.display());
    let output = run(&["-o", log.to_str().expect("a path"), "--then", &then, "--", "sh", "-c", "exit 4"]);
    assert_eq!(output.status.code(), Some(4));
    assert_eq!(read(&log), read(&copy));
    assert!(
        String::from_utf8_lossy(&output.stderr).ends_with("exit 9` ended with exit status: 9\n"),
        "{output:?}"
    );
}

#[test]
fn then_does_not_keep_the_user_waiting_for_more_than_a_second() {
    let begin = Instant::now();
    let mut command = pm_wrap(&["--then", "sleep 20; echo late", "--", "true"]);
    // Only standard error stays with it: whoever reads standard output does not wait for it.
    let output = command.stderr(Stdio::null()).output().expect("pm-wrap starts");
    assert!(begin.elapsed() < Duration::from_secs(15), "{:?}", begin.elapsed());
    assert_eq!(output.status.code(), Some(0));
    record(&output.stdout);
}

#[test]
fn a_limit_on_the_size_of_files_costs_the_record_and_not_the_status() {
    let folder = tempfile::tempdir().expect("a folder");
    let script =
        format!("ulimit -f 0; exec {} -o {} -- sh -c 'exit 3'", PM_WRAP, folder.path().join("log").display());
    let output = Command::new("/bin/sh").args(["-c", &script]).output().expect("sh starts");
    assert_eq!(output.status.code(), Some(3));
    assert!(
        String::from_utf8_lossy(&output.stderr).starts_with("pm-wrap: the record is lost: "),
        "{output:?}"
    );
}

/// What `program` prints must not depend on whether it was wrapped.
#[track_caller]
fn check_as_if_unwrapped(program: &str, args: &[&str]) {
    let unwrapped = Command::new(program).args(args).stdin(Stdio::null()).output().expect("it starts");
    let wrapped = run(&[&["-o", "/dev/null", "--", program], args].concat());
    assert_eq!(String::from_utf8_lossy(&wrapped.stdout), String::from_utf8_lossy(&unwrapped.stdout));
}

#[test]
fn the_command_inherits_no_descriptor_of_ours() {
    check_as_if_unwrapped("ls", &["/proc/self/fd"]);
}
