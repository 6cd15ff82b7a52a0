//! Are the sibling programs there, and of one version?

use std::path::{Path, PathBuf};

use crate::doctor::finding::{Finding, Mark};
use crate::doctor::probe::{self, Answer};
use crate::explain;
use crate::invocation::Invocation;
use crate::surroundings::Surroundings;

const TOOLS: [&str; 9] = [
    "pm-wrap",
    "pm-sample",
    "pm-relay",
    "pm-ratelimit",
    "pm-aggregate",
    "pm-alert",
    "pm-export",
    "pm-report",
    "pm-watch",
];

const OURS: &str = env!("CARGO_PKG_VERSION");

/// One finding a tool, and ourselves first.
pub(crate) fn examine(here: &Surroundings) -> Vec<Finding> {
    let path = here.executable.as_deref().map(|path| path.display().to_string()).unwrap_or_default();
    let ourselves = Finding::new(Mark::Good, "github-pm", format!("{OURS}  {path}"));
    std::iter::once(ourselves).chain(TOOLS.map(|tool| examine_tool(tool, here))).collect()
}

fn examine_tool(tool: &'static str, here: &Surroundings) -> Finding {
    let Some(program) = here.tool(tool) else {
        let advice = match here.executable.as_deref().and_then(Path::parent) {
            Some(folder) => format!("install it into {}, or into any folder on PATH", folder.display()),
            None => "install it into a folder on PATH".to_owned(),
        };
        return Finding::new(Mark::Bad, tool, "is neither beside github-pm nor on PATH").advise(advice);
    };
    match version(program.clone()) {
        Ok(version) => {
            let text = format!("{version}  {}", program.display());
            if version == OURS {
                Finding::new(Mark::Good, tool, text)
            } else {
                Finding::new(Mark::Doubtful, tool, text)
                    .advise(format!("install all tools in one version; github-pm is {OURS}"))
            }
        }
        Err(reason) => {
            let look = format!("run `{} --version` and see", explain::quote(program.as_os_str()).display());
            Finding::new(Mark::Bad, tool, format!("{} {reason}", program.display())).advise(look)
        }
    }
}

/// The version that a program says it has.
pub(crate) fn version(program: PathBuf) -> Result<String, String> {
    match probe::ask(&Invocation::new(program, ["--version"])) {
        // `pm-wrap 0.1.0` and `gh version 2.63.0 (2024-11-27)`: the first word that begins with a digit.
        Answer::Yes(text) => text
            .split_whitespace()
            .find(|word| word.starts_with(|first: char| first.is_ascii_digit()))
            .map(str::to_owned)
            .ok_or_else(|| "does not say its version".to_owned()),
        Answer::No(status, _) => Err(format!("does not say its version: {status}")),
        Answer::TooSlow => Err("does not answer within 5 seconds".to_owned()),
        Answer::NotStarted(error) => Err(format!("cannot be started: {error}")),
    }
}
