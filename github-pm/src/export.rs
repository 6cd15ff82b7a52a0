//! `performance export`: one tool, with the store and the instants spelled out.

use std::ffi::OsString;

use crate::Error;
use crate::args::ExportArgs;
use crate::invocation::Invocation;
use crate::pipeline::{Pipeline, Stage};
use crate::report::find;
use crate::surroundings::Surroundings;

/// The pipeline that exports.
pub(crate) fn plan(args: ExportArgs, here: &Surroundings) -> Result<Pipeline, Error> {
    let joined = |flag: &str, value: OsString| {
        let mut word = OsString::from(flag);
        word.push(value);
        word
    };
    let mut words =
        vec![joined("--to=", args.format.into()), joined("--store=", here.store()?.root().into())];
    if let Some(timeframe) = args.timeframe {
        let window = timeframe.window(here.now);
        words.extend([format!("--since={}", window.start).into(), format!("--until={}", window.end).into()]);
    }
    if let Some(output) = args.output {
        words.push(joined("--output=", here.environment.current_dir().join(output).into()));
    }
    words.extend(args.listen.map(|address| joined("--listen=", address.into())));
    words.extend(args.flags);
    Ok(Pipeline { stages: vec![Stage(vec![Invocation::new(find(here, "pm-export")?, words)])] })
}
