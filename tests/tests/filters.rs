//! What every reader of records must bear.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;
use std::time::{Duration, Instant};

use pm_e2e::harness::{Outcome, Place, READERS, run_record};

const GOOD: &str = "2024-12-06T10:30:15.123Z";

/// Runs a reader over `file` with 64 MiB of address space, so that holding the input would end it.
fn run_bounded(place: &Place, tool: &str, file: &str) -> Outcome {
    place.sh(&format!("ulimit -v 65536; {tool} {file}"))
}

#[test]
fn a_line_of_100_mb_is_skipped_in_bounded_memory_with_one_message() {
    let place = Place::new();
    place.sh("head -c 100000000 /dev/zero | tr '\\0' x > big.ndjson; echo >> big.ndjson").succeeds();
    let mut file =
        std::fs::OpenOptions::new().append(true).open(place.path().join("big.ndjson")).expect("a file");
    file.write_all(run_record("after", GOOD, 1).as_bytes()).expect("written");
    for tool in READERS {
        let outcome = run_bounded(&place, tool, "big.ndjson");
        assert_eq!(outcome.code, Some(0), "{tool}: {outcome:?}");
        let message = format!("{tool}: 1 of 2 lines skipped; first: line 1: longer than 1 MiB\n");
        assert!(outcome.stderr.contains(&message), "{}", outcome.stderr);
    }
    let summary = place.sh("cat big.ndjson | pm-aggregate 2>/dev/null").succeeds();
    assert!(summary.contains("\"by\":{\"command\":\"after\"}"), "{summary}");
}

#[test]
fn a_binary_file_passes_in_bounded_memory_with_one_message() {
    let place = Place::new();
    let program = std::env::current_exe().expect("a test is a program");
    std::fs::copy(program, place.path().join("binary")).expect("copied");
    for tool in READERS {
        let outcome = run_bounded(&place, tool, "binary");
        assert_eq!(outcome.code, Some(0), "{tool}: {}", outcome.stderr);
        let messages: Vec<_> =
            outcome.stderr.lines().filter(|line| line.contains("lines skipped; first: line 1: ")).collect();
        assert_eq!(messages.len(), 1, "{tool}: {}", outcome.stderr);
        assert!(
            !outcome.stderr.contains('\u{1b}') && !outcome.stderr.contains('\0'),
            "{tool}: {}",
            outcome.stderr
        );
    }
}

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    let place = Place::new();
    let lines: String = (0..20_000).map(|number| run_record(&format!("c{number}"), GOOD, 1)).collect();
    place.write("many.ndjson", lines);
    for pipeline in [
        "pm-aggregate many.ndjson",
        "pm-alert --pass many.ndjson",
        "pm-aggregate many.ndjson | pm-report --as markdown",
    ] {
        let first = place.sh(&format!("{pipeline} | head -n 1")).succeeds();
        assert_eq!(first.lines().count(), 1, "{pipeline}");
    }
}

#[test]
fn unknown_kinds_and_unknown_fields_survive_a_filter_that_passes_records_on() {
    let place = Place::new();
    let lines = [
        "{\"moon_phase\":{\"of\":[1, 2 ,3],\"é\":\"\\u00e9\"}}\n",
        "{ \"performance_metrics\": {\"command\":\"x\",\"timestamp\":\"2024-12-06T10:30:15Z\",\"duration\":{\"total_ms\":1.0,\"newer\":null},\"newest\":{}} }\n",
    ]
    .concat();
    place.write("in.ndjson", &lines);
    assert_eq!(place.sh("pm-alert --pass in.ndjson").succeeds(), lines);
}

#[test]
fn plain_and_compressed_input_may_be_concatenated() {
    let place = Place::new();
    for name in ["a", "b", "c"] {
        place.write(&format!("{name}.ndjson"), run_record("x", GOOD, 1));
    }
    let summary = place.sh("gzip b.ndjson; cat a.ndjson b.ndjson.gz c.ndjson | pm-aggregate").succeeds();
    assert!(summary.contains("\"count\":3"), "{summary}");
}

