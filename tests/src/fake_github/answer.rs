//! One HTTP answer before it is written.

use super::quota::Quota;
use serde_json::{Value, json};

/// A status, headers and a body; `Content-Length` and `Connection` are added when it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
}

/// Where GitHub's errors send people who have no better page to go to.
const DOCUMENTATION: &str = "https://docs.github.com/rest";

impl Answer {
    pub(super) fn json(status: u16, body: &Value) -> Self {
        let headers = vec![("Content-Type", "application/json; charset=utf-8".to_owned())];
        Answer { status, headers, body: body.to_string().into_bytes() }
    }

    pub(super) fn text(status: u16, body: &str) -> Self {
        let headers = vec![("Content-Type", "text/plain; charset=utf-8".to_owned())];
        Answer { status, headers, body: body.as_bytes().to_vec() }
    }

    pub(super) fn empty(status: u16) -> Self {
        Answer { status, headers: Vec::new(), body: Vec::new() }
    }

    /// The JSON form of every REST error; GitHub writes the status as text.
    pub(super) fn error(status: u16, message: &str) -> Self {
        let body =
            json!({"message": message, "documentation_url": DOCUMENTATION, "status": status.to_string()});
        Answer::json(status, &body)
    }

    /// Errors about the content of a request carry a list of what is wrong with it.
    pub(super) fn invalid(errors: &Value) -> Self {
        let body = json!({
            "message": "Validation Failed",
            "errors": errors,
            "documentation_url": DOCUMENTATION,
            "status": "422",
        });
        Answer::json(422, &body)
    }

    pub(super) fn not_found() -> Self {
        Answer::error(404, "Not Found")
    }

    pub(super) fn bad_credentials() -> Self {
        Answer::error(401, "Bad credentials")
    }

    pub(super) fn requires_authentication() -> Self {
        Answer::error(401, "Requires authentication")
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Adds the five headers that every counted answer carries.
    pub(super) fn with_quota(self, resource: &str, quota: Quota) -> Self {
        self.with("X-RateLimit-Limit", quota.limit.to_string())
            .with("X-RateLimit-Remaining", quota.remaining.to_string())
            .with("X-RateLimit-Reset", quota.reset.to_string())
            .with("X-RateLimit-Used", quota.used.to_string())
            .with("X-RateLimit-Resource", resource)
    }
}
