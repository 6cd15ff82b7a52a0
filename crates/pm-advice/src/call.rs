//! A request, as little of it as rules need.

use pm_record::{ApiRequest, CacheState, LimitHit};

use crate::labels::{Label, Labels};

/// One request.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct Call {
    /// Method and endpoint, or the operation of GraphQL; none if there are too many different ones.
    pub(crate) what: Option<Label>,
    pub(crate) door: Door,
    /// In milliseconds.
    pub(crate) start: i64,
    /// In thousandths of a millisecond.
    pub(crate) took: i64,
    /// What it took of its limit; what is not known counts for nothing.
    pub(crate) cost: u32,
    /// Stands for what exactly was asked, and for what was answered.
    pub(crate) target: Option<u64>,
    pub(crate) answer: Option<u64>,
    pub(crate) before: Before,
    pub(crate) next_page: bool,
    pub(crate) succeeded: bool,
    pub(crate) was_sent: bool,
    pub(crate) is_retry: bool,
    pub(crate) cache: Option<Cached>,
    pub(crate) limit: Option<LimitHit>,
    pub(crate) objects: Option<u32>,
}

/// By which door it went in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    Get,
    Write,
    Graphql,
}

/// What a cache had to do with its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cached {
    /// It came from there, whoever was asked whether it is still good.
    Hit,
    Miss,
}

/// What is remembered of the same request before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Before {
    /// Nothing can be told, for want of names.
    Unknown,
    New,
    /// It had the same answer.
    Same,
    Changed,
}

impl Call {
    pub(crate) fn new(request: &ApiRequest, labels: &mut Labels) -> Self {
        let is_graphql = request.operation.is_some() || request.endpoint.ends_with("/graphql");
        let door = match request.method.as_str() {
            _ if is_graphql => Door::Graphql,
            "GET" | "HEAD" => Door::Get,
            _ => Door::Write,
        };
        let what = match door {
            Door::Graphql => format!("GraphQL {}", request.operation.as_deref().unwrap_or("without a name")),
            Door::Get | Door::Write => format!("{} {}", request.method, request.endpoint),
        };
        let cache = match request.cache {
            Some(CacheState::Hit | CacheState::Revalidated) => Some(Cached::Hit),
            Some(CacheState::Miss) => Some(Cached::Miss),
            Some(CacheState::Uncacheable | CacheState::Other) | None => None,
        };
        let number = |name: &Option<String>| u64::from_str_radix(name.as_deref()?, 16).ok();
        let whole = |count: i64| u32::try_from(count / 1000).ok();
        Self {
            what: labels.of(&what),
            door,
            start: request.timestamp.as_millis(),
            took: request.duration_ms.0.max(0),
            cost: request.cost.and_then(|cost| whole(cost.0)).unwrap_or(0),
            target: number(&request.target),
            answer: number(&request.answer),
            before: Before::Unknown,
            next_page: request.next_page,
            succeeded: request.status.is_some_and(|status| matches!(status, 200..=299 | 304)),
            was_sent: request.was_sent(),
            is_retry: request.attempt.is_some_and(|attempt| attempt > 1),
            cache,
            limit: request.limit_hit,
            objects: request.objects.and_then(|objects| whole(objects.0)),
        }
    }

    /// In milliseconds, to the next whole one.
    pub(crate) fn end(&self) -> i64 {
        self.start.saturating_add(self.took / 1000)
    }
}
