//! What was typed after `github-pm performance analyze`.

use std::path::PathBuf;

use pm_record::Field;

use crate::timeframe::Timeframe;

/// Look at commands one by one: how long they take, what they hold, what they ask for
///
/// Reads the store. Of each command: the distribution, what it is made of, how it goes with the size of projects, since
/// when it is another one, and the runs that have most of it, with their time and context.
#[derive(Debug, clap::Parser)]
#[command(name = "github-pm performance analyze", after_help = EXAMPLES)]
pub struct AnalyzeArgs {
    /// Only this command
    #[arg(long, value_name = "COMMAND")]
    pub command: Option<String>,

    /// What to look at: how long commands take, their memory, or their API requests
    #[arg(long, value_enum, default_value_t)]
    pub focus: Focus,

    /// How far back to look: 24 hours, 7 days or 30 days
    #[arg(long, value_enum, default_value_t = Timeframe::Week)]
    pub timeframe: Timeframe,

    /// Read this folder, a store or a tree that `store ship` made, in place of the store that is found here
    #[arg(long, value_name = "DIR")]
    pub from: Option<PathBuf>,

    /// The field that it is held against: `context.project_size`, and with --from `machine`
    #[arg(long, value_name = "FIELD")]
    pub by: Option<Field>,

    /// Only runs on this kind of machine
    #[arg(long, value_name = "MACHINE")]
    pub machine: Option<String>,
}

const EXAMPLES: &str = "\
Examples:
  github-pm performance analyze                          the slowest commands of the week
  github-pm performance analyze --command batch --focus memory
  github-pm performance analyze --focus api --timeframe month
  github-pm performance analyze --from /mnt/fleet --machine 3f9a0c1b2d4e
  github-pm performance analyze --by host                does it depend on the machine?";

/// What is looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Focus {
    /// How long commands take
    #[default]
    Slowest,
    /// How much memory they hold
    Memory,
    /// What they ask of GitHub's API
    Api,
}

impl Focus {
    /// The word for it on a command line.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Slowest => "slowest",
            Self::Memory => "memory",
            Self::Api => "api",
        }
    }

    /// The field of a run that it is about.
    pub(crate) fn metric(self) -> &'static str {
        match self {
            Self::Slowest => "duration.total_ms",
            Self::Memory => "resource_usage.peak_memory_mb",
            Self::Api => "github_api.requests_made",
        }
    }

    /// The fields in which changes are looked for.
    pub(crate) fn judged(self) -> &'static str {
        match self {
            Self::Slowest => "duration.total_ms,resource_usage.cpu_time_ms",
            Self::Memory => "resource_usage.peak_memory_mb",
            Self::Api => "github_api.requests_made,github_api.graphql_points",
        }
    }

    /// What it is called.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Slowest => "the slowest commands",
            Self::Memory => "memory",
            Self::Api => "API requests",
        }
    }
}
