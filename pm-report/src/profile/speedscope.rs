//! A profile for speedscope (speedscope.app), in its own file format.
//!
//! The first profile is the critical path with the processes above each stretch, so that "left heavy" adds it up by
//! program; then come lanes of processes and of requests, because what overlaps cannot share a profile there.

use std::fmt::{Display, Write as _};

use indexmap::IndexSet;
use serde_json::{Value, json};

use crate::profile::Profile;
use crate::profile::lanes::{Bar, Edge, lanes};
use crate::profile::timeline::Timeline;

/// How deep a stack is drawn: what is above is one frame.
const DEEPEST: usize = 64;

/// Renders `profile` as one JSON object, with a profile a line: there may be hundreds of thousands of events, so each
/// becomes text at once.
pub(crate) fn render(profile: &Profile) -> String {
    let mut file = File::default();
    for (place, run) in profile.runs.iter().enumerate() {
        let suffix = if profile.runs.len() == 1 { String::new() } else { format!(", run {}", place + 1) };
        file.path(run, &format!("critical path{suffix}"));
        let bars: Vec<_> =
            run.processes.iter().map(|process| Bar { span: process.span, inside: process.parent }).collect();
        let names: Vec<_> = run.processes.iter().map(|process| process.program.as_str()).collect();
        file.lanes(run, &bars, &names, &format!("processes{suffix}"));
        let bars: Vec<_> =
            run.requests.iter().map(|request| Bar { span: request.span, inside: None }).collect();
        let names: Vec<_> = run.requests.iter().map(|request| request.label.as_str()).collect();
        file.lanes(run, &bars, &names, &format!("API requests{suffix}"));
    }
    let frames: Vec<_> = file.frames.iter().map(|name| json!({ "name": name })).collect();
    let head = json!({
        "$schema": "https://www.speedscope.app/file-format-schema.json",
        "name": profile.title,
        "activeProfileIndex": 0,
        "exporter": concat!("pm-report ", env!("CARGO_PKG_VERSION")),
        "shared": { "frames": frames },
    });
    format!("{}\n", with(&head, &[("profiles", &file.profiles)]))
}

/// What the file holds so far.
#[derive(Default)]
struct File<'a> {
    frames: IndexSet<&'a str>,
    /// The profiles as the inside of an array.
    profiles: String,
}

impl<'a> File<'a> {
    /// The stretches of the path, each with its stack, root first.
    fn path(&mut self, run: &'a Timeline, name: &str) {
        let (mut samples, mut weights) = (String::new(), String::new());
        for part in &run.path {
            let above = std::iter::successors(Some(part.process), |&process| run.processes[process].parent);
            let mut stack: Vec<_> = above
                .take(DEEPEST)
                .map(|process| self.frames.insert_full(run.processes[process].program.as_str()).0)
                .collect();
            stack.reverse();
            push(&mut samples, ",", &json!(stack));
            push(&mut weights, ",", &part.span.length());
        }
        let head = head("sampled", name, run);
        push(&mut self.profiles, PROFILES, &with(&head, &[("samples", &samples), ("weights", &weights)]));
    }

    /// A profile a lane.
    fn lanes(&mut self, run: &Timeline, bars: &[Bar], names: &[&'a str], name: &str) {
        let lanes = lanes(bars);
        let of = lanes.len();
        for (place, lane) in lanes.into_iter().enumerate() {
            let mut events = String::new();
            for edge in lane {
                let (kind, bar, at) = match edge {
                    Edge::Open(bar, at) => ("O", bar, at),
                    Edge::Close(bar, at) => ("C", bar, at),
                };
                let frame = self.frames.insert_full(names[bar]).0;
                push(&mut events, ",", &json!({ "type": kind, "frame": frame, "at": at }));
            }
            let name = if of == 1 { name.to_owned() } else { format!("{name} ({} of {of})", place + 1) };
            push(&mut self.profiles, PROFILES, &with(&head("evented", &name, run), &[("events", &events)]));
        }
    }
}

/// What stands between two profiles.
const PROFILES: &str = ",\n";

fn head(kind: &str, name: &str, run: &Timeline) -> Value {
    json!({ "type": kind, "name": name, "unit": "microseconds", "startValue": 0, "endValue": run.total })
}

fn push(array: &mut String, separator: &str, item: &impl Display) {
    let separator = if array.is_empty() { "" } else { separator };
    let _ = write!(array, "{separator}{item}");
}

/// An object with further members, each an array of which the inside is given.
fn with(object: &Value, arrays: &[(&str, &String)]) -> String {
    let mut text = object.to_string();
    text.pop();
    for (name, inside) in arrays {
        let _ = write!(text, ",\"{name}\":[{inside}]");
    }
    text.push('}');
    text
}
