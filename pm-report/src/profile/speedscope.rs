//! A profile for speedscope (speedscope.app), in its own file format.
//!
//! The first profile is the critical path with the processes above each stretch, so that "left heavy" adds it up by
//! program; then come lanes of processes and of requests, because what overlaps cannot share a profile there.

use indexmap::IndexSet;
use serde_json::{Value, json};

use crate::profile::Profile;
use crate::profile::lanes::{Bar, Edge, lanes};
use crate::profile::timeline::Timeline;

/// How deep a stack is drawn: what is above is one frame.
const DEEPEST: usize = 64;

/// Renders `profile` as one JSON object.
pub(crate) fn render(profile: &Profile) -> String {
    let mut frames = IndexSet::new();
    let mut profiles = Vec::new();
    for (place, run) in profile.runs.iter().enumerate() {
        let suffix = if profile.runs.len() == 1 { String::new() } else { format!(", run {}", place + 1) };
        profiles.push(path(run, &format!("critical path{suffix}"), &mut frames));
        let bars: Vec<_> =
            run.processes.iter().map(|process| Bar { span: process.span, inside: process.parent }).collect();
        let names: Vec<_> = run.processes.iter().map(|process| process.program.as_str()).collect();
        profiles.extend(evented(run, &bars, &names, &format!("processes{suffix}"), &mut frames));
        let bars: Vec<_> =
            run.requests.iter().map(|request| Bar { span: request.span, inside: None }).collect();
        let names: Vec<_> = run.requests.iter().map(|request| request.label.as_str()).collect();
        profiles.extend(evented(run, &bars, &names, &format!("API requests{suffix}"), &mut frames));
    }
    let file = json!({
        "$schema": "https://www.speedscope.app/file-format-schema.json",
        "name": profile.title,
        "activeProfileIndex": 0,
        "exporter": concat!("pm-report ", env!("CARGO_PKG_VERSION")),
        "shared": { "frames": frames.iter().map(|name| json!({ "name": name })).collect::<Vec<_>>() },
        "profiles": profiles,
    });
    format!("{file}\n")
}

/// The stretches of the path, each with its stack, root first.
fn path<'a>(run: &'a Timeline, name: &str, frames: &mut IndexSet<&'a str>) -> Value {
    let (mut samples, mut weights) = (Vec::new(), Vec::new());
    for part in &run.path {
        let above = std::iter::successors(Some(part.process), |&process| run.processes[process].parent);
        let mut stack: Vec<_> = above
            .take(DEEPEST)
            .map(|process| frames.insert_full(run.processes[process].program.as_str()).0)
            .collect();
        stack.reverse();
        samples.push(stack);
        weights.push(part.span.length());
    }
    json!({
        "type": "sampled",
        "name": name,
        "unit": "microseconds",
        "startValue": 0,
        "endValue": run.total,
        "samples": samples,
        "weights": weights,
    })
}

/// A profile a lane.
fn evented<'a>(
    run: &Timeline,
    bars: &[Bar],
    names: &[&'a str],
    name: &str,
    frames: &mut IndexSet<&'a str>,
) -> Vec<Value> {
    let lanes = lanes(bars);
    let of = lanes.len();
    let mut profiles = Vec::with_capacity(of);
    for (place, lane) in lanes.into_iter().enumerate() {
        let events: Vec<_> = lane
            .into_iter()
            .map(|edge| match edge {
                Edge::Open(bar, at) => {
                    json!({ "type": "O", "frame": frames.insert_full(names[bar]).0, "at": at })
                }
                Edge::Close(bar, at) => {
                    json!({ "type": "C", "frame": frames.insert_full(names[bar]).0, "at": at })
                }
            })
            .collect();
        let name = if of == 1 { name.to_owned() } else { format!("{name} ({} of {of})", place + 1) };
        profiles.push(json!({
            "type": "evented",
            "name": name,
            "unit": "microseconds",
            "startValue": 0,
            "endValue": run.total,
            "events": events,
        }));
    }
    profiles
}
