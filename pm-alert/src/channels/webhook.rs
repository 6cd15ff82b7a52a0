//! `webhook`, and whatever else is told over HTTP.

use std::sync::Arc;
use std::time::Duration;

use pm_cli::Environment;
use pm_github::Proxies;
use pm_store::{Format, Secret};
use serde_json::Value;
use ureq::http::Uri;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Proxy, ProxyProtocol};

use super::body;
use super::courier::{Transport, Trouble};
use super::message::Message;
use crate::TOOL;

/// So much of an answer is read: enough for what a receiver says is wrong.
const LONGEST: u64 = 64 * 1024;

/// So much of it is shown.
const SHOWN: usize = 100;

/// Somebody at an address.
#[derive(Debug)]
pub(super) struct Webhook {
    pub(super) client: Client,
    pub(super) url: Secret,
    pub(super) format: Format,
    pub(super) header: Option<(String, Secret)>,
}

impl Transport for Webhook {
    fn deliver(&mut self, message: &Message) -> Result<(), Trouble> {
        let url = reveal(&self.url, &self.client.environment)?;
        let header = match &self.header {
            Some((name, value)) => Some((name.as_str(), reveal(value, &self.client.environment)?)),
            None => None,
        };
        let header = header.as_ref().map(|(name, value)| (*name, value.as_str()));
        self.client.post(&url, header, &message.id(), &body::of(message, self.format))
    }
}

/// Sends JSON.
#[derive(Debug)]
pub(super) struct Client {
    environment: Environment,
    timeout: Duration,
    /// Made for the first address, and for all whose scheme and host are the same.
    agent: Option<(String, Agent)>,
}

impl Client {
    pub(super) fn new(environment: Environment, timeout: Duration) -> Self {
        Self { environment, timeout, agent: None }
    }

    pub(super) fn environment(&self) -> &Environment {
        &self.environment
    }

