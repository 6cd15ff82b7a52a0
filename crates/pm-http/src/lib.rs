//! The way to a server: the proxies and roots that the user has, as the HTTP client takes them.
//!
//! An agent follows no redirect: what is asked for with a key goes where it was meant to go, or fails. It resolves no
//! name where there is a proxy, because inside of a company often nobody else can. The cost: one agent serves one
//! scheme and host.

#![forbid(unsafe_code)]

use std::sync::Arc;
use std::time::Duration;

use pm_cli::{Environment, Exit, Explain};
use pm_github::{BadProxy, LimitHeaders, NoRoots, Proxies};
use ureq::http::{HeaderMap, Uri};
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Proxy, ProxyProtocol};

/// Why a server cannot be asked at all. The address may be a secret, and stands in no message.
#[derive(Debug, thiserror::Error)]
pub enum NoWay {
    /// The address cannot be meant.
    #[error("an address begins with https:// or http://")]
    Address,
    /// A variable that names no proxy.
    #[error(transparent)]
    Proxies(#[from] BadProxy),
    /// A proxy's name that cannot be one.
    #[error("there can be no proxy at '{host}'")]
    Proxy {
        /// Its host.
        host: String,
    },
    /// There is nothing to trust.
    #[error(transparent)]
    Roots(#[from] NoRoots),
}

impl Explain for NoWay {
    fn exit(&self) -> Exit {
        match self {
            Self::Address | Self::Proxies(_) | Self::Proxy { .. } | Self::Roots(NoRoots::Named { .. }) => {
                Exit::Usage
            }
            Self::Roots(NoRoots::System) => Exit::Environment,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Address => "write it as `https://HOST`".to_owned(),
            Self::Proxies(bad) => format!("write it as `{}=http://HOST:PORT`", bad.variable),
            Self::Proxy { .. } => "write it as `HTTPS_PROXY=http://HOST:PORT`".to_owned(),
            Self::Roots(NoRoots::Named { variable, .. }) => {
                format!("let it name certificates in PEM, or `unset {variable}`")
            }
            Self::Roots(NoRoots::System) => "on Debian try `apt-get install ca-certificates`".to_owned(),
        })
    }
}

/// An agent for the server of `url`, of which every answer comes back, whatever its status. `timeout` is for a whole
/// request.
///
/// # Errors
///
/// [`NoWay`] if the address, the proxies or the roots cannot be used.
pub fn agent(
    url: &str,
    user_agent: &str,
    timeout: Duration,
    environment: &Environment,
) -> Result<Agent, NoWay> {
    let address: Uri = url.parse().map_err(|_| NoWay::Address)?;
    let is_tls = match address.scheme_str() {
        Some("https") => true,
        Some("http") => false,
        _ => return Err(NoWay::Address),
    };
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .user_agent(user_agent)
        .timeout_global(Some(timeout))
        .proxy(proxy(&address, is_tls, environment)?)
        .tls_config(tls(is_tls, environment)?)
        .build();
    Ok(config.into())
}

/// How long an answer asks to wait before the next request: so many seconds, or until a time of the server's.
#[must_use]
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    LimitHeaders::read(headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()))).retry_after
}

fn variables(environment: &Environment) -> impl Fn(&str) -> Option<String> {
    |name| environment.text(name).map(str::to_owned)
}

/// The proxy on the way there.
fn proxy(address: &Uri, is_tls: bool, environment: &Environment) -> Result<Option<Proxy>, NoWay> {
    let proxies = Proxies::from_variables(variables(environment))?;
    let port = address.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
    let Some(found) = proxies.on_the_way_to(is_tls, address.host().unwrap_or_default(), port) else {
        return Ok(None);
    };
    let protocol = if found.tls { ProxyProtocol::Https } else { ProxyProtocol::Http };
    let mut proxy = Proxy::builder(protocol).host(&found.host).port(found.port).resolve_target(false);
    if let Some((user, password)) = found.login() {
        proxy = proxy.username(&user).password(password.reveal());
    }
    proxy.build().map(Some).map_err(|_| NoWay::Proxy { host: found.host.clone() })
}

/// What to trust. The certificates are read only where they are needed.
fn tls(is_tls: bool, environment: &Environment) -> Result<TlsConfig, NoWay> {
    let roots = if is_tls { pm_github::roots(variables(environment))? } else { Vec::new() };
    let certificates: Vec<_> = roots.iter().map(|root| Certificate::from_der(root).to_owned()).collect();
    Ok(TlsConfig::builder()
        .root_certs(RootCerts::Specific(Arc::new(certificates)))
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .build())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(headers: &[(&'static str, &'static str)], seconds: Option<u64>) {
        let headers = headers.iter().map(|&(name, value)| {
            (name.parse::<ureq::http::HeaderName>().expect("a name"), value.parse().expect("a value"))
        });
        assert_eq!(retry_after(&headers.collect()), seconds.map(Duration::from_secs));
    }

    #[test]
    fn a_pause_is_a_number_of_seconds_or_a_date_beside_the_server_s_own() {
        let (then, now) = ("Tue, 14 Nov 2023 22:14:20 GMT", "Tue, 14 Nov 2023 22:13:20 GMT");
        check(&[("retry-after", "7")], Some(7));
        check(&[("retry-after", then), ("date", now)], Some(60));
        check(&[("retry-after", then)], None);
        check(&[("retry-after", "soon")], None);
        check(&[], None);
    }

    #[test]
    fn an_address_is_one_of_http_and_is_not_repeated() {
        for url in ["ftp://host/secret", "hooks.example/secret", "http//secret", ""] {
            let refused = agent(url, "test/1", Duration::from_secs(1), &Environment::default());
            let refused = refused.expect_err(url);
            assert!(matches!(refused, NoWay::Address) && !refused.to_string().contains("secret"), "{url}");
        }
        assert!(
            agent("http://127.0.0.1:1/", "test/1", Duration::from_secs(1), &Environment::default()).is_ok()
        );
    }
}
