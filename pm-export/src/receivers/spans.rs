//! Executions as traces: a span a run, and under it its phases, its processes and its API requests.
//!
//! Phases are known by their lengths only, so they are laid end to end in the order in which they first began, and say
//! so. A run without a trace of its own gets one that is made of its execution id, so that it is the same every time.

use pm_record::{ApiRequest, Field, Label, ProcessTrace, Record, Run, Thousandths, Wanted};

use super::otlp::nanoseconds;
use crate::traces::{Executions, Place, identifier, mixed};
use crate::wire;

const INTERNAL: u64 = 1;
const CLIENT: u64 = 3;
const ERROR: u64 = 2;

/// The numbers of a span's fields, and of those of an attribute and its value.
mod tag {
    pub(super) const SPAN_ID: u32 = 2;
    pub(super) const NAME: u32 = 5;
    pub(super) const KIND: u32 = 6;
    pub(super) const START: u32 = 7;
    pub(super) const END: u32 = 8;
    pub(super) const ATTRIBUTES: u32 = 9;
    pub(super) const STATUS: u32 = 15;
    pub(super) const STATUS_CODE: u32 = 3;
    pub(super) const KEY: u32 = 1;
    pub(super) const VALUE: u32 = 2;
    pub(super) const TEXT: u32 = 1;
    pub(super) const BOOL: u32 = 2;
    pub(super) const INT: u32 = 3;
    pub(super) const DOUBLE: u32 = 4;
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
const FIGURES: [(usize, &str); 5] = [
    (2, "github_pm.peak_memory_mb"),
    (3, "github_pm.cpu_time_ms"),
    (4, "github_pm.io_operations"),
    (5, "github_pm.api.requests"),
    (6, "github_pm.api.quota"),
];

/// Makes spans of records. It reads runs by the fields that it was given behind those that others want.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tracer {
    numbers: usize,
    labels: usize,
}

/// A value of an attribute.
#[derive(Clone, Copy)]
enum Any<'a> {
    Text(&'a str),
    Bool(bool),
    Int(i64),
    Double(f64),
}

impl Tracer {
    /// Adds what it reads to what is wanted.
    pub(crate) fn want(wanted: &mut Wanted) -> Self {
        let field = |name: &&str| name.parse::<Field>().ok();
        let tracer = Self { numbers: wanted.numbers.len(), labels: wanted.labels.len() };
        wanted.numbers.extend(NUMBERS.iter().filter_map(field));
        wanted.labels.extend(LABELS.iter().filter_map(field));
        tracer
    }

