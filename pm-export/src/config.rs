//! What was meant: the command line, checked.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;
use pm_cli::{Environment, Period, Source, Usage};
use pm_record::{Field, Timestamp};
use pm_store::Store;

use crate::args::{Args, To, WriteVersion};
use crate::catalog::Scale;
use crate::commands::{Commands, label_names};
use crate::csv_table::Table;
use crate::destination::Destination;
use crate::model::Shape;
use crate::prometheus::Text;
use crate::receivers::Receiver;
use crate::spread::{Bounds, Detail};
use crate::statsd::Dialect;

/// Seconds: commands take from some milliseconds to an hour.
const TIMES: [f64; 18] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0,
    3600.0,
];

/// MiB: from what any program needs to what a machine has.
const MEMORIES: [f64; 12] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0, 4096.0];

const MEBI: f64 = 1_048_576.0;

/// How many bounds a histogram may have.
const MOST_BOUNDS: usize = 2_000;

/// What to do, with nothing left to default.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a wish of its own")]
pub(crate) struct Config {
    pub(crate) form: Form,
    pub(crate) output: Option<PathBuf>,
    pub(crate) source: Source,
    pub(crate) period: Period,
    pub(crate) strict: bool,
    pub(crate) by: Vec<Field>,
    names: Vec<String>,
    pub(crate) shape: Shape,
    pub(crate) deliberate: bool,
    /// The name that the state has; none if none is kept.
    pub(crate) position: Option<String>,
    /// Whether it was typed, and not made up of what is written where.
    pub(crate) is_position_named: bool,
    pub(crate) follow: bool,
    pub(crate) interval: Duration,
    pub(crate) patience: Duration,
    /// Where what cannot be delivered is kept, if it is nowhere else.
    pub(crate) spool: Option<PathBuf>,
    /// Whether requests are only printed.
    pub(crate) dry: bool,
    /// Whether nothing is said of how far it has come.
    pub(crate) quiet: bool,
    /// The variable that should hold the key that was typed.
    pub(crate) seen: Option<&'static str>,
}

/// What is written.
#[derive(Debug)]
pub(crate) enum Form {
    Metrics { text: Text, listen: Option<SocketAddr> },
    Influx,
    Statsd { dialect: Dialect, address: Option<String> },
    Csv { kind: String, columns: Vec<Field> },
    Ci(Ci),
    Push(Receiver),
    Nothing,
}

/// What a service of CI reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ci {
    GithubAction,
    Bencher,
    Hyperfine,
}

impl Config {
    /// Checks what no single flag can know.
    pub(crate) fn new(args: Args, now: i64, environment: &Environment) -> Result<Self, Usage> {
        let destination = Destination::new(&args, environment)?;
        let period = args.period.check(now)?;
        let names = label_names(&args.by).map_err(|taken| {
            Usage::new(taken.to_string(), "leave it out of --by, or try `--by command,host`")
        })?;
        let is_store = args.input.store.is_some();
        let follow = args.follow || (args.listen.is_some() && is_store);
        check_form(&args)?;
        check_time(&args, follow, &period)?;
        let shape = Shape {
            time: times(&args.buckets)?,
            memory: bounds(&MEMORIES.map(|mebi| mebi * MEBI), Scale::Mebi),
            max_series: args.max_series as usize,
            detail: match args.to {
                To::Otlp => Detail::Sketch,
                To::RemoteWrite if args.native_histograms => Detail::Sketch,
                To::Datadog => Detail::Values,
                _ => Detail::None,
            },
        };
        let by_default = match args.to {
            // Totals have to be those of all time, also of what is no longer there.
            To::Prometheus | To::Pushgateway | To::RemoteWrite | To::Otlp | To::Datadog | To::Newrelic
                if is_store && period.is_all() && !args.stateless =>
            {
                args.to.to_possible_value().map(|value| value.get_name().to_owned())
            }
            // Whatever goes on without an end has to know where it is.
            To::Influx if follow => Some("influx".to_owned()),
            To::Statsd if follow => Some("statsd".to_owned()),
            _ => None,
        };
        let spool = spool(&args, environment);
        let is_position_named = args.position.is_some();
        let position = args.position.clone().or(by_default);
        Ok(Self {
            form: form(&args, destination.receiver)?,
            output: args.output.filter(|file| file.as_os_str() != "-"),
            strict: args.input.strict,
            source: args.input.source(),
            period,
            by: args.by,
            names,
            shape,
            deliberate: args.deliberate,
            position,
            is_position_named,
            follow,
            interval: args.interval.max(Duration::from_millis(50)),
            patience: args.patience,
            spool,
            dry: args.dry_run,
            quiet: args.quiet,
            seen: destination.seen,
        })
    }

    /// What reads runs.
    pub(crate) fn commands(&self) -> Commands {
        Commands::new(self.by.clone(), self.names.clone(), self.deliberate)
    }

    pub(crate) fn since(&self) -> Option<Timestamp> {
        self.period.since.map(Timestamp::from_millis)
    }

    pub(crate) fn until(&self) -> Option<Timestamp> {
        self.period.until.map(Timestamp::from_millis)
    }

    /// What totals depend on: those of one shape are none of another.
    pub(crate) fn fingerprint(&self) -> String {
        format!(
            "{:?} {:?} {} {:?}",
            self.names, self.shape.time.thousandths, self.deliberate, self.shape.detail
        )
    }
}

