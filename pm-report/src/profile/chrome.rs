//! A profile in the Trace Event Format, which Perfetto (ui.perfetto.dev), `chrome://tracing` and speedscope open.
//!
//! Each run is a process there, and its threads are the critical path, then lanes of processes and of requests. What
//! shares a thread must nest, so a thread of its own for each process would be needed otherwise, hundreds of them for
//! a script. The numbers that processes had are among their arguments. Times are microseconds, as the format has it.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::profile::Profile;
use crate::profile::lanes::{Bar, Edge, lanes};
use crate::profile::requests::Request;
use crate::profile::span::Span;
use crate::profile::timeline::Timeline;
use crate::profile::tree::Process;

/// Renders `profile` as one JSON object, with an event a line: there may be hundreds of thousands, so each becomes text
/// at once.
pub(crate) fn render(profile: &Profile) -> String {
    let mut events = String::new();
    for (run, number) in profile.runs.iter().zip(1..) {
        Run { number, events: &mut events }.all(run, profile);
    }
    let other = json!({
        "command": profile.command,
        "title": profile.title,
        "began": profile.runs.iter().map(|run| run.began.map(|began| began.to_string())).collect::<Vec<_>>(),
        "exporter": concat!("pm-report ", env!("CARGO_PKG_VERSION")),
    });
    format!("{{\"displayTimeUnit\":\"ms\",\"otherData\":{other},\"traceEvents\":[\n{events}\n]}}\n")
}

/// The events of one run.
struct Run<'a> {
    number: u32,
    events: &'a mut String,
}

impl Run<'_> {
    fn all(mut self, run: &Timeline, profile: &Profile) {
        let name = match profile.runs.len() {
            1 => profile.command.clone(),
            runs => format!("{}, run {} of {runs}", profile.command, self.number),
        };
        self.metadata("process_name", 0, &json!({ "name": name }));
        let mut thread = 1;
        self.thread(thread, "critical path");
        for part in &run.path {
            self.event(thread, "path", &run.processes[part.process].program, part.span, &json!({}));
        }
        let bars: Vec<_> =
            run.processes.iter().map(|process| Bar { span: process.span, inside: process.parent }).collect();
        let path = run.path_times();
        for (place, lane) in lanes(&bars).iter().enumerate() {
            thread += 1;
            self.thread(thread, &numbered("processes", place));
            for bar in opened(lane) {
                let process = &run.processes[bar];
                self.event(
                    thread,
                    "process",
                    &process.program,
                    process.span,
                    &of_process(process, path[bar]),
                );
            }
        }
        let bars: Vec<_> =
            run.requests.iter().map(|request| Bar { span: request.span, inside: None }).collect();
        for (place, lane) in lanes(&bars).iter().enumerate() {
            thread += 1;
            self.thread(thread, &numbered("API requests", place));
            for bar in opened(lane) {
                let request = &run.requests[bar];
                self.event(thread, "request", &request.label, request.span, &of_request(request));
            }
        }
    }

    fn thread(&mut self, thread: u32, name: &str) {
        self.metadata("thread_name", thread, &json!({ "name": name }));
        self.metadata("thread_sort_index", thread, &json!({ "sort_index": thread }));
    }

    fn metadata(&mut self, name: &str, thread: u32, args: &Value) {
        self.push(&json!({ "ph": "M", "name": name, "pid": self.number, "tid": thread, "args": args }));
    }

    fn event(&mut self, thread: u32, category: &str, name: &str, span: Span, args: &Value) {
        self.push(&json!({
            "ph": "X",
            "name": name,
            "cat": category,
            "ts": span.start,
            "dur": span.length(),
            "pid": self.number,
            "tid": thread,
            "args": args,
        }));
    }

    fn push(&mut self, event: &Value) {
        let separator = if self.events.is_empty() { "" } else { ",\n" };
        let _ = write!(self.events, "{separator}{event}");
    }
}

/// The bars of a lane, in order of start and the outer ones first.
fn opened(lane: &[Edge]) -> impl Iterator<Item = usize> {
    lane.iter().filter_map(|edge| match edge {
        Edge::Open(bar, _) => Some(*bar),
        Edge::Close(..) => None,
    })
}

fn numbered(name: &str, place: usize) -> String {
    if place == 0 { name.to_owned() } else { format!("{name} ({})", place + 1) }
}

/// What is known of a process; what is not is left out.
fn of_process(process: &Process, path: i64) -> Value {
    let mut args = json!({ "critical_path_ms": millis(path) });
    let known = [
        ("pid", (process.pid > 0).then(|| json!(process.pid))),
        ("cpu_time_ms", process.cpu.map(millis)),
        ("peak_memory_mb", process.peak_memory.map(millis)),
        ("exit_code", process.exit_code.map(|code| json!(code))),
        ("signal", process.signal.map(|signal| json!(signal))),
        ("still_alive", process.is_open.then_some(json!(true))),
    ];
    for (name, value) in known {
        if let Some(value) = value {
            args[name] = value;
        }
    }
    args
}

fn of_request(request: &Request) -> Value {
    request.outcome.as_ref().map_or_else(|| json!({}), |outcome| json!({ "status": outcome }))
}

/// Thousandths as a number with three decimals.
fn millis(thousandths: i64) -> Value {
    json!(pm_record::Thousandths(thousandths))
}
