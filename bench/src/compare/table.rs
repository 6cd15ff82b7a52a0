//! Results as text.

use std::fmt::Write;

use super::figures::{differences, median, range};
use super::measure::{CommandLine, Measured};

/// Whether the first command of a table is the process that does nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Baseline {
    None,
    First,
}

/// One line a command: wall times in milliseconds, peak memory in MiB.
pub(super) fn table(measured: &[Measured], baseline: Baseline) -> String {
    let mut text = format!(
        "  {:<16}{:>11}{:>11}{:>11}{:>11}{:>9}{}\n",
        "wall ms",
        "median",
        "min",
        "max",
        "first",
        "MiB",
        if baseline == Baseline::First { format!("{:>11}", "over bare") } else { String::new() }
    );
    for one in measured {
        let (min, max) = range(&one.wall_ms).unwrap_or_default();
        let middle = median(one.wall_ms.iter().copied()).unwrap_or_default();
        let _ = write!(
            text,
            "  {:<16}{middle:>11.2}{min:>11.2}{max:>11.2}{:>11.2}{:>9}",
            one.name,
            one.first_ms,
            memory(one)
        );
        if baseline == Baseline::First && one.name != measured[0].name {
            let _ = write!(text, "{:>11.2}", over(one, &measured[0]));
        }
        text.push('\n');
    }
    text
}

/// The peak, or that it is at most the floor: the kernel's counts may be a few pages off.
fn memory(one: &Measured) -> String {
    let at_floor = one.peak_mib <= one.floor_mib + 0.3;
    format!("{}{:.1}", if at_floor { "≤" } else { "" }, one.peak_mib)
}

/// How many milliseconds longer than the bare process: the median of the differences of each round.
pub(super) fn over(one: &Measured, bare: &Measured) -> f64 {
    median(differences(&one.wall_ms, &bare.wall_ms)).unwrap_or_default()
}

/// The commands, to be pasted into a shell.
pub(super) fn command_lines(commands: &[&CommandLine]) -> String {
    commands.iter().fold(String::new(), |mut text, command| {
        let _ = writeln!(text, "  $ {command}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(name: &str, peak_mib: f64, wall_ms: &[f64]) -> Measured {
        Measured {
            name: name.to_owned(),
            first_ms: 9.0,
            wall_ms: wall_ms.to_vec(),
            cpu_ms: Vec::new(),
            peak_mib,
            floor_mib: 2.25,
        }
    }

    #[test]
    fn what_a_command_takes_over_the_bare_process_is_counted_round_by_round() {
        let measured =
            [measured("true", 2.25, &[1.0, 5.0, 1.0]), measured("pm-wrap", 14.5, &[1.5, 5.5, 3.0])];
        let expected = [
            "  wall ms              median        min        max      first      MiB  over bare\n",
            "  true                   1.00       1.00       5.00       9.00     ≤2.2\n",
            "  pm-wrap                3.00       1.50       5.50       9.00     14.5       0.50\n",
        ];
        assert_eq!(table(&measured, Baseline::First), expected.concat());
    }
}
