//! A host command inside `pm-wrap`, which measures it and lets `pm-alert` judge it.

use std::ffi::{OsStr, OsString};

use pm_store::Settings;

use crate::command_list;
use crate::explain;
use crate::invocation::Invocation;
use crate::plan::{Become, Warning};
use crate::surroundings::Surroundings;

/// The host command, measured. Where a tool is missing it runs without it, and people are told.
pub(crate) fn around(
    host: Invocation,
    word: Option<&OsStr>,
    settings: &Settings,
    here: &Surroundings,
) -> Become {
    let Some(wrap) = here.tool("pm-wrap") else {
        return Become {
            invocation: host,
            otherwise: None,
            warnings: vec![missing("pm-wrap", "recorded", here)],
        };
    };
    let mut warnings = Vec::new();
    let mut args: Vec<OsString> = vec!["--store".into()];
    if settings.api {
        args.extend(["--api".into(), "--api-requests".into()]);
    }
    if settings.alerts_after_command {
        match verdict(here) {
            Some(command) => args.extend(["--then".into(), command]),
            None => warnings.push(missing("pm-alert", "judged", here)),
        }
    }
    if let Some(word) = word.and_then(OsStr::to_str).filter(|word| command_list::is_word(word)) {
        args.extend(["--name".into(), word.into()]);
    }
    args.extend(["--".into(), host.program.clone().into()]);
    args.extend(host.args.iter().cloned());
    let invocation =
        Invocation { program: wrap, args, variables: host.variables.clone(), reads_input: false };
    Become { invocation, otherwise: Some(host), warnings }
}

/// The shell command that judges one record: what it has to say goes to people at a terminal and to
/// nobody else, because a script that reads our standard error reads the host command's. `--pass` says that
/// it stands in a pipeline, where a missing limit is no oversight worth a remark after every command.
///
/// In a job of GitHub Actions nobody is at a terminal, and the runner reads annotations from either stream. So
/// standard error carries them there, if a rule asks for the channel `github`, but not the console's text; standard output
/// stays the host command's, because it is data more often. The cost: a step that keeps the host command's standard
/// error has an annotation among it.
///
/// Tips are made only where somebody reads them: whoever has been told of one is not told again for hours.
fn verdict(here: &Surroundings) -> Option<OsString> {
    let mut command = explain::quote(here.tool("pm-alert")?.as_os_str());
    command.push(match here {
        Surroundings { stderr_is_terminal: true, .. } => " --pass >/dev/null",
        Surroundings { is_job: true, .. } => " --pass --no-tips --no-console >/dev/null",
        _ => " --pass --no-tips >/dev/null 2>&1",
    });
    Some(command)
}

fn missing(tool: &str, what: &str, here: &Surroundings) -> Warning {
    let place = match here.executable.as_deref().and_then(std::path::Path::parent) {
        Some(folder) => format!("install it into {}", folder.display()),
        None => "install it on PATH".to_owned(),
    };
    Warning {
        message: format!("cannot find {tool}; this run is not {what}"),
        hint: Some(format!("{place}, and check with `github-pm performance doctor`")),
    }
}
