//! Marks: what a command says of itself is recorded, and whatever it writes harms neither it nor us.

use std::os::unix::fs::FileTypeExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use pm_record::{PerformanceMetrics, Scalar, Thousandths};
use tempfile::TempDir;

use crate::script::{command, files, folder, read, wait_for_file, wrap, wrap_in};
use crate::{PM_WRAP, pm_wrap, run};

/// A function of the shell that makes a mark as the manual says.
const MARK: &str = r#"mark() { echo "$1" 1<>"${PM_MARKS:-/dev/null}"; }"#;

/// Runs a script that has `mark`, with `flags`; it must end well and quietly.
#[track_caller]
fn marked(flags: &[&str], script: &str) -> PerformanceMetrics {
    let ended = wrap(flags, &format!("{MARK}\n{script}"));
    ended.quietly(0);
    if !ended.run.duration.phases.is_empty() {
        adds_up(&ended.run);
    }
    ended.run
}

#[track_caller]
fn adds_up(run: &PerformanceMetrics) {
    let sum: i64 = run.duration.phases.values().map(|time| time.0).sum();
    assert_eq!(Thousandths(sum), run.duration.total_ms, "{:?}", run.duration);
}

/// How late a mark may be read, and its phase begin, in milliseconds.
const LATE: f64 = 40.0;

/// Demands that a phase took so many milliseconds, or more.
#[track_caller]
fn took(run: &PerformanceMetrics, name: &str, millis: f64) {
    let phases = &run.duration.phases;
    assert!(phases.get(name).is_some_and(|time| time.to_f64() >= millis - LATE), "{name} of {phases:?}");
}

