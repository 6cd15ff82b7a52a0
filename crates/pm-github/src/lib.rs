//! What GitHub's API is: where it answers, who asks, what it allows, and how to reach it.
//!
//! - An [`Api`] is one GitHub: github.com, a company's on ghe.com, or an Enterprise Server. [`ApiHosts`] tells
//!   requests to an API from all others.
//! - A [`Secret`] is a token that cannot be printed; a [`Fingerprint`] stands for it in records.
//! - [`LimitHeaders`] are what an answer says about limits; [`verdict`] tells the kinds of refusal apart, and
//!   [`Patience`] says how long to wait.
//! - [`Answer`] is what the beginning of a body says about both; [`Quotas`] is the answer of `GET /rate_limit`.
//! - [`Proxies`] and [`roots`] are how every tool of the workspace reaches the network.
//!
//! This crate opens no connection and knows no HTTP client: a command that lives for milliseconds and a relay
//! that lives for days want different ones, and must read the same answers the same way. The cost is that each
//! hands in headers as pairs and builds its client from what it finds here. Variables come in through a function,
//! so that nothing here reads the environment. Only [`roots`] reads files.

#![forbid(unsafe_code)]

mod answer;
mod api;
mod credential;
mod disguise;
mod headers;
mod hosts;
mod limit;
mod no_proxy;
mod patience;
mod proxy;
mod quotas;
mod roots;
mod secret;
mod verdict;

pub use answer::{Answer, Complaint, Points};
pub use api::{Api, BadAddress};
pub use credential::{Fingerprint, Found, from_variables, variables};
pub use disguise::Disguise;
pub use headers::LimitHeaders;
pub use hosts::{ApiHosts, Asked, Door};
pub use limit::Limit;
pub use patience::Patience;
pub use proxy::{BadProxy, Proxies, Proxy};
pub use quotas::{BadQuotas, Quotas};
pub use roots::{NoRoots, roots};
pub use secret::{BadSecret, Secret};
pub use verdict::{Verdict, verdict};
