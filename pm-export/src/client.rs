//! The client that asks receivers, by the proxies and with the roots that the user has.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::time::Duration;

use pm_cli::{Environment, printable};
use pm_github::{NoRoots, Secret};
use pm_http::NoWay;
use prost::Message;
use ureq::Agent;

use crate::Error;
use crate::parcel::Parcel;
use crate::proto::{ExportResponse, PartialSuccess};
use crate::receivers::Amount;

const USER_AGENT: &str = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));

/// More of an answer is not read.
const LONGEST: u64 = 1 << 20;

/// How much of a refusal people are shown.
const SHOWN: usize = 300;

/// How long one request may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// What the user says about the way to an address, beside what holds for every address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Way {
    /// How long one request may take.
    pub(crate) timeout: Option<Duration>,
    /// What to trust in place of the usual roots, and the variable that names it.
    pub(crate) certificate: Option<(&'static str, PathBuf)>,
}

impl Way {
    fn environment(&self, usual: &Environment) -> Environment {
        let Some((_, certificate)) = &self.certificate else { return usual.clone() };
        let others = usual
            .variables()
            .filter(|(name, _)| !["SSL_CERT_FILE", "SSL_CERT_DIR"].map(OsStr::new).contains(name));
        let trusted = (OsStr::new("SSL_CERT_FILE"), certificate.as_os_str());
        Environment::new(others.chain([trusted]), usual.current_dir())
    }
}

/// Asks one receiver.
#[derive(Debug)]
pub(crate) struct Client {
    /// One for each address, because each is for one host. Never none.
    agents: Vec<(String, Agent)>,
}

/// What came back.
#[derive(Debug, Default)]
pub(crate) struct Reply {
    /// None if there was no answer.
    pub(crate) status: Option<u16>,
    pub(crate) retry_after: Option<Duration>,
    /// What of a request that arrived was not taken, in the receiver's words.
    pub(crate) partial: Option<String>,
    /// How much of a remote write of 2.0 was written; a receiver of 1.0 does not say.
    pub(crate) written: Option<Amount>,
    body: String,
}

impl Client {
    /// A client for what lies at these addresses.
    pub(crate) fn new(places: &[(&str, Way)], environment: &Environment) -> Result<Self, Error> {
        let mut agents = Vec::new();
        for (url, way) in places {
            let environment = way.environment(environment);
            let timeout = way.timeout.unwrap_or(TIMEOUT);
            let agent = pm_http::agent(url, USER_AGENT, timeout, &environment);
            let agent = agent.map_err(|error| match error {
                NoWay::Address => Error::Address { url: (*url).to_owned() },
                NoWay::Roots(NoRoots::Named { variable, path, reason }) => {
                    let variable = way.certificate.as_ref().map_or(variable, |(variable, _)| *variable);
                    NoWay::Roots(NoRoots::Named { variable, path, reason }).into()
                }
                error => error.into(),
            })?;
            agents.push(((*url).to_owned(), agent));
        }
        Ok(Self { agents })
    }

    /// The agent for an address, which begins with one of those that are known.
    fn agent(&self, url: &str) -> &Agent {
        let of_url = self.agents.iter().find(|(known, _)| url.starts_with(known.as_str()));
        &of_url.unwrap_or(&self.agents[0]).1
    }

    /// Sends a parcel, packed.
    pub(crate) fn post(&self, parcel: &Parcel, keys: &[(String, Secret)], packed: &[u8]) -> Reply {
        let mut request = match parcel.method {
            "PUT" => self.agent(&parcel.url).put(&parcel.url),
            _ => self.agent(&parcel.url).post(&parcel.url),
        };
        for (name, value) in &parcel.headers {
            request = request.header(name, value);
        }
        for (name, key) in keys {
            request = request.header(name, key.reveal());
        }
        if let Some(name) = parcel.packing.name() {
            request = request.header("Content-Encoding", name);
        }
        let mut response = match request.send(packed) {
            Ok(response) => response,
            Err(error) => return Reply { body: error.to_string(), ..Reply::default() },
        };
        let text = |name: &str| {
            response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
        };
        // Datadog has a name of its own for it, and means seconds too.
        let of_datadog = || text("x-ratelimit-reset")?.trim().parse().ok().map(Duration::from_secs);
        let retry_after = pm_http::retry_after(response.headers()).or_else(of_datadog);
        let count =
            |what: &str| text(&format!("x-prometheus-remote-write-{what}-written"))?.trim().parse().ok();
        let (samples, histograms) = (count("samples"), count("histograms"));
        let written =
            (samples.is_some() || histograms.is_some() || count("exemplars").is_some()).then(|| Amount {
                samples: samples.unwrap_or_default(),
                histograms: histograms.unwrap_or_default(),
            });
        let kind = text("content-type").unwrap_or_default();
        let status = response.status().as_u16();
        let body = response.body_mut().with_config().limit(LONGEST).read_to_vec().unwrap_or_default();
        let partial = (status < 300).then(|| partial(&kind, &body)).flatten();
        let body = if status >= 300 { String::from_utf8_lossy(&body).into_owned() } else { String::new() };
        Reply { status: Some(status), retry_after, partial, written, body }
    }
}

