//! The schemas of `docs/schema`: made from the types, kept by the programs, agreed to by the reader.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use jsonschema::Validator;
use pm_e2e::fake_github::{DEFAULT_TOKEN, FakeGithub, Setup};
use pm_e2e::harness::{Place, repository};
use pm_record::Record;
use serde_json::{Value, json};

/// The schemas as they are published, by kind.
pub(crate) struct Schemas(BTreeMap<String, Validator>);

impl Schemas {
    pub(crate) fn published() -> Self {
        let kinds = pm_record::schemas().into_iter().map(|(kind, _)| {
            let text = fs::read_to_string(file(kind)).unwrap_or_else(|error| panic!("{kind}: {error}"));
            let schema: Value = serde_json::from_str(&text).expect("a schema is JSON");
            let options = jsonschema::options().should_validate_formats(true);
            (kind.to_owned(), options.build(&schema).expect("a valid schema"))
        });
        Self(kinds.collect())
    }

    /// Why the schema of its kind refuses a record.
    fn refusal(&self, record: &Value) -> Option<String> {
        let kind = record.as_object().and_then(|envelope| envelope.keys().next()).expect("a kind");
        let schema = self.0.get(kind).unwrap_or_else(|| panic!("{kind} has no schema"));
        schema.iter_errors(record).next().map(|error| format!("{} at {}", error, error.instance_path()))
    }

    /// Demands that every line is a record of this kind, by its schema and to the reader.
    #[track_caller]
    pub(crate) fn demand(&self, kind: &str, lines: &str) {
        assert!(!lines.is_empty(), "there is no {kind}");
        for line in lines.lines() {
            let record: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"));
            assert_eq!(self.refusal(&record), None, "{line}");
            assert_eq!(Record::parse(line.as_bytes()).expect(line).kind(), kind);
        }
    }
}

fn file(kind: &str) -> PathBuf {
    repository().join("docs/schema").join(format!("{kind}.schema.json"))
}

fn documentation() -> String {
    fs::read_to_string(repository().join("docs/records.md")).expect("docs/records.md")
}

/// The example lines of `docs/records.md`.
fn documented() -> Vec<Value> {
    let text = documentation();
    let blocks = text.split("```json\n").skip(1).map(|rest| rest.split("```").next().unwrap_or_default());
    let lines = blocks.flat_map(str::lines).map(|line| serde_json::from_str(line).expect(line));
    lines.collect()
}

/// The specification's examples.
fn specified() -> Vec<Value> {
    let folder = repository().join("tests/fixtures/records");
    let read = |kind| fs::read_to_string(folder.join(format!("{kind}.json"))).expect("a fixture");
    let kinds = ["performance_metrics", "system_metrics", "api_monitoring"];
    kinds.iter().map(|kind| serde_json::from_str(&read(kind)).expect("JSON")).collect()
}

#[test]
fn every_published_schema_is_the_one_of_its_type() {
    let update = std::env::var_os("UPDATE_SCHEMAS").is_some_and(|value| value == "1");
    let mut expected = BTreeSet::new();
    for (kind, schema) in pm_record::schemas() {
        if update {
            let text = serde_json::to_string_pretty(&schema).expect("a schema");
            fs::write(file(kind), text + "\n").expect("the schema can be written");
        }
        let published = fs::read_to_string(file(kind)).unwrap_or_default();
        assert!(
            serde_json::from_str(&published).is_ok_and(|published: Value| published == schema),
            "docs/schema/{kind}.schema.json does not say what the type says: run `UPDATE_SCHEMAS=1 cargo test -p pm-e2e --test main every_published_schema`"
        );
        expected.insert(file(kind));
    }
    let folder = fs::read_dir(repository().join("docs/schema")).expect("docs/schema");
    let found: BTreeSet<_> = folder.map(|entry| entry.expect("an entry").path()).collect();
    assert_eq!(found, expected);
}

