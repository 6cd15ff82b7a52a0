//! Processes that do a known amount of something, and what is said of them.

use pm_record::{SystemMetrics, Thousandths};

use crate::sampler::{Load, Sampler};

fn value(figure: Option<Thousandths>) -> f64 {
    figure.expect("a figure").to_f64()
}

/// The processor time between two ticks, in seconds, by what the later one says.
fn seconds(before: &SystemMetrics, tick: &SystemMetrics) -> f64 {
    let elapsed = tick.timestamp.as_millis() - before.timestamp.as_millis();
    value(tick.cpu.process_cpu_percentage) / 100.0 * elapsed as f64 / 1000.0
}

/// Runs a program until it says what it has used by the kernel's own count, and compares. The kernel counts to the
/// nanosecond, and timestamps are whole milliseconds of ticks that are 100 ms apart.
#[track_caller]
fn check_cpu(program: &str) {
    let mut load = Load::start(program);
    assert_eq!(load.done(), "ready");
    let mut sampler = Sampler::start(&["--pid", &load.pid(), "--interval", "100ms"]);
    let mut before = sampler.next();
    load.order();
    let used: f64 = load.done().parse().expect("seconds");
    let mut counted = 0.0;
    // Ticks of while it worked have piled up meanwhile; then come those in which it rests.
    let mut quiet = 0;
    for _ in 0..3_000 {
        let tick = sampler.next();
        let seconds = seconds(&before, &tick);
        counted += seconds;
        quiet = if seconds < 0.002 { quiet + 1 } else { 0 };
        before = tick;
        if quiet >= 3 && counted > used * 0.5 {
            break;
        }
    }
    assert!((counted - used).abs() < 0.05 + used * 0.1, "{counted} s were counted of {used} s");
}

#[test]
fn a_process_that_burns_half_a_core_is_counted_as_the_kernel_does() {
    check_cpu(
        "
import time
print('ready'); input(); start = time.process_time()
while time.process_time() - start < 0.5:
    begin = time.process_time()
    while time.process_time() - begin < 0.01: pass
    time.sleep(0.01)
print(time.process_time() - start); input()",
    );
}

#[test]
fn children_that_come_and_go_between_two_ticks_count_as_the_kernel_counts_them() {
    check_cpu(
        "
import os, time
print('ready'); input(); start = sum(os.times()[:4])
for child in range(12):
    if os.fork() == 0:
        begin = time.process_time()
        while time.process_time() - begin < 0.04: pass
        os._exit(0)
    os.wait()
print(sum(os.times()[:4]) - start); input()",
    );
}

#[test]
fn memory_that_a_process_holds_is_seen_in_both_ways_of_counting() {
    for kind in [&[][..], &["--pss"]] {
        let mut load =
            Load::start("print('ready'); input(); held = b'x' * (300 << 20); print('held'); input()");
        assert_eq!(load.done(), "ready");
        let pid = load.pid();
        let mut sampler = Sampler::start(&[&["--pid", &pid, "--interval", "50ms"], kind].concat());
        let before = value(sampler.next().memory.process_memory_mb);
        load.order();
        assert_eq!(load.done(), "held");
        let tick = sampler.until(|tick| value(tick.memory.process_memory_mb) >= before + 299.0);
        let held = value(tick.memory.process_memory_mb) - before;
        assert!((299.0..320.0).contains(&held), "{held} MiB, {kind:?}");
        let share =
            value(tick.memory.process_memory_mb) / value(tick.memory.system_memory_available_mb) * 100.0;
        assert!((value(tick.memory.memory_usage_percentage) - share).abs() < 0.01, "{tick:?}");
    }
}

#[test]
fn what_is_written_to_the_store_s_records_is_seen_as_they_grow() {
    let store = tempfile::tempdir().expect("a folder");
    let records = store.path().join("records");
    std::fs::create_dir(&records).expect("a folder");
    let program = format!(
        "
print('ready'); input()
with open({:?}, 'wb') as day:
    for block in range(50): day.write(b'x' * (1 << 20)); day.flush()
print('written'); input()",
        records.join("2024-12-06.ndjson")
    );
    let mut load = Load::start(&program);
    assert_eq!(load.done(), "ready");
    let home = tempfile::tempdir().expect("a folder");
    let flag = format!("--store={}", store.path().display());
    let once = || {
        let status = crate::sampler::command(home.path(), &["--once", &flag]).status().expect("the program");
        assert!(status.success());
        let folder = std::fs::read_dir(&records).expect("a folder").flatten();
        let day = folder.map(|entry| entry.path()).find(|path| !path.ends_with("2024-12-06.ndjson"));
        let lines = std::fs::read_to_string(day.expect("the day of today")).expect("records");
        crate::sampler::ticks(&lines).pop().expect("a tick")
    };
    let before = value(once().disk.log_file_size_mb);
    load.order();
    assert_eq!(load.done(), "written");
    let grown = value(once().disk.log_file_size_mb) - before;
    assert!((50.0..50.1).contains(&grown), "{grown} MiB");
}

#[test]
fn what_a_process_sends_to_itself_is_sent_and_received() {
    let program = "
import socket
listener = socket.create_server(('127.0.0.1', 0))
near = socket.create_connection(listener.getsockname())
far, _ = listener.accept()
print('ready'); input()
block = b'x' * (64 << 10)
for count in range(160):
    near.sendall(block)
    left = len(block)
    while left: left -= len(far.recv(left))
print('sent'); input()";
    let mut load = Load::start(program);
    assert_eq!(load.done(), "ready");
    let mut sampler = Sampler::start(&["--pid", &load.pid(), "--interval", "50ms"]);
    let first = sampler.until(|tick| value(tick.network.active_connections) >= 2.0);
    assert_eq!(first.network_scope.as_deref(), Some("processes"));
    load.order();
    let (mut sent, mut received) = (0.0, 0.0);
    assert_eq!(load.done(), "sent");
    for _ in 0..3_000 {
        let tick = sampler.next();
        sent += value(tick.network.bytes_sent);
        received += value(tick.network.bytes_received);
        if received >= f64::from(10 << 20) && sent >= received {
            break;
        }
    }
    assert!(
        (sent - f64::from(10 << 20)).abs() < 1.0 && (received - sent).abs() < 1.0,
        "{sent} and {received}"
    );
}
