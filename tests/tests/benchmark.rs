//! `github-pm performance benchmark` with real programs: what runs, what is found, what is left behind.

use std::io::Read;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use pm_e2e::harness::{Outcome, Place, programs};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use serde_json::{Value, json};

/// A place with a trusted store, and a host command in a repository of two versions: in the second `changed` takes
/// half as long again, and everything else is as it was.
fn place() -> Place {
    let place = Place::new();
    let path = format!("{}:{}:/usr/bin:/bin", programs().display(), place.path().join("bin").display());
    let place = place.with([("PATH", path)]);
    place.script("repo/gh-pm", &host("1.0.0", "0.10"));
    let script = "cd repo && git init -q . && git config user.name x && git config user.email x@example.org
        git add -A && git commit -qm one && git tag v1.0.0";
    place.sh(script).succeeds();
    place.script("repo/gh-pm", &host("2.0.0", "0.15"));
    place.write(".github-pm/config.yml", "cli: repo/gh-pm\n");
    place.write(".github-pm/benchmarks.yml", COMMANDS);
    place.sh("cd repo && git commit -qam two; cd .. && github-pm performance trust > trusted").succeeds();
    place
}

/// A host command that notes what it is asked for.
fn host(version: &str, seconds: &str) -> String {
    format!(
        "case $1 in
            --version) echo 'gh-pm {version}'; exit;;
            changed) sleep {seconds};;
            neighbor) sleep 0.2;;
            batch) : changes something;;
            status) ;;
            broken) exit 3;;
            *) exit 9;;
        esac
        [ -z \"$NOTES\" ] || echo \"$1\" >> \"$NOTES\""
    )
}

const COMMANDS: &str = "# What matters.
benchmarks:
  commands:
    status: { max_acceptable_ms: 10000 }
    changed: { safe: true }   # not yet known
    neighbor:
      safe: true
      # It sleeps.
      baseline_ms: 210
    batch: {}
    broken: { run: [repo/gh-pm, broken] }
";

fn document(outcome: &Outcome) -> Value {
    let document: Value = serde_json::from_str(&outcome.stdout).unwrap_or_else(|_| panic!("{outcome:?}"));
    document["benchmark_results"].clone()
}

/// The verdict about the time of a command.
fn status(results: &Value, command: &str) -> String {
    let changes = results["regression_analysis"]["performance_changes"].as_array().expect("changes");
    let change = changes.iter().find(|change| change["command"] == command);
    change.unwrap_or_else(|| panic!("{command}: {results}"))["status"].as_str().expect("a word").to_owned()
}

#[test]
fn against_a_revision_the_changed_command_is_found_and_its_neighbor_is_not() {
    let place = place();
    let benchmark = "github-pm performance benchmark --commands changed,neighbor --iterations 12 --against v1.0.0 \
        --as json --exit-code 2> words";
    // On a busy machine the control may say that nobody can tell now. Whoever asks again is told in the end; the
    // neighbor is never said to have changed, unless a whole set of runs was unlucky.
    let found = (0..6).find_map(|_| {
        let outcome = place.sh(benchmark);
        let results = document(&outcome);
        let both = (status(&results, "changed"), status(&results, "neighbor"));
        (both.0 == "regressed" && !matches!(&*both.1, "regressed" | "improved")).then_some((outcome, results))
    });
    let (outcome, results) = found.unwrap_or_else(|| panic!("never certain: {}", place.read("words")));
    assert_eq!(outcome.code, Some(1));
    assert_eq!(
        (&results["cli_version"], &results["regression_analysis"]["compared_with"]),
        (&json!("2.0.0"), &json!("v1.0.0"))
    );
    let change = &results["regression_analysis"]["performance_changes"][0];
    assert!(change["change_percentage"].as_f64().is_some_and(|change| change > 20.0), "{change}");
    for result in results["command_results"]
        .as_array()
        .expect("two")
        .iter()
        .chain(results["baseline_results"].as_array().expect("two"))
    {
        assert_eq!(
            (&result["iterations"], result["times_ms"].as_array().map(Vec::len)),
            (&json!(12), Some(12))
        );
        assert!(result["first_ms"].is_number(), "{result}");
    }
    assert!(results["regression_analysis"]["control"]["status"].is_string(), "{results}");
    // What was checked out is gone, and git knows nothing of it any more.
    assert_eq!(place.sh("git -C repo worktree list | wc -l").stdout.trim(), "1");
    assert_eq!(left_behind(&place), Vec::<String>::new());
}

