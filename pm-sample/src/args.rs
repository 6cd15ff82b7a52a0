//! What was typed.

use std::num::{NonZeroU32, NonZeroU64};
use std::path::PathBuf;
use std::time::Duration;

/// Emit what chosen processes and the system use, tick by tick
///
/// One record a tick. Processes are chosen by --pid, --name or --cgroup, and everything that they start counts with
/// them; without a choice the records are of the system alone. A process that ends and a name that matches nothing
/// yet are normal.
#[derive(Debug, clap::Parser)]
#[command(name = "pm-sample", version, after_help = EXAMPLES)]
#[command(group = clap::ArgGroup::new("choice").args(["pid", "name", "cgroup"]))]
pub struct Args {
    /// These processes and what they start
    #[arg(long, value_name = "PID,…", value_delimiter = ',')]
    pub pid: Vec<NonZeroU32>,

    /// Every process whose program's name matches, at any time, and what they start
    #[arg(long, value_name = "GLOB")]
    pub name: Option<String>,

    /// Every process of a control group and the groups below it, and what they start
    #[arg(long, value_name = "GROUP")]
    pub cgroup: Option<PathBuf>,

    /// Memory with shared pages divided among those that share them: exact, and slow to read
    #[arg(long, requires = "choice")]
    pub pss: bool,

    /// From tick to tick
    #[arg(long, value_name = "DURATION", value_parser = pm_cli::parse_duration, default_value = "1s")]
    pub interval: Duration,

    /// End after this time; the last tick is at its end
    #[arg(long, value_name = "DURATION", value_parser = pm_cli::parse_duration)]
    pub duration: Option<Duration>,

    /// End after so many records
    #[arg(long, value_name = "N")]
    pub count: Option<NonZeroU64>,

    /// One record, of the next 200 ms
    #[arg(long, conflicts_with_all = ["interval", "duration", "count"])]
    pub once: bool,

    /// Append the records to this file
    #[arg(short, long, value_name = "FILE", conflicts_with = "store")]
    pub output: Option<PathBuf>,

    /// Append the records to the store: the nearest `.github-pm` upwards, or DIR
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true)]
    pub store: Option<Option<PathBuf>>,
}

const EXAMPLES: &str = "\
Examples:
  pm-sample --once                                    the system now
  pm-sample --pid $! --interval 100ms                 what the last background job uses, ten times a second
  pm-sample --name 'python*' | pm-alert               is it too much?
  pm-sample --name pm-wrap --store --duration 5m      what every wrapped command uses, kept in the store
  pm-sample --cgroup system.slice/cron.service --pss -o cron.ndjson";
