//! Executions as traces: a span a run, and under it its phases, its processes and its API requests.
//!
//! Phases are known by their lengths only, so they are laid end to end in the order in which they first began, and say
//! so. A run without a trace of its own gets one that is made of its execution id, so that it is the same every time.

use pm_record::{ApiRequest, Field, ProcessTrace, Record, Run, Wanted};

use super::attributes::{self, Any, Figures, attribute};
use super::otlp::nanoseconds;
use super::phase_spans::PhaseSpans;
use crate::traces::{Executions, Place, identifier, mixed};
use crate::wire;

pub(super) const INTERNAL: u64 = 1;
const CLIENT: u64 = 3;
const ERROR: u64 = 2;

/// The numbers of a span's fields.
mod tag {
    pub(super) const SPAN_ID: u32 = 2;
    pub(super) const NAME: u32 = 5;
    pub(super) const KIND: u32 = 6;
    pub(super) const START: u32 = 7;
    pub(super) const END: u32 = 8;
    pub(super) const STATUS: u32 = 15;
    pub(super) const STATUS_CODE: u32 = 3;
}

/// What is read of runs as text, and at which places.
const LABELS: [&str; 7] =
    ["command", "execution_id", "program", "host", "trace.trace_id", "trace.span_id", "trace.parent_span_id"];
const COMMAND: usize = 0;
const EXECUTION: usize = 1;
const PROGRAM: usize = 2;
const HOST: usize = 3;
const TRACE: usize = 4;
const SPAN: usize = 5;
const PARENT: usize = 6;

/// What is read of them as numbers; those behind the first two become attributes.
const NUMBERS: [&str; 7] = [
    "exit_code",
    "signal",
    "resource_usage.peak_memory_mb",
    "resource_usage.cpu_time_ms",
    "resource_usage.io_operations",
    "github_api.requests_made",
    "github_api.rate_limit_consumed",
];
const EXIT_CODE: usize = 0;
const SIGNAL: usize = 1;
const FIGURES: [&str; NUMBERS.len() - 2] = [
    "github_pm.peak_memory_mb",
    "github_pm.cpu_time_ms",
    "github_pm.io_operations",
    "github_pm.api.requests",
    "github_pm.api.quota",
];

/// Makes spans of records. It reads runs by the fields that it was given behind those that others want.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tracer {
    numbers: usize,
    labels: usize,
    phases: PhaseSpans,
    figures: Figures,
}

impl Tracer {
    /// Adds what it reads to what is wanted.
    pub(crate) fn want(wanted: &mut Wanted) -> Self {
        let field = |name: &&str| name.parse::<Field>().ok();
        let tracer = Self { numbers: wanted.numbers.len(), labels: wanted.labels.len(), ..Self::default() };
        wanted.numbers.extend(NUMBERS.iter().filter_map(field));
        wanted.labels.extend(LABELS.iter().filter_map(field));
        tracer
    }

