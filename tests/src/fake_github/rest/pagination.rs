//! Cuts a list into pages and writes the `Link` header that leads through them.

use crate::fake_github::api::Call;
use std::ops::Range;

const DEFAULT_PER_PAGE: usize = 30;
const MAX_PER_PAGE: usize = 100;

/// One page of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Page {
    /// Counted from 1.
    number: usize,
    size: usize,
    total: usize,
}

impl Page {
    /// The page that the query asks for. What is no number counts as absent, and too much as the most.
    pub(super) fn of(call: &Call, total: usize) -> Self {
        let number =
            |name| call.request.parameter(name).and_then(|text| text.parse().ok()).filter(|&n| n > 0);
        let size = number("per_page").unwrap_or(DEFAULT_PER_PAGE).min(MAX_PER_PAGE);
        Page { number: number("page").unwrap_or(1), size, total }
    }

    /// The places in the list that lie on this page; empty beyond the end.
    pub(super) fn range(self) -> Range<usize> {
        let start = (self.number - 1).saturating_mul(self.size).min(self.total);
        start..start.saturating_add(self.size).min(self.total)
    }

    fn last(self) -> usize {
        self.total.div_ceil(self.size).max(1)
    }

    /// The value of `Link`, or `None` when one page holds everything.
    pub(super) fn link(self, call: &Call, path: &str) -> Option<String> {
        let (number, last) = (self.number, self.last());
        let mut links = Vec::new();
        let mut link = |page: usize, relation: &str| {
            links.push(format!("<{}>; rel=\"{relation}\"", address(call, path, page)));
        };
        if number > 1 {
            link((number - 1).min(last), "prev");
        }
        if number < last {
            link(number + 1, "next");
            link(last, "last");
        }
        if number > 1 {
            link(1, "first");
        }
        (!links.is_empty()).then(|| links.join(", "))
    }
}

/// The same request for another page; the other parameters stay, still encoded.
fn address(call: &Call, path: &str, page: usize) -> String {
    let kept = call.request.query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("page="));
    let query: Vec<String> = kept.map(str::to_owned).chain([format!("page={page}")]).collect();
    format!("{}{path}?{}", call.origin.api, query.join("&"))
}
