//! Which server a request is for, and whether it is a request to an API.

use std::net::IpAddr;
use std::path::PathBuf;
use std::rc::Rc;

use http::Uri;
use http::uri::Authority;
use pm_github::{Api, ApiHosts, Door};

use crate::endpoint;
use crate::upstream::Upstream;

/// The socket that a request came in by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Via {
    /// The Unix socket, which only its owner can use: every host is served.
    Socket,
    /// A port of this machine, which everybody on it can use: only an API is served.
    Port(u16),
}

/// A server to connect to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Target {
    Host { tls: bool, host: Rc<str>, port: u16 },
    Socket(Rc<PathBuf>),
}

/// Where a request goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) target: Target,
    /// The `Host` to send.
    pub(crate) host: String,
    /// Path and query, as in a request line.
    pub(crate) path: String,
    /// What it asks of an API, if it is to one.
    pub(crate) asked: Option<Asked>,
}

/// A request to an API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) door: Door,
    /// The template of its path.
    pub(crate) endpoint: String,
}

/// Why a request goes nowhere.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Misdirected {
    #[error("the request names no host that could be one")]
    BadHost,
    #[error("only the GitHub API is served here, and '{0}' is not it; set GH_HOST or --upstream to what is")]
    NoApi(String),
}

impl Misdirected {
    /// The status for the client.
    pub(crate) fn status(&self) -> u16 {
        match self {
            Self::BadHost => 400,
            Self::NoApi(_) => 421,
        }
    }
}

/// Knows all addresses.
#[derive(Debug)]
pub(crate) struct Router {
    /// The API that is meant when a client names the relay itself.
    api: Place,
    graphql_path: String,
    hosts: ApiHosts,
    upstream: Way,
}

/// An address in parts.
#[derive(Debug, Clone)]
struct Place {
    authority: String,
    target: Target,
    /// Without a slash at the end.
    path: String,
}

#[derive(Debug)]
enum Way {
    Named,
    To(Place),
    Socket(Target),
}

impl Router {
    /// `api` is the one that is meant where none is named, `others` also count.
    pub(crate) fn new(api: &Api, others: &[Api], upstream: &Upstream) -> Self {
        let place = Place::of(api.rest());
        Self {
            graphql_path: Place::of(api.graphql()).path,
            hosts: ApiHosts::new(std::iter::once(api).chain(others)),
            upstream: match upstream {
                Upstream::Named => Way::Named,
                Upstream::Url(_) => Way::To(place.clone()),
                Upstream::Socket(path) => Way::Socket(Target::Socket(Rc::new(path.clone()))),
            },
            api: place,
        }
    }

    /// Whether a port of this machine is where the API's requests would go.
    pub(crate) fn leads_back_to(&self, port: u16) -> bool {
        let is_own = |target: &Target| match target {
            Target::Host { host, port: other, .. } => *other == port && is_loopback(host),
            Target::Socket(_) => false,
        };
        match &self.upstream {
            Way::Named | Way::To(_) => is_own(&self.api.target),
            Way::Socket(_) => false,
        }
    }

    /// Where a request goes that came `via` a socket of ours and named `host`, if any.
    pub(crate) fn route(&self, via: Via, host: Option<&str>, path: &str) -> Result<Route, Misdirected> {
        let authority =
            host.map(|host| host.parse::<Authority>().map_err(|_| Misdirected::BadHost)).transpose()?;
        if host.is_some_and(|host| host.contains('@')) {
            return Err(Misdirected::BadHost);
        }
        match authority {
            Some(authority) if !self.is_us(via, &authority) => self.named(via, &authority, path.to_owned()),
            _ => {
                let authority = self.api.authority.parse().map_err(|_| Misdirected::BadHost)?;
                self.named(via, &authority, self.inside(path))
            }
        }
    }

    /// Whether the client takes the relay for the API, as with `GITHUB_API_URL`.
    fn is_us(&self, via: Via, authority: &Authority) -> bool {
        let port = authority.port_u16();
        let is_ours = match via {
            Via::Socket => !self.hosts.contains(authority.as_str()),
            Via::Port(own) => port == Some(own) || port.is_none() && own == 80,
        };
        is_ours && is_loopback(authority.host())
    }

    /// The path of the API that is meant, where the client knows only the relay's.
    fn inside(&self, path: &str) -> String {
        let (bare, query) = path.split_at(path.find('?').unwrap_or(path.len()));
        if bare == "/graphql" || bare == "/api/graphql" {
            return format!("{}{query}", self.graphql_path);
        }
        let is_there = below(bare, &self.api.path).is_some() && !self.api.path.is_empty();
        if is_there { path.to_owned() } else { format!("{}{path}", self.api.path) }
    }

