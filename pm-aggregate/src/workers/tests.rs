//! However many threads read, and however files are cut, the answer is the one of a single thread.

use std::io::Write;
use std::path::Path;

use pm_cli::{Exit, Outcome, Trial};
use proptest::prelude::*;

use super::Workers;

fn run(folder: &Path, workers: Workers, args: &[&str]) -> Outcome {
    let tool = |args, io: &mut pm_cli::Streams| crate::run_by(workers, args, io);
    Trial::new().current_dir(folder).run(crate::TOOL, tool, args)
}

/// Compares what several threads say of files with what one says, and returns it.
#[track_caller]
fn answer(files: &[(&str, &[u8])], more: &[&str]) -> Outcome {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, bytes) in files {
        std::fs::write(folder.path().join(name), bytes).expect("a file");
    }
    let args: Vec<_> = files.iter().map(|(name, _)| *name).chain(more.iter().copied()).collect();
    let one = run(folder.path(), Workers { most: 1, part: 1 << 20 }, &args);
    for (most, part) in [(2, 9), (5, 150), (2, 1_000), (5, 1 << 20)] {
        assert_eq!(run(folder.path(), Workers { most, part }, &args), one, "{most} by {part}");
    }
    one
}

#[track_caller]
fn check(files: &[(&str, &[u8])], more: &[&str]) {
    assert_eq!(answer(files, more).exit, Exit::Done);
}

fn record(number: u64) -> String {
    let (command, second, nested) = (number % 3, number % 60, number.is_multiple_of(5));
    let trace =
        if nested { r#","trace":{"trace_id":"1","span_id":"2","parent_execution_id":"e"}"# } else { "" };
    format!(
        "{{\"performance_metrics\":{{\"command\":\"c{command}\",\"timestamp\":\"2024-12-06T10:00:{second:02}Z\",\"duration\":{{\"total_ms\":{number}.5,\"phases\":{{\"p{second}_ms\":1}}}},\"machine\":\"m{number}\"{trace}}}}}\n"
    )
}

fn records(numbers: std::ops::Range<u64>) -> Vec<u8> {
    numbers.map(record).collect::<String>().into_bytes()
}

fn zipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

#[test]
fn several_files_and_several_threads_give_the_answer_of_one() {
    let (a, b) = (records(0..100), records(50..90));
    let outcome = answer(&[("a", &a), ("empty", b""), ("b", &b)], &["--window", "1m"]);
    assert_eq!((outcome.stdout.lines().count(), outcome.exit), (3, Exit::Done));
    check(&[("a", &a), ("b", &b)], &["--by", "machine", "--partial"]);
}

#[test]
fn many_groups_are_written_in_the_order_of_one_thread_and_those_with_nested_runs_whole() {
    // Two runs a command, of which one may be nested, wherever a batch begins.
    let of_pairs = |number: u64| {
        record(number).replace(&format!("\"c{}\"", number % 3), &format!("\"c{}\"", number / 2))
    };
    let runs = (0..1_400).map(of_pairs).collect::<String>().into_bytes();
    for more in [&[][..], &["--partial"]] {
        let outcome = answer(&[("a", &runs)], more);
        assert!(outcome.stdout.lines().count() >= 700, "{more:?}: {}", outcome.stderr);
        assert_eq!(outcome.stdout.contains("\"nested\":1"), more.is_empty());
    }
}

#[test]
fn the_first_bad_line_is_named_by_its_file_and_its_number_there() {
    let good = records(0..20);
    let bad = [&good[..], b"\n\nnonsense\n", &good, b"{}"].concat();
    let outcome = answer(&[("a", &good), ("b", &bad), ("c", &bad)], &[]);
    assert!(outcome.stderr.contains("4 of 104 lines skipped; first: b line 23: "), "{}", outcome.stderr);
    let alone = answer(&[("b", &bad)], &[]);
    assert!(alone.stderr.contains("2 of 42 lines skipped; first: line 23: "), "{}", alone.stderr);
    let strict = answer(&[("a", &good), ("b", &bad)], &["--strict"]);
    assert!(strict.stderr.starts_with("pm-aggregate: b line 23: "), "{}", strict.stderr);
}

#[test]
fn a_line_of_more_than_a_mebibyte_is_one_bad_line() {
    let long = vec![b'x'; (1 << 20) + 5];
    let file = [&records(0..3)[..], &long, b"\n", &records(3..9)].concat();
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("long"), file).expect("a file");
    for workers in [Workers { most: 1, part: 1 }, Workers { most: 3, part: 5_000 }] {
        let outcome = run(folder.path(), workers, &["long"]);
        let complaint = "pm-aggregate: 1 of 10 lines skipped; first: line 4: longer than 1 MiB\n";
        assert_eq!(outcome.stderr, complaint);
        assert_eq!(outcome.stdout.matches("\"count\":3,\"failures\"").count(), 3, "{}", outcome.stdout);
    }
}

#[test]
fn compressed_files_and_files_that_go_on_compressed_are_not_cut() {
    let plain = records(0..50);
    let packed = zipped(&records(50..90));
    let mixed = [&plain[..], &packed, &plain].concat();
    let outcome = answer(&[("plain", &plain), ("packed.gz", &packed)], &["--by", "machine"]);
    assert_eq!(
        outcome.stderr,
        "pm-aggregate: runs inside of other runs, left out so that no time counts twice: 18\n"
    );
    check(&[("mixed", &mixed), ("packed.gz", &packed)], &[]);
}

#[test]
fn an_input_that_breaks_off_is_complained_about_as_by_one_thread() {
    let plain = records(0..30);
    let torn = [&plain[..], b"\x1f\x8b\x08"].concat();
    let packed = zipped(&plain);
    let cut = &packed[..packed.len() / 2];
    let outcome = answer(&[("plain", &plain), ("cut.gz", cut), ("torn", &torn), ("last", &plain)], &[]);
    assert_eq!(outcome.exit, Exit::Environment);
    assert!(outcome.stderr.contains("cut.gz: incomplete deflate stream"), "{}", outcome.stderr);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn any_lines_cut_anywhere_give_the_answer_of_one_thread(
        lines in prop::collection::vec(
            prop_oneof![(0..400_u64).prop_map(record), Just("\n".into()), Just("bad\n".into()), Just("{}".into())],
            0..60,
        ),
        cut in 0..2_000_usize,
    ) {
        let all = lines.concat().into_bytes();
        let (one, other) = all.split_at(cut.min(all.len()));
        check(&[("one", one), ("other", other)], &["--window", "1h"]);
        check(&[("all", &all)], &["--by", "command,machine", "--partial"]);
    }
}
