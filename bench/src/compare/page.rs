//! All goals at one glance: as text at the end of a run, and as a page to be kept.

use std::fmt::Write;

use super::args::Args;
use super::goal::Goal;

/// One line a goal.
pub(super) fn overview(goals: &[Goal]) -> String {
    let missed = goals.iter().filter(|goal| goal.verdict() == "MISSED").count();
    let open = goals.iter().filter(|goal| goal.value.is_none()).count();
    let met = goals.len() - missed - open;
    let not_measured = if open > 0 { format!(", {open} not measured") } else { String::new() };
    let lines: String = goals.iter().map(Goal::to_string).collect();
    format!("\nGoals: {met} met, {missed} missed{not_measured}\n{lines}")
}

/// The page: the goals as a table, and below it everything that was printed, with the commands.
pub(super) fn page(args: &Args, machine: &str, goals: &[Goal], said: &str) -> String {
    let mut page = String::from(
        "# Benchmarks\n\n\
         Written by `scripts/bench aggregate --page docs/benchmarks.md`; [how it is measured](benchmarking.md).\n\
         A ratio is ours over the peer's; medians of runs made in turn.\n\n",
    );
    let _ = writeln!(page, "- Machine: {machine}");
    if let Some(revision) = &args.revision {
        let _ = writeln!(page, "- Version: {revision}");
    }
    let _ = writeln!(page, "- Repeat with: `scripts/bench {}`\n", args.again());
    page.push_str("| work | measured | goal | |\n| :--- | ---: | ---: | :--- |\n");
    for goal in goals {
        let (measured, limit, verdict) = (goal.measured(), goal.limit(), goal.verdict());
        let _ = writeln!(page, "| {} | {measured} | {limit} | {} |", goal.what, strong(verdict));
    }
    let _ = write!(page, "\n## The run\n\n```text\n{said}```\n");
    page
}

/// What is missed must not be overlooked.
fn strong(verdict: &str) -> String {
    if verdict == "MISSED" { format!("**{verdict}**") } else { verdict.to_owned() }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn goals() -> [Goal; 3] {
        [
            Goal::at_most(0.25, "", "wall over DuckDB's").is(0.2311),
            Goal::at_least(100_000.0, " a second", "append").is(98_765.4),
            Goal::at_most(50.0, " ms", "report"),
        ]
    }

    #[test]
    fn the_goals_are_counted_and_listed() {
        let expected = [
            "\nGoals: 1 met, 1 missed, 1 not measured\n",
            "  wall over DuckDB's: 0.231; goal, at most 0.25: met\n",
            "  append: 98,765 a second; goal, at least 100,000 a second: MISSED\n",
            "  report: not measured; goal, at most 50 ms\n",
        ];
        assert_eq!(overview(&goals()), expected.concat());
    }

    #[test]
    fn the_page_has_machine_version_goals_and_how_to_repeat_it() {
        let args =
            Args::parse_from(["compare", "aggregate", "--bin", "b", "--pairs", "5", "--revision", "1a2b"]);
        let page = page(&args, "2 cores", &goals(), "all that was said\n");
        let (_, facts) = page.split_once("\n\n- ").expect("a list");
        let expected = [
            "Machine: 2 cores\n- Version: 1a2b\n",
            "- Repeat with: `scripts/bench aggregate --records 5000000 --pairs 5 --month-records 10000000`\n\n",
            "| work | measured | goal | |\n| :--- | ---: | ---: | :--- |\n",
            "| wall over DuckDB's | 0.231 | ≤ 0.25 | met |\n",
            "| append | 98,765 a second | ≥ 100,000 a second | **MISSED** |\n",
            "| report | not measured | ≤ 50 ms |  |\n",
            "\n## The run\n\n```text\nall that was said\n```\n",
        ];
        assert_eq!(facts, expected.concat());
    }
}
