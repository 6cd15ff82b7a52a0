//! The upkeep of a store, by hand and by the first command of a day.

use std::thread::sleep;
use std::time::Duration;

use pm_e2e::harness::{Outcome, Place, programs, run_record};

const STORE: &str = "github-pm performance store";

/// A store with 300 runs on three days long ago, in two months.
fn place() -> Place {
    let place = Place::new();
    for day in ["2024-01-30", "2024-01-31", "2024-02-01"] {
        let record = |number: u32| {
            let time = format!("{day}T{:02}:{:02}:00.000Z", number % 24, number % 60);
            run_record(if number.is_multiple_of(3) { "status" } else { "batch" }, &time, 100 + number)
        };
        let records: String = (0..100).map(record).collect();
        place.write(&format!(".github-pm/records/{day}.ndjson"), records);
    }
    // Everything here is older than what is kept by default.
    place.write(".github-pm/config.yml", "store: { keep_days: null, keep_rollups_days: null }\n");
    place
}

fn files(place: &Place) -> String {
    let list = "cd .github-pm && find . -path './r[eo]*/*' -type f -printf '%P ' | tr ' ' '\\n' | sort | tr '\\n' ' '";
    place.sh(list).succeeds()
}

#[test]
fn rollups_say_what_their_records_say() {
    let place = place();
    assert_eq!(place.sh(&format!("{STORE} compact")).succeeds(), "3 files compressed, 8 rollups made\n");
    let days = ["2024-01-30", "2024-01-31", "2024-02-01"];
    let mut expected = days.map(|day| format!("records/{day}.ndjson.zst")).to_vec();
    expected.extend(days.map(|day| format!("rollups/brief-day/{day}.ndjson.zst")));
    expected.extend(days.map(|day| format!("rollups/day/{day}.ndjson.zst")));
    expected.extend(["2024-01", "2024-02"].map(|month| format!("rollups/month/{month}.ndjson.zst")));
    assert_eq!(files(&place).split_whitespace().collect::<Vec<_>>(), expected);
    let script = "cd .github-pm; by=--by=command,machine
        for day in 2024-01-30 2024-02-01; do
            cmp <(pm-aggregate $by --window 1d records/$day.ndjson.zst) \\
                <(pm-aggregate $by --merge --window 1d rollups/day/$day.ndjson.zst) || exit
            cmp <(pm-aggregate --by=command --window 1d records/$day.ndjson.zst) \\
                <(pm-aggregate --by=command --merge --window 1d rollups/brief-day/$day.ndjson.zst) || exit
        done
        cmp <(pm-aggregate $by records/2024-01-*) <(pm-aggregate $by --merge rollups/month/2024-01.ndjson.zst)";
    assert_eq!(place.sh(script).succeeds(), "");
    let verified = "300 lines in 3 files of records, and 8 rollups\neverything is as it should be\n";
    assert_eq!(place.sh(&format!("{STORE} verify")).succeeds(), verified);
    assert_eq!(place.sh(&format!("{STORE} compact")).succeeds(), "nothing to do\n");
}

#[test]
fn damage_is_named_with_what_to_do_about_it() {
    let place = place();
    place.sh(&format!("{STORE} compact --quiet")).succeeds();
    let script = "cd .github-pm
        truncate -s -5 records/2024-01-30.ndjson.zst
        echo '{\"half' > records/2024-03-01.ndjson
        touch records/2024-01-31.ndjson.zst.new";
    place.sh(script).succeeds();
    let outcome = place.sh(&format!("{STORE} verify"));
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(4), ""));
    for line in [
        "! records/2024-01-31.ndjson.zst.new: was left by a compaction that was interrupted",
        "✗ records/2024-01-30.ndjson.zst: cannot be read to its end: incomplete zstd stream",
        "! records/2024-03-01.ndjson: line 1 is no record: ",
        "! rollups/day/2024-01-30.ndjson.zst: was made from other records",
        "    → `github-pm performance store compact` sees to it",
    ] {
        assert!(outcome.stdout.contains(line), "{line} is not in {}", outcome.stdout);
    }
}

#[test]
fn what_goes_is_said_before_it_goes_and_is_still_in_reports_of_days() {
    let place = place();
    place.sh(&format!("{STORE} compact --quiet")).succeeds();
    place.write(".github-pm/config.yml", "store: { keep_days: 30, keep_rollups_days: null }\n");
    let before = files(&place);
    let would = place.sh(&format!("{STORE} prune --dry-run")).succeeds();
    assert_eq!(files(&place), before);
    let did = place.sh(&format!("{STORE} prune")).succeeds();
    assert_eq!(would.replace("would remove", "removed"), did);
    assert_eq!(did.lines().count(), 3);
    assert!(did.starts_with("removed records/2024-01-30.ndjson.zst  "), "{did}");
    assert!(!files(&place).contains("records/"), "{}", files(&place));
    assert!(files(&place).contains("rollups/day/2024-01-30.ndjson.zst"), "{}", files(&place));
}

