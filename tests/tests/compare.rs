//! Did it get slower, and since when? From commands that really became slower to what people are told.

use pm_e2e::harness::{Place, run_record};

/// Two commands, of which one became slower. On a busy machine single runs take far longer than they should, so that
/// it is run until its change is certain; its neighbor takes so long that this is little beside it.
fn recorded() -> Place {
    let place = Place::new();
    let script = "mkdir .github-pm
        changed() { pm-wrap --store --name changed --context version=$1 -- sleep $2; }
        for version in 1.0 2.0; do
            for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
                pm-wrap --store --name neighbor --context version=$version -- sleep 2 &
            done
            seconds=0.10; [ $version = 1.0 ] || seconds=0.15
            for i in 1 2 3 4 5 6 7 8 9 10 11 12; do changed $version $seconds; done
            wait
        done
        for i in $(seq 60); do
            question='pm-aggregate --store --where command=changed --metric duration.total_ms --exit-code'
            $question --compare version=1.0 > compared; compared=$?
            $question --changes > changes; [ $compared = 1 ] && [ -s changes ] && exit 0
            changed 2.0 0.15
        done
        echo nobody is certain";
    assert_eq!(place.sh(script).stdout, "");
    place
}

#[test]
fn a_command_that_became_slower_is_found_by_every_verb_and_its_neighbor_is_not() {
    let place = recorded();
    let compared = "pm-aggregate --store --compare version=1.0 --metric duration.total_ms";
    let records = place.sh(compared).succeeds();
    let of = |command: &str| {
        let name = format!("\"command\":\"{command}\"");
        records
            .lines()
            .find(|line| line.contains(&name))
            .unwrap_or_else(|| panic!("{command}: {records}"))
            .to_owned()
    };
    assert!(of("changed").contains("\"status\":\"regressed\""), "{records}");
    assert!(!of("neighbor").contains("\"status\":\"regressed\""), "{records}");
    assert_eq!(place.sh(&format!("{compared} --exit-code")).code, Some(1));
    let verb = "github-pm performance compare --baseline version=1.0 --current version=2.0 --metric duration.total_ms";
    let page = place.sh(verb).succeeds();
    assert!(
        page.contains("'changed' time regressed: ") && !page.contains("'neighbor' time regressed"),
        "{page}"
    );
    assert_eq!(place.sh(&format!("{verb} --exit-code")).code, Some(1));
    let page = place.sh(&format!("{verb} --as markdown")).succeeds();
    assert!(page.contains("`changed` time** regressed"), "{page}");

    let changes = place.sh("pm-aggregate --store --changes --metric duration.total_ms").succeeds();
    assert!(changes.lines().all(|line| line.contains("\"command\":\"changed\"")), "{changes}");
    assert!(changes.contains("\"direction\":\"regression\""), "{changes}");
    let page = place.sh("github-pm performance report").succeeds();
    assert!(
        page.contains("'changed' time regressed since ") && !page.contains("'neighbor' time regressed"),
        "{page}"
    );

    let alerts = place.sh("pm-aggregate --store --changes --metric duration.total_ms | pm-alert --exit-code");
    assert_eq!(alerts.code, Some(1), "{alerts:?}");
    assert!(alerts.stderr.contains("Command 'changed' execution time has regressed"), "{alerts:?}");
    assert!(alerts.stdout.contains("\"setting\":\"regression\""), "{alerts:?}");
    let again = place.sh("pm-aggregate --store --changes --metric duration.total_ms | pm-alert --exit-code");
    assert_eq!(
        (again.code, again.stdout.as_str()),
        (Some(0), ""),
        "a change is alerted about once: {again:?}"
    );
}

#[test]
fn what_explain_prints_of_a_comparison_gives_the_same_bytes() {
    let place = Place::new();
    let runs: String = (0..40)
        .map(|run| run_record("batch", &format!("2026-11-{:02}T10:00:00.000Z", 1 + run % 20), 100 + run))
        .collect();
    place.write(".github-pm/records/2026-11-20.ndjson", runs);
    for verb in [
        "performance compare --baseline 2026-11-01..2026-11-09 --current 2026-11-10..2026-11-20",
        "performance compare --baseline 2026-11-20 --as markdown",
    ] {
        let direct = place.sh(&format!("github-pm {verb} 2>/dev/null")).stdout;
        let explained = place.sh(&format!("github-pm --explain {verb} | tee script | sh 2>/dev/null")).stdout;
        assert!(direct == explained && !direct.is_empty(), "{verb}: {}", place.read("script"));
    }
}