    fn named(&self, via: Via, authority: &Authority, path: String) -> Result<Route, Misdirected> {
        let host = authority.as_str().to_ascii_lowercase();
        let bare = &path[..path.find('?').unwrap_or(path.len())];
        let asked = self
            .hosts
            .asked(&host, bare)
            .map(|asked| Asked { door: asked.door, endpoint: endpoint::template(asked.door, asked.path) });
        if asked.is_none() && via != Via::Socket {
            return Err(Misdirected::NoApi(host));
        }
        let (target, path) = match &self.upstream {
            Way::Socket(target) => (target.clone(), path),
            Way::To(place) if self.hosts.contains(&host) => {
                (place.target.clone(), self.behind(place, &host, path))
            }
            _ if host == self.api.authority => (self.api.target.clone(), path),
            _ => (to(true, authority), path),
        };
        Ok(Route { target, host, path, asked })
    }

    /// The path at an upstream that has one of its own, for a client that named another host of the API.
    fn behind(&self, place: &Place, host: &str, path: String) -> String {
        if place.path.is_empty() || host == place.authority {
            return path;
        }
        let bare =
            path.strip_prefix("/api/v3").filter(|rest| rest.starts_with('/')).unwrap_or(&path).to_owned();
        self.inside(&bare)
    }
}

impl Place {
    /// Of an address that pm-github made, which has all parts.
    fn of(url: &str) -> Self {
        let url: Uri = url.parse().unwrap_or_default();
        let none = || Authority::from_static("api.github.com");
        let authority = url.authority().cloned().unwrap_or_else(none);
        Self {
            target: to(url.scheme_str() != Some("http"), &authority),
            authority: authority.as_str().to_ascii_lowercase(),
            path: url.path().trim_end_matches('/').to_owned(),
        }
    }
}

fn to(tls: bool, authority: &Authority) -> Target {
    let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
    let port = authority.port_u16().unwrap_or(if tls { 443 } else { 80 });
    Target::Host { tls, host: host.into(), port }
}