    /// A label that is text, as the reader has seen it to be.
    #[inline]
    fn text<'a>(&self, run: &Run<'a>, label: usize) -> Option<&'a [u8]> {
        run.text(self.labels + label)
    }

    /// The spans of a run: its own, and one a phase. All runs are of one reader.
    pub(crate) fn run(&mut self, run: &Run<'_>, executions: &mut Executions) {
        let place = self.place(run);
        if let Some(name) = self.text(run, EXECUTION) {
            executions.arrive(name, place, run.timestamp().as_millis());
        }
        let parent: Option<[u8; 8]> = self.text(run, PARENT).and_then(identifier);
        executions.spans.add(&place.trace, parent.as_ref(), |out| self.fields(run, place, out));
        let start = nanoseconds(run.timestamp().as_millis());
        self.phases.add(run, &place, start, &mut executions.spans);
    }

    fn place(&self, run: &Run<'_>) -> Place {
        let of_trace = || {
            let (trace, span) = (self.text(run, TRACE)?, self.text(run, SPAN)?);
            Some(Place { trace: identifier(trace)?, span: identifier(span)? })
        };
        let unnamed = || {
            let command = self.text(run, COMMAND).unwrap_or_default();
            let rest = format!(" {} {}", run.timestamp(), run.total());
            Place::derived(&[command, rest.as_bytes()].concat())
        };
        of_trace().unwrap_or_else(|| self.text(run, EXECUTION).map_or_else(unnamed, Place::derived))
    }

    fn fields(&mut self, run: &Run<'_>, place: Place, out: &mut Vec<u8>) {
        let command = self.text(run, COMMAND).unwrap_or_default();
        let start = nanoseconds(run.timestamp().as_millis());
        begin(place.span, command, CLIENT, (start, after(start, run.total().0)), out);
        let program = self.text(run, PROGRAM).unwrap_or(command);
        attributes::text(b"process.executable.name", program, out);
        attributes::text(b"github_pm.command", command, out);
        if let Some(name) = self.text(run, EXECUTION) {
            attributes::text(b"github_pm.execution_id", name, out);
        }
        if let Some(host) = self.text(run, HOST) {
            attributes::text(b"host.name", host, out);
        }
        if let Some(code) = run.number(self.numbers + EXIT_CODE) {
            attribute("process.exit.code", Any::Int(code / 1000), out);
        }
        let failed = run.failed();
        if failed {
            let signal = run.number(self.numbers + SIGNAL).map(|signal| format!("signal {}", signal / 1000));
            attribute("error.type", Any::Text(signal.as_deref().unwrap_or("exit")), out);
        }
        let first = self.numbers + NUMBERS.len() - FIGURES.len();
        let figures = std::array::from_fn(|at| run.number(first + at));
        self.figures.add(&FIGURES, figures, out);
        status(failed, out);
    }
}

/// Adds the span of a record that is no run; one that is neither a process nor a request has none.
pub(crate) fn other(record: &Record, executions: &mut Executions) {
    match record {
        Record::Process(process) => of_process(process, executions),
        Record::Request(request) => of_request(request, executions),
        _ => {}
    }
}

pub(super) fn after(start: u64, thousandths: i64) -> u64 {
    start.saturating_add(u64::try_from(thousandths).unwrap_or_default().saturating_mul(1000))
}

/// The fields that every span has, but its trace and its parent.
#[inline]
pub(super) fn begin(id: [u8; 8], name: &[u8], kind: u64, (start, end): (u64, u64), out: &mut Vec<u8>) {
    wire::bytes(tag::SPAN_ID, &id, out);
    wire::bytes(tag::NAME, name, out);
    wire::number(tag::KIND, kind, out);
    wire::fixed(tag::START, start, out);
    wire::fixed(tag::END, end, out);
}

fn status(failed: bool, out: &mut Vec<u8>) {
    if failed {
        wire::message(tag::STATUS, 1, out, |out| wire::number(tag::STATUS_CODE, ERROR, out));
    }
}

/// None for a process of which no one knows when it began.
fn of_process(process: &ProcessTrace, executions: &mut Executions) {
    let Some(at) = process.timestamp.map(pm_record::Timestamp::as_millis) else { return };
    let name = process.execution_id.as_deref().unwrap_or_default();
    let failed = process.signal.is_some() || process.exit_code.is_some_and(|code| code != 0);
    let start = nanoseconds(at);
    // A number may be given again in the same run, and then begins later.
    let (pid, began) = (process.pid.to_string(), process.start_ms.to_string());
    let id = mixed(&[b"process", name.as_bytes(), pid.as_bytes(), began.as_bytes()]);
    // Who started it is known by a number that is given again; the run is what all of them belong to.
    executions.add_child(name, at, |out| {
        let end = after(start, process.duration_ms.unwrap_or_default().0);
        begin(id.to_be_bytes(), process.program.as_bytes(), INTERNAL, (start, end), out);
        attribute("process.executable.name", Any::Text(&process.program), out);
        attribute("process.pid", Any::Int(process.pid.into()), out);
        if let Some(code) = process.exit_code {
            attribute("process.exit.code", Any::Int(code.into()), out);
        }
        if failed {
            attribute("error.type", Any::Text("exit"), out);
        }
        status(failed, out);
    });
}