/// What is left in the folder for temporary files.
fn left_behind(place: &Place) -> Vec<String> {
    let folder = std::fs::read_dir(place.path().parent().expect("a folder above")).expect("a folder");
    let names = folder.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
    names.filter(|name| name.starts_with("github-pm")).collect()
}

#[test]
fn only_what_is_safe_runs_unasked_and_the_rest_is_listed_with_its_words() {
    let place = place().with([("NOTES", "notes")]);
    let outcome = place.sh("github-pm performance benchmark --iterations 1 --no-control --as json");
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    let gh = place.path().join("repo/gh-pm");
    let held_back = format!(
        "github-pm: not run, because nobody has said that they may: 'batch' (`{0} batch`), 'broken' (`{0} broken`)\n  hint: add `--yes`",
        gh.display()
    );
    assert!(outcome.stderr.starts_with(&held_back), "{}", outcome.stderr);
    assert_eq!(place.sh("sort notes | uniq -c | tr -s ' '").stdout, " 2 changed\n 2 neighbor\n 2 status\n");
    let refused = place.sh("github-pm performance benchmark --commands batch").fails_with(2);
    assert!(refused.starts_with("github-pm: nothing runs: nobody has said that 'batch' ("), "{refused}");
    let unknown = place.sh("github-pm performance benchmark --commands changd").fails_with(2);
    assert!(unknown.ends_with("hint: did you mean `--commands changed`?\n"), "{unknown}");
    assert!(!place.read("notes").contains("batch"));
    place
        .sh("github-pm performance benchmark --commands batch --yes --iterations 2 --warmup 1 > page")
        .succeeds();
    assert_eq!(place.sh("grep -c batch notes").stdout.trim(), "4");
}

#[test]
fn a_store_that_is_not_trusted_says_nothing_of_what_runs() {
    let place = place().with([("NOTES", "notes")]);
    place.sh("sed -i s/neighbor:/neighbour:/ .github-pm/benchmarks.yml").succeeds();
    let refused = place.sh("github-pm performance benchmark").fails_with(2);
    assert!(
        refused.contains("says what to run, and you have not trusted its store\n  hint: look at"),
        "{refused}"
    );
    assert!(!place.path().join("notes").exists());
    // What the host command is, is another question, and was answered before.
    place.sh("github-pm performance benchmark --commands status --iterations 1 > page").succeeds();
    let explained = place.sh("github-pm --explain performance trust").succeeds();
    assert!(explained.contains("#   benchmark \"broken\": [\"repo/gh-pm\", \"broken\"]\n"), "{explained}");
    let doctor = place.sh("github-pm performance doctor").stdout;
    assert!(doctor.contains("what benchmarks.yml names is not run: you have not trusted it"), "{doctor}");
    assert!(doctor.contains("may start 'repo/gh-pm'"), "{doctor}");
    let trusted =
        "github-pm performance trust > trusted; github-pm performance benchmark --iterations 1 > page";
    assert!(!place.sh(trusted).stderr.contains("trusted"));
}

#[test]
fn what_was_measured_stays_out_of_reports_comparisons_changes_and_alerts() {
    let place = place();
    place.write(
        ".github-pm/benchmarks.yml",
        "benchmarks: { commands: { status: { baseline_ms: 0.001, max_acceptable_ms: 0.002 } } }\n",
    );
    place.sh("github-pm performance benchmark --iterations 6 > page").succeeds();
    let records = place.sh("cat .github-pm/records/*.ndjson").succeeds();
    assert_eq!(records.matches("\"purpose\":\"benchmark\"").count(), 14, "{records}");
    let report = place.sh("github-pm performance report").succeeds();
    assert!(report.contains("no runs were recorded"), "{report}");
    let silent = [
        "pm-aggregate --store",
        "pm-aggregate --store --partial",
        "pm-aggregate --store --changes",
        "pm-aggregate --store --changes --window 1d",
        "pm-aggregate --store --compare benchmarks.yml 2>/dev/null",
        "pm-aggregate --store --compare 2000-01-01 2>/dev/null",
        "pm-alert --store --replay 2>/dev/null",
    ];
    for question in silent {
        assert_eq!(place.sh(question).stdout, "", "{question}");
    }
    // Nor does a rollup have them, by which later reports are answered.
    let log = place
        .sh("cat .github-pm/records/*.ndjson > log.ndjson; pm-aggregate --partial --window 1d log.ndjson");
    assert_eq!(log.stdout, "");
    assert!(log.stderr.contains("left out: 14; --where context.purpose=benchmark asks"), "{}", log.stderr);
    for asked in [
        "pm-aggregate --store --where context.purpose=benchmark",
        "pm-aggregate log.ndjson --by command,context.purpose",
        "pm-aggregate --store --compare benchmarks.yml --where context.purpose=benchmark",
    ] {
        assert_eq!(place.sh(asked).succeeds().lines().count(), 1, "{asked}");
    }
}