#[test]
fn runs_of_different_machines_are_compared_only_if_somebody_asks() {
    let place = Place::new();
    let run = |day: u32, machine: &str, millis: u32| {
        run_record("batch", &format!("2026-11-{day:02}T10:00:00.000Z"), millis)
            .replace("\"exit_code\"", &format!("\"machine\":\"{machine}\",\"exit_code\""))
    };
    let runs: String =
        (0..10).flat_map(|number| [run(1, "slow", 200 + number), run(2, "fast", 100 + number)]).collect();
    place.write("log.ndjson", runs);
    let apart = place.sh("pm-aggregate log.ndjson --compare 2026-11-01");
    assert_eq!((apart.code, apart.stdout.as_str()), (Some(0), ""));
    assert!(apart.stderr.contains("--across-machines compares them"), "{}", apart.stderr);
    let mixed = place.sh("pm-aggregate log.ndjson --compare 2026-11-01 --across-machines").succeeds();
    assert!(mixed.contains("\"status\":\"improved\""), "{mixed}");
}

#[test]
fn files_limits_and_standard_input_are_baselines_too() {
    let place = Place::new();
    let runs = |day: u32, millis: u32| -> String {
        (0..12)
            .map(|run| run_record("batch", &format!("2026-11-{day:02}T10:00:{run:02}.000Z"), millis + run))
            .collect()
    };
    place.write("old.ndjson", runs(1, 100));
    place.write("new.ndjson", runs(2, 150));
    place.write("benchmarks.yml", "benchmarks: { commands: { batch: { baseline_ms: 90 } } }\n");
    for question in [
        "pm-aggregate new.ndjson --compare old.ndjson",
        "cat old.ndjson new.ndjson | pm-aggregate --compare 2026-11-01",
        "cat new.ndjson old.ndjson | pm-aggregate --compare 2026-11-01 --current 2026-11-02",
        "pm-aggregate new.ndjson --compare benchmarks.yml",
    ] {
        let answer = place.sh(question).succeeds();
        assert!(
            answer.lines().count() == 1 && answer.contains("\"status\":\"regressed\""),
            "{question}: {answer}"
        );
    }
    assert_eq!(place.sh("pm-aggregate old.ndjson --compare benchmarks.yml --exit-code").code, Some(1));
    assert_eq!(
        place.sh("head -n 1 new.ndjson | pm-aggregate --compare old.ndjson --exit-code > x").code,
        Some(3)
    );
    place.sh("pm-aggregate new.ndjson --compare 2026-11-05..2026-11-03").fails_with(2);
}

#[test]
fn days_whose_records_are_gone_are_compared_by_their_rollups() {
    let place = Place::new();
    for (day, millis) in [("2026-10-01", 100), ("2026-10-02", 150)] {
        let runs: String = (0..100)
            .map(|run| {
                run_record(
                    "batch",
                    &format!("{day}T10:{:02}:{:02}.000Z", run / 60, run % 60),
                    millis + run % 9,
                )
            })
            .collect();
        place.write(&format!(".github-pm/records/{day}.ndjson"), runs);
    }
    place.write(".github-pm/config.yml", "store: { keep_days: null, keep_rollups_days: null }\n");
    let question = "pm-aggregate --store --compare 2026-10-01 --current 2026-10-02";
    let before = place.sh(question).succeeds();
    place.sh("github-pm performance store compact --quiet").succeeds();
    assert_eq!(place.sh(question).succeeds(), before);
    // Whoever is in a hurry does not look at the records, and so does not see that they are damaged.
    let damage = "for day in .github-pm/records/*.zst; do printf xxxx | dd of=$day bs=1 seek=60 conv=notrunc status=none; done";
    place.sh(damage).succeeds();
    assert_eq!(place.sh(&format!("{question} --quick")).succeeds(), before);
    assert_ne!(place.sh(question).stdout, before);
    place.sh("rm .github-pm/records/*").succeeds();
    assert_eq!(place.sh(question).succeeds(), before);
    assert!(before.contains("\"binned\":true") && before.contains("\"status\":\"regressed\""), "{before}");
}

