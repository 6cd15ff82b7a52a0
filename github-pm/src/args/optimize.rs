//! What was typed after `github-pm performance optimize`.

use crate::timeframe::Timeframe;

/// See what would save time and quota
///
/// Reads the records of the store as they are. Every tip comes from these alone, with its evidence and what following it
/// would have saved; those that save the largest share stand first. With neither of the two `--analyze` flags
/// everything is looked at.
#[derive(Debug, clap::Parser)]
#[command(name = "github-pm performance optimize", after_help = EXAMPLES)]
pub struct OptimizeArgs {
    /// Look at answers that could have been kept
    #[arg(long)]
    pub analyze_cache: bool,

    /// Look at requests, points and limits
    #[arg(long)]
    pub analyze_api_usage: bool,

    /// How far back to look: 24 hours, 7 days or 30 days
    #[arg(long, value_enum, default_value_t = Timeframe::Week)]
    pub timeframe: Timeframe,

    /// What to write
    #[arg(long = "as", value_enum, value_name = "FORM", default_value_t)]
    pub form: OptimizeForm,
}

const EXAMPLES: &str = "\
Examples:
  github-pm performance optimize                         what would have saved most this week
  github-pm performance optimize --analyze-cache
  github-pm performance optimize --analyze-api-usage --timeframe month
  github-pm performance optimize --as json | jq -r '.optimization_tip.recommendation // empty'";

/// What advice is written as.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum OptimizeForm {
    /// Text for a terminal
    #[default]
    Terminal,
    /// A list for a page
    Markdown,
    /// Records
    Json,
}

impl OptimizeForm {
    /// The word for it to `pm-report --as`.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Terminal => "advice",
            Self::Markdown => "advice-markdown",
            Self::Json => "advice-json",
        }
    }
}
