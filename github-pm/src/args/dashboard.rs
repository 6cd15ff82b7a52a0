//! What was typed after `github-pm performance dashboard`.

use std::path::PathBuf;

use crate::timeframe::Timeframe;

/// See everything on one page
///
/// Without a flag it is one `performance_dashboard` for a program: short figures, words that are computed by documented
/// rules, and what fires. As HTML it is a page for people, which needs nothing but itself: durations over time, where
/// the time goes, memory, limits, verdicts, alerts and tips.
#[derive(Debug, clap::Parser)]
#[command(name = "github-pm performance dashboard", after_help = EXAMPLES)]
pub struct DashboardArgs {
    /// How far back to look: 24 hours, 7 days or 30 days
    #[arg(long, value_enum, default_value_t)]
    pub timeframe: Timeframe,

    /// Write a page of HTML to this file; `-` is standard output
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,

    /// Serve the page at this address and follow what is recorded, until ^C
    #[arg(long, value_name = "ADDRESS:PORT", conflicts_with = "html")]
    pub serve: Option<String>,

    /// Write the records that it is made of, for a page that is made elsewhere
    #[arg(long, conflicts_with_all = ["html", "serve"])]
    pub records: bool,
}

const EXAMPLES: &str = "\
Examples:
  github-pm performance dashboard                           the last 24 hours, as JSON
  github-pm performance dashboard | jq .performance_dashboard.trending
  github-pm performance dashboard --timeframe month --html page.html
  github-pm performance dashboard --serve 127.0.0.1:8080    live, in a browser
  github-pm performance dashboard --records | ssh host pm-report --as html > page.html";