#[test]
fn rollups_tell_what_they_do_not_know_to_whom_it_may_matter() {
    let place = Place::new();
    for day in ["2026-10-01", "2026-10-02"] {
        let run = run_record("batch", &format!("{day}T10:00:00.000Z"), 100);
        let run = run.replace("\"exit_code\"", "\"resource_usage\":{\"peak_memory_mb\":50},\"exit_code\"");
        place.write(&format!(".github-pm/records/{day}.ndjson"), run.repeat(9));
    }
    place.write(".github-pm/config.yml", "store: { keep_days: null, keep_rollups_days: null }\n");
    place.sh("github-pm performance store compact --quiet").succeeds();
    let said = |metric: &str| {
        let question = "pm-aggregate --store --compare 2026-10-01 --current 2026-10-02 --quick --metric";
        place.sh(&format!("{question} {metric} 2>&1 >/dev/null")).succeeds()
    };
    assert_eq!(said("duration.total_ms"), "");
    assert!(said("resource_usage.peak_memory_mb").contains("no quantiles"));
}

#[test]
fn a_command_with_nothing_to_compare_is_said_unless_nobody_wants_to_know() {
    let place = Place::new();
    let run = |command: &str, day: u32| run_record(command, &format!("2026-10-0{day}T10:00:00.000Z"), 100);
    place.write("runs.ndjson", run("new", 2) + &run("both", 1) + &run("both", 2));
    let question = "pm-aggregate --compare 2026-10-01 --current 2026-10-02 runs.ndjson 2>&1 >/dev/null";
    let said = place.sh(question).succeeds();
    assert!(said.contains("'new'") && !said.contains("'both'"), "{said}");
    assert_eq!(place.sh(&format!("{question} --quiet")).succeeds(), "");
}

#[test]
fn a_live_stream_tells_of_a_change_while_it_goes_on() {
    use std::io::{BufRead, BufReader, Write};
    use std::process::Stdio;

    let place = Place::new();
    let mut command = place.command("pm-aggregate");
    command.arg("--changes").stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut filter = command.spawn().expect("pm-aggregate starts");
    let mut stdin = filter.stdin.take().expect("piped");
    let mut stdout = BufReader::new(filter.stdout.take().expect("piped"));
    for run in 0..60 {
        let level = if run < 40 { 100 } else { 150 };
        let line = run_record("batch", &format!("2026-11-01T10:00:{run:02}.000Z"), level + run * 7 % 5);
        stdin.write_all(line.as_bytes()).expect("written");
    }
    let mut line = String::new();
    // It would wait for ever, were changes only written at the end.
    stdout.read_line(&mut line).expect("read");
    assert!(line.contains("\"timestamp\":\"2026-11-01T10:00:40.000Z\""), "{line}");
    drop(stdin);
    assert!(filter.wait().expect("it ends").success());
}

#[test]
fn of_two_hundred_comparisons_of_what_has_not_changed_few_are_flagged() {
    let place = Place::new();
    // A seeded generator of 40 commands in their own, very different noise, on two days without a change.
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut unit = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let mut flagged = 0;
    for round in 0..5 {
        let mut log = String::new();
        for command in 0..40 {
            for run in 0..2 * (5 + command) {
                let normal: f64 = (0..12).map(|_| unit()).sum::<f64>() - 6.0;
                let tail = if unit() < 0.03 { 5.0 } else { 1.0 };
                let mode = if command % 3 == 0 && unit() < 0.4 { 2.0 } else { 1.0 };
                let millis = 200.0 * (0.2 * normal).exp() * tail * mode;
                let time = format!("2026-11-{:02}T10:{:02}:{:02}.000Z", 1 + run % 2, run / 60, run % 60);
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a few hundred milliseconds"
                )]
                log.push_str(&run_record(&format!("c{round}-{command}"), &time, millis as u32));
            }
        }
        place.write("log.ndjson", log);
        let answer = place.sh("pm-aggregate log.ndjson --compare 2026-11-01").succeeds();
        assert_eq!(answer.lines().count(), 40);
        flagged +=
            answer.lines().filter(|line| line.contains("regressed") || line.contains("improved")).count();
    }
    assert!(flagged <= 19, "{flagged} of 200");
}