#[test]
fn new_baselines_are_written_and_everything_else_of_the_file_stays() {
    let place = place();
    let outcome = place.sh("github-pm performance benchmark --commands changed,neighbor --iterations 3 --save-baseline --as json");
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert!(outcome.stderr.contains("the baselines of 2 commands are saved in "), "{}", outcome.stderr);
    let text = place.read(".github-pm/benchmarks.yml");
    let kept: Vec<_> = text.lines().filter(|line| !line.contains("baseline")).collect();
    let expected: Vec<_> = COMMANDS
        .lines()
        .filter(|line| !line.contains("baseline"))
        .filter(|line| !line.contains("changed:"))
        .collect();
    assert_eq!(kept, expected);
    assert!(
        text.contains("    changed: { baseline_ms: ") && text.contains(", safe: true }   # not yet known\n"),
        "{text}"
    );
    assert!(
        text.contains("  baseline: { date: \"20") && text.contains("cli_version: \"2.0.0\" }\n"),
        "{text}"
    );
    let median = document(&outcome)["command_results"][1]["median_ms"].as_f64().expect("a median");
    assert!(text.contains(&format!("      baseline_ms: {median:.0}\n")), "{median}: {text}");
    // They are what the next benchmark is compared with, and what was trusted has not changed.
    let results = document(&place.sh("github-pm performance benchmark --commands neighbor --as json"));
    assert!(results["command_results"][0]["performance_rating"].is_null());
    assert_eq!(results["regression_analysis"]["compared_with"], "benchmarks.yml");
}

#[test]
fn results_are_written_to_files_that_are_read_again() {
    let place = place();
    let files = "--output results.json --export hyperfine.json";
    let benchmark = "github-pm performance benchmark --commands neighbor --iterations 6 --no-control";
    let page = place.sh(&format!("{benchmark} {files}")).succeeds();
    assert!(page.starts_with("Benchmark\n") && page.contains("\nneighbor     6  "), "{page}");
    assert_eq!(place.sh("pm-report --title Benchmark results.json").succeeds(), page);
    let results: Value = serde_json::from_str(&place.read("results.json")).expect("JSON");
    let times = &results["benchmark_results"]["command_results"][0]["times_ms"];
    let exported: Value = serde_json::from_str(&place.read("hyperfine.json")).expect("JSON");
    let seconds: Vec<_> =
        times.as_array().expect("six").iter().map(|ms| ms.as_f64().expect("a time") / 1000.0).collect();
    let read = exported["results"][0]["times"].as_array().expect("six").iter();
    assert!(read.zip(&seconds).all(|(one, other)| (one.as_f64().expect("a time") - other).abs() < 1e-9));
    for file in ["results.json", "hyperfine.json"] {
        let again = place.sh(&format!("{benchmark} --against {file} --as json"));
        assert_eq!((again.stderr.as_str(), again.code), ("", Some(0)));
        let analysis = &document(&again)["regression_analysis"];
        assert_eq!(
            (&analysis["compared_with"], &analysis["performance_changes"][0]["baseline"]["count"]),
            (&json!(file), &json!(6))
        );
    }
    assert!(
        place
            .sh(&format!("{benchmark} --output no/such/folder > page"))
            .fails_with(4)
            .contains("cannot write '")
    );
}

