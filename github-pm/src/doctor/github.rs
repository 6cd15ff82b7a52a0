//! Is `gh` there, and is there a token? No token is ever read.

use crate::doctor::finding::{Finding, Mark};
use crate::doctor::probe::{self, Answer};
use crate::doctor::tools;
use crate::invocation::Invocation;
use crate::surroundings::Surroundings;

const VARIABLES: [&str; 2] = ["GH_TOKEN", "GITHUB_TOKEN"];

/// `gh` and the ways to a token.
pub(crate) fn examine(here: &Surroundings) -> Vec<Finding> {
    let set: Vec<_> = VARIABLES.into_iter().filter(|name| here.environment.get(name).is_some()).collect();
    let mut findings = match here.on_path("gh").next() {
        None => vec![
            Finding::new(Mark::Doubtful, "gh", "is not on PATH")
                .advise("host commands that call it need it: see https://cli.github.com"),
        ],
        Some(gh) => {
            let found = match tools::version(gh.clone()) {
                Ok(version) => Finding::new(Mark::Good, "gh", format!("{version}  {}", gh.display())),
                Err(reason) => Finding::new(Mark::Doubtful, "gh", format!("{} {reason}", gh.display()))
                    .advise("run `gh --version` and see"),
            };
            vec![found, login(&Invocation::new(gh, ["auth", "token"]))]
        }
    };
    findings.push(match &set[..] {
        [] => Finding::new(Mark::Note, "environment", "neither GH_TOKEN nor GITHUB_TOKEN is set"),
        set => Finding::new(Mark::Good, "environment", format!("{} is set", set.join(" and "))),
    });
    findings
}

/// Whether gh has a token. It needs no network to say so, and what it says is thrown away.
fn login(token: &Invocation) -> Finding {
    match probe::ask_blindly(token) {
        Answer::Yes(_) => Finding::new(Mark::Good, "login", "gh has a token"),
        Answer::No(..) => {
            Finding::new(Mark::Doubtful, "login", "gh has no token").advise("log in with `gh auth login`")
        }
        Answer::TooSlow => Finding::new(Mark::Doubtful, "login", "gh does not answer within 5 seconds")
            .advise("see what keeps it with `gh auth status`"),
        Answer::NotStarted(error) => {
            Finding::new(Mark::Doubtful, "login", format!("gh cannot be started: {error}"))
                .advise("run `gh auth status` and see")
        }
    }
}
