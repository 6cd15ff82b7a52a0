//! `performance export`: one tool, with the store and the instants spelled out. A key goes to it in its environment,
//! where nobody else sees it.

use std::ffi::OsString;

use crate::Error;
use crate::args::ExportArgs;
use crate::invocation::{Invocation, SECRETS};
use crate::pipeline::{Pipeline, Stage};
use crate::plan::Warning;
use crate::report::find;
use crate::surroundings::Surroundings;

/// The variables that keys go in.
const API_KEY: &str = SECRETS[0];
const LICENSE_KEY: &str = SECRETS[1];

/// What to say of a key that was typed.
pub(crate) fn warning(args: &ExportArgs) -> Option<Warning> {
    let datadog = args.api_key.as_ref().map(|_| API_KEY);
    let variable = datadog.or_else(|| args.license_key.as_ref().map(|_| LICENSE_KEY))?;
    let message = "a key on the command line can be seen by everybody on this machine".to_owned();
    Some(Warning { message, hint: Some(format!("set it before, as `export {variable}=…`")) })
}

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
    words.extend(args.url.map(|url| joined("--url=", url.into())));
    words.extend(args.flags);
    let mut invocation = Invocation::new(find(here, "pm-export")?, words);
    invocation.variables.extend(args.api_key.map(|key| (API_KEY, key)));
    invocation.variables.extend(args.license_key.map(|key| (LICENSE_KEY, key)));
    Ok(Pipeline { stages: vec![Stage(vec![invocation])] })
}
