//! What a test chooses before the fake starts.

use super::clock::Clock;
use super::data::DataSet;
use super::quota::Limit;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

/// The token of the only account of [`Setup::default`].
pub const DEFAULT_TOKEN: &str = "ghp_fake0000000000000000000000000000001";

const HOUR: u64 = 3600;
const MINUTE: u64 = 60;

/// Everything a test can choose; `Setup { .. ..Setup::default() }` is the usual form.
#[derive(Debug, Clone)]
pub struct Setup {
    /// Where the Unix socket is made.
    pub socket: SocketAt,
    /// The TCP address to listen on, or `None` for no TCP at all. Only loopback is accepted.
    pub tcp: Option<SocketAddr>,
    /// The TCP address to listen on with TLS, or `None` for no TLS. Only loopback is accepted.
    pub tls: Option<SocketAddr>,
    /// Where the time comes from.
    pub clock: Clock,
    /// Who may call; any other token gets 401. The first account is the default one.
    pub accounts: Vec<Account>,
    /// The buckets that every account starts with. Accounts do not share them, tokens of one login do.
    pub limits: BTreeMap<String, Limit>,
    /// The buckets of callers without a token.
    pub anonymous_limits: BTreeMap<String, Limit>,
    /// Off, as by default on Enterprise Server: no quota headers, and `/rate_limit` answers 404.
    pub limits_enabled: bool,
    /// Reports each second `reset` one second late, as GitHub's own answers do.
    pub reset_jitter: bool,
    /// The repository, its issues and its project.
    pub data: DataSet,
}

/// Where the Unix socket is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SocketAt {
    /// No Unix socket.
    Nowhere,
    /// In a private directory that goes away with the fake.
    PrivateDirectory,
    /// At this path; a dead socket found there is replaced.
    Path(PathBuf),
}

/// One caller that the fake knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The login name, which also names the account in the control surface.
    pub login: String,
    /// The token that identifies it.
    pub token: String,
    /// What `X-OAuth-Scopes` shows.
    pub scopes: String,
}

impl Default for Setup {
    fn default() -> Self {
        Setup {
            socket: SocketAt::PrivateDirectory,
            tcp: Some(SocketAddr::from(([127, 0, 0, 1], 0))),
            tls: None,
            clock: Clock::System,
            accounts: vec![Account {
                login: "octo".to_owned(),
                token: DEFAULT_TOKEN.to_owned(),
                scopes: "read:org, read:project, repo".to_owned(),
            }],
            limits: buckets(USER_BUCKETS),
            anonymous_limits: buckets(ANONYMOUS_BUCKETS),
            limits_enabled: true,
            reset_jitter: false,
            data: DataSet::default(),
        }
    }
}

const USER_BUCKETS: &[(&str, u64, u64)] = &[
    ("actions_runner_registration", 10_000, HOUR),
    ("audit_log", 1750, HOUR),
    ("audit_log_streaming", 15, HOUR),
    ("code_scanning_autofix", 10, MINUTE),
    ("code_search", 10, MINUTE),
    ("core", 5000, HOUR),
    ("dependency_sbom", 100, MINUTE),
    ("dependency_snapshots", 100, MINUTE),
    ("graphql", 5000, HOUR),
    ("integration_manifest", 5000, HOUR),
    ("scim", 15_000, HOUR),
    ("search", 30, MINUTE),
    ("source_import", 100, MINUTE),
];

const ANONYMOUS_BUCKETS: &[(&str, u64, u64)] = &[
    ("code_search", 60, HOUR),
    ("core", 60, HOUR),
    ("graphql", 0, HOUR),
    ("integration_manifest", 5000, HOUR),
    ("search", 10, MINUTE),
];

fn buckets(table: &[(&str, u64, u64)]) -> BTreeMap<String, Limit> {
    table
        .iter()
        .map(|&(name, limit, window_seconds)| (name.to_owned(), Limit::new(limit, window_seconds)))
        .collect()
}
