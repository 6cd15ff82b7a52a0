//! What goes wrong between a request and its answer: the word for the record, and the line for the client.

use std::error::Error as _;
use std::io;
use std::time::Duration;

use pm_cli::human;

/// What went wrong, on the way to whom.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error("there is no host '{host}': {reason}")]
    NameNotFound { host: String, reason: io::Error },
    #[error("cannot connect to '{host}': {reason}")]
    ConnectFailed { host: String, reason: io::Error },
    #[error("'{host}' did not take a connection within {}", time(*.limit))]
    ConnectTimeout { host: String, limit: Duration },
    #[error("no secure connection to '{host}': {reason}")]
    TlsFailed { host: String, reason: String },
    #[error("the proxy '{proxy}' does not lead to '{host}': {reason}")]
    ProxyFailed { proxy: String, host: String, reason: String },
    #[error("'{host}' sent nothing for {}", time(*.limit))]
    AnswerTimeout { host: String, limit: Duration },
    #[error("'{host}' closed the connection before it answered")]
    UpstreamClosed { host: String },
    #[error("what '{host}' answered is no HTTP")]
    InvalidAnswer { host: String },
    #[error("the request broke off")]
    ClientClosed,
    #[error("the relay ends")]
    Stopped,
    #[error("the relay was asked for {0}, which it does not do")]
    Refused(&'static str),
}

fn time(limit: Duration) -> String {
    human::duration(limit.as_secs_f64() * 1000.0)
}

impl Fault {
    /// What hyper says of a request that was sent and got no answer.
    pub(crate) fn of_sending(error: &hyper::Error, host: &str) -> Self {
        let host = host.to_owned();
        if error.is_parse() || error.is_parse_too_large() {
            Self::InvalidAnswer { host }
        } else {
            Self::UpstreamClosed { host }
        }
    }

    /// The word that stands in the record.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::NameNotFound { .. } => "name_not_found",
            Self::ConnectFailed { .. } => "connect_failed",
            Self::ConnectTimeout { .. } => "connect_timeout",
            Self::TlsFailed { .. } => "tls_failed",
            Self::ProxyFailed { .. } => "proxy_failed",
            Self::AnswerTimeout { .. } => "answer_timeout",
            Self::UpstreamClosed { .. } => "upstream_closed",
            Self::InvalidAnswer { .. } => "invalid_answer",
            Self::ClientClosed => "client_closed",
            Self::Stopped => "relay_stopped",
            Self::Refused(_) => "refused",
        }
    }

    /// The status for the client.
    pub(crate) fn status(&self) -> u16 {
        match self {
            Self::ConnectTimeout { .. } | Self::AnswerTimeout { .. } => 504,
            Self::Refused(_) => 501,
            Self::ClientClosed => 400,
            Self::Stopped => 503,
            _ => 502,
        }
    }
}

/// The word for what broke an answer off that had begun.
pub(crate) fn word_for_cut(error: &hyper::Error) -> &'static str {
    // Chunks that are none are an error of input to hyper.
    let source = error.source().and_then(|source| source.downcast_ref::<io::Error>());
    let is_garbage = |source: &io::Error| {
        matches!(source.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData)
    };
    if error.is_parse() || source.is_some_and(is_garbage) { "invalid_answer" } else { "upstream_truncated" }
}
