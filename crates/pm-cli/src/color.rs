//! Whether to write in color.

use crate::Environment;

/// What `--color` says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ColorChoice {
    /// In color on a terminal, unless the environment says otherwise.
    #[default]
    Auto,
    /// In color.
    Always,
    /// Without color.
    Never,
}

impl ColorChoice {
    /// The decision: the flag, then `NO_COLOR`, then `FORCE_COLOR` and `CLICOLOR_FORCE`, then
    /// `CLICOLOR`, then whether the stream is a terminal that knows colors.
    #[must_use]
    pub fn decide(self, environment: &Environment, terminal: bool) -> bool {
        let is_set_and_not_zero = |name| environment.get(name).is_some_and(|value| value != "0");
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto if environment.get("NO_COLOR").is_some() => false,
            Self::Auto if is_set_and_not_zero("FORCE_COLOR") || is_set_and_not_zero("CLICOLOR_FORCE") => true,
            Self::Auto if environment.text("CLICOLOR") == Some("0") => false,
            Self::Auto => terminal && environment.text("TERM") != Some("dumb"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(choice: ColorChoice, variables: &[(&str, &str)], on_terminal: bool, in_pipe: bool) {
        let environment = Environment::new(variables.iter().copied(), "/");
        assert_eq!(
            [true, false].map(|terminal| choice.decide(&environment, terminal)),
            [on_terminal, in_pipe]
        );
    }

    #[test]
    fn the_flag_wins_then_no_color_then_force_then_the_terminal() {
        check(ColorChoice::Auto, &[], true, false);
        check(ColorChoice::Never, &[("CLICOLOR_FORCE", "1")], false, false);
        check(ColorChoice::Always, &[("NO_COLOR", "1")], true, true);
        check(ColorChoice::Auto, &[("NO_COLOR", "1"), ("FORCE_COLOR", "1")], false, false);
        check(ColorChoice::Auto, &[("CLICOLOR_FORCE", "1")], true, true);
        check(ColorChoice::Auto, &[("CLICOLOR_FORCE", "0")], true, false);
        check(ColorChoice::Auto, &[("CLICOLOR", "0")], false, false);
        check(ColorChoice::Auto, &[("TERM", "dumb")], false, false);
    }
}