fn below<'a>(path: &'a str, prefix: &str) -> Option<&'a str> {
    path.strip_prefix(prefix).filter(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether a host is this machine.
pub(crate) fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PORT: Via = Via::Port(8080);

    /// A router as it is made for `--upstream` and `GH_HOST`.
    fn router(upstream: Option<&str>, host: Option<&str>) -> Router {
        let upstream = match upstream.map(|text| (text, text.strip_prefix("unix:"))) {
            None => Upstream::Named,
            Some((_, Some(path))) => Upstream::Socket(path.into()),
            Some((url, None)) => Upstream::Url(url.to_owned()),
        };
        let url = match &upstream {
            Upstream::Url(url) => Some(url.as_str()),
            _ => None,
        };
        let api =
            Api::chosen(url, |name| host.filter(|_| name == "GH_HOST").map(str::to_owned)).expect("an API");
        let hosts = ["github.com"].into_iter().chain(host);
        Router::new(
            &api,
            &hosts.map(|host| Api::of_host(host).expect("a host")).collect::<Vec<_>>(),
            &upstream,
        )
    }

    /// Where it goes, as `scheme://host:port`, the `Host` that it gets, its path there, and its template.
    fn route(router: &Router, via: Via, host: &str, path: &str) -> Result<[String; 4], Misdirected> {
        let route = router.route(via, (!host.is_empty()).then_some(host), path)?;
        let target = match route.target {
            Target::Host { tls, host, port } => {
                format!("{}://{host}:{port}", if tls { "https" } else { "http" })
            }
            Target::Socket(path) => format!("unix:{}", path.display()),
        };
        Ok([target, route.host, route.path, route.asked.map_or_else(String::new, |asked| asked.endpoint)])
    }

    #[track_caller]
    fn check(router: &Router, via: Via, host: &str, path: &str, expected: [&str; 4]) {
        assert_eq!(route(router, via, host, path), Ok(expected.map(str::to_owned)), "{host}{path}");
    }

    #[test]
    fn a_request_goes_to_the_host_that_it_names() {
        let router = router(None, None);
        let github = "https://api.github.com:443";
        check(
            &router,
            Via::Socket,
            "api.github.com",
            "/user?x=1",
            [github, "api.github.com", "/user?x=1", "/user"],
        );
        check(
            &router,
            PORT,
            "API.github.com:443",
            "/graphql",
            [github, "api.github.com:443", "/graphql", "/graphql"],
        );
        let uploads = "/repos/o/r/releases/1/assets?name=x";
        let template = "/repos/{owner}/{repo}/releases/{id}/assets";
        check(
            &router,
            PORT,
            "uploads.github.com",
            uploads,
            ["https://uploads.github.com:443", "uploads.github.com", uploads, template],
        );
    }

    #[test]
    fn other_hosts_are_reached_by_the_socket_only_and_do_not_count() {
        let router = router(None, None);
        let download = "objects.githubusercontent.com";
        check(
            &router,
            Via::Socket,
            download,
            "/x/1",
            ["https://objects.githubusercontent.com:443", download, "/x/1", ""],
        );
        assert_eq!(route(&router, PORT, download, "/x"), Err(Misdirected::NoApi(download.to_owned())));
        assert_eq!(
            route(&router, PORT, "github.com", "/x"),
            Err(Misdirected::NoApi("github.com".to_owned()))
        );
        for host in ["a b", "user@api.github.com", "http://x"] {
            assert_eq!(route(&router, Via::Socket, host, "/"), Err(Misdirected::BadHost), "{host}");
        }
    }

    #[test]
    fn a_client_that_takes_the_relay_for_the_api_is_meant_for_the_api() {
        let github = router(None, None);
        for host in ["127.0.0.1:8080", "localhost:8080", "[::1]:8080", ""] {
            check(
                &github,
                PORT,
                host,
                "/user",
                ["https://api.github.com:443", "api.github.com", "/user", "/user"],
            );
        }
        check(
            &github,
            Via::Socket,
            "localhost",
            "/user",
            ["https://api.github.com:443", "api.github.com", "/user", "/user"],
        );
        assert!(route(&github, PORT, "127.0.0.1:9", "/user").is_err());
        let server = router(None, Some("ghe.example.com"));
        let (target, host) = ("https://ghe.example.com:443", "ghe.example.com");
        check(&server, PORT, "localhost:8080", "/user?a", [target, host, "/api/v3/user?a", "/user"]);
        check(&server, PORT, "localhost:8080", "/api/v3/user", [target, host, "/api/v3/user", "/user"]);
        check(&server, PORT, "localhost:8080", "/graphql", [target, host, "/api/graphql", "/graphql"]);
    }

    #[test]
    fn an_enterprise_server_counts_where_it_is_an_api_and_not_where_it_is_a_site() {
        let server = router(None, Some("ghe.example.com"));
        let (target, host) = ("https://ghe.example.com:443", "ghe.example.com");
        check(&server, Via::Socket, host, "/api/v3/user", [target, host, "/api/v3/user", "/user"]);
        check(&server, Via::Socket, host, "/octo/repo/archive", [target, host, "/octo/repo/archive", ""]);
        check(
            &server,
            Via::Socket,
            "api.github.com",
            "/user",
            ["https://api.github.com:443", "api.github.com", "/user", "/user"],
        );
    }

    #[test]
    fn an_upstream_takes_the_apis_requests_and_no_others() {
        let near = router(Some("http://127.0.0.1:9000"), None);
        let there = "http://127.0.0.1:9000";
        check(&near, Via::Socket, "api.github.com", "/user", [there, "api.github.com", "/user", "/user"]);
        check(&near, Via::Socket, "127.0.0.1:9000", "/user", [there, "127.0.0.1:9000", "/user", "/user"]);
        check(&near, PORT, "127.0.0.1:8080", "/user", [there, "127.0.0.1:9000", "/user", "/user"]);
        check(&near, Via::Socket, "example.com", "/x", ["https://example.com:443", "example.com", "/x", ""]);
        let server = router(Some("https://ghe.example.com/api/v3"), None);
        let there = "https://ghe.example.com:443";
        check(&server, PORT, "127.0.0.1:8080", "/user", [there, "ghe.example.com", "/api/v3/user", "/user"]);
        check(
            &server,
            Via::Socket,
            "api.github.com",
            "/user",
            [there, "api.github.com", "/api/v3/user", "/user"],
        );
    }

    #[test]
    fn another_relay_takes_everything_as_it_came() {
        let chained = router(Some("unix:/run/gh.sock"), None);
        check(
            &chained,
            Via::Socket,
            "api.github.com",
            "/user",
            ["unix:/run/gh.sock", "api.github.com", "/user", "/user"],
        );
        check(&chained, Via::Socket, "example.com", "/x", ["unix:/run/gh.sock", "example.com", "/x", ""]);
    }

    #[test]
    fn a_relay_that_would_feed_itself_is_noticed() {
        assert!(router(Some("http://localhost:8080"), None).leads_back_to(8080));
        assert!(!router(Some("http://localhost:8081"), None).leads_back_to(8080));
        assert!(!router(None, None).leads_back_to(443));
    }
}