    fn text<'a>(self, run: &Run<'a>, label: usize) -> Option<&'a str> {
        match run.label(self.labels + label) {
            Label::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The spans of a run: its own, and one a phase.
    pub(crate) fn run(self, run: &Run<'_>, executions: &mut Executions) {
        let place = self.place(run);
        if let Some(name) = self.text(run, EXECUTION) {
            executions.arrive(name, place, run.timestamp().as_millis());
        }
        let parent: Option<[u8; 8]> = self.text(run, PARENT).and_then(identifier);
        executions.spans.add(&place.trace, parent.as_ref(), |out| self.fields(run, place, out));
        let mut start = nanoseconds(run.timestamp().as_millis());
        for (name, duration) in run.phases() {
            let end = after(start, duration);
            let id = mixed(&[b"phase", &place.span, name.as_bytes()]);
            let short = name.strip_suffix("_ms").unwrap_or(name);
            executions.spans.add_short(&place.trace, Some(&place.span), |out| {
                begin(id.to_be_bytes(), short, INTERNAL, (start, end), out);
                attribute("github_pm.laid_end_to_end", Any::Bool(true), out);
            });
            start = end;
        }
    }

    fn place(self, run: &Run<'_>) -> Place {
        let of_trace = || {
            let (trace, span) = (self.text(run, TRACE)?, self.text(run, SPAN)?);
            Some(Place { trace: identifier(trace)?, span: identifier(span)? })
        };
        let unnamed = || {
            let command = self.text(run, COMMAND).unwrap_or_default();
            Place::derived(&format!("{command} {} {}", run.timestamp(), run.total()))
        };
        of_trace().unwrap_or_else(|| self.text(run, EXECUTION).map_or_else(unnamed, Place::derived))
    }

    fn fields(self, run: &Run<'_>, place: Place, out: &mut Vec<u8>) {
        let command = self.text(run, COMMAND).unwrap_or_default();
        let start = nanoseconds(run.timestamp().as_millis());
        begin(place.span, command, CLIENT, (start, after(start, run.total().0)), out);
        let program = self.text(run, PROGRAM).unwrap_or(command);
        attribute("process.executable.name", Any::Text(program), out);
        attribute("github_pm.command", Any::Text(command), out);
        for (label, key) in [(EXECUTION, "github_pm.execution_id"), (HOST, "host.name")] {
            if let Some(text) = self.text(run, label) {
                attribute(key, Any::Text(text), out);
            }
        }
        if let Some(code) = run.number(self.numbers + EXIT_CODE) {
            attribute("process.exit.code", Any::Int(code / 1000), out);
        }
        let failed = run.failed();
        if failed {
            let signal = run.number(self.numbers + SIGNAL).map(|signal| format!("signal {}", signal / 1000));
            attribute("error.type", Any::Text(signal.as_deref().unwrap_or("exit")), out);
        }
        for (number, key) in FIGURES {
            if let Some(value) = run.number(self.numbers + number) {
                attribute(key, Any::Double(Thousandths(value).to_f64()), out);
            }
        }
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

fn after(start: u64, thousandths: i64) -> u64 {
    start.saturating_add(u64::try_from(thousandths).unwrap_or_default().saturating_mul(1000))
}

/// The fields that every span has, but its trace and its parent.
fn begin(id: [u8; 8], name: &str, kind: u64, (start, end): (u64, u64), out: &mut Vec<u8>) {
    wire::bytes(tag::SPAN_ID, &id, out);
    wire::bytes(tag::NAME, name.as_bytes(), out);
    wire::number(tag::KIND, kind, out);
    wire::fixed(tag::START, start, out);
    wire::fixed(tag::END, end, out);
}

/// There are a dozen of them in a span. Their lengths are known before, and so nothing is written twice.
fn attribute(key: &str, value: Any<'_>, out: &mut Vec<u8>) {
    /// The number of a field, of those below 16, takes a byte.
    const TAG: usize = 1;
    let with_length = |length: usize| TAG + wire::length_of(length as u64) + length;
    let length = match value {
        Any::Text(text) => with_length(text.len()),
        Any::Bool(_) => TAG + 1,
        Any::Int(number) => TAG + wire::length_of(number.cast_unsigned()),
        Any::Double(_) => TAG + size_of::<f64>(),
    };
    wire::head(tag::ATTRIBUTES, with_length(key.len()) + with_length(length), out);
    wire::bytes(tag::KEY, key.as_bytes(), out);
    wire::head(tag::VALUE, length, out);
    match value {
        Any::Text(text) => wire::bytes(tag::TEXT, text.as_bytes(), out),
        Any::Bool(truth) => wire::number(tag::BOOL, truth.into(), out),
        Any::Int(number) => wire::number(tag::INT, number.cast_unsigned(), out),
        Any::Double(number) => wire::fixed(tag::DOUBLE, number.to_bits(), out),
    }
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
        begin(id.to_be_bytes(), &process.program, INTERNAL, (start, end), out);
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
    match &request.execution_id {
        Some(name) => executions.add_child(name, at, write),
        // Nobody asked: it is a trace of its own.
        None => executions.spans.add(&Place::derived(&format!("request {id:x}")).trace, None, write),
    }
}

fn request_fields(request: &ApiRequest, id: u64, start: u64, out: &mut Vec<u8>) {
    let failed = request.status.is_none_or(|status| status >= 400);
    let span = format!("{} {}", request.method, request.endpoint);
    begin(id.to_be_bytes(), &span, CLIENT, (start, after(start, request.duration_ms.0)), out);
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
    use pm_record::{Reading, RunReader};
    use proptest::prelude::*;
    use prost::Message;

    use super::*;
    use crate::proto::{Any as Proto, AnyValue, KeyValue, ScopeSpans, Span};

    /// The spans of some lines, as they are read again from what is sent.
    fn spans(lines: &[&str]) -> Vec<Span> {
        let mut wanted = Wanted::default();
        let tracer = Tracer::want(&mut wanted);
        let (mut reader, mut executions) = (RunReader::new(&wanted), Executions::default());
        for line in lines {
            match reader.read(line.as_bytes()).expect(line) {
                Reading::Run(run) => tracer.run(&run, &mut executions),
                _ => other(&Record::parse(line.as_bytes()).expect(line), &mut executions),
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

    /// An attribute as it was written.
    fn read_again(key: &str, value: Any<'_>) -> KeyValue {
        let mut written = Vec::new();
        attribute(key, value, &mut written);
        let (length, whole) = (written.len(), [&written[..], &written[..]].concat());
        // Two, so that one that is too long or too short is no attribute any more.
        let span = Span::decode(whole.as_slice()).expect("attributes");
        assert_eq!((span.attributes.len(), span.encoded_len()), (2, 2 * length));
        span.attributes[1].clone()
    }

    proptest! {
        #[test]
        fn attributes_are_written_as_they_are_meant(key in ".{1,150}", text in ".{0,150}", truth in any::<bool>(), int in any::<i64>(), double in any::<f64>()) {
            let expected = |value| KeyValue {
                key: key.clone(),
                value: Some(AnyValue { value: Some(value) }),
            };
            prop_assert_eq!(read_again(&key, Any::Text(&text)), expected(Proto::Text(text.clone())));
            prop_assert_eq!(read_again(&key, Any::Bool(truth)), expected(Proto::Bool(truth)));
            prop_assert_eq!(read_again(&key, Any::Int(int)), expected(Proto::Int(int)));
            prop_assert_eq!(read_again(&key, Any::Double(double)), expected(Proto::Double(double)));
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
