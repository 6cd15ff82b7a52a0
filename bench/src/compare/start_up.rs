//! Start-up: what it takes every tool to say its version, over the process that does nothing.

use super::measure::{CommandLine, in_turn};
use super::table::{Baseline, command_lines, over, table};
use super::{Bench, Error};

/// Every tool of the workspace.
pub(super) const TOOLS: [&str; 10] = [
    "pm-wrap",
    "pm-sample",
    "pm-relay",
    "pm-ratelimit",
    "pm-aggregate",
    "pm-alert",
    "pm-export",
    "pm-report",
    "pm-watch",
    "github-pm",
];

/// The most that any of them may take over a bare process.
const GOAL_MS: f64 = 2.0;

pub(super) fn compare(bench: &mut Bench<'_>) -> Result<(), Error> {
    let bare = bench.bare()?;
    let tools = TOOLS.map(|tool| bench.tool(tool, ["--version"]));
    for tool in &tools {
        let answer = tool.answer()?;
        if !answer.starts_with(format!("{} ", tool.name).as_bytes()) {
            return Err(tool.wrong(format!("it begins '{}'", String::from_utf8_lossy(&answer).trim_end())));
        }
    }

    let rounds = bench.args.short_rounds();
    bench.progress(&format!("starting every tool, {rounds} rounds"));
    let commands: Vec<&CommandLine> = std::iter::once(&bare).chain(&tools).collect();
    let measured = in_turn(&commands, rounds)?;

    let slow: Vec<&str> = measured[1..]
        .iter()
        .filter(|tool| over(tool, &measured[0]) > GOAL_MS)
        .map(|tool| tool.name.as_str())
        .collect();
    let goal = if slow.is_empty() { "met".to_owned() } else { format!("MISSED by {}", slow.join(", ")) };
    let text = format!(
        "\nStart-up: --version of every tool, {rounds} rounds\n{}  goal, at most {GOAL_MS} ms over bare: {goal}\n{}",
        table(&measured, Baseline::First),
        command_lines(&commands[..2])
    );
    bench.say(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tool_of_the_workspace_is_measured() {
        let manifest = include_str!("../../../Cargo.toml");
        let (_, members) = manifest.split_once("members = [").expect("a list of members");
        let (members, _) = members.split_once(']').expect("its end");
        let tools: Vec<&str> = members
            .split('"')
            .skip(1)
            .step_by(2)
            .filter(|member| !member.starts_with("crates/") && !["manual", "tests", "bench"].contains(member))
            .collect();
        assert_eq!(TOOLS[..], tools);
    }
}