#[test]
fn the_same_command_is_compared_with_any_other() {
    let place = place();
    place.write(
        ".github-pm/benchmarks.yml",
        "benchmarks: { commands: { snooze: { run: [sleep, 0.10], safe: true }, status: {} } }\n",
    );
    place.write("empty.json", "{}");
    place.sh("github-pm performance trust > trusted").succeeds();
    let benchmark = "github-pm performance benchmark --commands snooze --as json";
    let found = (0..6).any(|_| {
        let results = document(&place.sh(&format!("{benchmark} --against 'sleep 0.15'")));
        assert_eq!(results["baseline_results"][0]["command"], "snooze");
        status(&results, "snooze") == "improved"
    });
    assert!(found, "0.10 seconds are never said to be less than 0.15");
    for (against, words) in [
        ("'sleep 0.15' --commands snooze,status", "stands against one command, and 2 are chosen"),
        ("no-such-thing", "is no file of results, no revision of the host command, and no program"),
        ("empty.json", "empty.json' says of no command how long it takes\n  hint: make one with `"),
    ] {
        let refused = place.sh(&format!("{benchmark} --against {against}")).fails_with(2);
        assert!(refused.contains(words), "{refused}");
    }
}

/// Starts a benchmark in a group of its own, as a shell does, and waits until it has run some.
fn started(place: &Place, args: &[&str]) -> std::process::Child {
    let mut command: Command = place.command("github-pm");
    command.args(["performance", "benchmark"]).args(args).process_group(0);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("github-pm starts");
    let notes = place.path().join("notes");
    let ran = || std::fs::read_to_string(&notes).map_or(0, |notes| notes.lines().count());
    // A minute at most.
    let enough = (0..6_000).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(10));
        ran() >= 8
    });
    assert!(enough, "after a minute {} have run", ran());
    child
}

/// What it wrote, and the signal that ended it.
fn ended(mut child: std::process::Child) -> Outcome {
    use std::os::unix::process::ExitStatusExt;
    let (mut stdout, mut stderr) = (String::new(), String::new());
    child.stdout.take().expect("piped").read_to_string(&mut stdout).expect("text");
    child.stderr.take().expect("piped").read_to_string(&mut stderr).expect("text");
    let status = child.wait().expect("it ends");
    Outcome { stdout, stderr, code: status.code(), signal: status.signal() }
}

#[test]
fn interrupted_it_tells_what_was_measured_and_leaves_nothing_behind() {
    let place = place().with([("NOTES", "notes")]);
    let args = [
        "--commands",
        "changed",
        "--iterations",
        "1000",
        "--against",
        "v1.0.0",
        "--as",
        "json",
        "--save-baseline",
    ];
    for signal in [Signal::INT, Signal::TERM] {
        let child = started(&place, &args);
        let pid = Pid::from_child(&child);
        // ^C reaches the whole group, `kill` only the one that it names.
        if signal == Signal::INT { kill_process_group(pid, signal) } else { kill_process(pid, signal) }
            .expect("a signal");
        let outcome = ended(child);
        assert_eq!(outcome.signal, Some(signal.as_raw()), "{outcome:?}");
        assert!(
            outcome.stderr.contains("github-pm: interrupted after ")
                && outcome.stderr.contains(" of 3003 runs\n"),
            "{}",
            outcome.stderr
        );
        assert!(outcome.stderr.contains("no baseline is saved"), "{}", outcome.stderr);
        let iterations = document(&outcome)["command_results"][0]["iterations"].as_u64().expect("a number");
        assert!((1..1000).contains(&iterations), "{outcome:?}");
        assert_eq!(place.sh("git -C repo worktree list | wc -l").stdout.trim(), "1");
        assert_eq!(left_behind(&place), Vec::<String>::new());
        place.sh("rm notes").succeeds();
    }
    assert_eq!(place.read(".github-pm/benchmarks.yml"), COMMANDS);
}

#[test]
fn a_run_that_fails_ends_it_unless_such_runs_count() {
    let place = place();
    let benchmark = "github-pm performance benchmark --commands broken --yes --iterations 3 --as json";
    let stderr = place.sh(benchmark).fails_with(4);
    assert!(
        stderr.contains("'broken' failed (status 3), and so the benchmark ended\n  hint: see why with `"),
        "{stderr}"
    );
    let results = document(&place.sh(&format!("{benchmark} --ignore-failure")));
    let result = &results["command_results"][0];
    assert_eq!((&result["failures"], &result["exit_codes"]), (&json!(3), &json!([3, 3, 3])));
    let stderr = place.sh(&format!("{benchmark} --ignore-failure --prepare 'exit 7'")).fails_with(4);
    assert!(stderr.contains("--prepare failed (exit status: 7)"), "{stderr}");
    let slow = "github-pm performance benchmark --commands neighbor --timeout 20ms --iterations 1";
    assert!(place.sh(slow).fails_with(4).contains("'neighbor' failed (--timeout)"));
}

