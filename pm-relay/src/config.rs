//! What was meant: the command line and the environment, checked.

use std::path::PathBuf;
use std::time::Duration;

use pm_cli::{Environment, Usage};
use pm_github::{Api, BadAddress, Proxies};

use crate::args::Args;
use crate::listen::{self, Place};
use crate::route::Router;
use crate::upstream::Upstream;

/// What to do, with nothing left to default.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) places: Vec<Place>,
    pub(crate) router: Router,
    pub(crate) proxies: Proxies,
    pub(crate) records: Records,
    pub(crate) execution_id: Option<String>,
    /// The folder of kept answers, and how many bytes to keep.
    pub(crate) cache: Option<(PathBuf, u64)>,
    pub(crate) limit: Duration,
    pub(crate) ready: Ready,
    pub(crate) until_stdin_closes: bool,
}

/// Where records were asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Records {
    Stdout,
    File(PathBuf),
    Store(Option<PathBuf>),
}

/// Who is told that the relay is ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ready {
    People,
    Descriptor(u16),
}

impl Config {
    /// Checks each flag, then the flags against each other and against the environment.
    pub(crate) fn new(args: Args, environment: &Environment) -> Result<Self, Usage> {
        let here = environment.current_dir();
        let socket = args.socket.map(|path| here.join(path));
        let own = socket.clone().or_else(|| listen::path_of(args.socket_fd?));
        let upstream = Upstream::chosen(args.upstream.as_deref(), own.as_deref(), environment)?;
        let places: Vec<_> = [
            socket.map(Place::Path),
            args.socket_fd.map(Place::InheritedSocket),
            args.listen.map(Place::Address),
            args.listen_fd.map(Place::InheritedPort),
        ]
        .into_iter()
        .flatten()
        .collect();
        if places.is_empty() {
            return Err(Usage::new(
                "there is nothing to listen on",
                "try `pm-relay --listen 127.0.0.1:8080`",
            ));
        }
        if let Some(open) = args.listen.filter(|address| !address.ip().is_loopback()) {
            let message = format!("'{open}' is open to other machines, and only loopback is served");
            return Err(Usage::new(message, format!("try `pm-relay --listen 127.0.0.1:{}`", open.port())));
        }
        let records = match (args.output, args.store) {
            (Some(file), _) => Records::File(here.join(file)),
            (None, Some(store)) => Records::Store(store),
            (None, None) => Records::Stdout,
        };
        let variable = |name: &str| environment.text(name).map(str::to_owned);
        let proxies = Proxies::from_variables(variable).map_err(|bad| {
            Usage::new(bad.to_string(), format!("`unset {}`, or write it as http://HOST:PORT", bad.variable))
        })?;
        Ok(Self {
            places,
            router: router(&upstream, environment)?,
            proxies,
            records,
            execution_id: args.execution_id.or_else(|| variable("PM_EXECUTION_ID")),
            // Whoever starts a relay for somebody else has no flag of theirs to hand on.
            cache: args
                .cache
                .or_else(|| variable("PM_RELAY_CACHE").filter(|folder| !folder.is_empty()).map(PathBuf::from))
                .map(|folder| (here.join(folder), args.cache_size)),
            limit: args.timeout,
            ready: args.ready_fd.map_or(Ready::People, Ready::Descriptor),
            until_stdin_closes: args.until_stdin_closes,
        })
    }
}

/// Which hosts are an API's: github.com's, that of `GH_HOST`, and the upstream.
fn router(upstream: &Upstream, environment: &Environment) -> Result<Router, Usage> {
    let variable = |name: &str| environment.text(name).map(str::to_owned);
    let wrong =
        |bad: BadAddress| Usage::new(bad.to_string(), "write it as https://github.example.com/api/v3");
    let url = match upstream {
        Upstream::Url(url) => Some(url.as_str()),
        Upstream::Named | Upstream::Socket(_) => None,
    };
    let api = Api::chosen(url, variable).map_err(wrong)?;
    let named = ["github.com".to_owned()].into_iter().chain(variable("GH_HOST"));
    let others = named.map(|host| Api::of_host(&host)).collect::<Result<Vec<_>, _>>().map_err(wrong)?;
    if api.is_overheard() {
        let message = format!("'{}' has no TLS, and tokens would go there for all to read", api.rest());
        return Err(Usage::new(message, "write https:// for http://"));
    }
    Ok(Router::new(&api, &others, upstream))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn config(words: &[&str], variables: &[(&str, &str)]) -> Result<Config, String> {
        let args = Args::try_parse_from(std::iter::once(&"pm-relay").chain(words))
            .map_err(|error| error.to_string())?;
        Config::new(args, &Environment::new(variables.iter().copied(), "/here"))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn addresses_that_others_can_reach_are_refused() {
        for address in ["0.0.0.0:8080", "[::]:8080", "192.0.2.1:8080"] {
            let error = config(&["--listen", address], &[]).expect_err(address);
            assert_eq!(error, format!("'{address}' is open to other machines, and only loopback is served"));
        }
        assert!(config(&["--listen", "[::1]:0"], &[]).is_ok());
    }

    #[test]
    fn something_must_be_listened_on_and_both_kinds_may_be() {
        assert_eq!(config(&[], &[]).expect_err("nothing"), "there is nothing to listen on");
        let both = config(&["--socket", "s", "--listen", "127.0.0.1:0"], &[]).expect("both");
        assert_eq!(both.places, [Place::Path("/here/s".into()), Place::Address(([127, 0, 0, 1], 0).into())]);
    }

    #[test]
    fn an_upstream_must_be_an_address_and_must_not_be_overheard() {
        let with = |upstream: &str| config(&["--socket", "s", "--upstream", upstream], &[]).map(|_| ());
        assert_eq!(with("https://ghe.example.com/api/v3"), Ok(()));
        assert_eq!(with("http://127.0.0.1:1"), Ok(()));
        assert!(with("http://ghe.example.com").expect_err("no TLS").contains("has no TLS"));
        assert!(with("ghe.example.com").expect_err("no address").contains("is no address"));
    }

    #[test]
    fn answers_are_kept_where_it_is_typed_else_where_the_variable_says() {
        let kept = |words: &[&str], folder| {
            let words: Vec<_> = ["--socket", "s"].iter().chain(words).copied().collect();
            let config = config(&words, &[("PM_RELAY_CACHE", folder)]).expect("a configuration");
            config.cache.map(|(folder, _)| folder)
        };
        assert_eq!(kept(&[], "/kept"), Some("/kept".into()));
        assert_eq!(kept(&["--cache", "mine"], "/kept"), Some("/here/mine".into()));
        assert_eq!(kept(&[], ""), None);
    }

    #[test]
    fn the_run_is_the_one_that_is_named_else_the_one_inside_of_which_the_relay_was_started() {
        let inside = [("PM_EXECUTION_ID", "exec_1")];
        let id = |words: &[&str]| config(words, &inside).expect("a configuration").execution_id;
        assert_eq!(id(&["--socket", "s"]).as_deref(), Some("exec_1"));
        assert_eq!(id(&["--socket", "s", "--execution-id", "exec_2"]).as_deref(), Some("exec_2"));
    }
}
