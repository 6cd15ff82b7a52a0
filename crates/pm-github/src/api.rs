//! One GitHub, and where its API answers.

use http::Uri;
use http::uri::{Authority, Scheme};

/// One GitHub: whose logins count for it, and where its API answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Api {
    host: String,
    rest: String,
    graphql: String,
    uploads: String,
}

/// An address that is no API's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{address}' {reason}")]
pub struct BadAddress {
    /// What was given, without what could be a password.
    pub address: String,
    /// Why it is none.
    pub reason: &'static str,
}

impl Api {
    /// The API of a host as `gh` names it: `github.com`, `octo.ghe.com`, `github.example.com`.
    ///
    /// # Errors
    ///
    /// If the text is no host.
    pub fn of_host(host: &str) -> Result<Self, BadAddress> {
        let bad = |reason| BadAddress { address: host.to_owned(), reason };
        let authority: Authority = host.parse().map_err(|_| bad("is no host"))?;
        if host.contains('@') {
            return Err(BadAddress { address: "…".to_owned(), reason: "is no host: it holds a password" });
        }
        let host = login_host(authority.as_str());
        let api = |rest: String, graphql, uploads| Self { host: host.clone(), rest, graphql, uploads };
        Ok(match host.as_str() {
            // The one name whose API has no TLS: GitHub's own development host.
            "github.localhost" => api(
                "http://api.github.localhost".into(),
                "http://api.github.localhost/graphql".into(),
                "http://uploads.github.localhost".into(),
            ),
            shared if shared == "github.com" || shared.ends_with(".ghe.com") => api(
                format!("https://api.{shared}"),
                format!("https://api.{shared}/graphql"),
                format!("https://uploads.{shared}"),
            ),
            own => api(
                format!("https://{own}/api/v3"),
                format!("https://{own}/api/graphql"),
                format!("https://{own}/api/uploads"),
            ),
        })
    }

    /// The API at an address such as `https://github.example.com/api/v3` or `http://127.0.0.1:8080`.
    ///
    /// A loopback address has no login of its own: what listens there stands in front of the GitHub that
    /// `host` names, and without one of github.com.
    ///
    /// # Errors
    ///
    /// If the text is no address of this kind, or `host` is no host.
    pub fn at(url: &str, host: Option<&str>) -> Result<Self, BadAddress> {
        let bad = |reason| BadAddress { address: without_password(url), reason };
        let address: Uri = url.parse().map_err(|_| bad("is no address"))?;
        let (Some(scheme), Some(authority)) = (address.scheme(), address.authority()) else {
            return Err(bad("is no address that begins with https:// or http://"));
        };
        if *scheme != Scheme::HTTPS && *scheme != Scheme::HTTP {
            return Err(bad("is no address that begins with https:// or http://"));
        }
        if authority.as_str().contains('@') {
            return Err(bad("holds a password, and others can see command lines"));
        }
        if address.query().is_some() {
            return Err(bad("has a query, and an API's address has none"));
        }
        let login = if is_loopback(authority.host()) {
            Self::of_host(host.unwrap_or("github.com"))?.host
        } else {
            login_host(authority.as_str())
        };
        let path = address.path().trim_end_matches('/');
        let root = format!("{scheme}://{}", authority.as_str().to_ascii_lowercase());
        let is_shared = root == format!("https://api.{login}");
        let (graphql, uploads) = match path.strip_suffix("/api/v3") {
            Some(before) => (format!("{root}{before}/api/graphql"), format!("{root}{before}/api/uploads")),
            None if is_shared => (format!("{root}{path}/graphql"), format!("https://uploads.{login}")),
            None => (format!("{root}{path}/graphql"), format!("{root}{path}/uploads")),
        };
        Ok(Self { host: login, rest: format!("{root}{path}"), graphql, uploads })
    }

