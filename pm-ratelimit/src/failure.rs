//! Why there is no reading: each reason has its own words.

use std::io;

use pm_cli::{Exit, Explain};
use pm_record::Timestamp;
use ureq::http::Uri;

/// What went wrong with asking.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// 401.
    #[error("GitHub does not accept {}{}", credential(origin.as_ref()), words(said.as_ref()))]
    Credentials {
        /// Where the token is from; none without one.
        origin: Option<String>,
        /// GitHub's words.
        said: Option<String>,
    },
    /// 403, and no limit.
    #[error("GitHub forbids to read the rate limits{}", words(said.as_ref()))]
    Forbidden {
        /// GitHub's words.
        said: Option<String>,
    },
    /// The primary limit.
    #[error("the rate limit is used up{}", until(*reset))]
    Primary {
        /// When it begins anew.
        reset: Option<Timestamp>,
    },
    /// A secondary limit.
    #[error("GitHub asks for fewer requests: a secondary rate limit is exceeded")]
    Secondary,
    /// 5xx.
    #[error("GitHub cannot answer at the moment: status {status}")]
    Server {
        /// The status.
        status: u16,
    },
    /// Any other status, which an API of GitHub's does not give.
    #[error("there is no API of GitHub's at '{url}': status {status}")]
    NoApi {
        /// The status.
        status: u16,
        /// The API's address.
        url: String,
    },
    /// A certificate that is not trusted, or another quarrel of TLS.
    #[error("no safe connection to '{host}': {reason}")]
    Tls {
        /// The host.
        host: String,
        /// Why.
        reason: String,
    },
    /// The name leads nowhere.
    #[error("there is no address for the host '{host}'")]
    Name {
        /// The host.
        host: String,
    },
    /// Nobody listens.
    #[error("nothing answers at '{host}': connection refused")]
    Refused {
        /// The host.
        host: String,
    },
    /// The proxy did not let us through.
    #[error("the proxy does not lead to '{host}': {reason}")]
    Proxy {
        /// The host.
        host: String,
        /// What the proxy said.
        reason: String,
    },
    /// No answer in time.
    #[error("no answer from '{host}' in time ({phase})")]
    Timeout {
        /// The host.
        host: String,
        /// What took too long.
        phase: String,
    },
    /// The connection broke before or in the answer.
    #[error("the connection to '{host}' broke: {reason}")]
    Broken {
        /// The host.
        host: String,
        /// Why.
        reason: String,
    },
    /// The body ended before its end.
    #[error("the answer of '{host}' was cut off")]
    Truncated {
        /// The host.
        host: String,
    },
    /// The body is not what it should be.
    #[error("the answer cannot be read: {reason}")]
    Malformed {
        /// Why.
        reason: String,
    },
}

impl Failure {
    /// What an error of the client means, on the way to the answer's headers.
    pub(crate) fn of(error: ureq::Error, url: &str) -> Self {
        let host = host(url);
        match error {
            ureq::Error::HostNotFound => Self::Name { host },
            ureq::Error::Timeout(phase) => Self::Timeout { host, phase: phase.to_string() },
            ureq::Error::ConnectProxyFailed(reason) => Self::Proxy { host, reason },
            ureq::Error::Rustls(error) => Self::Tls { host, reason: error.to_string() },
            ureq::Error::Tls(reason) => Self::Tls { host, reason: reason.to_owned() },
            ureq::Error::Io(error) => Self::of_io(&error, host),
            other => Self::Broken { host, reason: other.to_string() },
        }
    }

    fn of_io(error: &io::Error, host: String) -> Self {
        if let Some(error) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            return Self::Tls { host, reason: error.to_string() };
        }
        match error.kind() {
            io::ErrorKind::ConnectionRefused => Self::Refused { host },
            io::ErrorKind::TimedOut => Self::Timeout { host, phase: "connect".to_owned() },
            // The resolver's own words differ from system to system.
            _ if error.to_string().contains("lookup address") => Self::Name { host },
            _ => Self::Broken { host, reason: error.to_string() },
        }
    }

    /// The same in the answer's body.
    pub(crate) fn of_body(error: ureq::Error, url: &str) -> Self {
        match error {
            ureq::Error::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Self::Truncated { host: host(url) }
            }
            ureq::Error::BodyExceedsLimit(limit) => {
                Self::Malformed { reason: format!("it is longer than {limit} bytes") }
            }
            other => Self::of(other, url),
        }
    }

    /// Whether it makes sense to try again.
    pub(crate) fn may_pass(&self) -> bool {
        !matches!(self, Self::Credentials { .. } | Self::Forbidden { .. } | Self::NoApi { .. })
    }
}

/// The host and port of an address, for a message.
fn host(url: &str) -> String {
    let authority = url.parse::<Uri>().ok().and_then(|url| url.authority().map(ToString::to_string));
    authority.unwrap_or_default()
}

fn credential(origin: Option<&String>) -> String {
    origin.map_or_else(|| "requests without a token".to_owned(), |origin| format!("the token of {origin}"))
}

fn words(said: Option<&String>) -> String {
    said.map(|said| format!(": {said}")).unwrap_or_default()
}

fn until(reset: Option<Timestamp>) -> String {
    reset.map(|reset| format!(" until {reset}")).unwrap_or_default()
}

impl Explain for Failure {
    fn exit(&self) -> Exit {
        Exit::Environment
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Credentials { .. } => "see who is logged in with `gh auth status`".to_owned(),
            Self::Forbidden { .. } => "see what the token may do with `gh auth status`".to_owned(),
            Self::Primary { .. } | Self::Secondary => {
                "let it ask less often: `pm-ratelimit --interval 5m`".to_owned()
            }
            Self::Server { .. } => "see how GitHub is at https://www.githubstatus.com".to_owned(),
            Self::NoApi { .. } => {
                "an Enterprise Server's is `--api-url https://HOST/api/v3`, or set GH_HOST=HOST".to_owned()
            }
            Self::Tls { .. } => {
                "if your company has certificates of its own, set SSL_CERT_FILE=FILE to them".to_owned()
            }
            Self::Name { host } | Self::Refused { host } => {
                format!("see whether it can be reached with `curl -I {}`", pm_cli::quote(host))
            }
            Self::Proxy { .. } => "see which proxy is set with `env | grep -i proxy`".to_owned(),
            Self::Timeout { .. } => "give it more time with `--timeout 30s`".to_owned(),
            Self::Broken { .. } | Self::Truncated { .. } | Self::Malformed { .. } => {
                "see what answers there with `gh api rate_limit`".to_owned()
            }
        })
    }
}
