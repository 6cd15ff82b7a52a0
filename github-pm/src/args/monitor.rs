//! What was typed after `github-pm monitor`.

use std::path::PathBuf;
use std::time::Duration;

/// Watch processes and quota, and tell of alerts, until `monitor stop`
///
/// Runs pm-sample, pm-alert --follow and, when there is a token, pm-ratelimit on the store found here, and starts
/// again what ends. There is one monitor for each store: started twice, it says so and ends with status 0.
/// Alerts go where `notification_channels` says; `console` is the terminal that it was started from.
#[derive(Debug, clap::Parser)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[command(name = "github-pm monitor start", after_help = START_EXAMPLES)]
pub struct StartArgs {
    /// End after so long
    #[arg(long, value_name = "DURATION", value_parser = pm_cli::parse_duration)]
    pub duration: Option<Duration>,

    /// How far apart samples are
    #[arg(long, value_name = "DURATION", value_parser = pm_cli::parse_duration, default_value = "1s")]
    pub interval: Duration,

    /// Stay here and run until ^C, as service managers want it
    #[arg(long)]
    pub foreground: bool,

    /// Only print a unit for the systemd of the user
    #[arg(long, conflicts_with = "print_cron")]
    pub print_unit: bool,

    /// Only print a line for crontab
    #[arg(long)]
    pub print_cron: bool,

    /// The store's folder, in place of the one found here
    #[arg(long, value_name = "DIR")]
    pub store: Option<PathBuf>,

    /// Leave the terminal, and say on standard output when it runs
    #[arg(long, hide = true, conflicts_with = "foreground")]
    pub detached: bool,

    /// Where alerts are shown then
    #[arg(long, hide = true, value_name = "TERMINAL", requires = "detached")]
    pub console: Option<PathBuf>,
}

const START_EXAMPLES: &str = "\
Examples:
  github-pm monitor start                               until `github-pm monitor stop`
  github-pm monitor start --duration 5m --interval 1s
  github-pm monitor start --foreground                  here, until ^C
  github-pm monitor start --print-unit                  a unit for systemd
  github-pm --explain monitor start                     the same as a shell script";

/// Say whether a monitor runs, and what it has recorded; status 0 if one does, 1 if not
#[derive(Debug, clap::Parser)]
#[command(name = "github-pm monitor status", after_help = STATUS_EXAMPLES)]
pub struct StatusArgs {
    /// Say it as one JSON object
    #[arg(long)]
    pub json: bool,

    /// The store's folder, in place of the one found here
    #[arg(long, value_name = "DIR")]
    pub store: Option<PathBuf>,
}

const STATUS_EXAMPLES: &str = "\
Examples:
  github-pm monitor status
  github-pm monitor status --json | jq .monitor_status.quota
  github-pm monitor status > /dev/null || github-pm monitor start";

/// End the monitor and all that it runs, and wait for it
#[derive(Debug, clap::Parser)]
#[command(name = "github-pm monitor stop", after_help = STOP_EXAMPLES)]
pub struct StopArgs {
    /// The store's folder, in place of the one found here
    #[arg(long, value_name = "DIR")]
    pub store: Option<PathBuf>,
}

const STOP_EXAMPLES: &str = "\
Examples:
  github-pm monitor stop";

/// Watch the store in the terminal: the machine, the quota, commands and alerts
///
/// Starts pm-watch on the store found here. A monitor writes what it shows; on another machine, that is as good.
#[derive(Debug, clap::Parser)]
#[command(name = "github-pm monitor watch", after_help = WATCH_EXAMPLES)]
pub struct WatchArgs {
    /// Print what there is to see once, and end
    #[arg(long)]
    pub once: bool,

    /// The store's folder, in place of the one found here
    #[arg(long, value_name = "DIR")]
    pub store: Option<PathBuf>,
}

const WATCH_EXAMPLES: &str = "\
Examples:
  github-pm monitor watch                               q ends it
  github-pm monitor watch --once                        one frame, for scripts";
