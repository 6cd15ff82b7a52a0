//! Memory: that of the whole tree at each moment, of nobody else, however short it is held.

use pm_record::{PerformanceMetrics, ResourceUsage};

use crate::programs::{consume, small};
use crate::{PM_WRAP, pm_wrap, read, record, run};

/// What `consume` itself holds, with its libraries, in MiB; at most.
const ITSELF: f64 = 5.0;

#[track_caller]
fn usage(args: &[&str]) -> ResourceUsage {
    let output = run(&[&["--"], args].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    record(&output.stdout).resource_usage
}

#[track_caller]
fn peak(usage: &ResourceUsage) -> f64 {
    usage.peak_memory_mb.expect("a peak").to_f64()
}

#[track_caller]
fn average(usage: &ResourceUsage) -> f64 {
    usage.average_memory_mb.expect("an average").to_f64()
}

/// Demands a peak of `least` MiB and not more than `extra` above.
#[track_caller]
fn check_peak(args: &[&str], least: f64, extra: f64) {
    let usage = usage(args);
    let peak = peak(&usage);
    assert!((least..=least + extra).contains(&peak), "{peak} MiB by {:?}", usage.peak_memory_source);
}

#[test]
fn what_is_held_for_thirty_milliseconds_is_seen() {
    check_peak(&[&consume(), "memory", "200", "30"], 200.0, ITSELF);
}

/// As between two samples: nothing but the kernel's high-water mark tells of it.
#[test]
fn what_is_held_for_no_time_at_all_is_seen_late_in_a_long_command() {
    let script = format!("sleep 0.7; {} memory 40 0; sleep 0.1", consume());
    check_peak(&["sh", "-c", &script], 40.0, 3.0 + ITSELF);
}

#[test]
fn processes_that_live_at_once_are_added() {
    check_peak(&[&consume(), "children", "8", "50", "1000"], 390.0, 10.0 + 9.0 * ITSELF);
}

#[test]
fn processes_that_live_one_after_the_other_are_not_added() {
    let one = format!("{} memory 60 60", consume());
    check_peak(&["sh", "-c", &[one.as_str(); 4].join("; ")], 60.0, 3.0 + ITSELF);
}

#[test]
fn threads_share_their_memory() {
    let usage = usage(&[&consume(), "threads", "8", "50"]);
    assert!(peak(&usage) < ITSELF, "{usage:?}");
}

#[test]
fn the_average_is_that_over_time_and_not_over_samples() {
    // Samples are dense at first, and the memory is held at first.
    let script = format!("{} memory 100 50; sleep 0.9", consume());
    let usage = usage(&["sh", "-c", &script]);
    assert!(peak(&usage) >= 100.0, "{usage:?}");
    assert!((5.0..45.0).contains(&average(&usage)), "{usage:?}");
}

#[test]
fn the_average_of_what_is_held_all_the_time_is_what_is_held() {
    let usage = usage(&[&consume(), "memory", "20", "800"]);
    assert!((17.0..20.0 + ITSELF).contains(&average(&usage)), "{usage:?}");
    assert!(average(&usage) <= peak(&usage), "{usage:?}");
    // At most one each millisecond of the first hundred, and then at most twenty a second.
    let samples = usage.memory_samples.expect("a count").to_f64();
    assert!((10.0..150.0).contains(&samples), "{samples} samples");
}

#[test]
fn a_command_that_is_over_at_once_has_a_peak() {
    let usage = usage(&["bash", "-c", ":"]);
    // A debug build is larger than a shell, so that only samples tell of it.
    let debug = cfg!(debug_assertions) && option_env!("PM_WRAP_UNDER_TEST").is_none();
    let least = if debug { 0.5 } else { 2.0 };
    assert!(debug && usage.peak_memory_mb.is_none() || (least..8.0).contains(&peak(&usage)), "{usage:?}");
}

/// A peak that might be ours is not given as the command's.
#[test]
fn a_command_that_is_over_at_once_and_smaller_than_we_are_has_no_peak_or_a_small_one() {
    let usage = usage(&["true"]);
    match usage.peak_memory_mb {
        Some(peak) => assert!((0.5..ITSELF).contains(&peak.to_f64()), "{usage:?}"),
        None => assert_eq!(usage.peak_memory_source.as_deref(), Some("floor")),
    }
}

/// A program learns how much it held from the kernel and says so; the record has to agree.
#[track_caller]
fn check_small(run: &PerformanceMetrics, said: &[u8]) {
    let said = String::from_utf8_lossy(said);
    let own: f64 = said.trim().parse().unwrap_or_else(|_| panic!("{said:?} is no number"));
    let (own, usage) = (own / 1024.0, &run.resource_usage);
    assert!((0.3..1.6).contains(&own), "the program is not small: {own} MiB");
    // The kernel counts pages for each core and adds them up roughly.
    assert!((peak(usage) - own).abs() <= 0.4, "{own} MiB became {usage:?}");
    assert!(average(usage) <= peak(usage), "{usage:?}");
}

#[test]
fn our_own_memory_is_in_no_figure_nor_is_that_of_who_starts_us() {
    let folder = tempfile::tempdir().expect("a folder");
    let (small, file) = (small(folder.path()), folder.path().join("log"));
    let consume = consume();
    let wrapped = ["-o", file.to_str().expect("a path"), "--", &small];
    let plain = pm_wrap(&wrapped).output().expect("pm-wrap starts");
    check_small(&read(&file), &plain.stderr);

    std::fs::remove_file(&file).expect("a file of ours");
    // The outer one wraps a program that holds 500 MiB and starts the inner one.
    let inner = [&[consume.as_str(), "hold", "500", PM_WRAP], &wrapped[..]].concat();
    let output = run(&[&["--"], &inner[..]].concat());
    check_small(&read(&file), &output.stderr);
    assert!(peak(&record(&output.stdout).resource_usage) >= 500.0);
}
