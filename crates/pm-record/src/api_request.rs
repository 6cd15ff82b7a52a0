//! `api_request`: one request to GitHub's API, and what it cost. Made by `pm-relay`.

use serde::{Deserialize, Serialize};

use crate::schema::{is_default, null_as_default};
use crate::{Schema, Thousandths, Timestamp};

/// One request.
///
/// Nothing in it tells who asked for what: owners, repositories, numbers and names are left out of the endpoint, and
/// no header value and no body is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ApiRequest {
    /// The version of the record's shape.
    #[serde(default)]
    pub schema: Schema,
    /// When the request arrived.
    pub timestamp: Timestamp,
    /// That of the run that asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution_id: Option<String>,
    /// The API's host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// A fingerprint of the credential, never the token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
    /// `GET`, `POST` and so on.
    pub method: String,
    /// The path as a template, such as `/repos/{owner}/{repo}/issues/{number}`.
    pub endpoint: String,
    /// The name of the GraphQL operation, or its fields at the top.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// Stands for what exactly was asked: the same for the same address, form and body with the same credential.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Stands for the answer's `ETag`: the same for the same answer to the same credential.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// Whether it goes on with a list that an earlier request began.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "is_default")]
    pub next_page: bool,
    /// Of GraphQL: the objects in the answer; none where it was not read to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objects: Option<Thousandths>,
    /// The status that the client was given; none if it was given none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// What went wrong on the way, in a word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// From the arrival of the request to the end of its answer.
    pub duration_ms: Thousandths,
    /// How long it took to connect; absent where a connection was at hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connect_ms: Option<Thousandths>,
    /// From the first byte sent to the head of the answer; absent if nothing was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_ms: Option<Thousandths>,
    /// From the head of the answer to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfer_ms: Option<Thousandths>,
    /// Bytes of the request's body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes_sent: Option<Thousandths>,
    /// Bytes of the answer's body as they came over the network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes_received: Option<Thousandths>,
    /// The limit that the request counted against, as the answer told it.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "is_default")]
    pub rate_limit: RequestLimit,
    /// What the request took of that limit: requests, or points of GraphQL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Thousandths>,
    /// How the cost is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_source: Option<CostSource>,
    /// What a cache had to do with the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache: Option<CacheState>,
    /// Bytes of the answer's body that came from the relay's store and not over the network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cached_bytes: Option<Thousandths>,
    /// The limit that the request ran into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit_hit: Option<LimitHit>,
    /// How long the server asked to wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<Thousandths>,
    /// 2 and more for a request that repeats one that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// How many requests were under way when it arrived, itself among them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_flight: Option<u32>,
}

impl ApiRequest {
    /// A request that arrived at `timestamp`; everything else unknown.
    #[must_use]
    pub fn new(timestamp: Timestamp, method: String, endpoint: String) -> Self {
        Self {
            schema: Schema,
            timestamp,
            execution_id: None,
            server: None,
            credential: None,
            method,
            endpoint,
            operation: None,
            target: None,
            answer: None,
            next_page: false,
            objects: None,
            status: None,
            error: None,
            duration_ms: Thousandths(0),
            connect_ms: None,
            wait_ms: None,
            transfer_ms: None,
            bytes_sent: None,
            bytes_received: None,
            rate_limit: RequestLimit::default(),
            cost: None,
            cost_source: None,
            cache: None,
            cached_bytes: None,
            limit_hit: None,
            retry_after_ms: None,
            attempt: None,
            in_flight: None,
        }
    }

    /// Whether it was sent to the server at all. One that was not has cost nothing and stands in no log but ours.
    #[must_use]
    pub fn was_sent(&self) -> bool {
        self.wait_ms.is_some()
    }
}

/// A limit as the headers of an answer tell it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct RequestLimit {
    /// Its name, such as `core` or `graphql`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// Requests or points allowed in a window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<Thousandths>,
    /// What is left in this window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remaining: Option<Thousandths>,
    /// What was used in this window, by everybody who shares the limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used: Option<Thousandths>,
    /// When the next window begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reset_time: Option<Timestamp>,
}

/// How the cost of a request is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CostSource {
    /// The answer says so, because the query asked for `rateLimit { cost }`.
    Answer,
    /// The change of `used` since the request before, with no other request of ours between the two.
    Used,
    /// What GitHub documents: one for each REST request, none for an unchanged answer, and for GraphQL what its
    /// formula makes of the query.
    Estimate,
    /// A word that a later version wrote.
    #[serde(other)]
    Other,
}

/// What a cache had to do with an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CacheState {
    /// It came from a store, and nobody was asked.
    Hit,
    /// The server said that nothing had changed, which costs no quota.
    Revalidated,
    /// It could have come from a store, and did not.
    Miss,
    /// It could not.
    Uncacheable,
    /// A word that a later version wrote.
    #[serde(other)]
    Other,
}

/// A limit that a request ran into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitHit {
    /// The quota of the window is used up.
    Primary,
    /// Too much at once, whatever is left of the quota.
    Secondary,
    /// A word that a later version wrote.
    #[serde(other)]
    Other,
}

#[cfg(test)]
mod tests {
    use crate::Record;

    #[test]
    fn a_request_survives_a_round_trip_and_what_is_unknown_of_it_is_not_written() {
        let whole = concat!(
            r#"{"api_request":{"schema":1,"timestamp":"2024-12-06T10:30:15.130Z","execution_id":"exec_799a5d73ffdb","#,
            r#""server":"api.github.com","credential":"1f0a5d73ffdb","method":"POST","endpoint":"/graphql","#,
            r#""operation":"viewer","target":"5b1f0a7c3d21","answer":"0c9e6f1b2a77","next_page":true,"objects":3,"status":200,"error":"client_closed","duration_ms":31.3,"connect_ms":12.1,"wait_ms":18,"#,
            r#""transfer_ms":1.2,"bytes_sent":87,"bytes_received":412,"rate_limit":{"resource":"graphql","limit":5000,"#,
            r#""remaining":4999,"used":1,"reset_time":"2024-12-06T11:00:00.000Z"},"cost":1,"cost_source":"answer","#,
            r#""cache":"uncacheable","cached_bytes":0,"limit_hit":"secondary","retry_after_ms":60000,"attempt":2,"in_flight":3}}"#
        );
        let least = r#"{"api_request":{"schema":1,"timestamp":"2024-12-06T10:30:15.130Z","method":"GET","endpoint":"/user","duration_ms":7.25}}"#;
        for line in [whole, least] {
            let record = Record::parse(line.as_bytes()).expect(line);
            assert_eq!(record.kind(), "api_request");
            assert_eq!(String::from_utf8(record.to_line()).expect("JSON is text").trim_end(), line);
            let Record::Request(request) = record else { panic!("{line} is a request") };
            assert_eq!(request.was_sent(), line == whole);
        }
    }
}
