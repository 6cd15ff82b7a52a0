//! `webhook`, and whatever else is told over HTTP.

use std::time::Duration;

use pm_cli::Environment;
use pm_store::{Format, Secret};
use serde_json::Value;
use ureq::Agent;
use ureq::http::Uri;

use super::body;
use super::courier::{Transport, Trouble};
use super::message::Message;

const USER_AGENT: &str = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));

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
        let host = address.host().unwrap_or_default().to_owned();
        let body = serde_json::to_vec(body).unwrap_or_default();
        let agent = self.agent(url, &address)?;
        let mut request =
            agent.post(url).header("Content-Type", "application/json").header("Idempotency-Key", id);
        if let Some((name, value)) = header {
            request = request.header(name, value);
        }
        let mut response = request.send(&body[..]).map_err(|error| failed(&host, &error))?;
        let status = response.status();
        let not_before = pm_http::retry_after(response.headers());
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

    fn agent(&mut self, url: &str, address: &Uri) -> Result<Agent, Trouble> {
        let authority = address.authority().map_or("", |authority| authority.as_str());
        let place = format!("{} {authority}", address.scheme_str().unwrap_or_default());
        if let Some((_, agent)) = self.agent.as_ref().filter(|(known, _)| *known == place) {
            return Ok(agent.clone());
        }
        let agent = pm_http::agent(url, USER_AGENT, self.timeout, &self.environment)
            .map_err(|error| lasting(&error.to_string()))?;
        self.agent = Some((place, agent.clone()));
        Ok(agent)
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

/// Discord says it in the answer too, in parts of a second.
fn in_body(answer: &str) -> Option<Duration> {
    let answer: Value = serde_json::from_str(answer).ok()?;
    Duration::try_from_secs_f64(answer.get("retry_after")?.as_f64()?).ok()
}