#[test]
fn on_a_terminal_a_bar_says_how_far_it_is_and_how_long_it_will_take() {
    let place = place();
    let benchmark = "github-pm performance benchmark --commands changed --iterations 2 --no-control";
    let seen = place.sh(&format!("script -qec '{benchmark}' /dev/null < /dev/null")).succeeds();
    for turn in
        ["[------------------------] 0/3  changed\x1b[K", "[########----------------] 1/3  changed · "]
    {
        assert!(seen.contains(turn), "{turn}: {seen:?}");
    }
    assert!(seen.contains(" left\x1b[K\r"), "{seen:?}");
    let page = seen.rsplit("\r\x1b[K").next().unwrap_or_default();
    assert!(page.contains("Benchmark") && page.contains("changed     2  "), "{page:?}");
    // Nobody else sees it.
    let outcome = place.sh(benchmark);
    assert!(!outcome.stderr.contains('['), "{}", outcome.stderr);
}

#[test]
fn something_is_prepared_before_every_run() {
    let place = place();
    let outcome = place.sh("github-pm performance benchmark --commands status --iterations 3 --warmup 2 --prepare 'echo before >> prepared; echo not data' --as json");
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""));
    assert_eq!(document(&outcome)["command_results"][0]["iterations"], 3);
    assert_eq!(place.read("prepared").lines().count(), 6);
}

#[test]
fn what_explain_prints_runs_the_same_commands_and_gives_the_same_shapes() {
    let place = place().with([("NOTES", "notes")]);
    let verb = "performance benchmark --commands status,changed --iterations 2 --against v1.0.0 --as json --export h.json";
    let direct = document(&place.sh(&format!("github-pm {verb} 2>/dev/null")));
    let (ran, exported) = (place.read("notes"), place.read("h.json"));
    place.sh(&format!("rm notes h.json; github-pm --explain {verb} > script")).succeeds();
    assert!(!place.path().join("notes").exists(), "explaining runs nothing");
    let explained = document(&place.sh("sh script 2>/dev/null"));
    assert_eq!(place.read("notes"), ran);
    let shape = |value: &Value| {
        let mut names: Vec<_> =
            value["command_results"][0].as_object().expect("fields").keys().cloned().collect();
        names.extend(value.as_object().expect("fields").keys().cloned());
        // They depend on what was measured (the memory of a run that is over in a
        // moment is not always seen); the version is only asked for when it runs.
        let measured = ["outliers", "peak_memory_mb", "cli_version"];
        names.retain(|name| !measured.contains(&name.as_str()));
        names
    };
    assert_eq!(shape(&explained), shape(&direct));
    assert_eq!(place.read("h.json").lines().count(), exported.lines().count());
    assert_eq!(place.sh("git -C repo worktree list | wc -l").stdout.trim(), "1");
}

#[test]
fn the_quota_that_is_needed_is_said_before_anything_runs() {
    let place = place().with([("NOTES", "notes")]);
    let run = |day: u32| {
        let record = json!({"performance_metrics": {
            "command": "status", "timestamp": format!("2999-01-{day:02}T10:00:00.000Z"), "duration": {"total_ms": 5},
            "github_api": {"requests_made": 2, "graphql_points": 7},
        }});
        format!("{record}\n")
    };
    place.write(".github-pm/records/2999-01-01.ndjson", run(1) + &run(2));
    let outcome = place.sh("github-pm performance benchmark --commands status --iterations 9 --as json");
    let said = "these runs need about 70 of the graphql quota, as runs of the last 30 days did; how much is left is not known";
    assert!(outcome.stderr.contains(said), "{}", outcome.stderr);
    assert_eq!(outcome.code, Some(0));
}

#[test]
fn what_it_writes_keeps_to_its_schema() {
    let place = place();
    let lines = place.sh("github-pm performance benchmark --commands status,changed --iterations 6 --context task_count=200 --against v1.0.0 --as json 2>/dev/null").stdout;
    crate::schema::Schemas::published().demand("benchmark_results", &lines);
}
