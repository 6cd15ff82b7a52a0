//! Receivers that are killed and come back while `pm-export` delivers, and a `pm-export` that is killed itself.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use pm_e2e::harness::{Place, repository, run_record};
use serde_json::Value;

use crate::deliver::recent;
use crate::export::{python, until};

const RECORDS: u32 = 20_000;

/// A receiver that keeps all that it gets in `kept`, is killed with every so many requests, and started again.
struct Mortal {
    port: u16,
    done: Arc<AtomicBool>,
    reviver: Option<JoinHandle<()>>,
}

impl Mortal {
    fn start(place: &Place, port: u16, every: u32) -> Self {
        std::fs::create_dir_all(place.path().join("kept")).expect("a folder");
        let done = Arc::new(AtomicBool::new(false));
        let (mut command, is_over) = (place.command(python()), Arc::clone(&done));
        command.arg(repository().join("tests/fixtures/keeper.py"));
        command.args([port.to_string(), "kept".to_owned(), every.to_string()]).stdout(Stdio::null());
        let reviver = std::thread::spawn(move || {
            while !is_over.load(Ordering::SeqCst) {
                let mut child: Child = command.spawn().expect("python starts");
                while !is_over.load(Ordering::SeqCst) && child.try_wait().expect("a child").is_none() {
                    std::thread::sleep(std::time::Duration::from_millis(20));
                }
                let _gone_already = child.kill();
                child.wait().expect("it ends");
            }
        });
        until("the receiver", || TcpStream::connect(("127.0.0.1", port)).is_ok().then_some(()));
        Self { port, done, reviver: Some(reviver) }
    }
}