#[test]
fn a_filter_on_a_live_stream_shows_a_record_before_the_next_one_comes() {
    let place = Place::new();
    let mut filter = place
        .command("pm-alert")
        .arg("--pass")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("pm-alert starts");
    let mut stdin = filter.stdin.take().expect("piped");
    let mut stdout = BufReader::new(filter.stdout.take().expect("piped"));
    for command in ["one", "two"] {
        let record = run_record(command, GOOD, 1);
        stdin.write_all(record.as_bytes()).expect("written");
        let mut line = String::new();
        // It would wait for ever, were the record kept in a buffer.
        stdout.read_line(&mut line).expect("read");
        assert_eq!(line, record);
    }
    drop(stdin);
    assert!(filter.wait().expect("it ends").success());
}

/// A `pm-aggregate` that has had one record and waits for the next.
fn waiting_filter(place: &Place) -> (std::process::Child, std::process::ChildStdin) {
    let mut command = place.command("pm-aggregate");
    let filter = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut filter = filter.expect("pm-aggregate starts");
    let mut stdin = filter.stdin.take().expect("piped");
    stdin.write_all(run_record("before", GOOD, 1).as_bytes()).expect("written");
    // It watches for signals before it reads; once it sleeps it has read what there was.
    let stat = format!("/proc/{}/stat", filter.id());
    let deadline = Instant::now() + Duration::from_secs(10);
    while !std::fs::read_to_string(&stat).is_ok_and(|stat| stat.contains(") S ")) {
        assert!(Instant::now() < deadline, "it does not wait for input");
        std::thread::sleep(Duration::from_millis(5));
    }
    (filter, stdin)
}

fn terminate(process: &std::process::Child) {
    let pid = rustix::process::Pid::from_child(process);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("it is our own process");
}

#[test]
fn an_interrupted_filter_reads_on_to_the_end_and_then_dies_of_the_signal() {
    let place = Place::new();
    let (filter, mut stdin) = waiting_filter(&place);
    terminate(&filter);
    std::thread::sleep(Duration::from_millis(100));
    stdin.write_all(run_record("after", GOOD, 1).as_bytes()).expect("written");
    drop(stdin);
    let output = filter.wait_with_output().expect("it ends");
    assert_eq!(output.status.signal(), Some(15));
    assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 2);
}

#[test]
fn an_interrupted_filter_whose_input_does_not_end_ends_by_itself_with_all_it_has() {
    let place = Place::new();
    let (filter, stdin) = waiting_filter(&place);
    terminate(&filter);
    let output = filter.wait_with_output().expect("it ends");
    drop(stdin);
    assert_eq!(output.status.signal(), Some(15));
    assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 1);
}

#[test]
fn an_interrupted_filter_takes_it_for_an_end_that_a_compressed_stream_breaks_off() {
    let place = Place::new();
    let (filter, mut stdin) = waiting_filter(&place);
    terminate(&filter);
    std::thread::sleep(Duration::from_millis(100));
    stdin.write_all(b"\x1f\x8b\x08").expect("written");
    drop(stdin);
    let output = filter.wait_with_output().expect("it ends");
    assert_eq!((output.status.signal(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(15), ""));
    assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 1);
}

#[test]
fn a_second_signal_ends_a_filter_at_once() {
    let place = Place::new();
    let (filter, stdin) = waiting_filter(&place);
    terminate(&filter);
    // Two signals that are both still pending would be one.
    let status = format!("/proc/{}/status", filter.id());
    let deadline = Instant::now() + Duration::from_secs(10);
    while !std::fs::read_to_string(&status).is_ok_and(|status| status.contains("ShdPnd:\t0000000000000000")) {
        assert!(Instant::now() < deadline, "the signal stays pending");
        std::thread::sleep(Duration::from_millis(5));
    }
    terminate(&filter);
    let output = filter.wait_with_output().expect("it ends");
    drop(stdin);
    assert_eq!((output.status.signal(), output.stdout.as_slice()), (Some(15), &b""[..]));
}

#[test]
fn files_named_as_arguments_are_read_in_order_and_a_dash_is_standard_input() {
    let place = Place::new();
    place.write("a.ndjson", run_record("a", GOOD, 1));
    place.write("b.ndjson", run_record("b", GOOD, 1));
    let commands = place.sh("cat b.ndjson | pm-alert --pass a.ndjson - a.ndjson").succeeds();
    let order: Vec<_> = commands.lines().filter_map(|line| line.split('"').nth(7)).collect();
    assert_eq!(order, ["a", "b", "a"]);
}
