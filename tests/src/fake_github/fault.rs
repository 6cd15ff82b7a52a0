//! What a test can make the fake do wrong, and to which requests.
//!
//! A fault matches on method and path. Of several that match, all latencies apply and add up, and of
//! the other effects the first that was pushed; only those that applied are counted down.

use super::request::Request;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::Duration;

/// One thing that goes wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// What goes wrong.
    pub effect: Effect,
    /// Only requests whose path starts so, an Enterprise prefix taken off; `None` is every path.
    #[serde(default)]
    pub path_prefix: Option<String>,
    /// Only requests of this method; `None` is every method.
    #[serde(default)]
    pub method: Option<String>,
    /// How many matching requests it hits.
    #[serde(default)]
    pub times: Times,
}

/// What goes wrong. In JSON the variant's name is the value of `kind`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Effect {
    /// The true answer, late.
    Latency {
        /// The wait before the status line.
        #[serde(default)]
        before_headers_ms: u64,
        /// The wait between the headers and the body.
        #[serde(default)]
        after_headers_ms: u64,
    },
    /// 401, as for a bad token.
    BadCredentials,
    /// 403, as for a missing permission; not a limit.
    Forbidden,
    /// The primary limit: remaining 0, and for GraphQL a 200 with `RATE_LIMITED`.
    PrimaryLimit {
        /// 403 or 429; GraphQL does not use it.
        #[serde(default = "forbidden")]
        status: u16,
    },
    /// The secondary limit: quota is left, only the message tells.
    SecondaryLimit {
        /// 403 or 429.
        #[serde(default = "forbidden")]
        status: u16,
        /// The seconds of `Retry-After`, which GitHub does not always send.
        #[serde(default)]
        retry_after: Option<u64>,
    },
    /// A failure of the server.
    ServerError {
        /// 500, 502, 503 or 504.
        status: u16,
    },
    /// Sends the client to another address.
    Redirect {
        /// 301, 302, 307 or 308.
        #[serde(default = "found")]
        status: u16,
        /// The address.
        location: String,
    },
    /// The connection ends before the first byte of an answer.
    Drop,
    /// The true answer, cut in the middle of the body that `Content-Length` promised.
    Truncate,
    /// The true headers, and half of the body as if it were the whole.
    MalformedJson,
    /// The true answer, the body a few bytes at a time.
    SlowDrip {
        /// The bytes of one write.
        chunk_bytes: usize,
        /// The wait before each write.
        pause_ms: u64,
    },
}

fn found() -> u16 {
    302
}

fn forbidden() -> u16 {
    403
}

/// How many requests a fault hits; in JSON a number, or `"always"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Value", into = "Value")]
pub enum Times {
    /// The next so many that match.
    Next(u32),
    /// Every one that matches, until the faults are cleared.
    Always,
}

impl Default for Times {
    fn default() -> Self {
        Times::Next(1)
    }
}

impl From<Times> for Value {
    fn from(times: Times) -> Self {
        match times {
            Times::Next(count) => count.into(),
            Times::Always => "always".into(),
        }
    }
}

impl TryFrom<Value> for Times {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        if value == "always" {
            return Ok(Times::Always);
        }
        let count = value.as_u64().and_then(|count| u32::try_from(count).ok());
        count.map(Times::Next).ok_or_else(|| format!("`times` is a count or `\"always\"`, not `{value}`"))
    }
}

impl Fault {
    /// Hits the next request, whichever it is.
    #[must_use]
    pub fn new(effect: Effect) -> Self {
        Fault { effect, path_prefix: None, method: None, times: Times::default() }
    }

    /// Delays the status line.
    #[must_use]
    pub fn latency(before_headers_ms: u64) -> Self {
        Fault::new(Effect::Latency { before_headers_ms, after_headers_ms: 0 })
    }

    /// Answers 403 as the primary limit does.
    #[must_use]
    pub fn primary_limit() -> Self {
        Fault::new(Effect::PrimaryLimit { status: 403 })
    }

    /// Answers 403 as a secondary limit does.
    #[must_use]
    pub fn secondary_limit(retry_after: Option<u64>) -> Self {
        Fault::new(Effect::SecondaryLimit { status: 403, retry_after })
    }

    /// Answers 429 as a secondary limit does.
    #[must_use]
    pub fn too_many_requests(retry_after: Option<u64>) -> Self {
        Fault::new(Effect::SecondaryLimit { status: 429, retry_after })
    }

    /// Answers with a failure of the server.
    #[must_use]
    pub fn server_error(status: u16) -> Self {
        Fault::new(Effect::ServerError { status })
    }

    /// Answers 302 with another address.
    #[must_use]
    pub fn redirect(location: &str) -> Self {
        Fault::new(Effect::Redirect { status: 302, location: location.to_owned() })
    }

    /// Hits only paths that start so, an Enterprise prefix taken off.
    #[must_use]
    pub fn on_path(mut self, prefix: &str) -> Self {
        self.path_prefix = Some(prefix.to_owned());
        self
    }

    /// Hits only requests of this method.
    #[must_use]
    pub fn on_method(mut self, method: &str) -> Self {
        self.method = Some(method.to_owned());
        self
    }

    /// Hits the next so many matching requests.
    #[must_use]
    pub fn times(mut self, count: u32) -> Self {
        self.times = Times::Next(count);
        self
    }

    /// Hits every matching request until the faults are cleared.
    #[must_use]
    pub fn always(mut self) -> Self {
        self.times = Times::Always;
        self
    }

    fn matches(&self, request: &Request) -> bool {
        let path = self.path_prefix.as_ref().is_none_or(|prefix| request.api_path().starts_with(prefix));
        let method = self.method.as_ref().is_none_or(|method| request.method.eq_ignore_ascii_case(method));
        path && method && self.times != Times::Next(0)
    }

    fn count_down(&mut self) {
        if let Times::Next(count) = &mut self.times {
            *count -= 1;
        }
    }
}

/// What the faults do to one request.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) before_headers: Duration,
    pub(super) after_headers: Duration,
    /// The one effect that is not a latency.
    pub(super) effect: Option<Effect>,
}

/// Takes the faults that hit a request off the list, and those that are used up out of it.
pub(super) fn take(faults: &mut Vec<Fault>, request: &Request) -> Plan {
    let mut plan = Plan::default();
    for fault in faults.iter_mut().filter(|fault| fault.matches(request)) {
        match &fault.effect {
            &Effect::Latency { before_headers_ms, after_headers_ms } => {
                plan.before_headers += Duration::from_millis(before_headers_ms);
                plan.after_headers += Duration::from_millis(after_headers_ms);
                fault.count_down();
            }
            effect if plan.effect.is_none() => {
                plan.effect = Some(effect.clone());
                fault.count_down();
            }
            _ => {}
        }
    }
    faults.retain(|fault| fault.times != Times::Next(0));
    plan
}
