//! What was meant: the command line and the environment, checked.

use std::num::NonZeroU64;
use std::path::PathBuf;
use std::time::Duration;

use pm_cli::{Environment, Usage};
use pm_github::Api;

use crate::Error;
use crate::args::Args;

/// Asking counts for GitHub's secondary limits, which nobody can ask about.
const SHORTEST: Duration = Duration::from_secs(1);

/// What to do, with nothing left to default.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) api: Api,
    pub(crate) timeout: Duration,
    pub(crate) limits_only: bool,
    pub(crate) plan: Plan,
    pub(crate) destination: Destination,
}

/// When to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plan {
    /// Now, and then the answer or the error is all.
    Once,
    /// Again and again.
    Stream { interval: Duration, duration: Option<Duration>, count: Option<NonZeroU64> },
}

/// Where the records go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Destination {
    Stdout,
    /// Behind what this file holds.
    File(PathBuf),
    /// To the store: this one, or the nearest.
    Store(Option<PathBuf>),
}

impl Config {
    pub(crate) fn new(args: Args, environment: &Environment) -> Result<Self, Error> {
        if args.interval < SHORTEST {
            return Err(Usage::new("an interval has at least 1s", "try `pm-ratelimit --interval 60s`").into());
        }
        if args.timeout.is_zero() || args.duration.is_some_and(|duration| duration.is_zero()) {
            return Err(Usage::new("there is no answer in no time", "try `pm-ratelimit --once`").into());
        }
        Ok(Self {
            api: Api::chosen(args.api_url.as_deref(), variables(environment))?,
            timeout: args.timeout,
            limits_only: args.limits_only,
            plan: if args.once {
                Plan::Once
            } else {
                Plan::Stream { interval: args.interval, duration: args.duration, count: args.count }
            },
            destination: match (args.output, args.store) {
                (Some(file), _) => Destination::File(file),
                (None, Some(named)) => Destination::Store(named),
                (None, None) => Destination::Stdout,
            },
        })
    }
}

/// The variables, as `pm-github` asks for them.
pub(crate) fn variables(environment: &Environment) -> impl Fn(&str) -> Option<String> {
    |name| environment.text(name).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn config(words: &[&str]) -> Result<Config, Error> {
        let words = std::iter::once("pm-ratelimit").chain(words.iter().copied());
        let environment = Environment::new([("GH_HOST", "git.example.com")], "/");
        Config::new(Args::try_parse_from(words).expect("flags"), &environment)
    }

    #[test]
    fn without_flags_it_is_a_reading_a_minute_of_the_host_of_gh() {
        let config = config(&[]).expect("meant");
        let minutely = Plan::Stream { interval: Duration::from_mins(1), duration: None, count: None };
        assert_eq!((config.plan, config.api.host()), (minutely, "git.example.com"));
        assert_eq!(config.destination, Destination::Stdout);
    }

    #[test]
    fn what_would_ask_without_end_or_never_is_refused() {
        for words in [
            &["--interval", "500ms"][..],
            &["--timeout", "0s"],
            &["--duration", "0s"],
            &["--api-url", "github.com"],
        ] {
            config(words).expect_err("nothing that can be meant");
        }
    }
}