fn of_request(request: &ApiRequest, executions: &mut Executions) {
    let at = request.timestamp.as_millis();
    let name = request.execution_id.as_deref().unwrap_or_default();
    let (start, took) = (nanoseconds(at), request.duration_ms.to_string());
    let (method, endpoint) = (request.method.as_bytes(), request.endpoint.as_bytes());
    let id = mixed(&[b"request", name.as_bytes(), &start.to_be_bytes(), method, endpoint, took.as_bytes()]);
    let write = |out: &mut Vec<u8>| request_fields(request, id, start, out);
    if let Some(name) = &request.execution_id {
        executions.add_child(name, at, write);
    } else {
        // Nobody asked: it is a trace of its own.
        let place = Place::derived(format!("request {id:x}").as_bytes());
        executions.spans.add(&place.trace, None, write);
    }
}

fn request_fields(request: &ApiRequest, id: u64, start: u64, out: &mut Vec<u8>) {
    let failed = request.status.is_none_or(|status| status >= 400);
    let span = format!("{} {}", request.method, request.endpoint);
    begin(id.to_be_bytes(), span.as_bytes(), CLIENT, (start, after(start, request.duration_ms.0)), out);
    attribute("http.request.method", Any::Text(&request.method), out);
    attribute("url.template", Any::Text(&request.endpoint), out);
    if let Some(server) = &request.server {
        attribute("server.address", Any::Text(server), out);
    }
    if let Some(status) = request.status {
        attribute("http.response.status_code", Any::Int(status.into()), out);
    }
    if let Some(cost) = request.cost {
        attribute("github_pm.api.cost", Any::Double(cost.to_f64()), out);
    }
    if failed {
        let kind = request.status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
        attribute("error.type", Any::Text(&kind), out);
    }
    status(failed, out);
}

#[cfg(test)]
mod tests {
    use std::fmt;
    use std::io::{self, Read};

    use pm_record::{Lines, Reading, RunReader};
    use prost::Message;

    use super::*;
    use crate::proto::{ScopeSpans, Span};

