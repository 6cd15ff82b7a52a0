//! What was typed.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use pm_cli::{InputArgs, PeriodArgs};
use pm_record::Field;

/// Hand records to the monitoring that is there already
///
/// Reads NDJSON records and writes what other systems take. Prometheus gets totals and real histograms: printed, kept
/// in a file that is replaced as a whole, or served. With `--store`, how far the store was read and what it came to is
/// kept in its `state/`, so that totals only grow, whatever is removed from the store, and nothing counts twice.
///
/// Runs of benchmarks and profiles are left out of metrics; the forms of CI take them.
#[derive(Debug, clap::Parser)]
#[command(name = "pm-export", version, after_help = EXAMPLES)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub struct Args {
    /// What to write
    #[arg(long, value_enum, value_name = "FORM", default_value_t)]
    pub to: To,

    /// Write to FILE in place of standard output: a new one takes its place when it is whole
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Serve /metrics at ADDRESS until a signal comes; a port alone is one of this machine
    #[arg(long, value_name = "ADDRESS", conflicts_with = "output")]
    pub listen: Option<Listen>,

    /// Write OpenMetrics, with units and exemplars, in place of Prometheus' older text; whoever asks a server may choose
    #[arg(long)]
    pub openmetrics: bool,

    /// Fields of runs that become labels
    #[arg(long, value_name = "FIELD,…", value_delimiter = ',', default_value = "command")]
    pub by: Vec<Field>,

    /// Upper bounds of the buckets of durations, in seconds
    #[arg(long, value_name = "SECONDS,…", value_delimiter = ',', value_parser = bound)]
    pub buckets: Vec<f64>,

    /// Most series of one metric; what is more is counted together, as `_other`
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub max_series: u32,

    /// Count runs of benchmarks and profiles too
    #[arg(long)]
    pub deliberate: bool,

    /// Which records become rows, with --to csv
    #[arg(long, value_name = "KIND", default_value = "performance_metrics")]
    pub kind: String,

    /// Columns, in place of the usual ones, with --to csv
    #[arg(long, value_name = "FIELD,…", value_delimiter = ',')]
    pub columns: Vec<Field>,

    /// Where a StatsD server takes datagrams; without it, lines are printed
    #[arg(long, value_name = "HOST:PORT", conflicts_with = "output")]
    pub address: Option<String>,

    /// Write labels as tags, as DogStatsD has them, with --to statsd
    #[arg(long)]
    pub dogstatsd: bool,

    /// Where the receiver is, in place of its usual address
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,

    /// The key for Datadog; everybody on this machine can see it here, so set `DD_API_KEY` instead
    #[arg(long, value_name = "KEY")]
    pub api_key: Option<String>,

    /// The key for New Relic; everybody on this machine can see it here, so set `NR_LICENSE_KEY` instead
    #[arg(long, value_name = "KEY")]
    pub license_key: Option<String>,

    /// Read the receiver's key from FILE; a Pushgateway and remote write get it as a bearer token
    #[arg(long, value_name = "FILE")]
    pub key_file: Option<PathBuf>,

    /// What a receiver of OpenTelemetry gets
    #[arg(long, value_enum, value_name = "SIGNAL,…", value_delimiter = ',', default_values_t = [Signal::Metrics, Signal::Traces])]
    pub signals: Vec<Signal>,

    /// How requests are packed, in place of what is usual for the receiver
    #[arg(long, value_enum, value_name = "HOW")]
    pub compression: Option<Compress>,

    /// Which version of remote write to speak; a receiver that does not know 2.0 gets 1.0
    #[arg(long, value_enum, value_name = "VERSION", default_value_t)]
    pub remote_write_version: WriteVersion,

    /// Send durations and memory as native histograms in place of fixed buckets, with --to remote-write
    #[arg(long)]
    pub native_histograms: bool,

    /// Print the requests that would be sent, with keys masked, and send none
    #[arg(long)]
    pub dry_run: bool,

    /// How long to try to deliver a request before giving up
    #[arg(long, value_name = "LENGTH", default_value = "1m", value_parser = pm_cli::parse_duration)]
    pub patience: Duration,

    /// Say nothing of how far a long delivery has come
    #[arg(long, short)]
    pub quiet: bool,

    /// Where requests of a pipe or of files are kept while their receiver is away, in place of `spool` in the user's own store
    #[arg(long, value_name = "DIR")]
    pub spool: Option<PathBuf>,

    /// Keep nothing: what cannot be delivered is lost, unless it comes from a store
    #[arg(long, conflicts_with = "spool")]
    pub no_spool: bool,

    #[command(flatten)]
    #[expect(
        missing_docs,
        reason = "a doc comment here would replace the tool's own description in its help"
    )]
    pub period: PeriodArgs,

    /// With --store, take only what the last run with this NAME did not; totals have a name of their own without it
    #[arg(long, value_name = "NAME", requires = "store", value_parser = position_name, conflicts_with_all = ["since", "until"])]
    pub position: Option<String>,

    /// With --store, read all of it and keep nothing in its `state/`
    #[arg(long, requires = "store", conflicts_with_all = ["position", "follow"])]
    pub stateless: bool,

    /// With --store, go on with what is appended until a signal comes; --listen does so too
    #[arg(long, requires = "store", conflicts_with_all = ["since", "until"])]
    pub follow: bool,

    /// How often a file is replaced, or something is sent, while records come
    #[arg(long, value_name = "LENGTH", default_value = "5s", value_parser = pm_cli::parse_duration)]
    pub interval: Duration,

    #[command(flatten)]
    #[expect(
        missing_docs,
        reason = "a doc comment here would replace the tool's own description in its help"
    )]
    pub input: InputArgs,
}