/// The folder for what comes from a pipe or from files; what is in a store stays there.
fn spool(args: &Args, environment: &Environment) -> Option<PathBuf> {
    if !args.to.is_delivered() || args.input.store.is_some() || args.dry_run || args.no_spool {
        return None;
    }
    let own = || {
        let directory = |name: &str| environment.absolute(name).map(Into::into);
        // Not in a store that is found by walking up: it may be a stranger's, and would have our keys sent with it.
        Store::personal(directory).ok().map(|store| store.root().join("spool"))
    };
    args.spool.as_ref().map(|folder| environment.current_dir().join(folder)).or_else(own)
}

/// Refuses flags that the form does not have: ignored, they would only seem to work.
fn check_form(args: &Args) -> Result<(), Usage> {
    if args.listen.is_some() && args.to != To::Prometheus {
        return Err(Usage::new("--listen serves metrics for Prometheus only", "leave --to out"));
    }
    if args.openmetrics && args.to != To::Prometheus {
        return Err(Usage::new("--openmetrics is a form of --to prometheus", "leave one of the two out"));
    }
    let is_about_writing = args.native_histograms || args.remote_write_version != WriteVersion::One;
    if is_about_writing && args.to != To::RemoteWrite {
        return Err(Usage::new(
            "--native-histograms and --remote-write-version are for remote write",
            "add `--to remote-write`",
        ));
    }
    if args.address.is_some() && args.to != To::Statsd {
        return Err(Usage::new("--address is where a StatsD server is", "add `--to statsd`"));
    }
    if args.dry_run && !args.to.is_delivered() {
        return Err(Usage::new(
            "--dry-run is for receivers, and this form is printed",
            "leave --dry-run out",
        ));
    }
    if (args.spool.is_some() || args.no_spool) && (!args.to.is_delivered() || args.input.store.is_some()) {
        return Err(Usage::new(
            "a spool is for receivers and for what comes from a pipe or from files",
            "leave --spool and --no-spool out: what is in a store stays there",
        ));
    }
    if args.compression.is_some() && (!args.to.is_delivered() || args.to == To::RemoteWrite) {
        return Err(Usage::new(
            "--compression is for receivers that leave a choice: remote write is packed by Snappy, and what is printed is not",
            "leave --compression out",
        ));
    }
    if args.output.is_some() && args.to.is_delivered() {
        return Err(Usage::new(
            "--output is for forms that are printed, and this one is delivered",
            "add `--dry-run` to print what would be sent",
        ));
    }
    Ok(())
}

/// Refuses what cannot go on, or never ends.
fn check_time(args: &Args, follow: bool, period: &Period) -> Result<(), Usage> {
    if args.stateless && args.listen.is_some() {
        return Err(Usage::new(
            "--listen goes on with what is appended, and --stateless does not know where it is",
            "leave one of the two out",
        ));
    }
    let is_endless = args.follow && args.to == To::Prometheus && args.listen.is_none();
    if is_endless && args.output.is_none() {
        return Err(Usage::new(
            "one exposition after the other is none",
            "add `--output FILE`, which is replaced each time, or `--listen 9464`",
        ));
    }
    if follow && !period.is_all() {
        return Err(Usage::new(
            "what is appended has no --since and no --until",
            "leave --listen or the times out",
        ));
    }
    if follow && matches!(args.to, To::GithubActionBenchmark | To::Bencher | To::Hyperfine | To::Csv) {
        return Err(Usage::new("this form has an end, and --follow has none", "leave --follow out"));
    }
    Ok(())
}

fn form(args: &Args, receiver: Option<Receiver>) -> Result<Form, Usage> {
    let text = if args.openmetrics { Text::OpenMetrics } else { Text::Plain };
    Ok(match args.to {
        To::Prometheus => Form::Metrics { text, listen: args.listen.map(|listen| listen.0) },
        To::Influx => Form::Influx,
        To::Statsd => {
            let dialect = if args.dogstatsd { Dialect::Dog } else { Dialect::Plain };
            Form::Statsd { dialect, address: args.address.clone() }
        }
        To::Csv => {
            if Table::new(&args.kind, &args.columns).is_none() {
                let kinds = Table::kinds().collect::<Vec<_>>().join(", ");
                let message = format!("the usual columns of '{}' are not known", args.kind);
                let hint = format!("name some with --columns, or take one of {kinds}");
                return Err(Usage::new(message, hint));
            }
            Form::Csv { kind: args.kind.clone(), columns: args.columns.clone() }
        }
        To::GithubActionBenchmark => Form::Ci(Ci::GithubAction),
        To::Bencher => Form::Ci(Ci::Bencher),
        To::Hyperfine => Form::Ci(Ci::Hyperfine),
        // The user may have switched OpenTelemetry off.
        To::Pushgateway | To::RemoteWrite | To::Otlp | To::Datadog | To::Newrelic => {
            receiver.map_or(Form::Nothing, Form::Push)
        }
    })
}

fn times(typed: &[f64]) -> Result<Bounds, Usage> {
    let seconds = if typed.is_empty() { &TIMES[..] } else { typed };
    if seconds.len() > MOST_BOUNDS {
        return Err(Usage::new(format!("--buckets has more than {MOST_BOUNDS} bounds"), "give fewer"));
    }
    let bounds = bounds(seconds, Scale::Millis);
    if bounds.thousandths.windows(2).any(|pair| pair[0] >= pair[1]) {
        return Err(Usage::new("the bounds of --buckets do not rise", "write them as `--buckets 0.1,1,10`"));
    }
    Ok(bounds)
}

fn bounds(units: &[f64], scale: Scale) -> Bounds {
    let thousandths = units.iter().filter_map(|&unit| scale.invert(unit)).collect();
    Bounds { thousandths, units: units.to_vec() }
}