impl Drop for Mortal {
    fn drop(&mut self) {
        self.done.store(true, Ordering::SeqCst);
        let _ = self.reviver.take().map(JoinHandle::join);
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    listener.expect("a port").port()
}

/// What it kept.
fn counted(place: &Place) -> Value {
    let keeper = repository().join("tests/fixtures/keeper.py");
    let count = place.sh(&format!("'{}' '{}' count kept", python().display(), keeper.display())).succeeds();
    serde_json::from_str(&count).expect("JSON")
}

fn runs(from: u32, count: u32) -> String {
    let time = recent(3);
    let run = |number: u32| {
        let id = format!("\"execution_id\":\"exec_{number}\",\"exit_code\"");
        // No two batches are alike.
        run_record("batch", &time, 100 + number / 7).replace("\"exit_code\"", &id)
    };
    (from..from + count).map(run).collect()
}

#[track_caller]
fn check(counted: &Value, name: &str, expected: u32) {
    assert!(
        counted[name].as_f64().is_some_and(|value| (value - f64::from(expected)).abs() < 1e-6),
        "{name}: {counted}"
    );
}

#[test]
fn totals_and_traces_of_a_store_are_exact_however_often_the_receiver_was_killed() {
    let place = Place::new();
    place.write(".github-pm/records/2024-12-06.ndjson", runs(0, RECORDS));
    let mortal = Mortal::start(&place, free_port(), 2);
    let url = format!("http://127.0.0.1:{}", mortal.port);
    place.sh(&format!("pm-export --to otlp --store --url {url}")).succeeds();
    let counted = counted(&place);
    // A span that came twice is the same span, and the last total holds all.
    check(&counted, "runs", RECORDS);
    check(&counted, "last", RECORDS);
    assert!(counted["deaths"].as_u64() >= Some(2) && counted["repeated"].as_u64() >= Some(1), "{counted}");
}

#[test]
fn what_a_file_holds_is_exact_for_a_receiver_that_knows_a_request_again() {
    let place = Place::new().with([("NR_LICENSE_KEY", "0123456789abcdef0123456789abcdef")]);
    place.write("runs.ndjson", runs(0, RECORDS));
    let mortal = Mortal::start(&place, free_port(), 2);
    let url = format!("http://127.0.0.1:{}/metric/v1", mortal.port);
    place.sh(&format!("pm-export --to newrelic --url {url} runs.ndjson")).succeeds();
    let counted = counted(&place);
    check(&counted, "total", RECORDS);
    assert!(counted["deaths"].as_u64() >= Some(1), "{counted}");
}

/// The requests that are kept in a spool.
fn spooled(place: &Place) -> usize {
    let home = place.path().with_file_name("home");
    let folders = std::fs::read_dir(home.join(".local/state/github-pm/spool"));
    let files = folders.into_iter().flatten().flatten().filter_map(|folder| folder.path().read_dir().ok());
    let is_whole = |path: &Path| path.extension().is_some_and(|ending| ending == "request");
    files.flatten().flatten().filter(|entry| is_whole(&entry.path())).count()
}

#[test]
fn what_came_from_a_pipe_is_kept_while_the_receiver_is_away_and_sent_first_when_it_is_back() {
    let place = Place::new();
    let port = free_port();
    let export =
        format!("pm-export --to otlp --signals traces --url http://127.0.0.1:{port} --patience 10ms");
    place.write("one.ndjson", runs(0, 6000));
    place.write("two.ndjson", runs(6000, 100));
    let away = place.sh(&format!("{export} < one.ndjson")).fails_with(4);
    assert!(away.contains("is kept until it is back") && away.contains("not delivered yet: 2"), "{away}");
    assert_eq!(spooled(&place), 2);
    // Nothing of it is for another receiver.
    let other = Mortal::start(&place, free_port(), 0);
    let elsewhere = export.replace(&port.to_string(), &other.port.to_string());
    place.sh(&format!("{elsewhere} < /dev/null")).succeeds();
    check(&counted(&place), "requests", 0);
    drop(other);
    let _back = Mortal::start(&place, port, 0);
    place.sh(&format!("{export} < two.ndjson")).succeeds();
    let counted = counted(&place);
    check(&counted, "runs", 6100);
    check(&counted, "spans", 6100);
    assert_eq!(spooled(&place), 0);
    let oldest = std::fs::read_dir(place.path().join("kept")).expect("kept").flatten();
    let oldest = oldest.map(|entry| entry.path()).filter(|path| path.extension().is_some()).min();
    let bytes = std::fs::read(oldest.expect("a request")).expect("a body");
    assert!(bytes.windows(6).any(|piece| piece == b"exec_0"), "what was kept comes first");
}

#[test]
fn what_is_kept_survives_a_kill_and_is_sent_once() {
    let place = Place::new();
    let port = free_port();
    let url = format!("http://127.0.0.1:{port}");
    let args = ["--to", "otlp", "--signals", "traces", "--url", &url, "--patience", "10ms"];
    let mut command = place.command("pm-export");
    // Two whole batches: of a file they are never cut earlier, as those of a slow pipe may be.
    place.write("runs.ndjson", runs(0, 10_000));
    let child =
        command.args(args).args(["runs.ndjson", "-"]).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.expect("pm-export starts");
    let input = child.stdin.take().expect("piped");
    until("two batches in the spool", || (spooled(&place) >= 2).then_some(()));
    child.kill().expect("it lives");
    child.wait().expect("it ends");
    drop(input);
    let mut said = String::new();
    child.stderr.take().expect("piped").read_to_string(&mut said).expect("text");
    assert!(said.contains("is kept until it is back"), "{said}");

    let kept = u32::try_from(spooled(&place)).expect("few");
    let _back = Mortal::start(&place, port, 0);
    let rest = format!("pm-export {} < /dev/null", args.join(" "));
    place.sh(&rest).succeeds();
    place.sh(&rest).succeeds();
    let counted = counted(&place);
    check(&counted, "requests", kept);
    check(&counted, "runs", 10_000);
    check(&counted, "spans", 10_000);
    assert_eq!(spooled(&place), 0);
}

#[test]
fn what_is_kept_is_sent_when_the_receiver_is_back_however_quiet_the_pipe_is() {
    let place = Place::new();
    let port = free_port();
    let url = format!("http://127.0.0.1:{port}");
    let args = ["--to", "otlp", "--signals", "traces", "--url", &url, "--patience", "10ms"];
    let mut command = place.command("pm-export");
    let child = command.args(args).stdin(Stdio::piped()).stderr(Stdio::null()).spawn();
    let mut child = child.expect("pm-export starts");
    let mut input = child.stdin.take().expect("piped");
    input.write_all(runs(0, 1).as_bytes()).expect("it reads");
    until("a batch in the spool", || (spooled(&place) == 1).then_some(()));
    let _back = Mortal::start(&place, port, 0);
    // Nothing more is written, and the pipe stays open.
    until("an empty spool", || (spooled(&place) == 0).then_some(()));
    check(&counted(&place), "runs", 1);
    drop(input);
    assert!(child.wait().expect("it ends").success());
}

#[test]
fn what_is_kept_of_one_account_is_not_sent_with_the_key_of_another() {
    let place = Place::new();
    let port = free_port();
    let export = format!("pm-export --to newrelic --url http://127.0.0.1:{port}/v1 --patience 10ms");
    let with = |key: char| format!("NR_LICENSE_KEY={} {export}", key.to_string().repeat(32));
    place.write("runs.ndjson", runs(0, 3));
    place.sh(&format!("{} runs.ndjson", with('a'))).fails_with(4);
    assert_eq!(spooled(&place), 1);
    let _back = Mortal::start(&place, port, 0);
    place.sh(&format!("{} < /dev/null", with('b'))).succeeds();
    check(&counted(&place), "requests", 0);
    place.sh(&format!("{} < /dev/null", with('a'))).succeeds();
    check(&counted(&place), "total", 3);
}

#[test]
fn a_spool_that_cannot_be_used_stops_no_delivery() {
    let place = Place::new();
    let port = free_port();
    place.write("runs.ndjson", runs(0, 10));
    let url = format!("--url http://127.0.0.1:{port}");
    let export =
        format!("pm-export --to otlp --signals traces {url} --spool spool --patience 10ms runs.ndjson");
    place.sh(&export).fails_with(4);
    // As a folder is that somebody mounted for a group.
    place.sh("chmod g+w spool/export-*").succeeds();
    let _back = Mortal::start(&place, port, 0);
    let outcome = place.sh(&export);
    assert!(outcome.code == Some(0) && outcome.stderr.contains("others may write to it"), "{outcome:?}");
    check(&counted(&place), "runs", 10);
}

#[test]
fn what_another_one_kept_is_sent_by_who_is_left_when_its_input_ends() {
    let place = Place::new();
    let port = free_port();
    let url = format!("http://127.0.0.1:{port}");
    let start = |first: u32| {
        let name = format!("{first}.ndjson");
        place.write(&name, runs(first, 5000));
        let mut command = place.command("pm-export");
        let args = ["--to", "otlp", "--signals", "traces", "--url", &url, "--patience", "10ms", &name, "-"];
        let child = command.args(args).stdin(Stdio::piped()).stderr(Stdio::null()).spawn();
        child.expect("pm-export starts")
    };
    let mut one = start(0);
    until("a batch in the spool", || (spooled(&place) == 1).then_some(()));
    let mut two = start(5000);
    until("another batch in the spool", || (spooled(&place) == 2).then_some(()));
    one.kill().expect("it lives");
    one.wait().expect("it ends");
    let _back = Mortal::start(&place, port, 0);
    // Until it asks again whether somebody is there.
    std::thread::sleep(std::time::Duration::from_secs(3));
    drop(two.stdin.take());
    assert_eq!(two.wait().expect("it ends").code(), Some(0));
    check(&counted(&place), "runs", 10_000);
    assert_eq!(spooled(&place), 0);
}
