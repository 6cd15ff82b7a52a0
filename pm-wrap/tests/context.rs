//! Where a run belongs: its trace, its arguments, its machine, and the program that is run.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use pm_record::{PerformanceMetrics, Trace};

use crate::script::{folder, read, text, wrap_in};
use crate::{pm_wrap, record, run};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN: &str = "b7ad6b7169203331";

/// What the command finds in `name`, and the record's trace, with these variables around us.
#[track_caller]
fn traced(variables: &[(&str, &str)], name: &str) -> (String, Trace) {
    let script = format!("printf %s \"${{{name}-absent}}\" >&2");
    let mut command = pm_wrap(&["--", "sh", "-c", &script]);
    let output = command.envs(variables.iter().copied()).output().expect("pm-wrap starts");
    let trace = record(&output.stdout).trace.expect("every run is part of a trace");
    (String::from_utf8_lossy(&output.stderr).into_owned(), trace)
}

fn is_identifier(text: &str, digits: usize) -> bool {
    text.len() == digits
        && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        && text.bytes().any(|byte| byte != b'0')
}

#[test]
fn a_run_is_a_span_of_the_trace_that_it_was_called_in() {
    for flags in ["00", "01", "03"] {
        let parent = format!("00-{TRACE}-{SPAN}-{flags}");
        let (given, trace) = traced(&[("TRACEPARENT", &parent)], "TRACEPARENT");
        assert_eq!((trace.trace_id.as_str(), trace.parent_span_id.as_deref()), (TRACE, Some(SPAN)));
        assert!(is_identifier(&trace.span_id, 16) && trace.span_id != SPAN, "{trace:?}");
        assert_eq!(given, format!("00-{TRACE}-{}-{flags}", trace.span_id));
    }
}

#[test]
fn what_is_no_trace_begins_a_new_one() {
    let zeros = "0".repeat(32);
    for parent in [
        "",
        "x",
        &format!("00-{TRACE}-{SPAN}"),
        &format!("00-{zeros}-{SPAN}-01"),
        &format!("ff-{TRACE}-{SPAN}-01"),
        &format!("00-{}-{SPAN}-01", TRACE.to_uppercase()),
    ] {
        check_new_trace(&[("TRACEPARENT", parent)]);
    }
    check_new_trace(&[]);
}

#[track_caller]
fn check_new_trace(variables: &[(&str, &str)]) {
    let (given, trace) = traced(variables, "TRACEPARENT");
    assert_eq!(trace.parent_span_id, None, "{variables:?}");
    assert!(is_identifier(&trace.trace_id, 32) && is_identifier(&trace.span_id, 16), "{trace:?}");
    assert_ne!(trace.trace_id.to_lowercase(), TRACE);
    assert_eq!(given, format!("00-{}-{}-01", trace.trace_id, trace.span_id));
}

#[test]
fn a_state_goes_with_the_trace_that_it_belongs_to() {
    let parent = format!("00-{TRACE}-{SPAN}-01");
    let state = ("TRACESTATE", "vendor=opaque");
    assert_eq!(traced(&[("TRACEPARENT", &parent), state], "TRACESTATE").0, "vendor=opaque");
    assert_eq!(traced(&[("TRACEPARENT", "x"), state], "TRACESTATE").0, "absent");
    assert_eq!(traced(&[state], "TRACESTATE").0, "absent");
}

#[test]
fn a_run_inside_of_another_is_its_child_with_a_name_and_marks_of_its_own() {
    let folder = folder();
    let script = "outer=\"$PM_EXECUTION_ID $PM_MARKS\"; export outer
        pm-wrap -o inner -- sh -c 'echo $outer $PM_EXECUTION_ID $PM_MARKS; echo inside 1<>\"$PM_MARKS\"'
        echo outside 1<>\"$PM_MARKS\"";
    let ended = wrap_in(&folder, &[], script);
    ended.quietly(0);
    let (inner, _) = read(&folder.path().join("inner"));
    let [of_outer, of_inner] = [&ended.run, &inner].map(|run| run.trace.clone().expect("a trace"));
    assert_eq!((&of_inner.trace_id, of_inner.parent_span_id), (&of_outer.trace_id, Some(of_outer.span_id)));
    let said = String::from_utf8_lossy(&ended.output.stdout).into_owned();
    let words: Vec<&str> = said.split_whitespace().collect();
    let [outer_id, outer_marks, inner_id, inner_marks] = words[..] else { panic!("{said}") };
    assert_eq!((Some(outer_id), Some(inner_id)), (id(&ended.run), id(&inner)));
    assert_eq!(
        (of_inner.parent_execution_id.as_deref(), of_outer.parent_execution_id),
        (Some(outer_id), None)
    );
    assert!(outer_id != inner_id && outer_marks != inner_marks, "{said}");
    let marked = |run: &PerformanceMetrics, name| run.duration.phases.contains_key(name);
    assert!(marked(&inner, "inside_ms") && !marked(&inner, "outside_ms"), "{:?}", inner.duration);
    assert!(marked(&ended.run, "outside_ms") && !marked(&ended.run, "inside_ms"), "{:?}", ended.run.duration);
}