#[test]
fn what_pm_wrap_writes_keeps_to_its_schema() {
    let place = Place::new();
    let script = "
        run() { pm-wrap -o log.ndjson \"$@\" 2>/dev/null; }
        run -- true
        run -- sh -c 'exit 3'
        run -- sh -c 'kill -9 $$'
        run -- no-such-command
        run --name nightly --context task_count=87 --context 'words=\"a\" é' --context nothing= -- true";
    assert_eq!(place.sh(script).code, Some(0));
    let lines = place.read("log.ndjson");
    for status in ["success", "failure", "signaled", "not_started"] {
        assert!(lines.contains(&format!("\"status\":\"{status}\"")), "{lines}");
    }
    assert!(lines.contains("\"task_count\":87"), "{lines}");
    Schemas::published().demand("performance_metrics", &lines);
}

#[test]
fn what_pm_ratelimit_writes_keeps_to_its_schema() {
    let on = FakeGithub::start(Setup::default());
    let off = FakeGithub::start(Setup { limits_enabled: false, ..Setup::default() });
    let place = Place::new().with([("GH_TOKEN", DEFAULT_TOKEN)]);
    let script = format!(
        "pm-ratelimit --api-url {} --interval 1s --count 2; pm-ratelimit --api-url {} --once",
        on.url(),
        off.url()
    );
    let lines = place.sh(&script).succeeds();
    assert!(lines.contains("\"burn_per_minute\":") && lines.contains("\"limits_off\":true"), "{lines}");
    Schemas::published().demand("api_monitoring", &lines);
}

#[test]
fn what_pm_aggregate_writes_keeps_to_its_schemas() {
    let place = Place::new();
    let runs = (0..200).map(|run| {
        let record = json!({"performance_metrics": {
            "command": if run % 4 == 0 { "seldom" } else { "often" },
            "timestamp": format!("2024-12-06T{:02}:30:15.123Z", run % 24),
            "duration": {"total_ms": f64::from(run) * 1.375, "phases": {"fetch_ms": run}},
            "resource_usage": {"peak_memory_mb": 78.5},
            "github_api": {"requests_made": 15, "cache_hits": 8, "cache_misses": 7},
            "context": {"project_size": if run == 0 { json!(null) } else { json!("large") }},
            "machine": format!("m{}", run % 5),
            "exit_code": run % 2,
        }});
        format!("{record}\n")
    });
    place.write("runs.ndjson", runs.collect::<String>());
    let schemas = Schemas::published();
    for by in ["", "--by context.project_size,exit_code", "--window 1h"] {
        let summaries = place.sh(&format!("pm-aggregate {by} runs.ndjson")).succeeds();
        schemas.demand("performance_summary", &summaries);
        let partials = place.sh(&format!("pm-aggregate --partial {by} runs.ndjson")).succeeds();
        schemas.demand("performance_partial", &partials);
        assert!(partials.contains("\"values\":["), "{by}");
        assert!(by == "--window 1h" || partials.contains("\"histogram\":{"), "{by}");
    }
    let runs = (0..40_u32).map(|run| {
        let time = format!("2024-12-{:02}T10:00:00.000Z", 1 + run / 2);
        pm_e2e::harness::run_record("batch", &time, if run < 20 { 100 } else { 150 } + run % 5)
    });
    place.write("slower.ndjson", runs.collect::<String>());
    let compared = place.sh("pm-aggregate slower.ndjson --compare 2024-12-01..2024-12-10").succeeds();
    schemas.demand("performance_comparison", &compared);
    schemas.demand("performance_change", &place.sh("pm-aggregate slower.ndjson --changes").succeeds());
}

#[test]
fn what_pm_alert_writes_keeps_to_its_schema() {
    let place = Place::new();
    let rule =
        "alerts: { performance_degradation: { threshold_percentage: 50, consecutive_violations: 3 } }\n";
    place.write(".github-pm/alerts.yml", rule);
    let limits = "benchmarks: { commands: { batch: { max_acceptable_ms: 1 } } }\n";
    place.write(".github-pm/benchmarks.yml", limits);
    let fired = place.sh("pm-wrap --name batch -- sleep 0.01 | pm-alert 2>/dev/null").succeeds();
    assert!(fired.contains("\"state\":\"firing\""), "{fired}");
    let schemas = Schemas::published();
    schemas.demand("performance_alert", &fired);

    let later = pm_e2e::harness::run_record("batch", "2999-12-06T10:30:15.123Z", 0);
    place.write("later.ndjson", later);
    let resolved = place.sh("pm-alert later.ndjson 2>/dev/null").succeeds();
    assert!(resolved.contains("\"state\":\"resolved\""), "{resolved}");
    schemas.demand("performance_alert", &resolved);
}

#[test]
fn the_examples_of_the_specification_and_of_the_documentation_keep_to_their_schemas() {
    let schemas = Schemas::published();
    let documented = documented();
    for kind in schemas.0.keys() {
        assert!(documented.iter().any(|record| record.get(kind).is_some()), "records.md shows no {kind}");
    }
    for record in documented.into_iter().chain(specified()) {
        let kind = record.as_object().and_then(|envelope| envelope.keys().next()).expect("a kind");
        schemas.demand(kind, &record.to_string());
    }
}

#[test]
fn the_documentation_lists_the_fields_of_every_kind_and_no_others() {
    let text = documentation();
    for (kind, schema) in pm_record::schemas() {
        let (_, section) = text.split_once(&format!("\n## `{kind}`\n")).expect(kind);
        let section = section.split("\n## ").next().unwrap_or_default();
        let rows =
            section.lines().filter(|line| line.starts_with("| `")).filter_map(|row| row.split('|').nth(1));
        let listed: BTreeSet<_> =
            rows.flat_map(|names| names.split('`').skip(1).step_by(2)).map(anonymous).collect();
        let mut fields = BTreeSet::new();
        leaves(&schema["properties"][kind], "", &mut fields);
        // The same in every kind, and explained once.
        fields.remove("schema");
        assert_eq!(listed, fields, "{kind}");
    }
}

/// A path whose steps through maps have no names: `resources.<name>.limit` is `resources.*.limit`.
fn anonymous(path: &str) -> String {
    let steps: Vec<_> = path.split('.').map(|step| if step.starts_with('<') { "*" } else { step }).collect();
    steps.join(".")
}

/// The paths of all that holds no fields of its own.
fn leaves(schema: &Value, path: &str, found: &mut BTreeSet<String>) {
    let below = |step: &str| if path.is_empty() { step.to_owned() } else { format!("{path}.{step}") };
    if let Some(properties) = schema["properties"].as_object() {
        for (name, field) in properties {
            leaves(field, &below(name), found);
        }
    } else if schema["items"]["properties"].is_object() {
        leaves(&schema["items"], &format!("{path}[]"), found);
    } else if schema["additionalProperties"].is_object() {
        leaves(&schema["additionalProperties"], &below("*"), found);
    } else {
        found.insert(path.to_owned());
    }
}

#[test]
fn a_schema_refuses_what_is_no_record() {
    let good = json!({"performance_metrics": {
        "command": "x", "timestamp": "2024-12-06T10:30:15Z", "duration": {"total_ms": 1}, "newer": [1],
    }});
    let schemas = Schemas::published();
    assert_eq!(schemas.refusal(&good), None);
    let changes = [
        ("/performance_metrics/duration/total_ms", json!("1")),
        ("/performance_metrics/duration", json!({})),
        ("/performance_metrics/timestamp", json!("yesterday")),
        ("/performance_metrics/timestamp", json!("2024-13-06T10:30:15Z")),
        ("/performance_metrics/command", json!(null)),
        ("/performance_metrics", json!([])),
    ];
    for (place, value) in changes {
        let mut bad = good.clone();
        *bad.pointer_mut(place).expect(place) = value;
        assert!(schemas.refusal(&bad).is_some(), "{bad}");
    }
    let mut two_kinds = good;
    two_kinds["system_metrics"] = json!({"timestamp": "2024-12-06T10:30:15Z"});
    assert!(schemas.0.values().all(|schema| !schema.is_valid(&two_kinds)));
}

#[test]
fn a_schema_refuses_what_no_writer_may_write() {
    let schemas = Schemas::published();
    for (kind, field, value) in [
        ("performance_metrics", "schema", json!(2)),
        ("performance_metrics", "context", json!({"list": [1]})),
        (
            "performance_partial",
            "state",
            json!({"count": 1, "sum": "1e3", "sum_of_squares": "1", "min": 1, "max": 1}),
        ),
        ("performance_alert", "severity", json!("deafening")),
    ] {
        let example = documented().into_iter().find(|record| record.get(kind).is_some());
        let mut bad = example.expect("an example of each kind");
        bad[kind][field] = value;
        assert!(schemas.refusal(&bad).is_some(), "{bad}");
    }
}

#[test]
fn schemas_and_reader_agree_about_every_field_that_is_missing_null_or_of_another_type() {
    let schemas = Schemas::published();
    for record in documented().into_iter().chain(specified()) {
        for place in fields(&record, "").into_iter().skip(1) {
            let (parent, name) = place.rsplit_once('/').expect("a pointer");
            let mut missing = record.clone();
            missing.pointer_mut(parent).and_then(Value::as_object_mut).expect(parent).remove(name);
            let with = |value| {
                let mut changed = record.clone();
                *changed.pointer_mut(&place).expect(&place) = value;
                changed
            };
            for changed in [missing, with(json!(null))] {
                let read = Record::parse(changed.to_string().as_bytes());
                assert_eq!(schemas.refusal(&changed).is_none(), read.is_ok(), "{changed}: {read:?}");
            }
            for value in [json!("text"), json!(-7), json!(0.5), json!(true), json!([]), json!({})] {
                let changed = with(value);
                let read = Record::parse(changed.to_string().as_bytes());
                assert!(schemas.refusal(&changed).is_some() || read.is_ok(), "{changed}: {read:?}");
            }
        }
    }
}

/// The JSON pointers of every field of an object, at any depth.
fn fields(value: &Value, place: &str) -> Vec<String> {
    let Some(object) = value.as_object() else { return Vec::new() };
    let inner = object.iter().flat_map(|(name, value)| {
        // A pointer escapes what separates its steps; no field here has a name that needs it.
        let place = format!("{place}/{name}");
        let inside = fields(value, &place);
        std::iter::once(place).chain(inside)
    });
    inner.collect()
}
