//! Executions as traces: a span a run, and under it its phases, its processes and its API requests.
//!
//! Phases are known by their lengths only, so they are laid end to end in the order in which they first began, and say
//! so. A run without a trace of its own gets one that is made of its execution id, so that it is the same every time.

use foldhash::HashMap;
use pm_record::{ApiRequest, PerformanceMetrics, ProcessTrace, Record, Thousandths};
use sha2::{Digest, Sha256};

use super::otlp::{attribute, nanoseconds, text};
use crate::proto::{Any, KeyValue, Span, Status};
use crate::state::hexadecimal;

const INTERNAL: i32 = 1;
const CLIENT: i32 = 3;
const ERROR: i32 = 2;

/// Records that become spans, gathered because a run's processes may come before it.
#[derive(Debug, Default)]
pub(crate) struct Executions {
    runs: Vec<PerformanceMetrics>,
    processes: Vec<ProcessTrace>,
    requests: Vec<ApiRequest>,
}

/// Where a span stands.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    trace: Vec<u8>,
    span: Vec<u8>,
}

impl Executions {
    /// Keeps a record that becomes a span.
    pub(crate) fn take(&mut self, record: Record) {
        match record {
            Record::Performance(run) => self.runs.push(*run),
            Record::Process(process) => self.processes.push(*process),
            Record::Request(request) => self.requests.push(*request),
            _ => {}
        }
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// All of them as spans.
    pub(super) fn spans(&self) -> Vec<Span> {
        let known: HashMap<&str, Place> =
            self.runs.iter().filter_map(|run| Some((run.execution_id.as_deref()?, place_of(run)))).collect();
        let place = |id: Option<&String>| {
            let id = id.map(String::as_str).unwrap_or_default();
            known.get(id).cloned().unwrap_or_else(|| derived(id))
        };
        let mut spans = Vec::new();
        for run in &self.runs {
            spans.push(of_run(run));
            phases(run, &mut spans);
        }
        for process in &self.processes {
            spans.extend(of_process(process, &place(process.execution_id.as_ref())));
        }
        for request in &self.requests {
            spans.push(of_request(request, &place(request.execution_id.as_ref())));
        }
        spans
    }
}

/// The first bytes of a hash of parts.
fn hashed(parts: &[&str], length: usize) -> Vec<u8> {
    Sha256::digest(parts.join("\0"))[..length].to_vec()
}

fn derived(id: &str) -> Place {
    Place { trace: hashed(&["trace", id], 16), span: hashed(&["span", id], 8) }
}

fn place_of(run: &PerformanceMetrics) -> Place {
    let of_trace = run.trace.as_ref().and_then(|trace| {
        let (trace, span) = (bytes(&trace.trace_id, 16)?, bytes(&trace.span_id, 8)?);
        Some(Place { trace, span })
    });
    let unnamed = || format!("{} {} {}", run.command, run.timestamp, run.duration.total_ms);
    let id = run.execution_id.clone().unwrap_or_else(unnamed);
    of_trace.unwrap_or_else(|| derived(&id))
}

/// Hexadecimal digits, if there are as many as there should be and they are not all zero.
fn bytes(text: &str, length: usize) -> Option<Vec<u8>> {
    if text.len() != 2 * length || !text.is_ascii() {
        return None;
    }
    let pair = |at: usize| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok();
    let bytes: Vec<u8> = (0..length).map(pair).collect::<Option<_>>()?;
    bytes.iter().any(|&byte| byte != 0).then_some(bytes)
}

fn after(start: u64, duration: Thousandths) -> u64 {
    start.saturating_add(u64::try_from(duration.0).unwrap_or_default().saturating_mul(1000))
}

fn error(is_one: bool, message: &str) -> Option<Status> {
    is_one.then(|| Status { message: message.to_owned(), code: ERROR })
}

fn of_run(run: &PerformanceMetrics) -> Span {
    let place = place_of(run);
    let start = nanoseconds(run.timestamp.as_millis());
    let mut attributes =
        vec![text("process.executable.name", run.program.as_deref().unwrap_or(&run.command))];
    attributes.push(text("github_pm.command", &run.command));
    attributes.extend(run.execution_id.iter().map(|id| text("github_pm.execution_id", id)));
    attributes.extend(run.host.iter().map(|host| text("host.name", host)));
    if let Some(code) = run.exit_code {
        attributes.push(attribute("process.exit.code", Any::Int(code.into())));
    }
    if run.failed() {
        let kind = run.signal.map_or_else(|| "exit".to_owned(), |signal| format!("signal {signal}"));
        attributes.push(text("error.type", &kind));
    }
    attributes.extend(figures(run));
    let parent = run.trace.as_ref().and_then(|trace| bytes(trace.parent_span_id.as_deref()?, 8));
    Span {
        trace_id: place.trace,
        span_id: place.span,
        parent_span_id: parent.unwrap_or_default(),
        name: run.command.clone(),
        kind: CLIENT,
        start_time_unix_nano: start,
        end_time_unix_nano: after(start, run.duration.total_ms),
        attributes,
        status: error(run.failed(), ""),
    }
}

fn figures(run: &PerformanceMetrics) -> Vec<KeyValue> {
    let (usage, api) = (&run.resource_usage, &run.github_api);
    let figures = [
        ("github_pm.peak_memory_mb", usage.peak_memory_mb),
        ("github_pm.cpu_time_ms", usage.cpu_time_ms),
        ("github_pm.io_operations", usage.io_operations),
        ("github_pm.api.requests", api.requests_made),
        ("github_pm.api.quota", api.rate_limit_consumed),
    ];
    figures
        .into_iter()
        .filter_map(|(key, value)| Some(attribute(key, Any::Double(value?.to_f64()))))
        .collect()
}

fn phases(run: &PerformanceMetrics, spans: &mut Vec<Span>) {
    let place = place_of(run);
    let mut start = nanoseconds(run.timestamp.as_millis());
    for (name, &duration) in &run.duration.phases {
        let short = name.strip_suffix("_ms").unwrap_or(name);
        let end = after(start, duration);
        let id: String = hexadecimal(&place.span);
        spans.push(Span {
            trace_id: place.trace.clone(),
            span_id: hashed(&["phase", &id, name], 8),
            parent_span_id: place.span.clone(),
            name: short.to_owned(),
            kind: INTERNAL,
            start_time_unix_nano: start,
            end_time_unix_nano: end,
            attributes: vec![attribute("github_pm.laid_end_to_end", Any::Bool(true))],
            status: None,
        });
        start = end;
    }
}

/// None for a process of which no one knows when it began.
fn of_process(process: &ProcessTrace, place: &Place) -> Option<Span> {
    let start = nanoseconds(process.timestamp?.as_millis());
    let failed = process.signal.is_some() || process.exit_code.is_some_and(|code| code != 0);
    let mut attributes = vec![
        text("process.executable.name", &process.program),
        attribute("process.pid", Any::Int(process.pid.into())),
    ];
    attributes.extend(process.exit_code.map(|code| attribute("process.exit.code", Any::Int(code.into()))));
    attributes.extend(failed.then(|| text("error.type", "exit")));
    Some(Span {
        trace_id: place.trace.clone(),
        // A number may be given again in the same run, and then begins later.
        span_id: hashed(
            &[
                "process",
                &format!("{:?}", place.span),
                &process.pid.to_string(),
                &process.start_ms.to_string(),
            ],
            8,
        ),
        // Who started it is known by a number that is given again; the run is what all of them belong to.
        parent_span_id: place.span.clone(),
        name: process.program.clone(),
        kind: INTERNAL,
        start_time_unix_nano: start,
        end_time_unix_nano: after(start, process.duration_ms.unwrap_or_default()),
        attributes,
        status: error(failed, ""),
    })
}

fn of_request(request: &ApiRequest, place: &Place) -> Span {
    let start = nanoseconds(request.timestamp.as_millis());
    let failed = request.status.is_none_or(|status| status >= 400);
    let mut attributes =
        vec![text("http.request.method", &request.method), text("url.template", &request.endpoint)];
    attributes.extend(request.server.iter().map(|server| text("server.address", server)));
    attributes
        .extend(request.status.map(|status| attribute("http.response.status_code", Any::Int(status.into()))));
    attributes.extend(request.cost.map(|cost| attribute("github_pm.api.cost", Any::Double(cost.to_f64()))));
    let kind = request.status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
    attributes.extend(failed.then(|| text("error.type", &kind)));
    let id = format!("{start} {} {} {}", request.method, request.endpoint, request.duration_ms);
    Span {
        trace_id: place.trace.clone(),
        span_id: hashed(&["request", &format!("{:?}", place.span), &id], 8),
        parent_span_id: if request.execution_id.is_some() { place.span.clone() } else { Vec::new() },
        name: format!("{} {}", request.method, request.endpoint),
        kind: CLIENT,
        start_time_unix_nano: start,
        end_time_unix_nano: after(start, request.duration_ms),
        attributes,
        status: error(failed, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn executions(lines: &[&str]) -> Executions {
        let mut executions = Executions::default();
        for line in lines {
            executions.take(Record::parse(line.as_bytes()).expect(line));
        }
        executions
    }

    const PROCESS: &str = r#"{"process_trace":{"execution_id":"exec_1","timestamp":"2024-12-06T10:30:15.130Z","pid":7,"program":"git","start_ms":7,"duration_ms":31.3,"exit_code":1}}"#;
    const RUN: &str = r#"{"performance_metrics":{"command":"batch","execution_id":"exec_1","timestamp":"2024-12-06T10:30:15.123Z","duration":{"total_ms":2450,"phases":{"a_ms":1000,"b_ms":1450}},"exit_code":0,"trace":{"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","span_id":"00f067aa0bb902b7","parent_span_id":"00f067aa0bb902b8"}}}"#;
    const REQUEST: &str = r#"{"api_request":{"execution_id":"exec_1","timestamp":"2024-12-06T10:30:15.200Z","method":"GET","endpoint":"/user","duration_ms":90,"status":404}}"#;

    #[test]
    fn whatever_belongs_to_a_run_stands_under_it_whichever_comes_first() {
        let spans = executions(&[PROCESS, RUN, REQUEST]).spans();
        let names: Vec<_> = spans.iter().map(|span| span.name.as_str()).collect();
        assert_eq!(names, ["batch", "a", "b", "git", "GET /user"]);
        assert!(spans.iter().all(|span| span.trace_id == spans[0].trace_id));
        assert!(spans[1..].iter().all(|span| span.parent_span_id == spans[0].span_id));
        assert_eq!(spans[0].end_time_unix_nano - spans[0].start_time_unix_nano, 2_450_000_000);
        assert_eq!(spans[1].end_time_unix_nano, spans[2].start_time_unix_nano);
        assert_eq!(
            spans.iter().map(|span| span.status.is_some()).collect::<Vec<_>>(),
            [false, false, false, true, true]
        );
    }

    #[test]
    fn a_run_without_a_trace_has_the_same_one_every_time() {
        let run = RUN.replace("4bf92f3577b34da6a3ce929d0e0e4736", "0");
        let [one, two] = [executions(&[&run]).spans(), executions(&[&run]).spans()];
        assert_eq!((one[0].trace_id.len(), one[0].span_id.len()), (16, 8));
        assert_eq!(one, two);
    }
}
