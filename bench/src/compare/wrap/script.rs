//! A script of many short processes: what each of them costs more, because it is watched or traced.

use super::super::figures::median_ratio;
use super::super::goal::Goal;
use super::super::measure::{CommandLine, Measured, in_turn};
use super::super::peer::Peer;
use super::super::table::{Baseline, command_lines, table};
use super::single::timed;
use super::{Bench, Error, check, wrapped};

/// The wall time of the wrapped script over that of the bare one.
const MOST: f64 = 1.03;
const MOST_TRACED: f64 = 1.15;

/// How many the script starts.
const PROCESSES: usize = 50;

pub(super) fn compare(bench: &mut Bench<'_>) -> Result<(), Error> {
    let bare = script(bench)?;
    let ours = wrapped(bench, "pm-wrap", &[], &bare);
    check(bench, &ours)?;
    let peer = Peer::gnu_time(bench);
    let theirs = peer.as_ref().map(|peer| timed(bench, peer, &bare)).transpose()?;
    against(bench, "Wrapping", [&bare, &ours], theirs.as_ref(), MOST)
}

pub(super) fn compare_traced(bench: &mut Bench<'_>) -> Result<(), Error> {
    let bare = script(bench)?;
    let ours = wrapped(bench, "pm-wrap --trace", &["--trace"], &bare);
    let followed = check(bench, &ours)?;
    if followed < PROCESSES {
        return Err(ours.wrong(format!("it has followed {followed} processes, and there were {PROCESSES}")));
    }
    let theirs = Peer::strace(bench).map(|peer| {
        let strace = CommandLine::new("strace -f -c", peer.program, ["-f", "-c", "-o", "/dev/null"]);
        strace.around([] as [&str; 0], &bare)
    });
    against(bench, "Tracing", [&bare, &ours], theirs.as_ref(), MOST_TRACED)
}

fn script(bench: &Bench<'_>) -> Result<CommandLine, Error> {
    let bash = bench.on_path("bash").ok_or(Error::Missing { program: "bash", package: "bash" })?;
    let process = bench.bare()?;
    Ok(CommandLine::new(
        "bash",
        bash,
        ["-c".into(), format!("for i in {{1..{PROCESSES}}}; do {process}; done")],
    ))
}

fn against(
    bench: &mut Bench<'_>,
    what: &str,
    [bare, ours]: [&CommandLine; 2],
    theirs: Option<&CommandLine>,
    most: f64,
) -> Result<(), Error> {
    let rounds = bench.args.middling_rounds();
    bench.progress(&format!("{} a script, {rounds} rounds", what.to_lowercase()));
    let commands: Vec<&CommandLine> = [bare, ours].into_iter().chain(theirs).collect();
    let measured = in_turn(&commands, rounds)?;
    let ratio = |one: &Measured| median_ratio(&one.wall_ms, &measured[0].wall_ms);
    let goal = Goal::at_most(most, "", "ratio to bare").is(ratio(&measured[1]));
    let beside = measured.get(2).map_or_else(
        || "  its peer is not installed, left out\n".to_owned(),
        |theirs| format!("  ratio to bare of {}: {:.3}\n", theirs.name, ratio(theirs)),
    );
    bench.say(&format!(
        "\n{what} a script of {PROCESSES} processes, {rounds} rounds\n{}{goal}{beside}{}",
        table(&measured, Baseline::First),
        command_lines(&commands)
    ))
}
