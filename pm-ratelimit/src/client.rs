//! One request to the API: the client that asks, and what came back.

use std::sync::Arc;
use std::time::Duration;

use pm_cli::Environment;
use pm_github::{Api, LimitHeaders, Proxies, Secret};
use ureq::http::Uri;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Proxy, ProxyProtocol};

use crate::config::variables;
use crate::failure::Failure;
use crate::token::Token;
use crate::{Error, TOOL};

/// A hundred times the answer of today.
const LONGEST: u64 = 1 << 20;

/// Asks one API with one credential.
#[derive(Debug)]
pub(crate) struct Client {
    agent: Agent,
    url: String,
    token: Option<Secret>,
}

/// An answer, of whatever status.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: LimitHeaders,
    pub(crate) body: Vec<u8>,
}

impl Client {
    pub(crate) fn new(
        api: &Api,
        token: Option<&Token>,
        timeout: Duration,
        environment: &Environment,
    ) -> Result<Self, Error> {
        let url = format!("{}/rate_limit", api.rest());
        let address: Uri = url.parse().unwrap_or_default();
        let is_tls = address.scheme_str() == Some("https");
        let config = Agent::config_builder()
            .http_status_as_error(false)
            // What is redirected comes back without its credential, and would be somebody else's quota.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(format!("{TOOL}/{}", env!("CARGO_PKG_VERSION")))
            .accept("application/vnd.github+json")
            .timeout_global(Some(timeout))
            .proxy(proxy(&address, is_tls, environment)?)
            .tls_config(tls(is_tls, environment)?)
            .build();
        Ok(Self { agent: config.into(), url, token: token.map(|token| token.secret.clone()) })
    }

    /// Asks once.
    pub(crate) fn ask(&self) -> Result<Response, Failure> {
        let mut request = self.agent.get(&self.url).header("X-GitHub-Api-Version", "2022-11-28");
        if let Some(token) = &self.token {
            request = request.header("Authorization", format!("Bearer {}", token.reveal()));
        }
        let failed = |error| Failure::of(error, &self.url);
        let mut response = request.call().map_err(failed)?;
        let headers = response.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
        let headers = LimitHeaders::read(headers);
        let body = response.body_mut().with_config().limit(LONGEST).read_to_vec();
        let body = body.map_err(|error| Failure::of_body(error, &self.url))?;
        Ok(Response { status: response.status().as_u16(), headers, body })
    }
}

/// The proxy on the way there, as `ureq` has it.
fn proxy(address: &Uri, is_tls: bool, environment: &Environment) -> Result<Option<Proxy>, Error> {
    let proxies = Proxies::from_variables(variables(environment))?;
    let port = address.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
    let Some(found) = proxies.on_the_way_to(is_tls, address.host().unwrap_or_default(), port) else {
        return Ok(None);
    };
    let protocol = if found.tls { ProxyProtocol::Https } else { ProxyProtocol::Http };
    // The proxy resolves the name: inside of a company, often nobody else can.
    let mut proxy = Proxy::builder(protocol).host(&found.host).port(found.port).resolve_target(false);
    if let Some((user, password)) = found.login() {
        proxy = proxy.username(&user).password(password.reveal());
    }
    proxy.build().map(Some).map_err(|_| Error::Proxy { host: found.host.clone() })
}

/// What to trust. The certificates are read only where they are needed.
fn tls(is_tls: bool, environment: &Environment) -> Result<TlsConfig, Error> {
    let roots = if is_tls { pm_github::roots(variables(environment))? } else { Vec::new() };
    let certificates: Vec<_> = roots.iter().map(|root| Certificate::from_der(root).to_owned()).collect();
    Ok(TlsConfig::builder()
        .root_certs(RootCerts::Specific(Arc::new(certificates)))
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .build())
}
