//! The addresses that the fake writes into its answers.

use super::record::Transport;
use super::request::Request;

/// Where the client believes the API and the web site to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Origin {
    /// The base of API addresses, an Enterprise prefix included; no slash at the end.
    pub(super) api: String,
    /// The base of web addresses; no slash at the end.
    pub(super) web: String,
}

impl Origin {
    /// A client on TCP can follow addresses only to the fake itself. One on the Unix socket gets what
    /// the host it asked for would have sent, since everything it asks comes over the socket anyway.
    pub(super) fn of(request: &Request) -> Self {
        let host = request.header("host").filter(|host| !host.is_empty()).unwrap_or("api.github.com");
        let scheme = if request.transport == Transport::Tcp { "http" } else { "https" };
        let prefix = if request.is_enterprise() { "/api/v3" } else { "" };
        let web = if host == "api.github.com" { "github.com" } else { host };
        Origin { api: format!("{scheme}://{host}{prefix}"), web: format!("https://{web}") }
    }
}
