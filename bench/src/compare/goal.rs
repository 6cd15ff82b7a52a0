//! What a figure is to be, at most, and whether it is.

use std::fmt;

/// A figure beside its goal.
#[derive(Debug, Clone, Copy)]
pub(super) struct Goal {
    /// What was measured.
    pub(super) what: &'static str,
    pub(super) value: f64,
    pub(super) most: f64,
    /// With the space in front of it; empty for a ratio.
    pub(super) unit: &'static str,
}

/// One line of the result.
impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, value, most, unit } = self;
        let verdict = if value <= most { "met" } else { "MISSED" };
        writeln!(f, "  {what}: {value:.3}{unit}; goal, at most {most}{unit}: {verdict}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_is_met_up_to_its_limit_and_missed_beyond() {
        let goal = |value| Goal { what: "size", value, most: 3.0, unit: " MiB" }.to_string();
        assert_eq!(goal(3.0), "  size: 3.000 MiB; goal, at most 3 MiB: met\n");
        assert_eq!(goal(3.001), "  size: 3.001 MiB; goal, at most 3 MiB: MISSED\n");
        assert!(goal(f64::NAN).ends_with("MISSED\n"));
    }
}