/// What to write.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum To {
    /// Metrics as Prometheus reads them
    #[default]
    Prometheus,
    /// InfluxDB's line protocol, a point a record
    Influx,
    /// Lines of `StatsD`
    Statsd,
    /// A table, a row a record
    Csv,
    /// A Pushgateway: the whole of the metrics, in place of what was there
    Pushgateway,
    /// A receiver of Prometheus' remote write, 1.0 or 2.0
    RemoteWrite,
    /// A receiver of OpenTelemetry over HTTP: metrics with exponential histograms, and a trace an execution
    Otlp,
    /// Datadog: series, distributions, and events of alerts
    Datadog,
    /// New Relic's Metric API
    Newrelic,
    /// A file for github-action-benchmark (customSmallerIsBetter)
    GithubActionBenchmark,
    /// A file in the Bencher Metric Format
    Bencher,
    /// What `hyperfine --export-json` writes
    Hyperfine,
}

impl To {
    /// Whether it goes to a receiver, and is not printed.
    pub(crate) fn is_delivered(self) -> bool {
        matches!(self, Self::Pushgateway | Self::RemoteWrite | Self::Otlp | Self::Datadog | Self::Newrelic)
    }
}

/// What a receiver of OpenTelemetry gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Signal {
    /// Metrics
    Metrics,
    /// A trace an execution
    Traces,
}

/// How requests are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Compress {
    /// What every receiver takes that leaves a choice
    Gzip,
    /// In a fifth of the time: for Datadog
    Zstd,
    /// As they are
    None,
}

/// A version of Prometheus' remote write.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum WriteVersion {
    /// 1.0, which every receiver takes
    #[default]
    #[value(name = "1")]
    One,
    /// 2.0, with kinds, units and help, and a receiver that says how much it has written
    #[value(name = "2")]
    Two,
}

/// Where to listen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listen(pub SocketAddr);

impl std::str::FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bare = text.strip_prefix(':').unwrap_or(text);
        if let Ok(port) = bare.parse::<u16>() {
            return Ok(Self(SocketAddr::from(([127, 0, 0, 1], port))));
        }
        let named = text.strip_prefix("localhost:").map(|port| format!("127.0.0.1:{port}"));
        let address = named.as_deref().unwrap_or(text).parse();
        address.map(Self).map_err(|_| "write it as 127.0.0.1:9464, [::1]:9464 or 9464".to_owned())
    }
}

fn bound(text: &str) -> Result<f64, String> {
    let bound: f64 = text.trim().parse().map_err(|_| "it is no number of seconds".to_owned())?;
    if bound.is_finite() && (0.0..=1e9).contains(&bound) {
        Ok(bound)
    } else {
        Err("a bound lies between 0 and a billion seconds".to_owned())
    }
}

/// A name that is safe as a part of a file's.
fn position_name(text: &str) -> Result<String, String> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if (1..=64).contains(&text.len()) && text.bytes().all(is_plain) {
        Ok(text.to_owned())
    } else {
        Err("a name has up to 64 letters, digits, - and _".to_owned())
    }
}

const EXAMPLES: &str = "\
Examples:
  pm-export runs.ndjson                                  metrics of a log, as Prometheus reads them
  pm-export --store -o /var/lib/node_exporter/pm.prom    for the textfile collector, from cron
  pm-export --store --listen 9464                        serve the store, and what is appended to it
  pm-sample --interval 1s | pm-export --listen 9464      serve what another tool emits
  pm-export --by command,host --buckets 0.1,1,10 *.ndjson   labels and buckets of your own
  pm-export --to csv --store --since '7 days ago' > week.csv
  pm-export --to influx --store --position influx        points that were not written before
  pm-wrap -- make | pm-export --to statsd --address 127.0.0.1:8125 --dogstatsd
  pm-export --to github-action-benchmark runs.ndjson > benchmark.json
  pm-export --to datadog --store                         from cron: what is new, each time
  pm-export --to otlp --store --follow --url http://127.0.0.1:4318
  pm-export --to newrelic --store --dry-run              only print what would be sent";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_alone_is_one_of_this_machine() {
        for text in ["9464", ":9464", "127.0.0.1:9464", "localhost:9464"] {
            assert_eq!(
                text.parse::<Listen>().map(|listen| listen.0.to_string()),
                Ok("127.0.0.1:9464".to_owned())
            );
        }
        assert!("example.com:9464".parse::<Listen>().is_err() && "70000".parse::<Listen>().is_err());
    }

    #[test]
    fn the_name_of_a_position_is_safe_in_the_name_of_a_file() {
        assert!(position_name("influx-1").is_ok());
        for text in ["", "../x", "a b", &"x".repeat(65)] {
            assert!(position_name(text).is_err(), "{text}");
        }
    }
}
