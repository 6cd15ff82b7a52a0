//! The job of `scripts/fleet` on a real Spark of two executors, beside one run of `pm-aggregate`.

use std::fmt::Write as _;

use pm_e2e::harness::{Place, programs, repository};
use serde_json::{Value, json};

use super::{HOSTS, run};
use crate::export::python;

/// Days of two hosts as Spark meets them: plain, compressed by either, and with lines that are no records.
fn days(place: &Place) {
    let begin = chrono::DateTime::parse_from_rfc3339("2026-11-20T00:30:00Z").expect("a time").to_utc();
    for day in 0..3_i64 {
        for (number, (host, machine)) in HOSTS.iter().enumerate() {
            let mut text = String::new();
            for at in 0..400_u32 {
                let start = begin + chrono::TimeDelta::seconds(day * 86_400 + i64::from(at) * 180);
                let command = ["batch", "status", "größe"][(at % 3) as usize];
                let slower = if day == 2 { 150 } else { 0 };
                let millis = 100 + at * 7 % 50 + slower + 500 * u32::try_from(number).expect("few");
                text += &run(host, machine, command, start, millis);
            }
            // A day may end in a torn line, and a carriage return ends none.
            let _ = write!(text, "{{\"performance_metrics\":\r{{}}}}\n\n{{\"torn");
            let mut bytes = text.into_bytes();
            bytes.extend_from_slice(b"\xff\n{\"performance_metrics\":{\"command\":\"\xff\"");
            place.write(&format!("tree/host={host}/date=2026-11-{}/{day}.ndjson", 20 + day), bytes);
        }
    }
    let pack = "cd tree
        gzip host=one/date=2026-11-20/0.ndjson
        for day in 20 21; do mkdir -p ../s/records; cp host=two/date=2026-11-$day/*.ndjson ../s/records/2026-11-$day.ndjson; done
        github-pm performance store compact --quiet --store ../s
        for day in 20 21; do rm host=two/date=2026-11-$day/*; cp ../s/records/2026-11-$day.ndjson.zst host=two/date=2026-11-$day/; done
        touch host=two/date=2026-11-21/.unfinished.ndjson.zst.new";
    place.write("s/config.yml", "store: { keep_days: null }\n");
    place.sh(pack).succeeds();
}

/// The programs that are shipped. They take their time where somebody is to be killed meanwhile, and say that they do.
fn shipped(place: &Place) {
    let flag = place.path();
    for tool in ["pm-aggregate", "pm-alert"] {
        let (flag, program) = (flag.display(), programs().join(tool));
        let slow = format!("if [ -e '{flag}/be-slow' ]; then : > '{flag}/slow'; sleep 1; fi");
        place.script(&format!("programs/{tool}"), &format!("{slow}\nexec '{}' \"$@\"", program.display()));
    }
}

fn case(place: &Place, name: &str, args: &str, kill: bool) -> Value {
    let expected = format!("{name}.expected");
    // A glob sorts the files as the job does.
    let _ = place.sh(&format!("pm-aggregate {args} $(find tree -name '[0-9]*' | sort) > '{expected}'"));
    assert!(!place.read(&expected).is_empty(), "{args} has an answer");
    let args = args.split(' ').filter(|word| !word.is_empty()).map(|word| word.replace('\'', ""));
    let cut = (name == "lines").then(|| "--whole-below=0".to_owned());
    let args: Vec<_> = args.chain(cut).chain(["tree".to_owned()]).collect();
    json!({"name": name, "args": args, "expected": expected, "kill": kill})
}

#[test]
fn spark_says_what_one_run_says_whoever_is_killed_and_a_tool_that_fails_has_the_word() {
    let place = Place::new().with([
        ("SPARK_LOCAL_IP", "127.0.0.1"),
        ("SPARK_LOCAL_HOSTNAME", "localhost"),
        ("PYSPARK_PYTHON", python().to_str().expect("a path")),
    ]);
    days(&place);
    shipped(&place);
    place.write("damaged/x.ndjson.zst", b"\x28\xb5\x2f\xfd\x24\x05");
    // A worker's own store has no say: here whoever asks it fails.
    place.write("home/.local/state/github-pm/alerts.yml", "alerts: { never_heard_of: {} }\n");
    place.sh("mkdir named empty; cat tree/host=one/date=2026-11-2[12]/* > named/runs.log").succeeds();
    place.write("named/deep.ndjson", format!("{}\n{{\"torn\n", "[".repeat(100_000)));
    // Files go whole, or cut into lines where they are long.
    let mut cases = vec![
        case(&place, "lines", "--by=command,host", false),
        case(&place, "killed", "--by=command,host --window=1h", true),
        case(&place, "metrics", "--metric=all --where=machine=aaaaaaaaaaaa --since=2026-11-21", false),
        case(&place, "compared", "--compare=2026-11-20 --current=2026-11-22", false),
        case(&place, "compared since", "--compare=2026-11-20 --since=2026-11-22T06:00:00Z", false),
        case(&place, "labels", "--compare=host=one --across-machines", false),
        case(&place, "changes", "--changes", false),
    ];
    for (name, flags) in [("named", "--by=host"), ("named changes", "--changes")] {
        place.sh(&format!("pm-aggregate {flags} named/runs.log > '{name}.expected' 2> skipped")).succeeds();
        let args = [flags, "named/runs.log", "named"];
        cases.push(json!({"name": name, "args": args, "expected": format!("{name}.expected")}));
    }
    place.sh("pm-aggregate named/deep.ndjson > 'left out.expected' 2> skipped").succeeds();
    cases.push(json!({"name": "left out", "args": ["named"], "expected": "left out.expected"}));
    for (name, args) in [
        ("refused", "--window=never tree"),
        ("refused at last", "--compare=never tree"),
        ("half an hour", "--compare=2026-11-20 --since=2026-11-22T06:30:00Z tree"),
        ("two at once", "--partial --compare=2026-11-20 tree"),
        ("damaged", "damaged"),
        ("damaged changes", "--changes damaged"),
        ("nowhere", "nowhere"),
        ("empty", "empty"),
        ("other names", "named/runs.*"),
    ] {
        cases.push(json!({"name": name, "args": args.split(' ').collect::<Vec<_>>()}));
    }
    place.write("cases.json", Value::from(cases).to_string());
    let job = repository().join("scripts/fleet/aggregate.py");
    let script = repository().join("tests/fixtures/on_spark.py");
    let mut command = place.command(python());
    let outcome = place.run(command.arg(script).arg(job).args(["programs", "cases.json"]));
    let said: Vec<Value> =
        outcome.stdout.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let found = |name: &str| {
        let found = said.iter().find(|case| case["name"] == name);
        found.unwrap_or_else(|| panic!("{name} is not in {}{}", outcome.stdout, outcome.stderr))
    };
    let verdict = |name: &str| found(name)["verdict"].as_str().expect("words").to_owned();
    assert_eq!(verdict("killed"), "ok, 1 killed", "{}", outcome.stderr);
    for name in [
        "lines",
        "metrics",
        "compared",
        "compared since",
        "labels",
        "changes",
        "named",
        "named changes",
        "left out",
    ] {
        assert_eq!(verdict(name), "ok", "{name}: {}", outcome.stderr);
    }
    for (name, words) in [
        ("refused", "failed: pm-aggregate: invalid value 'never' for '--window <LENGTH>'"),
        ("refused at last", "failed: pm-aggregate: cannot read 'never': "),
        ("half an hour", "not cut where --since and --until cut\n  hint: give times in whole hours"),
        ("two at once", "status 2"),
        ("damaged", "/damaged/x.ndjson.zst: pm-aggregate: "),
        ("damaged changes", "/damaged/x.ndjson.zst: pm-alert: "),
        ("empty", "failed: there is no file of records at empty\n  hint: "),
        ("other names", "failed: there is no file of records at named/runs.*\n  hint: "),
        ("nowhere", "failed: [PATH_NOT_FOUND]"),
    ] {
        assert!(verdict(name).contains(words), "{name}: {}", verdict(name));
    }
    // Whatever is not read is told.
    for (name, words) in [
        ("changes", "/tree/host=two/date=2026-11-22/2.ndjson: lines skipped that are no records: 3"),
        ("changes", "/tree/host=one/date=2026-11-20/0.ndjson.gz: pm-alert: 3 of "),
        ("left out", "fleet: files left out for their names: 1; first: file:"),
        ("named changes", "/named/deep.ndjson: lines skipped that are no records: 2"),
    ] {
        let said = found(name)["said"].to_string();
        assert!(said.contains(words), "{name}: {said}");
    }
}
