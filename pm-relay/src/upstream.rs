//! Where the API's requests go, if not to the API itself.

use std::path::{Path, PathBuf};

use pm_cli::{Environment, Usage};

/// What stands between the relay and the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Upstream {
    /// Nothing: every request goes to the host that it names.
    Named,
    /// A server at this address.
    Url(String),
    /// Another relay, or whatever else takes requests on a Unix socket as `gh` sends them there.
    Socket(PathBuf),
}

/// The variable that names it.
const VARIABLE: &str = "PM_RELAY_UPSTREAM";

impl Upstream {
    /// What was typed, else the variable, else the socket that the user's `gh` sends everything to, so that a relay
    /// does not take the place of another one but stands in front of it. `own` is the relay's socket.
    pub(crate) fn chosen(
        typed: Option<&str>,
        own: Option<&Path>,
        environment: &Environment,
    ) -> Result<Self, Usage> {
        let text = typed.or_else(|| environment.text(VARIABLE));
        let configured = || gh_socket(environment).filter(|socket| Some(socket.as_path()) != own);
        let upstream = match text {
            Some(text) => Self::parse(text, environment)?,
            None => configured().map_or(Self::Named, Self::Socket),
        };
        match &upstream {
            Self::Socket(path) if Some(path.as_path()) == own => {
                let message =
                    format!("'{}' is both the socket to listen on and the upstream", path.display());
                Err(Usage::new(message, "listen on another one: `pm-relay --socket PATH`"))
            }
            _ => Ok(upstream),
        }
    }

    fn parse(text: &str, environment: &Environment) -> Result<Self, Usage> {
        match text.strip_prefix("unix:") {
            Some("") => Err(Usage::new("'unix:' names no socket", "write it as unix:PATH")),
            Some(path) => Ok(Self::Socket(environment.current_dir().join(path))),
            None => Ok(Self::Url(text.to_owned())),
        }
    }
}

/// The one key of gh's `config.yml` that matters here.
#[derive(Debug, Default, serde::Deserialize)]
struct GhConfig {
    http_unix_socket: Option<String>,
}

/// The socket that `gh` is told to use. What `gh` could not read either is its trouble, and named by it.
fn gh_socket(environment: &Environment) -> Option<PathBuf> {
    let folder = environment
        .get("GH_CONFIG_DIR")
        .map(PathBuf::from)
        .or_else(|| environment.get("XDG_CONFIG_HOME").map(|home| Path::new(home).join("gh")))
        .or_else(|| environment.get("HOME").map(|home| Path::new(home).join(".config/gh")))?;
    let path = environment.current_dir().join(folder).join("config.yml");
    let text = std::fs::read_to_string(path).ok()?;
    let config: GhConfig = serde_saphyr::from_str(&text).ok()?;
    let socket = config.http_unix_socket.filter(|socket| !socket.is_empty())?;
    Some(environment.current_dir().join(socket))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(typed: Option<&str>, own: &str, variables: &[(&str, &str)]) -> Result<Upstream, String> {
        let environment = Environment::new(variables.iter().copied(), "/here");
        Upstream::chosen(typed, Some(Path::new(own)), &environment).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_typed_goes_before_the_variable_and_that_before_nothing() {
        let variable = [(VARIABLE, "unix:other.sock")];
        assert_eq!(chosen(None, "/own", &[]), Ok(Upstream::Named));
        assert_eq!(chosen(None, "/own", &variable), Ok(Upstream::Socket("/here/other.sock".into())));
        let url = "http://127.0.0.1:1";
        assert_eq!(chosen(Some(url), "/own", &variable), Ok(Upstream::Url(url.to_owned())));
    }

    #[test]
    fn the_socket_of_the_users_gh_is_the_upstream_unless_it_is_our_own() {
        let folder = tempfile::tempdir().expect("a folder");
        let config = "version: \"1\"\naliases:\n    co: pr checkout\nhttp_unix_socket: /run/gh.sock\n";
        std::fs::write(folder.path().join("config.yml"), config).expect("written");
        let variables = [("GH_CONFIG_DIR", folder.path().to_str().expect("text"))];
        assert_eq!(chosen(None, "/own", &variables), Ok(Upstream::Socket("/run/gh.sock".into())));
        assert_eq!(chosen(None, "/run/gh.sock", &variables), Ok(Upstream::Named));
        std::fs::write(folder.path().join("config.yml"), "http_unix_socket:\n").expect("written");
        assert_eq!(chosen(None, "/own", &variables), Ok(Upstream::Named));
    }

    #[test]
    fn a_relay_does_not_feed_itself() {
        let error = chosen(Some("unix:/own"), "/own", &[]).expect_err("a loop");
        assert_eq!(error, "'/own' is both the socket to listen on and the upstream");
    }
}