    /// Lines as an input.
    struct Text<'a>(&'a [u8]);

    impl Read for Text<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0.read(buffer)
        }
    }

    impl fmt::Display for Text<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("text")
        }
    }

    /// The spans of some lines, as they are read again from what is sent.
    fn spans(lines: &[&str]) -> Vec<Span> {
        let mut wanted = Wanted::default();
        let mut tracer = Tracer::want(&mut wanted);
        let (mut reader, mut executions) = (RunReader::new(&wanted), Executions::default());
        let text = lines.join("\n");
        let mut lines = Lines::new([Text(text.as_bytes())]);
        while let Some((_, reading)) = lines.next_run(&mut reader, |_| Ok(())).expect("memory") {
            match reading.expect("a record") {
                Reading::Run(run) => tracer.run(&run, &mut executions),
                Reading::Other(line) => other(&Record::parse(line).expect("a record"), &mut executions),
                Reading::Partial(_) => {}
            }
        }
        executions.let_all_go();
        let count = executions.spans.sizes().len();
        ScopeSpans::decode(executions.spans.part(0..count)).expect("spans").spans
    }

    const PROCESS: &str = r#"{"process_trace":{"execution_id":"exec_1","timestamp":"2024-12-06T10:30:15.130Z","pid":7,"program":"git","start_ms":7,"duration_ms":31.3,"exit_code":1}}"#;
    const RUN: &str = r#"{"performance_metrics":{"command":"batch","execution_id":"exec_1","timestamp":"2024-12-06T10:30:15.123Z","duration":{"total_ms":2450,"phases":{"a_ms":1000,"b_ms":1450}},"exit_code":0,"trace":{"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","span_id":"00f067aa0bb902b7","parent_span_id":"00f067aa0bb902b8"}}}"#;
    const REQUEST: &str = r#"{"api_request":{"execution_id":"exec_1","timestamp":"2024-12-06T10:30:15.200Z","method":"GET","endpoint":"/user","duration_ms":90,"status":404}}"#;

    #[test]
    fn whatever_belongs_to_a_run_stands_under_it_whichever_comes_first() {
        let spans = spans(&[PROCESS, RUN, REQUEST]);
        let names: Vec<_> = spans.iter().map(|span| span.name.as_str()).collect();
        assert_eq!(names, ["git", "batch", "a", "b", "GET /user"]);
        let run = &spans[1];
        assert_eq!(crate::state::hexadecimal(&run.trace_id), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(crate::state::hexadecimal(&run.parent_span_id), "00f067aa0bb902b8");
        for span in spans.iter().filter(|span| span.name != "batch") {
            assert_eq!(
                (&span.trace_id, &span.parent_span_id),
                (&run.trace_id, &run.span_id),
                "{}",
                span.name
            );
        }
        assert_eq!(run.end_time_unix_nano - run.start_time_unix_nano, 2_450_000_000);
        assert_eq!(spans[2].end_time_unix_nano, spans[3].start_time_unix_nano);
        let failed: Vec<_> = spans.iter().map(|span| span.status.is_some()).collect();
        assert_eq!(failed, [true, false, false, false, true]);
        let mut ids: Vec<_> = spans.iter().map(|span| &span.span_id).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 5);
    }

    #[test]
    fn a_phase_whose_name_has_no_number_is_no_part_of_what_was_written_before() {
        let run = |phases: &str| {
            format!(
                r#"{{"performance_metrics":{{"command":"x","execution_id":"exec_{}","timestamp":"2024-12-06T10:30:15Z","duration":{{"total_ms":9,"phases":{{{phases}}}}}}}}}"#,
                phases.len()
            )
        };
        // More names than a reader numbers, so that the next one has none.
        let many: Vec<_> = (0..300).map(|number| format!(r#""phase_{number}_ms":1"#)).collect();
        let mut lines: Vec<_> = many.iter().map(|phase| run(phase)).collect();
        let begin = lines.len() * 2;
        lines.extend([
            run(r#""phase_0_ms":1,"late_ms":2"#),
            run(r#""phase_0_ms":1"#),
            run(r#""later_ms":1"#),
        ]);
        let spans = spans(&lines.iter().map(String::as_str).collect::<Vec<_>>());
        let names: Vec<_> = spans[begin..].iter().map(|span| span.name.as_str()).collect();
        assert_eq!(names, ["x", "phase_0", "late", "x", "phase_0", "x", "later"]);
    }

    #[test]
    fn phases_of_runs_that_are_alike_have_ids_and_times_of_their_own_however_long_their_names_are() {
        let run = |id: u32, name: &str, length: u32| {
            format!(
                r#"{{"performance_metrics":{{"schema":1,"command":"x","execution_id":"exec_{id}","timestamp":"2024-12-06T10:30:15.000Z","duration":{{"total_ms":{length},"phases":{{"{name}_ms":{length},"b_ms":1}}}}}}}}"#
            )
        };
        for length in [1, 30, 33, 34, 40, 200] {
            let name = "n".repeat(length);
            // So many that the reader knows what they look like.
            let lines: Vec<_> = (1..20).map(|number| run(number, &name, number)).collect();
            let spans = spans(&lines.iter().map(String::as_str).collect::<Vec<_>>());
            assert_eq!(spans.len(), 3 * lines.len());
            for (spans, millis) in spans.chunks(3).zip(1..) {
                let [run, first, second] = spans else { unreachable!("three of each") };
                assert_eq!((first.name.as_str(), second.name.as_str()), (name.as_str(), "b"));
                assert_eq!(first.end_time_unix_nano - first.start_time_unix_nano, millis * 1_000_000);
                assert_eq!(first.end_time_unix_nano, second.start_time_unix_nano);
                for phase in [first, second] {
                    assert_eq!((&phase.trace_id, &phase.parent_span_id), (&run.trace_id, &run.span_id));
                    assert_eq!((phase.kind, phase.attributes.len()), (1, 1));
                }
            }
            let mut ids: Vec<_> = spans.iter().map(|span| &span.span_id).collect();
            ids.sort();
            ids.dedup();
            assert_eq!(ids.len(), spans.len());
        }
    }

    #[test]
    fn a_run_without_a_trace_has_the_same_one_every_time_and_its_children_know_it() {
        let run = RUN.replace("4bf92f3577b34da6a3ce929d0e0e4736", "0");
        let [one, two] = [spans(&[&run, REQUEST]), spans(&[REQUEST])];
        assert_eq!((one[0].trace_id.len(), one[0].span_id.len()), (16, 8));
        assert_eq!(one[3], two[0]);
        assert_eq!(two[0].parent_span_id, one[0].span_id);
    }
}
