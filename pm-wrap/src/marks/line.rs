//! One line, which is a mark, nothing, or a mistake.

use super::labels::{LONGEST, MOST};
use super::{Mark, NoPhaseName, PhaseName, Step, excerpt, json};

/// How much of a word a reason repeats, in characters.
const WORD: usize = 40;

/// Why a line is no mark: a lowercase fragment.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoMark {
    #[error("longer than 4,096 bytes")]
    TooLong,
    #[error("not UTF-8")]
    NotText,
    #[error(transparent)]
    NotAName(#[from] NoPhaseName),
    #[error("{0}")]
    NotJson(String),
    #[error("'{}' is no event, which is switch, open or close", excerpt(.0, WORD))]
    NotAnEvent(String),
    #[error("an event, but no phase")]
    NoPhase,
    #[error("more than {MOST} labels")]
    TooManyLabels,
    #[error("'{}' is no label, which has a name without dots", excerpt(.0, WORD))]
    NotALabel(String),
    #[error("the label '{}' is no number, true, false or text of up to {LONGEST} bytes", excerpt(.0, WORD))]
    NotAScalar(String),
    #[error("github_api.{0} is no number from 0 up")]
    NotACount(&'static str),
}

/// Reads a line without its newline. A line of nothing but white space says nothing.
pub(super) fn parse(bytes: &[u8]) -> Result<Option<Mark>, NoMark> {
    let text = str::from_utf8(bytes.trim_ascii()).map_err(|_| NoMark::NotText)?;
    let step = match text.as_bytes() {
        [] => return Ok(None),
        [b'{', ..] => return json::parse(text).map(Some),
        [b'+', ..] => Step::Open(PhaseName::parse(&text[1..])?),
        b"-" => Step::Close(None),
        [b'-', ..] => Step::Close(Some(PhaseName::parse(&text[1..])?)),
        _ => Step::Switch(PhaseName::parse(text)?),
    };
    Ok(Some(Mark { step: Some(step), ..Mark::default() }))
}