#[test]
fn a_store_is_counted_for_people() {
    let place = place();
    let open = place.sh(STORE).succeeds();
    assert!(open.contains("days            3 days, 2024-01-30 to 2024-02-01\n"), "{open}");
    assert!(open.contains("plain           3 files, "), "{open}");
    place.sh(&format!("{STORE} compact --quiet")).succeeds();
    let closed =
        place.sh(&format!("cd / && {STORE} stat --store {}", place.path().join(".github-pm").display()));
    assert!(closed.succeeds().contains("compressed      3 files, "));
}

#[test]
fn only_one_compaction_runs_and_another_says_so() {
    let place = place();
    let script = format!("mkdir -p .github-pm/run; flock .github-pm/run/compact.lock {STORE} compact");
    let Outcome { stdout, stderr, code, .. } = place.sh(&script);
    assert_eq!((stdout.as_str(), code), ("", Some(0)));
    assert_eq!(stderr, "github-pm: another compaction is under way, and does what there is to do\n");
    assert!(files(&place).contains("records/2024-01-30.ndjson "), "{}", files(&place));
}

#[test]
fn explain_says_what_would_be_done_and_does_nothing() {
    let place = place();
    let before = place.sh("find .github-pm | sort").succeeds();
    for verb in ["compact", "prune", "prune --dry-run", "verify", "stat"] {
        let steps = place.sh(&format!("github-pm --explain performance store {verb}")).succeeds();
        assert!(!steps.is_empty() && steps.lines().all(|line| line.starts_with("# ")), "{steps}");
    }
    assert_eq!(place.sh("find .github-pm | sort").succeeds(), before);
}

/// Waits until the days before are compressed, which nobody else waits for.
#[track_caller]
fn wait_for_rollups(place: &Place) {
    for _ in 0..600 {
        if files(place).contains("rollups/month/2024-02.ndjson.zst") {
            return;
        }
        sleep(Duration::from_millis(50));
    }
    panic!("nobody made the rollups: {}", files(place));
}

#[test]
fn the_first_command_of_a_day_has_the_days_before_compacted_and_the_second_does_not() {
    let place = place();
    place.sh("pm-wrap --store -- true").succeeds();
    wait_for_rollups(&place);
    // Whoever compacts holds the lock until all is done.
    place
        .sh("flock .github-pm/run/compact.lock rm -r .github-pm/rollups && pm-wrap --store -- true")
        .succeeds();
    sleep(Duration::from_millis(300));
    assert!(!files(&place).contains("rollups"), "{}", files(&place));
}

#[test]
fn nothing_is_compacted_by_itself_where_the_settings_say_so() {
    let place = place();
    let settings = "store: { compact_daily: false, keep_days: null }\n";
    place.write(".github-pm/config.yml", settings);
    assert_eq!(place.sh(&format!("{STORE} compact --daily")).succeeds(), "");
    assert!(!files(&place).contains("zst"), "{}", files(&place));
    place.sh(&format!("{STORE} compact --quiet")).succeeds();
    assert!(files(&place).contains("zst"), "{}", files(&place));
}

#[test]
fn where_github_pm_is_not_installed_records_are_kept_as_they_are() {
    let place = place();
    place.sh(&format!("cp {}/pm-wrap . && ./pm-wrap --store -- true", programs().display())).succeeds();
    sleep(Duration::from_millis(300));
    assert!(!files(&place).contains("zst"), "{}", files(&place));
}

#[test]
fn a_new_store_is_left_to_its_first_command_alone() {
    let place = Place::new();
    place.sh("mkdir .github-pm && pm-wrap --store -- true").succeeds();
    assert_eq!(place.sh("ls .github-pm; ls .github-pm/run").succeeds(), "records\nrun\n");
}

#[test]
fn a_setting_that_is_misspelled_stops_everything_with_the_right_one() {
    let place = place();
    place.write(".github-pm/config.yml", "store: { kep_days: 1 }\n");
    let error = place.sh(&format!("{STORE} prune")).fails_with(2);
    assert!(error.contains("unknown key 'kep_days'") && error.contains("'keep_days'"), "{error}");
}
