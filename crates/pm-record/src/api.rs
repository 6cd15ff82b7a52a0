//! `api_monitoring`: one reading of GitHub's rate limits.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::schema::{is_default, null_as_default};
use crate::{Schema, Thousandths, Timestamp};

/// One reading of the rate limits of one credential.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ApiMonitoring {
    /// The version of the record's shape.
    #[serde(default)]
    pub schema: Schema,
    /// When the reading was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// The GitHub whose limits they are, as `gh` names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_host: Option<String>,
    /// A fingerprint of the credential, never the token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
    /// Whether there was a credential; without one, the limits are those of the machine's address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authenticated: Option<bool>,
    /// Whether the server has its limits switched off. Nothing is limited then, and no limit is 0.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "is_default")]
    pub limits_off: bool,
    /// How much later it is at GitHub than here; whole seconds, because GitHub says no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_skew_ms: Option<Thousandths>,
    /// The core resource.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "is_default")]
    pub rate_limit_tracking: RateLimitTracking,
    /// Every resource that the server named.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "is_default")]
    pub resources: IndexMap<String, RateLimit>,
    /// What was seen of the requests themselves.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "is_default")]
    pub request_patterns: RequestPatterns,
    /// What would cost less, by name.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "is_default")]
    pub optimization_suggestions: Vec<String>,
}

/// The core resource's limit.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct RateLimitTracking {
    /// Requests allowed in a window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_limit: Option<Thousandths>,
    /// Requests left in this window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remaining: Option<Thousandths>,
    /// When the next window begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reset_time: Option<Timestamp>,
    /// Remaining over limit, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub efficiency_score: Option<Thousandths>,
}

/// One resource's limit.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct RateLimit {
    /// Requests or points allowed in a window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<Thousandths>,
    /// What is left in this window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remaining: Option<Thousandths>,
    /// What was used in this window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used: Option<Thousandths>,
    /// When the next window begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reset_time: Option<Timestamp>,
    /// How fast it is used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub burn_per_minute: Option<Thousandths>,
    /// When it is used up at that speed, by GitHub's clock; absent if the next window begins before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exhausted_at: Option<Timestamp>,
}

/// What was seen of the requests themselves.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct RequestPatterns {
    /// Requests a minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests_per_minute: Option<Thousandths>,
    /// Hits over hits and misses, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_hit_rate: Option<Thousandths>,
    /// The operations that cost most, dearest first.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "is_default")]
    pub most_expensive_operations: Vec<String>,
    /// What each kind of request cost, dearest first.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "is_default")]
    pub operations: Vec<OperationCost>,
}

/// What all requests of one kind cost together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct OperationCost {
    /// Method and endpoint, or `GraphQL` and the operation.
    pub operation: String,
    /// How many there were.
    pub requests: u64,
    /// What they counted against the limits: requests of REST, points of GraphQL.
    pub cost: u64,
    /// How long they took together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_ms: Option<Thousandths>,
}
