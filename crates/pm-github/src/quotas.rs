//! The answer of `GET /rate_limit`: every limit of a credential.

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::Value;

use crate::Limit;
use crate::headers::seconds;

/// Every resource that the server named, in its order, with unknown names: GitHub adds and removes them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Quotas(pub IndexMap<String, Limit>);

/// A body that is no such answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadQuotas(String);

/// Far more than GitHub has.
const MOST_RESOURCES: usize = 256;
const LONGEST_NAME: usize = 64;

#[derive(Deserialize)]
struct Body {
    resources: Option<IndexMap<String, Value>>,
    rate: Option<Value>,
}

impl Quotas {
    /// Reads a whole body. `rate`, a copy of the core resource that newer versions of the API leave out, counts
    /// only where that is missing.
    ///
    /// # Errors
    ///
    /// If it is no JSON, names no resource, or a limit in it is no number.
    pub fn parse(body: &[u8]) -> Result<Self, BadQuotas> {
        let body: Body = serde_json::from_slice(body).map_err(|error| BadQuotas(error.to_string()))?;
        let mut resources = body.resources.unwrap_or_default();
        if let Some(rate) = body.rate {
            resources.entry("core".to_owned()).or_insert(rate);
        }
        if resources.is_empty() {
            return Err(BadQuotas("it names no resource".to_owned()));
        }
        if resources.len() > MOST_RESOURCES || resources.keys().any(|name| name.len() > LONGEST_NAME) {
            return Err(BadQuotas("it names more resources than can be".to_owned()));
        }
        let limits = resources.into_iter().map(|(name, value)| Ok((name.clone(), limit(&name, &value)?)));
        limits.collect::<Result<_, _>>().map(Self)
    }
}

fn limit(name: &str, value: &Value) -> Result<Limit, BadQuotas> {
    let Value::Object(fields) = value else {
        return Err(BadQuotas(format!("'{}' is no object", name.escape_debug())));
    };
    let number = |field: &str| match fields.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(number) => {
            let bad = || BadQuotas(format!("'{}.{field}' is no count", name.escape_debug()));
            number.as_u64().ok_or_else(bad).map(Some)
        }
    };
    Ok(Limit {
        limit: number("limit")?,
        remaining: number("remaining")?,
        used: number("used")?,
        reset: number("reset")?.map(seconds),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use pm_record::Timestamp;

    #[test]
    fn every_resource_is_kept_in_its_order_with_names_that_nobody_knows() {
        let body = br#"{"resources":{"graphql":{"limit":5000,"used":40,"remaining":4960,"reset":1700003600},"moon":{"limit":1,"new":[]},"core":{"limit":60,"used":0,"remaining":60,"reset":1700003600}},"rate":{"limit":9}}"#;
        let quotas = Quotas::parse(body).expect("an answer").0;
        assert_eq!(quotas.keys().collect::<Vec<_>>(), ["graphql", "moon", "core"]);
        let graphql = Limit {
            limit: Some(5000),
            remaining: Some(4960),
            used: Some(40),
            reset: Some(Timestamp::from_millis(1_700_003_600_000)),
        };
        assert_eq!((quotas["graphql"], quotas["core"].limit), (graphql, Some(60)));
        assert_eq!(quotas["moon"], Limit { limit: Some(1), ..Limit::default() });
    }

    #[test]
    fn the_copy_of_core_counts_only_where_core_is_missing() {
        let quotas = Quotas::parse(br#"{"rate":{"limit":60}}"#).expect("an answer").0;
        assert_eq!(quotas["core"].limit, Some(60));
        assert!(Quotas::parse(br#"{"resources":{"core":{"limit":60}}}"#).is_ok());
    }

    #[test]
    fn what_is_no_such_answer_says_why() {
        for (body, reason) in [
            ("", "EOF while parsing a value at line 1 column 0"),
            ("{}", "it names no resource"),
            (r#"{"resources":{}}"#, "it names no resource"),
            (r#"{"resources":{"core":7}}"#, "'core' is no object"),
            (r#"{"resources":{"core":{"used":-1}}}"#, "'core.used' is no count"),
            (r#"{"resources":{"core":{"limit":"x"}}}"#, "'core.limit' is no count"),
            (r#"{"resources":{"core":{"limit":60}"#, "EOF while parsing an object at line 1 column 33"),
        ] {
            assert_eq!(Quotas::parse(body.as_bytes()).expect_err(body).to_string(), reason);
        }
        let many: Vec<_> = (0..257).map(|number| format!(r#""r{number}":{{}}"#)).collect();
        assert!(Quotas::parse(format!(r#"{{"resources":{{{}}}}}"#, many.join(",")).as_bytes()).is_err());
    }
}