impl Reply {
    /// No answer from nobody.
    pub(crate) fn nothing() -> Self {
        Self::default()
    }

    /// What the receiver said, for people.
    pub(crate) fn words(&self) -> String {
        let body = printable(self.body.trim()).to_string();
        let body = &body[..body.floor_char_boundary(SHOWN)];
        match self.status {
            Some(status) if body.is_empty() => format!("status {status}"),
            Some(status) => format!("status {status}: {body}"),
            None => body.to_owned(),
        }
    }
}

/// What OTLP calls a partial success, in the form that was sent.
pub(crate) fn partial(kind: &str, body: &[u8]) -> Option<String> {
    let PartialSuccess { rejected, error_message: told } = if kind.contains("json") {
        of_json(&serde_json::from_slice(body).ok()?)?
    } else if kind.contains("protobuf") {
        ExportResponse::decode(body).ok()?.partial_success?
    } else {
        return None;
    };
    match (rejected, told.is_empty()) {
        (..=0, true) => None,
        (..=0, false) => Some(format!("nothing of it, but says: {told}")),
        (count, true) => Some(format!("{count} of what it got, without saying why")),
        (count, false) => Some(format!("{count} of what it got: {told}")),
    }
}

fn of_json(answer: &serde_json::Value) -> Option<PartialSuccess> {
    let partial = answer.get("partialSuccess")?;
    // Numbers of 64 bits are text in OTLP's JSON, and not every receiver knows.
    let number = |value: &serde_json::Value| value.as_i64().or_else(|| value.as_str()?.parse().ok());
    let rejected = ["rejectedDataPoints", "rejectedSpans"].iter().find_map(|name| number(partial.get(name)?));
    let told = partial.get("errorMessage").and_then(serde_json::Value::as_str);
    Some(PartialSuccess {
        rejected: rejected.unwrap_or_default(),
        error_message: told.unwrap_or_default().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_partial(rejected: i64, message: &str, expected: Option<&str>) {
        let partial_success = Some(PartialSuccess { rejected, error_message: message.to_owned() });
        let protobuf = ExportResponse { partial_success }.encode_to_vec();
        assert_eq!(partial("application/x-protobuf", &protobuf).as_deref(), expected);
        for name in ["rejectedDataPoints", "rejectedSpans"] {
            for count in [format!("\"{rejected}\""), rejected.to_string()] {
                let json = format!(r#"{{"partialSuccess":{{"{name}":{count},"errorMessage":"{message}"}}}}"#);
                assert_eq!(partial("application/json", json.as_bytes()).as_deref(), expected, "{json}");
            }
        }
    }

    #[test]
    fn a_partial_success_is_told_whatever_form_it_comes_in_and_whatever_is_left_out() {
        check_partial(2, "too old", Some("2 of what it got: too old"));
        check_partial(2, "", Some("2 of what it got, without saying why"));
        // All was taken, and it has something to say.
        check_partial(0, "use another name", Some("nothing of it, but says: use another name"));
        check_partial(0, "", None);
        let alone = br#"{"partialSuccess":{"rejectedSpans":"7"}}"#;
        assert_eq!(
            partial("application/json", alone).as_deref(),
            Some("7 of what it got, without saying why")
        );
        for (kind, body) in
            [("application/json", &b"{}"[..]), ("application/x-protobuf", b""), ("text/html", alone)]
        {
            assert_eq!(partial(kind, body), None, "{kind}");
        }
    }
}