    /// Sends `body` to `url`. `id` is the same whenever the same is sent again.
    pub(super) fn post(
        &mut self,
        url: &str,
        header: Option<(&str, &str)>,
        id: &str,
        body: &Value,
    ) -> Result<(), Trouble> {
        let address: Uri = url.parse().map_err(|_| lasting("its address is none"))?;
        let is_tls = match address.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(lasting("its address begins with neither https:// nor http://")),
        };
        let host = address.host().unwrap_or_default().to_owned();
        let body = serde_json::to_vec(body).unwrap_or_default();
        let agent = self.agent(&address, is_tls)?;
        let mut request =
            agent.post(url).header("Content-Type", "application/json").header("Idempotency-Key", id);
        if let Some((name, value)) = header {
            request = request.header(name, value);
        }
        let mut response = request.send(&body[..]).map_err(|error| failed(&host, &error))?;
        let status = response.status();
        let retry_after = response.headers().get("Retry-After").and_then(|value| value.to_str().ok());
        let not_before = retry_after.and_then(seconds);
        if status.is_success() {
            return Ok(());
        }
        let answer = response.body_mut().with_config().limit(LONGEST).read_to_string().unwrap_or_default();
        let said = answer.lines().next().unwrap_or_default().trim();
        let said = pm_cli::printable(&said[..said.floor_char_boundary(SHOWN)]).into_owned();
        let said = if said.is_empty() { said } else { format!(": {said}") };
        Err(Trouble {
            reason: format!("{host} answers {status}{said}"),
            is_passing: status.is_server_error() || matches!(status.as_u16(), 408 | 425 | 429),
            not_before: not_before
                .or_else(|| in_body(&answer))
                .filter(|_| matches!(status.as_u16(), 429 | 503)),
        })
    }

    fn agent(&mut self, address: &Uri, is_tls: bool) -> Result<Agent, Trouble> {
        let place = format!("{is_tls} {}", address.authority().map_or("", |authority| authority.as_str()));
        if let Some((_, agent)) = self.agent.as_ref().filter(|(known, _)| *known == place) {
            return Ok(agent.clone());
        }
        let agent: Agent = Agent::config_builder()
            .http_status_as_error(false)
            // Where it leads nobody has trusted.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(format!("{TOOL}/{}", env!("CARGO_PKG_VERSION")))
            .timeout_global(Some(self.timeout))
            .proxy(self.proxy(address, is_tls)?)
            .tls_config(self.tls(is_tls)?)
            .build()
            .into();
        self.agent = Some((place, agent.clone()));
        Ok(agent)
    }

    fn variable(&self, name: &str) -> Option<String> {
        self.environment.text(name).map(str::to_owned)
    }

    fn proxy(&self, address: &Uri, is_tls: bool) -> Result<Option<Proxy>, Trouble> {
        let proxies = Proxies::from_variables(|name| self.variable(name))
            .map_err(|error| lasting(&error.to_string()))?;
        let port = address.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
        let Some(found) = proxies.on_the_way_to(is_tls, address.host().unwrap_or_default(), port) else {
            return Ok(None);
        };
        let protocol = if found.tls { ProxyProtocol::Https } else { ProxyProtocol::Http };
        let mut proxy = Proxy::builder(protocol).host(&found.host).port(found.port).resolve_target(false);
        if let Some((user, password)) = found.login() {
            proxy = proxy.username(&user).password(password.reveal());
        }
        proxy.build().map(Some).map_err(|_| lasting(&format!("the proxy {} cannot be used", found.host)))
    }

    fn tls(&self, is_tls: bool) -> Result<TlsConfig, Trouble> {
        let roots = if is_tls { pm_github::roots(|name| self.variable(name)) } else { Ok(Vec::new()) };
        let roots = roots.map_err(|error| lasting(&error.to_string()))?;
        let certificates: Vec<_> = roots.iter().map(|root| Certificate::from_der(root).to_owned()).collect();
        Ok(TlsConfig::builder()
            .root_certs(RootCerts::Specific(Arc::new(certificates)))
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build())
    }
}

/// What stands where the settings say.
pub(super) fn reveal(secret: &Secret, environment: &Environment) -> Result<String, Trouble> {
    let text = match secret {
        Secret::Plain(text) => text.clone(),
        Secret::Variable(name) => match environment.text(name) {
            Some(text) => text.to_owned(),
            None => return Err(lasting(&format!("${name} is not set"))),
        },
        Secret::File(path) => std::fs::read_to_string(environment.current_dir().join(path))
            .map_err(|error| lasting(&format!("'{path}' cannot be read: {error}")))?,
    };
    Ok(text.trim().to_owned())
}

/// What another try cannot change.
pub(super) fn lasting(reason: &str) -> Trouble {
    Trouble { reason: reason.to_owned(), is_passing: false, not_before: None }
}

/// The reason without the address, which may be a secret.
fn failed(host: &str, error: &ureq::Error) -> Trouble {
    let reason = match error {
        ureq::Error::Timeout(_) => format!("{host} does not answer in time"),
        ureq::Error::Io(error) => format!("{host} cannot be reached: {error}"),
        ureq::Error::HostNotFound => format!("there is no host '{host}'"),
        ureq::Error::ConnectionFailed => format!("{host} cannot be reached"),
        ureq::Error::BadUri(_) => return lasting("its address is none"),
        other => format!("{host} cannot be told: {other}"),
    };
    Trouble { reason, is_passing: true, not_before: None }
}

/// `Retry-After` in seconds; a date is rare, and the usual pauses do.
fn seconds(text: &str) -> Option<Duration> {
    let seconds: f64 = text.trim().parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

/// Discord says it in the answer too.
fn in_body(answer: &str) -> Option<Duration> {
    let answer: Value = serde_json::from_str(answer).ok()?;
    Duration::try_from_secs_f64(answer.get("retry_after")?.as_f64()?).ok()
}