/// Demands these phases, in this order, and that each took so many milliseconds, or more.
#[track_caller]
fn check(run: &PerformanceMetrics, expected: &[(&str, f64)]) {
    let names: Vec<&str> = run.duration.phases.keys().map(String::as_str).collect();
    assert_eq!(names, expected.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    for (name, millis) in expected {
        took(run, name, *millis);
    }
}

#[test]
fn marks_divide_the_whole_time_among_the_phases() {
    let script = "sleep 0.1; mark fetch; sleep 0.1; mark +parse; sleep 0.1; mark -; sleep 0.1
        mark upload; sleep 0.1";
    let run = marked(&[], script);
    check(&run, &[("other_ms", 100.0), ("fetch_ms", 200.0), ("parse_ms", 100.0), ("upload_ms", 100.0)]);
}

#[test]
fn a_phase_is_closed_by_its_own_name_and_by_no_other() {
    let run = marked(&[], "mark outer; mark +inner; mark -outer; sleep 0.1; mark -inner; sleep 0.1");
    took(&run, "outer_ms", 100.0);
    took(&run, "inner_ms", 100.0);
}

#[test]
fn a_program_that_cannot_redirect_marks_by_starting_us() {
    let script = "pm-wrap --mark fetch; sleep 0.1; pm-wrap --mark +parse; sleep 0.1; pm-wrap --mark -parse
        pm-wrap --mark -; sleep 0.1";
    let run = marked(&[], script);
    check(&run, &[("other_ms", 100.0), ("fetch_ms", 100.0), ("parse_ms", 100.0)]);
}

#[test]
fn a_command_that_marks_nothing_has_no_phases() {
    assert!(marked(&[], "sleep 0.1").duration.phases.is_empty());
}

#[test]
fn json_carries_phases_labels_and_counters() {
    let script = r#"
        mark '{"context":{"task_count":1,"size":"large"},"github_api":{"requests_made":3,"cache_hits":2,"rate_limit_remaining":9}}'
        mark '{"phase":"fetch"}'; sleep 0.1; mark '{"phase":"parse","event":"open"}'; sleep 0.1
        mark '{"event":"close","phase":"parse","github_api":{"requests_made":4,"rate_limit_remaining":5}}'
        mark '{"context":{"task_count":87}}'"#;
    let run = marked(&[], script);
    let count = |number| Thousandths::from_units(number);
    assert_eq!(run.context["task_count"], Scalar::Number(count(87)));
    assert_eq!(run.context["size"], Scalar::from("large"));
    let api = &run.github_api;
    let counted = (api.requests_made, api.cache_hits, api.rate_limit_remaining);
    assert_eq!(counted, (Some(count(7)), Some(count(2)), Some(count(5))));
    took(&run, "fetch_ms", 100.0);
    took(&run, "parse_ms", 100.0);
}

#[test]
fn a_label_of_the_command_line_outranks_one_of_a_mark() {
    let flags = ["--context", "task_count=5"];
    let run = marked(&flags, r#"mark '{"context":{"task_count":87,"tasks":"all"}}'"#);
    assert_eq!(run.context["task_count"], Scalar::Number(Thousandths::from_units(5)));
    assert_eq!(run.context["tasks"], Scalar::from("all"));
}

#[test]
fn a_line_that_comes_in_pieces_is_one_mark_and_the_last_needs_no_end() {
    let script =
        r#"exec 3<>"$PM_MARKS"; printf fe >&3; sleep 0.02; printf 'tch\n' >&3; sleep 0.1; printf +last >&3"#;
    let run = marked(&[], script);
    took(&run, "fetch_ms", 100.0);
    assert!(run.duration.phases.contains_key("last_ms"), "{:?}", run.duration);
}

#[test]
fn a_torn_line_is_one_warning() {
    let ended = wrap(&[], r#"printf 'fetch\n{"phase":' 1<>"$PM_MARKS"; exit 3"#);
    ended.warned(3, "1 mark was ignored: line 2: ");
    assert!(ended.run.duration.phases.contains_key("fetch_ms"));
}

/// Writes what is no mark, then marks as before; the command's status and the later mark must survive.
#[track_caller]
fn check_garbage(writer: &str) {
    let script = format!(
        "{MARK}\n{writer} 1<>\"$PM_MARKS\"; mark ''; mark upload; sleep 0.1; mark 'Bad Name'; exit 3"
    );
    let ended = wrap(&[], &script);
    ended.warned(3, "");
    assert!(ended.stderr().contains(" ignored"), "{}", ended.stderr());
    assert!(!ended.stderr().trim_end().contains(char::is_control), "{}", ended.stderr());
    took(&ended.run, "upload_ms", 100.0);
    adds_up(&ended.run);
}

#[test]
fn what_is_no_mark_is_one_warning_and_changes_nothing() {
    check_garbage("head -c 100000 /dev/urandom");
    check_garbage("head -c 300000 /dev/zero");
    check_garbage("head -c 300000 /dev/zero | tr '\\0' x");
    check_garbage("yes 'not a mark' | head -c 5000000");
}

#[test]
fn a_thousand_phases_inside_of_each_other_are_opened_and_closed() {
    let script = "mark outer; i=0; while [ $i -lt 1000 ]; do mark +inner; i=$((i+1)); done; sleep 0.1
        while [ $i -gt 0 ]; do mark -inner; i=$((i-1)); done; sleep 0.1
        mark -; sleep 0.1";
    let run = marked(&[], script);
    check(&run, &[("other_ms", 100.0), ("outer_ms", 100.0), ("inner_ms", 100.0)]);
}

#[test]
fn names_beyond_the_sixty_fourth_count_as_other() {
    let script = "i=1; while [ $i -le 70 ]; do mark p$i; i=$((i+1)); done; sleep 0.1; mark p64; sleep 0.1";
    let run = marked(&[], script);
    assert_eq!(run.duration.phases.len(), 65, "{:?}", run.duration);
    took(&run, "p64_ms", 100.0);
    took(&run, "other_ms", 100.0);
}

#[test]
fn a_command_ends_though_somebody_goes_on_writing() {
    let script = "timeout 3 yes fetch 1<>\"$PM_MARKS\" 2>/dev/null & sleep 0.2; exit 3";
    let ended = wrap(&[], script);
    ended.quietly(3);
    assert!(ended.took < Duration::from_secs(2), "{:?}", ended.took);
    took(&ended.run, "fetch_ms", 100.0);
}

/// A script that does something once the file `now` is there, and then leaves its status in `status`.
fn later(action: &str) -> String {
    format!(
        "touch begun; i=0; while [ ! -e now ] && [ $i -lt 400 ]; do sleep 0.02; i=$((i+1)); done
        {action}; echo $? > new; mv new status"
    )
}

/// The only file among those for marks.
#[track_caller]
fn only_mark_file(folder: &TempDir) -> std::path::PathBuf {
    let marks = folder.path().join("github-pm");
    let names = files(&marks);
    assert_eq!(names.len(), 1, "{names:?}");
    marks.join(&names[0])
}

#[test]
fn a_command_whose_wrapper_was_killed_marks_into_the_void() {
    for mark in ["echo x 1<>\"$PM_MARKS\"", "pm-wrap --mark x"] {
        let (folder, mark) = (folder(), format!("timeout 5 sh -c '{mark}'"));
        let mut process = command(folder.path(), &[], &later(&mark))
            .stderr(Stdio::piped())
            .spawn()
            .expect("pm-wrap starts");
        wait_for_file(&folder.path().join("begun"));
        process.kill().expect("it is our own process");
        let _ = process.wait();
        std::fs::write(folder.path().join("now"), "").expect("a file of ours");
        wait_for_file(&folder.path().join("status"));
        assert_eq!(std::fs::read_to_string(folder.path().join("status")).expect("a status"), "0\n");
        assert_eq!(files(folder.path()), ["begun", "github-pm", "now", "status"]);
        let fifo = std::fs::symlink_metadata(only_mark_file(&folder)).expect("it was left behind");
        assert!(fifo.file_type().is_fifo(), "{fifo:?}");
        let output = process.wait_with_output().expect("it has ended");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    }
}

#[track_caller]
fn make_old(path: &Path) {
    let touched = Command::new("touch").args(["-d", "1 hour ago"]).arg(path).status().expect("touch starts");
    assert!(touched.success());
}

#[test]
fn a_fifo_is_gone_with_its_run() {
    let folder = folder();
    wrap_in(&folder, &[], "[ -p \"$PM_MARKS\" ]").quietly(0);
    assert_eq!(files(&folder.path().join("github-pm")), [""; 0]);
}

#[test]
fn what_was_left_behind_is_removed_once_it_is_old() {
    let folder = folder();
    let marks = folder.path().join("github-pm");
    let script = format!("({}) >/dev/null 2>&1 & exit 0", later("echo late 1<>\"$PM_MARKS\""));
    wrap_in(&folder, &[], &script).quietly(0);
    std::fs::write(folder.path().join("now"), "").expect("a file of ours");
    wait_for_file(&folder.path().join("status"));
    // What marks after the end makes a file; a run that is killed leaves a FIFO.
    let file = only_mark_file(&folder);
    assert!(std::fs::symlink_metadata(&file).expect("it is there").is_file());
    assert_eq!(std::fs::read_to_string(&file).expect("a small file"), "late\n");
    let fifo = marks.join("exec_0123456789ab");
    assert!(Command::new("mkfifo").arg(&fifo).status().expect("mkfifo starts").success());
    wrap_in(&folder, &[], ":").quietly(0);
    assert_eq!(files(&marks).len(), 2, "they may be those of a run that is just beginning");
    make_old(&file);
    make_old(&fifo);
    wrap_in(&folder, &[], ":").quietly(0);
    assert_eq!(files(&marks), [""; 0]);
}

#[test]
fn the_fifo_of_a_long_run_is_not_removed_by_another() {
    let folder = folder();
    let mut process =
        command(folder.path(), &[], &later("echo late 1<>\"$PM_MARKS\"")).spawn().expect("pm-wrap starts");
    wait_for_file(&folder.path().join("begun"));
    make_old(&only_mark_file(&folder));
    wrap_in(&folder, &[], ":").quietly(0);
    std::fs::write(folder.path().join("now"), "").expect("a file of ours");
    assert!(process.wait().expect("it ends").success());
    let (run, _) = read(&folder.path().join("log"));
    assert!(run.duration.phases.contains_key("late_ms"), "{:?}", run.duration);
}

#[test]
fn where_no_fifo_can_be_made_marks_go_nowhere() {
    let script = "set -e
        for place in /tmp /dev/shm; do mount --bind $place $place; mount -o remount,bind,ro $place; done
        exec \"$pm_wrap\" -o /dev/null -- sh -c 'echo \"$PM_MARKS\"; echo x 1<>\"$PM_MARKS\" && exit 3'";
    let output = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", script])
        .env_clear()
        .envs([("PATH", "/usr/bin:/bin"), ("pm_wrap", PM_WRAP)])
        .output()
        .expect("unshare starts");
    let said = [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned());
    assert_eq!((output.status.code(), said), (Some(3), ["/dev/null\n".to_owned(), String::new()]));
}

#[test]
fn a_mark_outside_of_a_run_is_silent() {
    let folder = folder();
    for marks in [None, Some("/dev/null"), Some("no/such/file"), Some("new"), Some(".")] {
        let mut command = pm_wrap(&["--mark", "x"]);
        command.current_dir(folder.path()).envs(marks.map(|marks| ("PM_MARKS", marks)));
        let output = command.output().expect("pm-wrap starts");
        assert_eq!(
            (output.status.code(), output.stdout, output.stderr),
            (Some(0), vec![], vec![]),
            "{marks:?}"
        );
    }
    assert_eq!(files(folder.path()), [""; 0]);
}

#[test]
fn a_mark_that_would_be_ignored_is_refused_where_it_is_made() {
    for mark in ["Bad Name", "", "+", "{\"event\":\"begin\"}", "a\nb"] {
        let output = run(&["--mark", mark]);
        assert_eq!(output.status.code(), Some(125), "{mark:?}");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(stderr.starts_with("pm-wrap: ") && stderr.contains("--mark"), "{stderr}");
    }
}
