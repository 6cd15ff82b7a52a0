//! One request to the API: the client that asks, and what came back.

use std::time::Duration;

use pm_cli::Environment;
use pm_github::{Api, LimitHeaders, Secret};
use ureq::Agent;

use crate::Error;
use crate::failure::Failure;
use crate::token::Token;

const USER_AGENT: &str = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));

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
        // A redirect would lead to somebody else's quota, without the credential.
        let agent = pm_http::agent(&url, USER_AGENT, timeout, environment)?;
        Ok(Self { agent, url, token: token.map(|token| token.secret.clone()) })
    }

    /// Asks once.
    pub(crate) fn ask(&self) -> Result<Response, Failure> {
        let mut request = self
            .agent
            .get(&self.url)
            .header("Accept", "application/vnd.github+json")
            .header("X-GitHub-Api-Version", "2022-11-28");
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
