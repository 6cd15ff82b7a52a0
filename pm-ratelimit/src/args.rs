//! What was typed.

use std::num::NonZeroU64;
use std::path::PathBuf;
use std::time::Duration;

/// Emit what is left of GitHub's rate limits
///
/// One record a reading, with every resource that the server names; asking costs nothing of them. From the second
/// reading on it says how fast each is used and whether it will be used up before it is renewed; where requests were
/// recorded, which of them cost most, and what would cost less. An answer that
/// cannot be had is an error and never a record of zeros. A stream tries again when GitHub allows it, and says when.
#[derive(Debug, clap::Parser)]
#[command(name = "pm-ratelimit", version, after_help = EXAMPLES)]
pub struct Args {
    /// One reading, for cron
    #[arg(long, conflicts_with_all = ["interval", "duration", "count"])]
    pub once: bool,

    /// From reading to reading
    #[arg(long, value_name = "DURATION", value_parser = pm_cli::parse_duration, default_value = "60s")]
    pub interval: Duration,

    /// End after this time
    #[arg(long, value_name = "DURATION", value_parser = pm_cli::parse_duration)]
    pub duration: Option<Duration>,

    /// End after so many records
    #[arg(long, value_name = "N")]
    pub count: Option<NonZeroU64>,

    /// The address of the API, such as `https://github.example.com/api/v3`; without it that of `GH_HOST`, else of
    /// `GITHUB_API_URL`, else of github.com
    #[arg(long, value_name = "URL")]
    pub api_url: Option<String>,

    /// Give up on an answer after this time
    #[arg(long, value_name = "DURATION", value_parser = pm_cli::parse_duration, default_value = "10s")]
    pub timeout: Duration,

    /// Only what is left, and nothing of what the requests in the store used it for: quicker by some milliseconds
    #[arg(long)]
    pub limits_only: bool,

    /// Append the records to this file
    #[arg(short, long, value_name = "FILE", conflicts_with = "store")]
    pub output: Option<PathBuf>,

    /// Append the records to the store: the nearest `.github-pm` upwards, or DIR
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true)]
    pub store: Option<Option<PathBuf>>,
}

const EXAMPLES: &str = "\
Examples:
  pm-ratelimit --once                                     what is left now?
  * * * * *  pm-ratelimit --once --store                  in a crontab: keep a reading a minute
  pm-ratelimit --interval 30s | pm-alert                  tell me before it runs out
  GH_HOST=github.example.com pm-ratelimit --once          of an Enterprise Server

The token is that of GH_TOKEN or GITHUB_TOKEN, for an Enterprise Server that of GH_ENTERPRISE_TOKEN or
GITHUB_ENTERPRISE_TOKEN, else the one that `gh auth token` has. Without any, the limits are those of this
machine's address, and the record says so.";
