//! A mark as JSON. What is null is absent, and a key that is not known is for somebody else.

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::Value;

use super::line::NoMark;
use super::{Mark, PhaseName, Step, counters, labels};

#[derive(Deserialize)]
struct Fields {
    phase: Option<String>,
    event: Option<String>,
    context: Option<IndexMap<String, Value>>,
    github_api: Option<IndexMap<String, Value>>,
}

pub(super) fn parse(text: &str) -> Result<Mark, NoMark> {
    let fields: Fields = serde_json::from_str(text).map_err(|error| NoMark::NotJson(reason(&error)))?;
    Ok(Mark {
        step: step(fields.phase.as_deref(), fields.event.as_deref())?,
        context: labels::read(fields.context.unwrap_or_default())?,
        github_api: counters::read(&fields.github_api.unwrap_or_default())?,
    })
}

fn step(phase: Option<&str>, event: Option<&str>) -> Result<Option<Step>, NoMark> {
    let phase = phase.map(PhaseName::parse).transpose()?;
    let step = match (event, phase) {
        (None, None) => return Ok(None),
        (Some("close"), phase) => Step::Close(phase),
        (None | Some("switch"), Some(phase)) => Step::Switch(phase),
        (Some("open"), Some(phase)) => Step::Open(phase),
        (Some("switch" | "open"), None) => return Err(NoMark::NoPhase),
        (Some(event), _) => return Err(NoMark::NotAnEvent(event.to_owned())),
    };
    Ok(Some(step))
}

/// The parser's reason without its line number, which is always 1 because a mark is one line.
fn reason(error: &serde_json::Error) -> String {
    error.to_string().replace(" at line 1 column", " at column").replace('`', "'")
}
