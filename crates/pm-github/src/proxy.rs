//! The proxy between this machine and a host.
//!
//! The rules are those of `gh`, which is Go's: a tool that reaches GitHub where `gh` does not would measure
//! another way there. Upper case goes before lower case, and this machine itself is never reached by a proxy.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Uri;
use percent_encoding::percent_decode_str;

use crate::Secret;
use crate::api::{is_loopback, without_password};
use crate::no_proxy::NoProxy;

/// Which proxies there are, and for which hosts they are not.
#[derive(Debug, Clone, Default)]
pub struct Proxies {
    https: Option<Proxy>,
    http: Option<Proxy>,
    exceptions: NoProxy,
}

/// A proxy that speaks HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxy {
    /// Whether it is itself reached over TLS.
    pub tls: bool,
    /// Its host, without the brackets of IPv6.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// What to send it as `Proxy-Authorization`.
    pub authorization: Option<Secret>,
}

impl Proxy {
    /// The name and the password, for a client that makes the header itself.
    #[must_use]
    pub fn login(&self) -> Option<(String, Secret)> {
        let encoded = self.authorization.as_ref()?.reveal().strip_prefix("Basic ")?;
        let pair = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
        let (name, password) = pair.split_once(':')?;
        Some((name.to_owned(), Secret::header(password.to_owned())))
    }
}

/// A variable that names no proxy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{variable} is '{address}', which {reason}")]
pub struct BadProxy {
    /// The variable.
    pub variable: &'static str,
    /// Its value, without what could be a password.
    pub address: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl Proxies {
    /// Reads `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, in upper or lower case.
    ///
    /// # Errors
    ///
    /// The variable that names no proxy.
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self, BadProxy> {
        let proxy = |names: [&'static str; 2]| {
            let found = names.into_iter().find_map(|name| Some((name, variable(name)?)));
            found.map(|(name, value)| parse(name, &value)).transpose()
        };
        // Inside a web server, `HTTP_PROXY` is what a visitor sent as the header `Proxy`.
        let is_visited = variable("REQUEST_METHOD").is_some();
        let exceptions = variable("NO_PROXY").or_else(|| variable("no_proxy")).unwrap_or_default();
        Ok(Self {
            https: proxy(["HTTPS_PROXY", "https_proxy"])?,
            http: if is_visited { None } else { proxy(["HTTP_PROXY", "http_proxy"])? },
            exceptions: NoProxy::parse(&exceptions),
        })
    }

    /// The proxy on the way to a host and port; `None` to go there directly. IPv6 may stand in brackets.
    #[must_use]
    pub fn on_the_way_to(&self, tls: bool, host: &str, port: u16) -> Option<&Proxy> {
        let proxy = if tls { self.https.as_ref() } else { self.http.as_ref() }?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        (!is_loopback(host) && !self.exceptions.names(host, port)).then_some(proxy)
    }
}

/// A proxy's address; without a scheme it is `http`, as in Go.
fn parse(variable: &'static str, text: &str) -> Result<Proxy, BadProxy> {
    let bad = |reason| BadProxy { variable, address: without_password(text), reason };
    let whole = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let address: Uri = whole.parse().map_err(|_| bad("is no address"))?;
    let tls = match address.scheme_str() {
        Some("http") => false,
        Some("https") => true,
        _ => return Err(bad("is no proxy that speaks HTTP")),
    };
    let authority = address.authority().ok_or_else(|| bad("is no address"))?;
    let authorization = match authority.as_str().rsplit_once('@') {
        Some((login, _)) => {
            // Passwords in addresses have their odd characters as `%40`.
            let login: Vec<u8> = percent_decode_str(login).collect();
            let pair = if login.contains(&b':') { login } else { [login, b":".to_vec()].concat() };
            let value = format!("Basic {}", STANDARD.encode(pair));
            Some(Secret::header(value))
        }
        None => None,
    };
    let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
    let port = authority.port_u16().unwrap_or(if tls { 443 } else { 80 });
    Ok(Proxy { tls, host, port, authorization })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(set: &[(&str, &str)]) -> Result<Proxies, BadProxy> {
        Proxies::from_variables(|name| {
            set.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[track_caller]
    fn check(set: &[(&str, &str)], tls: bool, host: &str, expected: Option<(&str, u16)>) {
        let proxies = proxies(set).expect("proxies");
        let proxy = proxies.on_the_way_to(tls, host, if tls { 443 } else { 80 });
        assert_eq!(proxy.map(|proxy| (proxy.host.as_str(), proxy.port)), expected, "{set:?} {host}");
    }

    #[test]
    fn each_scheme_has_its_proxy_and_upper_case_goes_first() {
        let set = [("https_proxy", "http://b:1"), ("HTTPS_PROXY", "http://a:3128"), ("http_proxy", "c")];
        check(&set, true, "api.github.com", Some(("a", 3128)));
        check(&set, false, "git.example.com", Some(("c", 80)));
        check(&set[..1], true, "api.github.com", Some(("b", 1)));
        check(&[], true, "api.github.com", None);
        check(&[("HTTPS_PROXY", "https://[::2]")], true, "api.github.com", Some(("::2", 443)));
    }

    #[test]
    fn this_machine_and_the_exceptions_are_reached_directly() {
        let set = [("HTTPS_PROXY", "a:1"), ("NO_PROXY", "example.com")];
        for host in ["127.0.0.1", "[::1]", "localhost", "git.example.com"] {
            check(&set, true, host, None);
        }
        check(&set, true, "api.github.com", Some(("a", 1)));
    }

    #[test]
    fn a_web_server_s_visitor_does_not_choose_the_proxy() {
        check(&[("HTTP_PROXY", "a:1"), ("REQUEST_METHOD", "GET")], false, "git.example.com", None);
    }

    #[test]
    fn a_login_becomes_a_header_and_is_never_printed() {
        let proxies = proxies(&[("HTTPS_PROXY", "http://me:p%40ss@a:1")]).expect("a proxy");
        assert!(!format!("{proxies:?}").contains("ss"), "{proxies:?}");
        let proxy = proxies.on_the_way_to(true, "api.github.com", 443).expect("a proxy");
        let authorization = proxy.authorization.as_ref().map(Secret::reveal);
        assert_eq!(authorization, Some(format!("Basic {}", STANDARD.encode("me:p@ss")).as_str()));
        let (name, password) = proxy.login().expect("a login");
        assert_eq!((name.as_str(), password.reveal()), ("me", "p@ss"));
    }

    #[test]
    fn what_is_no_proxy_is_named_without_its_password() {
        for (value, message) in [
            ("socks5://me:x@a:1", "HTTPS_PROXY is 'socks5://…@a:1', which is no proxy that speaks HTTP"),
            ("http://a b", "HTTPS_PROXY is 'http://a b', which is no address"),
        ] {
            assert_eq!(proxies(&[("HTTPS_PROXY", value)]).expect_err(value).to_string(), message);
        }
    }
}
