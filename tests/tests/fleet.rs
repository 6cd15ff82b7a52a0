//! Beyond one machine: what many hosts have recorded, in one answer.

mod engines;
mod spark;
mod ssh;
mod streams;

use chrono::{DateTime, TimeDelta, Utc};
use pm_e2e::harness::Place;

/// The hosts and the kinds of their machines.
pub(crate) const HOSTS: [(&str, &str); 2] = [("one", "aaaaaaaaaaaa"), ("two", "bbbbbbbbbbbb")];

/// A run on a host.
pub(crate) fn run(host: &str, machine: &str, command: &str, start: DateTime<Utc>, millis: u32) -> String {
    let time = start.format("%Y-%m-%dT%H:%M:%S%.3fZ");
    format!(
        "{{\"performance_metrics\":{{\"schema\":1,\"command\":\"{command}\",\"timestamp\":\"{time}\",\"duration\":{{\"total_ms\":{millis}}},\"exit_code\":0,\"status\":\"success\",\"host\":\"{host}\",\"machine\":\"{machine}\"}}}}\n"
    )
}

/// Two hundred runs of two commands on the host of this number, spread over a day that ended two days ago.
fn runs_of(number: usize) -> (String, String) {
    let (host, machine) = HOSTS[number];
    let day = (Utc::now() - TimeDelta::days(3)).date_naive();
    let begin = day.and_hms_opt(1, 0, 0).expect("a time").and_utc();
    let base = 100 + 900 * u32::try_from(number).expect("few");
    let one = |at: u32| {
        let start = begin + TimeDelta::minutes(i64::from(at) * 5);
        run(host, machine, if at.is_multiple_of(4) { "batch" } else { "status" }, start, base + at)
    };
    (day.to_string(), (0..200).map(one).collect())
}

/// A store for each host, closed, and one that holds what all of them hold.
fn stores() -> Place {
    let place = Place::new();
    let mut all = String::new();
    for (number, (host, _)) in HOSTS.iter().enumerate() {
        let (day, runs) = runs_of(number);
        all.push_str(&runs);
        place.write(&format!("{host}/records/{day}.ndjson"), runs);
        place.write(&format!("all/records/{day}.ndjson"), &all);
        place.sh(&format!("github-pm performance store compact --quiet --store {host}")).succeeds();
    }
    place.sh("mkdir tree").succeeds();
    place
}

fn ship(place: &Place) {
    for (host, _) in HOSTS {
        let ship = format!("github-pm performance store ship --store {host} --to tree --host {host}");
        place.sh(&ship).succeeds();
    }
}

#[test]
fn what_is_shipped_is_said_and_going_on_ships_nothing_twice() {
    let place = stores();
    let ship = "github-pm performance store ship --store one --to tree --host one";
    let first = place.sh(ship).succeeds();
    assert!(first.starts_with("1 file shipped ("), "{first}");
    let today = Utc::now().date_naive();
    place.write(&format!("one/records/{today}.ndjson"), runs_of(0).1);
    let again = place.sh(ship).succeeds();
    assert!(again.starts_with("nothing shipped, 1 file there already ("), "{again}");
    assert!(again.ends_with("), 1 file still written to\n"), "{again}");

    place.sh("for file in tree/host=one/*/*; do printf x | dd of=$file bs=1 seek=40 conv=notrunc status=none; done").succeeds();
    let mended = place.sh(&format!("{ship} --verify")).succeeds();
    assert!(mended.contains(": was damaged, and has been replaced\n"), "{mended}");
    place.sh("printf x >> $(ls tree/host=one/*/*); rm one/records/*.zst").succeeds();
    let damaged = place.sh(&format!("{ship} --verify"));
    assert_eq!((damaged.code, damaged.stderr.as_str()), (Some(4), ""));
    assert!(
        damaged.stdout.contains("is damaged, and this store has no original of it\n"),
        "{}",
        damaged.stdout
    );

    let error = place.sh(&ship.replace("--host one", "--host a/b")).fails_with(2);
    assert!(error.contains("'a/b' cannot stand for a host in the name of a folder"), "{error}");
    let error = place.sh("github-pm performance store ship --store one --to mnt").fails_with(4);
    assert!(error.contains("there is no such folder, or nothing is mounted there yet\n  hint: "), "{error}");
}

#[test]
fn a_report_from_a_tree_is_the_report_of_a_store_that_holds_it_all() {
    let place = stores();
    ship(&place);
    let report = |flags: &str| {
        let report = place.sh(&format!("github-pm performance report --timeframe week {flags}")).succeeds();
        // The title says which folder it is.
        let (_, rest) = report.split_once('\n').expect("a title");
        rest.to_owned()
    };
    for form in ["terminal", "markdown"] {
        let asked = format!("--as {form} --from tree --across-machines");
        assert_eq!(report(&asked), report(&format!("--as {form} --from all --by command")));
    }
    let apart = report("--from tree");
    assert!(HOSTS.iter().all(|(_, machine)| apart.contains(machine)), "{apart}");
    assert_eq!(apart, report("--from all"));
    let hosts = report("--from tree --by host");
    assert!(HOSTS.iter().all(|(host, _)| hosts.contains(host)), "{hosts}");
}

#[test]
fn every_reader_of_a_store_reads_a_tree() {
    let place = stores();
    ship(&place);
    for tool in [
        "pm-aggregate --by command,host --window 1h",
        "pm-aggregate --changes",
        "pm-aggregate --top 2",
        "pm-report --as evidence",
        "pm-export",
    ] {
        let of = |store: &str| place.sh(&format!("{tool} --store={store}")).succeeds();
        assert_eq!(of("tree"), of("all"), "{tool}");
    }
    let compared = place.sh("github-pm performance compare --from tree --baseline '5 days ago..2 days ago'");
    assert_eq!(compared.code, Some(0), "{}", compared.stderr);
    let analyzed = place.sh("github-pm performance analyze --from tree --machine aaaaaaaaaaaa").succeeds();
    assert!(analyzed.contains("batch") && analyzed.contains("50 runs"), "{analyzed}");
}

#[test]
fn what_comes_through_a_pipe_is_reported_with_the_hosts_that_said_nothing() {
    let place = stores();
    let alert = r#"{"performance_alert":{"type":"host_silent","threshold_exceeded":"three answers within 60s","current_value":"none","severity":"critical","state":"firing"}}"#;
    place.write("silent.ndjson", format!("{alert}\n"));
    let parts = "for host in one two; do pm-aggregate --partial --by command,machine --store=$host; done; cat silent.ndjson";
    let report = |flags: &str| {
        place.sh(&format!("{{ {parts}; }} | github-pm performance report --from - {flags}")).succeeds()
    };
    let apart = report("");
    assert!(HOSTS.iter().all(|(_, machine)| apart.contains(machine)), "{apart}");
    assert!(apart.contains("host silent") && apart.contains("three answers within 60s"), "{apart}");
    let together = report("--across-machines");
    assert!(!together.contains("aaaaaaaaaaaa"), "{together}");
    let explained = place.sh("github-pm --explain performance report --from -").succeeds();
    let run = place.sh(&format!("{{ {parts}; }} | {{ {explained} }}")).succeeds();
    assert_eq!(run, apart);
}
