//! What was typed behind `performance export`.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::timeframe::Timeframe;

/// Hand what the store holds to other systems
///
/// Totals go on where the last export of the same form to the same place stopped, and each record counts once. What
/// the forms are is said by `pm-export --help`, whose other flags can follow behind `--`.
#[derive(Debug, clap::Parser)]
#[command(name = "github-pm performance export", after_help = EXAMPLES)]
pub struct ExportArgs {
    /// What to write: prometheus, datadog, newrelic, otlp, pushgateway, remote-write, influx, statsd,
    /// csv, github-action-benchmark, bencher or hyperfine
    #[arg(long, value_name = "FORM", default_value = "prometheus")]
    pub format: String,

    /// Write to FILE in place of standard output: a new one takes its place when it is whole
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Serve metrics at ADDRESS until a signal comes; a port alone is one of this machine
    #[arg(long, value_name = "ADDRESS", conflicts_with = "output")]
    pub listen: Option<String>,

    /// The key for Datadog; everybody on this machine can see it here, so set `DD_API_KEY` instead
    #[arg(long, value_name = "KEY")]
    pub api_key: Option<String>,

    /// The key for New Relic; everybody on this machine can see it here, so set `NR_LICENSE_KEY` instead
    #[arg(long, value_name = "KEY")]
    pub license_key: Option<String>,

    /// Where the receiver is, in place of its usual address
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,

    /// Only the last 24 hours, 7 days or 30 days, in place of everything
    #[arg(long, value_enum)]
    pub timeframe: Option<Timeframe>,

    /// More flags for pm-export
    #[arg(last = true, value_name = "FLAG")]
    pub flags: Vec<OsString>,
}

const EXAMPLES: &str = "\
Examples:
  github-pm performance export --format prometheus --output metrics.prom
  github-pm performance export --listen 9464            serve the store to Prometheus
  github-pm performance export --format datadog         with the key in DD_API_KEY; newrelic with NR_LICENSE_KEY
  github-pm performance export --format otlp --url http://127.0.0.1:4318
  github-pm performance export --format csv --timeframe week > week.csv
  github-pm performance export --format statsd -- --address 127.0.0.1:8125 --position statsd
  github-pm performance export -- --by command,host     labels of your own";
