//! What was meant: the command line, checked.

use std::ffi::OsString;
use std::path::PathBuf;

use indexmap::IndexMap;
use pm_record::{Scalar, Thousandths};

use crate::args::{Args, ProgramPhase};
use crate::image::Streams;
use crate::limit::Limit;
use crate::name;

/// What to do, with nothing left to default.
#[derive(Debug)]
pub(crate) struct Config {
    /// The program, as it was typed.
    pub(crate) program: OsString,
    pub(crate) arguments: Vec<OsString>,
    /// What the record calls the command.
    pub(crate) name: String,
    pub(crate) context: IndexMap<String, Scalar>,
    pub(crate) destination: Destination,
    /// The shell command that gets the record afterwards.
    pub(crate) then: Option<OsString>,
    pub(crate) limit: Limit,
    pub(crate) processes: Processes,
    pub(crate) requests: Requests,
    /// Whether the quota is read before and after.
    pub(crate) quota: bool,
    /// The phases that programs stand for, the first that matches first.
    pub(crate) program_phases: Vec<ProgramPhase>,
    pub(crate) record_args: bool,
}

/// How the command's processes come to have records of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Processes {
    /// They have none.
    Unseen,
    /// Each is followed from its start to its end.
    Traced,
    /// They are looked at from time to time.
    Sampled,
}

/// What becomes of requests to GitHub's API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Requests {
    /// They go where they always went.
    Unseen,
    /// They are added up.
    Counted,
    /// And each of them has a record of its own.
    Recorded,
}

/// Where the record goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Destination {
    /// To standard output, while the command's standard output goes to standard error.
    Stdout,
    /// Behind what this file holds.
    File(PathBuf),
    /// To the store: this one, or the nearest.
    Store(Option<PathBuf>),
}

impl Destination {
    /// Where the command's own standard output goes then.
    pub(crate) fn streams(&self) -> Streams {
        if *self == Self::Stdout { Streams::OutputToError } else { Streams::Own }
    }
}

impl From<Args> for Config {
    fn from(args: Args) -> Self {
        let mut words = args.command.into_iter();
        let program = words.next().unwrap_or_default();
        let arguments: Vec<_> = words.collect();
        Self {
            name: args.name.unwrap_or_else(|| name::of(&program, &arguments)),
            program,
            arguments,
            context: args.context.into_iter().map(|(key, value)| (key, label(value))).collect(),
            destination: match (args.output, args.store) {
                (Some(file), _) => Destination::File(file),
                (None, Some(named)) => Destination::Store(named),
                (None, None) => Destination::Stdout,
            },
            then: args.then,
            limit: Limit::new(args.timeout, args.kill_after),
            processes: match (args.trace, args.sample) {
                (true, _) => Processes::Traced,
                (false, true) => Processes::Sampled,
                (false, false) => Processes::Unseen,
            },
            requests: match (args.api, args.api_requests) {
                (false, _) => Requests::Unseen,
                (true, false) => Requests::Counted,
                (true, true) => Requests::Recorded,
            },
            quota: args.quota,
            program_phases: args.phase,
            record_args: args.record_args,
        }
    }
}

/// A label is a number where it reads as one, because counts such as `task_count` are compared and summed.
fn label(text: String) -> Scalar {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.' || byte == b'-');
    match text.parse::<f64>().ok().filter(|_| plain).and_then(Thousandths::from_f64) {
        // What a number cannot hold exactly, such as a version or a long identifier, stays text.
        Some(number) if number.to_string() == text => Scalar::Number(number),
        _ => Scalar::Text(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_a_number_only_if_nothing_of_it_is_lost() {
        let numbers = ["87", "0.5", "-3"];
        let texts = ["large", "1.0", "007", "1e3", "inf", "0.12345", "99999999999999999999", "", "1.2.3"];
        assert!(numbers.iter().all(|text| matches!(label((*text).to_owned()), Scalar::Number(_))));
        assert!(texts.iter().all(|text| label((*text).to_owned()) == Scalar::from(*text)));
    }
}