fn id(run: &PerformanceMetrics) -> Option<&str> {
    run.execution_id.as_deref()
}

/// The arguments as a record has them.
fn recorded(flags: &[&str], command: &[&str]) -> Option<Vec<String>> {
    let output = run(&[flags, &["--"], command].concat());
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(!text.contains("hunter2"), "{text}");
    record(&output.stdout).args
}

#[test]
fn arguments_are_recorded_when_asked_for_and_without_secrets() {
    let token = format!("ghp_{}", "hunter2".repeat(6));
    let command = [
        "echo",
        "-n",
        "--token",
        "hunter2",
        "--password=hunter2",
        &token,
        "https://me:hunter2@host/path?page=2",
        "DB_PASS=hunter2",
        "plain",
    ];
    let expected = [
        "echo",
        "-n",
        "--token",
        "***",
        "--password=***",
        "***",
        "https://***@host/path?page=2",
        "DB_PASS=***",
        "plain",
    ];
    assert_eq!(recorded(&["--record-args"], &command).expect("arguments"), expected);
    assert_eq!(recorded(&[], &command), None);
}

#[test]
fn a_command_that_could_not_be_started_has_its_arguments_too() {
    assert_eq!(
        recorded(&["--record-args"], &["no-such-command", "x"]).expect("arguments"),
        ["no-such-command", "x"]
    );
}

#[test]
fn a_record_says_where_it_was_made_and_that_is_the_same_each_time() {
    let [first, second] = [["true"], ["false"]].map(|command| record(&run(&command).stdout));
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").expect("a file of the kernel");
    assert_eq!((first.host.as_deref(), &first.host), (Some(name.trim_end()), &second.host));
    assert!(first.machine.as_ref().is_some_and(|machine| !machine.is_empty()), "{first:?}");
    assert_eq!(first.machine, second.machine);
    assert_ne!(first.execution_id, second.execution_id);
}

fn write(file: &Path, content: &str, mode: u32) {
    std::fs::create_dir_all(file.parent().expect("a folder")).expect("our own folder");
    std::fs::write(file, content).expect("a file of ours");
    std::fs::set_permissions(file, PermissionsExt::from_mode(mode)).expect("our own file");
}

#[test]
fn a_script_that_names_no_interpreter_is_one_for_the_shell() {
    let folder = folder();
    write(&folder.path().join("bin/tool"), "echo \"$0 $# $2\"; exit 6\n", 0o755);
    let path = text(&folder.path().join("bin/tool"));
    for program in ["tool", &path] {
        let mut command = pm_wrap(&["-o", "/dev/null", "--", program, "one", "two words"]);
        command.env("PATH", format!("{}:/usr/bin:/bin", folder.path().join("bin").display()));
        let output = command.output().expect("pm-wrap starts");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!((output.status.code(), said), (Some(6), format!("{path} 2 two words\n")));
    }
}

#[test]
fn a_file_that_cannot_be_run_hides_none_further_on_in_the_path() {
    let folder = folder();
    let folders =
        ["data", "not-there", "directory", "bin", "late"].map(|name| text(&folder.path().join(name)));
    write(&folder.path().join("data/tool"), "data", 0o644);
    std::fs::create_dir_all(folder.path().join("directory/tool")).expect("our own folder");
    write(&folder.path().join("bin/tool"), "#!/bin/sh\nexit 6\n", 0o755);
    write(&folder.path().join("late/tool"), "#!/bin/sh\nexit 7\n", 0o755);
    let status = |folders: &[String]| {
        let mut command = pm_wrap(&["-o", "/dev/null", "--", "tool"]);
        command.env("PATH", folders.join(":")).output().expect("pm-wrap starts").status.code()
    };
    assert_eq!(status(&folders), Some(6));
    assert_eq!(status(&folders[..3]), Some(126));
    assert_eq!(status(&folders[1..2]), Some(127));
}
