//! What was typed.

use std::path::PathBuf;

use pm_cli::ColorChoice;

/// Show a store in the terminal while it grows
///
/// Charts of processor, memory, network and quota over the last five minutes, the commands that run and those
/// that have just ended beside their baseline, and the alerts that fire. It only reads the store: what it shows
/// is what `github-pm monitor start`, pm-wrap and others write, on this machine or another.
///
/// q, Esc or ^C ends it.
#[derive(Debug, clap::Parser)]
#[command(name = "pm-watch", version, after_help = EXAMPLES)]
pub struct Args {
    /// The store: the nearest `.github-pm` upwards, or DIR
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true)]
    pub store: Option<Option<PathBuf>>,

    /// Print what there is to see once, as text, and end
    #[arg(long)]
    pub once: bool,

    /// Whether it is in color
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = ColorChoice::Auto)]
    pub color: ColorChoice,
}

const EXAMPLES: &str = "\
Examples:
  pm-watch
  pm-watch --store=/srv/ci/.github-pm                   the store of somebody else
  COLUMNS=100 LINES=30 pm-watch --once                  one frame, for scripts";