    /// The API that was meant: the address that was typed, else the host in `GH_HOST`, else the address in
    /// `GITHUB_API_URL`, else github.com.
    ///
    /// # Errors
    ///
    /// If the one that decides cannot be meant.
    pub fn chosen(
        typed: Option<&str>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, BadAddress> {
        let host = variable("GH_HOST");
        match (typed, &host, variable("GITHUB_API_URL")) {
            (Some(url), _, _) => Self::at(url, host.as_deref()),
            (None, Some(host), _) => Self::of_host(host),
            (None, None, Some(url)) => Self::at(&url, None),
            (None, None, None) => Self::of_host("github.com"),
        }
    }

    /// The host whose login counts, as `gh auth token --hostname` takes it.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Where REST answers, without a slash at the end.
    #[must_use]
    pub fn rest(&self) -> &str {
        &self.rest
    }

    /// Where GraphQL answers.
    #[must_use]
    pub fn graphql(&self) -> &str {
        &self.graphql
    }

    /// Where assets of releases go.
    #[must_use]
    pub fn uploads(&self) -> &str {
        &self.uploads
    }

    /// Whether it is a server of the user's own, which has its own tokens and may have no limits.
    #[must_use]
    pub fn is_enterprise_server(&self) -> bool {
        self.host != "github.com" && self.host != "github.localhost" && !self.host.ends_with(".ghe.com")
    }

    /// Whether what is sent there can be read on the way: no TLS, and not to this machine.
    #[must_use]
    pub fn is_overheard(&self) -> bool {
        let address: Option<Uri> = self.rest.parse().ok();
        address.is_none_or(|address| {
            address.scheme() != Some(&Scheme::HTTPS) && !address.host().is_some_and(is_loopback)
        })
    }
}

/// The host as `gh` knows its login: `api.github.com` is github.com, `api.octo.ghe.com` is octo.ghe.com.
fn login_host(host: &str) -> String {
    let host = host.to_ascii_lowercase();
    for shared in ["github.com", "github.localhost"] {
        if host.strip_suffix(shared).is_some_and(|before| before.is_empty() || before.ends_with('.')) {
            return shared.to_owned();
        }
    }
    match host.strip_suffix(".ghe.com").and_then(|before| before.rsplit('.').next()) {
        Some(company) if !company.is_empty() => format!("{company}.ghe.com"),
        _ => host,
    }
}

/// Whether a host is this machine. Names that end in `.localhost` are, by RFC 6761.
pub(crate) fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let is_name = host.eq_ignore_ascii_case("localhost") || host.to_ascii_lowercase().ends_with(".localhost");
    is_name || host.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

/// An address for a message: what stands before an `@` may be a password.
pub(crate) fn without_password(url: &str) -> String {
    match url.rsplit_once('@') {
        Some((before, after)) => {
            let scheme = before.find("://").map_or("", |at| &before[..at + 3]);
            format!("{scheme}…@{after}")
        }
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(api: Result<Api, BadAddress>, host: &str, rest: &str, graphql: &str) {
        let api = api.expect("an API");
        assert_eq!((api.host(), api.rest(), api.graphql()), (host, rest, graphql));
    }

    #[test]
    fn each_kind_of_host_has_its_own_addresses() {
        let github = ("github.com", "https://api.github.com", "https://api.github.com/graphql");
        for host in ["github.com", "GitHub.com", "api.github.com", "www.github.com"] {
            check(Api::of_host(host), github.0, github.1, github.2);
        }
        let cloud = ("octo.ghe.com", "https://api.octo.ghe.com", "https://api.octo.ghe.com/graphql");
        for host in ["octo.ghe.com", "api.octo.ghe.com"] {
            check(Api::of_host(host), cloud.0, cloud.1, cloud.2);
        }
        check(
            Api::of_host("git.example.com:8443"),
            "git.example.com:8443",
            "https://git.example.com:8443/api/v3",
            "https://git.example.com:8443/api/graphql",
        );
        for host in ["notgithub.com", "ghe.com"] {
            assert!(Api::of_host(host).expect("a host").is_enterprise_server(), "{host}");
        }
    }

    #[test]
    fn an_address_is_taken_as_it_is() {
        check(
            Api::at("https://api.github.com/", None),
            "github.com",
            "https://api.github.com",
            "https://api.github.com/graphql",
        );
        check(
            Api::at("https://git.example.com/api/v3/", None),
            "git.example.com",
            "https://git.example.com/api/v3",
            "https://git.example.com/api/graphql",
        );
    }

    #[test]
    fn an_address_on_loopback_stands_in_front_of_the_host_that_is_named() {
        let relay = "http://127.0.0.1:8080";
        check(Api::at(relay, None), "github.com", relay, "http://127.0.0.1:8080/graphql");
        let api = Api::at(relay, Some("git.example.com")).expect("an API");
        assert_eq!((api.host(), api.is_enterprise_server()), ("git.example.com", true));
    }

    #[test]
    fn what_was_typed_goes_before_the_host_and_that_before_the_address_of_the_runner() {
        let all = |name: &str| match name {
            "GH_HOST" => Some("git.example.com".to_owned()),
            "GITHUB_API_URL" => Some("https://api.octo.ghe.com".to_owned()),
            _ => None,
        };
        let host = |typed, variable: &dyn Fn(&str) -> Option<String>| {
            Api::chosen(typed, variable).expect("an API").host
        };
        assert_eq!(host(Some("https://api.github.com"), &all), "github.com");
        assert_eq!(host(None, &all), "git.example.com");
        assert_eq!(host(None, &|name| if name == "GH_HOST" { None } else { all(name) }), "octo.ghe.com");
        assert_eq!(host(None, &|_| None), "github.com");
    }

    #[test]
    fn what_is_no_address_is_refused_without_its_password() {
        for (url, message) in [
            ("api.github.com", "'api.github.com' is no address that begins with https:// or http://"),
            ("ftp://a.b", "'ftp://a.b' is no address that begins with https:// or http://"),
            ("https://me:ghp_x@a.b", "'https://…@a.b' holds a password, and others can see command lines"),
            ("https://a.b/?x", "'https://a.b/?x' has a query, and an API's address has none"),
            ("https://a b", "'https://a b' is no address"),
        ] {
            assert_eq!(Api::at(url, None).expect_err(url).to_string(), message);
        }
        for host in ["", "a/b", "https://github.com", "me:ghp_x@a.b"] {
            let error = Api::of_host(host).expect_err(host).to_string();
            assert!(!error.contains("ghp_x"), "{error}");
        }
    }

    #[test]
    fn plain_http_beyond_this_machine_is_overheard() {
        let cases = [
            ("http://127.0.0.1:1", false),
            ("http://[::1]:1", false),
            ("http://localhost", false),
            ("http://10.0.0.1", true),
            ("http://127.0.0.1.example.com", true),
            ("https://10.0.0.1", false),
        ];
        for (url, overheard) in cases {
            assert_eq!(Api::at(url, None).expect(url).is_overheard(), overheard, "{url}");
        }
    }
}
