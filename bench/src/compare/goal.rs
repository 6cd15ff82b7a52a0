//! What a figure is to be, at most or at least, and whether it is.

use std::fmt;

use pm_cli::human;

/// A figure beside its goal.
#[derive(Debug, Clone)]
pub(super) struct Goal {
    /// What was measured.
    pub(super) what: String,
    /// `None` if a peer that it takes is not installed.
    pub(super) value: Option<f64>,
    pub(super) limit: Limit,
    /// With the space in front of it; empty for a ratio.
    pub(super) unit: &'static str,
}

/// How far a figure may go.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Limit {
    Most(f64),
    Least(f64),
}

impl Goal {
    pub(super) fn at_most(most: f64, unit: &'static str, what: impl Into<String>) -> Self {
        Self { what: what.into(), value: None, limit: Limit::Most(most), unit }
    }

    pub(super) fn at_least(least: f64, unit: &'static str, what: impl Into<String>) -> Self {
        Self { what: what.into(), value: None, limit: Limit::Least(least), unit }
    }

    /// This goal beside what was measured.
    pub(super) fn is(self, value: impl Into<Option<f64>>) -> Self {
        Self { value: value.into(), ..self }
    }

    pub(super) fn measured(&self) -> String {
        self.value
            .map_or_else(|| "not measured".to_owned(), |value| format!("{}{}", figure(value), self.unit))
    }

    /// `met` or `MISSED`; nothing without a figure.
    pub(super) fn verdict(&self) -> &'static str {
        let met = |value: f64| match self.limit {
            Limit::Most(most) => value <= most,
            Limit::Least(least) => value >= least,
        };
        self.value.map_or("", |value| if met(value) { "met" } else { "MISSED" })
    }

    /// The limit with its sign, `≤ 0.25`.
    pub(super) fn limit(&self) -> String {
        match self.limit {
            Limit::Most(most) => format!("≤ {}{}", limit(most), self.unit),
            Limit::Least(least) => format!("≥ {}{}", limit(least), self.unit),
        }
    }
}

/// One line of the result.
impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (word, bound) = match self.limit {
            Limit::Most(bound) => ("most", bound),
            Limit::Least(bound) => ("least", bound),
        };
        let (what, measured, unit) = (&self.what, self.measured(), self.unit);
        write!(f, "  {what}: {measured}; goal, at {word} {}{unit}", limit(bound))?;
        match self.verdict() {
            "" => writeln!(f),
            verdict => writeln!(f, ": {verdict}"),
        }
    }
}

/// Three decimals tell ratios apart; what counts thousands needs none.
fn figure(value: f64) -> String {
    if value.abs() < 100.0 { format!("{value:.3}") } else { limit(value.round()) }
}

/// As short as it can be, with commas between thousands.
fn limit(value: f64) -> String {
    let text = value.to_string();
    text.parse().map_or(text, human::count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_is_met_up_to_its_limit_and_missed_beyond() {
        let most = |value: f64| Goal::at_most(3.0, " MiB", "size").is(value).to_string();
        assert_eq!(most(3.0), "  size: 3.000 MiB; goal, at most 3 MiB: met\n");
        assert_eq!(most(3.001), "  size: 3.001 MiB; goal, at most 3 MiB: MISSED\n");
        assert!(most(f64::NAN).ends_with("MISSED\n"));
        let least = |value: f64| Goal::at_least(100_000.0, " a second", "rate").is(value).to_string();
        assert_eq!(least(1_234_567.8), "  rate: 1,234,568 a second; goal, at least 100,000 a second: met\n");
        assert_eq!(least(99_999.0), "  rate: 99,999 a second; goal, at least 100,000 a second: MISSED\n");
    }

    #[test]
    fn a_goal_that_was_not_measured_has_no_verdict() {
        let goal = Goal::at_most(0.25, "", "ratio");
        assert_eq!(goal.to_string(), "  ratio: not measured; goal, at most 0.25\n");
        assert_eq!((goal.verdict(), goal.limit().as_str()), ("", "≤ 0.25"));
    }
}
