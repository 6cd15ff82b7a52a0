//! The dashboard as one page that needs nothing else: no network, no font, no picture, no library.
//!
//! Everything is there without the script: charts are SVG and each has its values as a table. The script reads those
//! tables, so that what is said of a point and what stands in the table cannot differ, and adds what only it can do:
//! values under the pointer or by arrow keys, one command alone, a narrower stretch of time, and on a served page
//! following what is new. Style and script are allowed by hash; whatever came from a record is text.

mod chart;
mod figure;
mod history;
mod quota;
mod table;
mod tables;
mod tiles;

use std::fmt::Write as _;

use pm_record::Timestamp;

use super::Dashboard;
use crate::markup::{hash, text};
use crate::times::Precision;

const STYLE: &str = include_str!("page/style.css");
const SCRIPT: &str = include_str!("page/script.js");

/// Where a page is going to be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// A file: the policy stands in it.
    File,
    /// A server of ours: the policy is a header, and the page follows what is new.
    Served,
}

/// What the page may do.
pub(crate) fn policy(place: Place) -> String {
    let (style, script) = (hash(STYLE), hash(SCRIPT));
    let base = format!(
        "default-src 'none'; style-src '{style}'; script-src '{script}'; base-uri 'none'; form-action 'none'"
    );
    match place {
        Place::File => base,
        Place::Served => format!("{base}; connect-src 'self'; frame-ancestors 'none'"),
    }
}

/// Renders it, at the time `now`.
pub(crate) fn render(dashboard: &Dashboard, now: Timestamp, place: Place) -> String {
    let title = text(&dashboard.title);
    let (live, policy) = match place {
        Place::Served => (" data-live", String::new()),
        Place::File => {
            let policy = policy(place);
            ("", format!("<meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n"))
        }
    };
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\"{live}>\n<head>\n<meta charset=\"utf-8\">\n{policy}\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#content\">Skip to the content</a>\n\
         <header>\n<h1>{title}</h1>\n<p class=\"note\">Made {} UTC<span id=\"fresh\" role=\"status\"></span></p>\n</header>\n<main id=\"content\">\n",
        Precision::Seconds.write(now)
    );
    body(&mut page, dashboard);
    let _ = write!(page, "</main>\n<script>{SCRIPT}</script>\n</body>\n</html>\n");
    page
}

fn body(page: &mut String, dashboard: &Dashboard) {
    if dashboard.commands.is_empty() {
        page.push_str("<p>No runs were recorded in this time. Record some with <code>pm-wrap --store -- CMD</code> or <code>github-pm &lt;command&gt;</code>.</p>\n");
    }
    tiles::tiles(page, dashboard);
    tables::alerts(page, dashboard);
    tables::commands(page, dashboard);
    history::durations(page, dashboard);
    tables::distributions(page, dashboard);
    tables::phases(page, dashboard);
    history::resources(page, dashboard);
    quota::limits(page, dashboard);
    tables::operations(page, dashboard);
    tables::findings(page, dashboard);
    tables::tips(page, dashboard);
}

/// A part of the page under a heading; nothing where there is nothing in it.
fn section(page: &mut String, id: &str, heading: &str, content: &str) {
    if !content.is_empty() {
        let _ = write!(
            page,
            "<section aria-labelledby=\"{id}\">\n<h2 id=\"{id}\">{heading}</h2>\n{content}</section>\n"
        );
    }
}
