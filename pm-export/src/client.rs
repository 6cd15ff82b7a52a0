//! The client that asks receivers, by the proxies and with the roots that the user has.

use std::sync::Arc;
use std::time::Duration;

use pm_cli::{Environment, printable};
use pm_github::Proxies;
use ureq::http::Uri;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Proxy, ProxyProtocol};

use crate::delivery::{Packing, Parcel};
use crate::{Error, TOOL};

/// More of an answer is not read.
const LONGEST: u64 = 1 << 20;

/// How much of a refusal people are shown.
const SHOWN: usize = 300;

/// How long one request may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Asks one receiver.
#[derive(Debug)]
pub(crate) struct Client {
    agent: Agent,
}

/// What came back.
#[derive(Debug, Default)]
pub(crate) struct Reply {
    /// None if there was no answer.
    pub(crate) status: Option<u16>,
    pub(crate) retry_after: Option<Duration>,
    /// What of a request that arrived was not taken, in the receiver's words.
    pub(crate) partial: Option<String>,
    body: String,
}

impl Client {
    /// A client for what lies at `url`.
    pub(crate) fn new(url: &str, environment: &Environment) -> Result<Self, Error> {
        let address: Uri = url.parse().map_err(|_| Error::Address { url: url.to_owned() })?;
        let is_tls = match address.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(Error::Address { url: url.to_owned() }),
        };
        let config = Agent::config_builder()
            .http_status_as_error(false)
            // What is redirected comes back without its key.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(format!("{TOOL}/{}", env!("CARGO_PKG_VERSION")))
            .timeout_global(Some(TIMEOUT))
            .proxy(proxy(&address, is_tls, environment)?)
            .tls_config(tls(is_tls, environment)?)
            .build();
        Ok(Self { agent: config.into() })
    }

    /// Sends a parcel, packed.
    pub(crate) fn post(&self, parcel: &Parcel, packed: &[u8]) -> Reply {
        let mut request = match parcel.method {
            "PUT" => self.agent.put(&parcel.url),
            _ => self.agent.post(&parcel.url),
        };
        for (name, value) in &parcel.headers {
            request = request.header(name, value);
        }
        request = match parcel.packing {
            Packing::None => request,
            Packing::Gzip => request.header("Content-Encoding", "gzip"),
            Packing::Snappy => request.header("Content-Encoding", "snappy"),
        };
        let mut response = match request.send(packed) {
            Ok(response) => response,
            Err(error) => return Reply { body: error.to_string(), ..Reply::default() },
        };
        let text = |name: &str| {
            response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
        };
        // Datadog has a name of its own for it; both are seconds here.
        let retry_after = text("retry-after").or_else(|| text("x-ratelimit-reset"));
        let retry_after = retry_after.as_deref().and_then(seconds);
        let is_json = text("content-type").is_some_and(|kind| kind.contains("json"));
        let status = response.status().as_u16();
        let body = response.body_mut().with_config().limit(LONGEST).read_to_vec().unwrap_or_default();
        let body = if is_json || status >= 400 {
            String::from_utf8_lossy(&body).into_owned()
        } else {
            String::new()
        };
        let partial = (status < 300).then(|| partial(&body)).flatten();
        Reply { status: Some(status), retry_after, partial, body }
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

/// Seconds, or the time until a date.
fn seconds(text: &str) -> Option<Duration> {
    text.trim().parse::<u32>().ok().map(|seconds| Duration::from_secs(seconds.into()))
}

/// What OTLP calls a partial success.
fn partial(body: &str) -> Option<String> {
    let answer: serde_json::Value = serde_json::from_str(body).ok()?;
    let partial = answer.get("partialSuccess")?;
    let told = partial.get("errorMessage").and_then(|told| told.as_str()).unwrap_or_default();
    (!told.is_empty()).then(|| told.to_owned())
}

/// The proxy on the way there, as `ureq` has it.
fn proxy(address: &Uri, is_tls: bool, environment: &Environment) -> Result<Option<Proxy>, Error> {
    let variables = |name: &str| environment.text(name).map(str::to_owned);
    let proxies = Proxies::from_variables(variables)?;
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
    let variables = |name: &str| environment.text(name).map(str::to_owned);
    let roots = if is_tls { pm_github::roots(variables)? } else { Vec::new() };
    let certificates: Vec<_> = roots.iter().map(|root| Certificate::from_der(root).to_owned()).collect();
    Ok(TlsConfig::builder()
        .root_certs(RootCerts::Specific(Arc::new(certificates)))
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .build())
}
