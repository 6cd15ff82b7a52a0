//! What a tick costs: of one process and the system, and of a tree of many processes.

use std::fmt::Write as _;
use std::time::Duration;

use super::super::figures::{median, median_ratio, range};
use super::super::goal::Goal;
use super::super::machine::peak_mib;
use super::super::measure::{CommandLine, Running};
use super::super::peer::Peer;
use super::super::table::command_lines;
use super::{Bench, Error, OURS, shell};
use crate::sample_sysinfo;

const ROUNDS: u32 = 3;
/// Ticks that are measured, a second apart; a peer knows no shorter interval.
const TICKS: u32 = 15;
/// The same for the tree, of which a tick takes longer.
const TREE_TICKS: u32 = 9;
/// So many seconds a sampler has to start in, which is not measured.
const SETTLING: u32 = 3;
const TREE: u32 = 500;

/// How long until a tree has begun.
const PATIENCE: Duration = Duration::from_secs(20);

const SECOND_US: f64 = 1_000_000.0;

/// A sampler: its command line for a process and a number of ticks.
struct Sampler {
    name: &'static str,
    command: Box<dyn Fn(u32, u32) -> CommandLine>,
    version: String,
}

pub(super) fn one_process(bench: &mut Bench<'_>) -> Result<(), Error> {
    let samplers = samplers(bench)?;
    bench.title("A tick of one process and the system, once a second")?;
    bench.progress(&format!("{} samplers at once, {ROUNDS} rounds of {TICKS} s", samplers.len()));
    let busy = busy_process();
    let busy = busy.run()?;
    let costs = costs(&samplers, busy.pid(), TICKS)?;
    report(bench, &samplers, &costs, busy.pid())?;

    let ours = &costs[0];
    let of = |name: &str| samplers.iter().position(|sampler| sampler.name == name);
    let pidstat = of("pidstat").map(|at| median_ratio(ours, &costs[at]));
    let ratios = (1..costs.len()).map(|at| median_ratio(ours, &costs[at]));
    bench.judge(Goal::at_most(0.5, "", "CPU of a tick over pidstat's").is(pidstat))?;
    bench.judge(
        Goal::at_most(1.0, "", "CPU of a tick over the most frugal peer's").is(ratios.reduce(f64::max)),
    )?;
    let share = median(ours.iter().copied()).map(|micros| micros / SECOND_US * 100.0);
    bench.judge(Goal::at_most(0.05, " %", "CPU at a tick a second, of one core").is(share))?;
    let resident = resident(&samplers[0], busy.pid())?;
    bench.judge(Goal::at_most(4.0, " MiB", "resident size").is(resident))
}

/// A process that does something a hundred times a second and starts no other: what that one does would be for
/// ours to follow, and its peers look at one process.
fn busy_process() -> CommandLine {
    CommandLine::new("bash", "bash", ["-c", "exec 3<> <(:); while :; do read -rt 0.01 -u 3; done"])
}

pub(super) fn tree(bench: &mut Bench<'_>) -> Result<(), Error> {
    let ours = Sampler { name: OURS, command: ours(bench), version: String::new() };
    let mut samplers = vec![ours];
    samplers.extend(Peer::psrecord(bench).map(|peer| psrecord(&peer, &["--include-children"])));
    bench.title(&format!("A tick of a tree of {TREE} processes, once a second"))?;
    bench.progress(&format!("{} samplers at once, {TREE_TICKS} s", samplers.len()));
    let tree = shell(&format!("i=1; while [ $i -lt {TREE} ]; do sleep 1000 & i=$((i + 1)); done; wait"));
    let tree = tree.run()?;
    let begun = std::time::Instant::now();
    let children = format!("/proc/{pid}/task/{pid}/children", pid = tree.pid());
    let count = || std::fs::read_to_string(&children).unwrap_or_default().split_whitespace().count();
    while count() < TREE as usize - 1 && begun.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(50));
    }
    let costs = costs_of(&samplers, tree.pid(), TREE_TICKS, 1)?;
    let leaves = std::fs::read_to_string(&children).unwrap_or_default();
    report(bench, &samplers, &costs, tree.pid())?;
    drop(tree);
    end(&leaves);
    let ratio = costs.get(1).map(|theirs| median_ratio(&costs[0], theirs));
    bench
        .judge(Goal::at_most(0.1, "", format!("CPU of a tick of {TREE} processes over psrecord's")).is(ratio))
}

/// Ends the children of a shell that is gone.
fn end(pids: &str) {
    let words = std::iter::once("-9").chain(pids.split_whitespace());
    // Those that have ended by themselves need no end.
    let _ = CommandLine::new("kill", "/bin/kill", words).answer();
}

fn samplers(bench: &mut Bench<'_>) -> Result<Vec<Sampler>, Error> {
    let mut samplers = vec![Sampler { name: OURS, command: ours(bench), version: String::new() }];
    match Peer::pidstat(bench) {
        Some(peer) => samplers.push(pidstat(&peer)),
        None => bench.left_out("pidstat")?,
    }
    match Peer::psrecord(bench) {
        Some(peer) => samplers.push(psrecord(&peer, &[])),
        None => bench.left_out("psrecord")?,
    }
    samplers.push(plain_loop(bench)?);
    Ok(samplers)
}

fn ours(bench: &Bench<'_>) -> Box<dyn Fn(u32, u32) -> CommandLine> {
    let tool = bench.tool(OURS, [] as [&str; 0]);
    Box::new(move |pid, ticks| {
        tool.clone().with(["--interval", "1s", "--pid", &pid.to_string(), "--count", &ticks.to_string()])
    })
}

fn pidstat(peer: &Peer) -> Sampler {
    let program = peer.program.clone();
    Sampler {
        name: "pidstat",
        version: peer.version.clone(),
        command: Box::new(move |pid, ticks| {
            let words = ["-u", "-r", "-p", &pid.to_string(), "1", &ticks.to_string()];
            CommandLine::new("pidstat", &program, words)
        }),
    }
}

fn psrecord(peer: &Peer, more: &'static [&'static str]) -> Sampler {
    let program = peer.program.clone();
    Sampler {
        name: "psrecord",
        version: peer.version.clone(),
        command: Box::new(move |pid, ticks| {
            let words =
                ["--interval", "1", "--log", "/dev/null", "--duration", &ticks.to_string(), &pid.to_string()];
            CommandLine::new("psrecord", &program, words).with(more)
        }),
    }
}

fn plain_loop(bench: &Bench<'_>) -> Result<Sampler, Error> {
    let program = bench.beside_this_program(sample_sysinfo::TOOL)?;
    Ok(Sampler {
        name: "sysinfo",
        version: "the crate in a plain loop".to_owned(),
        command: Box::new(move |pid, ticks| {
            CommandLine::new("sysinfo", &program, ["--pid", &pid.to_string(), "--count", &ticks.to_string()])
        }),
    })
}

/// Microseconds of CPU time a tick, by sampler and round.
fn costs(samplers: &[Sampler], pid: u32, ticks: u32) -> Result<Vec<Vec<f64>>, Error> {
    costs_of(samplers, pid, ticks, ROUNDS)
}

fn costs_of(samplers: &[Sampler], pid: u32, ticks: u32, rounds: u32) -> Result<Vec<Vec<f64>>, Error> {
    let mut costs = vec![Vec::new(); samplers.len()];
    for _ in 0..rounds {
        // Whoever waits for the first and the last tick of each has some more of them.
        let commands: Vec<_> =
            samplers.iter().map(|sampler| (sampler.command)(pid, ticks + 4 * SETTLING)).collect();
        let running: Vec<_> = commands.iter().map(CommandLine::run).collect::<Result<_, _>>()?;
        let spent = || running.iter().map(Running::on_processor_ns).collect::<Result<Vec<_>, _>>();
        std::thread::sleep(Duration::from_secs(SETTLING.into()));
        let before = spent()?;
        std::thread::sleep(Duration::from_secs(ticks.into()));
        for (costs, (before, after)) in costs.iter_mut().zip(before.into_iter().zip(spent()?)) {
            costs.push(after.saturating_sub(before) as f64 / 1000.0 / f64::from(ticks));
        }
    }
    Ok(costs)
}

fn report(bench: &mut Bench<'_>, samplers: &[Sampler], costs: &[Vec<f64>], pid: u32) -> Result<(), Error> {
    let mut text = format!("\n  {:<12}{:>11}{:>11}{:>11}\n", "CPU µs a tick", "median", "min", "max");
    for (sampler, costs) in samplers.iter().zip(costs) {
        let (least, most) = range(costs).unwrap_or_default();
        let middle = median(costs.iter().copied()).unwrap_or_default();
        let _ = writeln!(
            text,
            "  {:<12}{middle:>12.1}{least:>11.1}{most:>11.1}  {}",
            sampler.name, sampler.version
        );
    }
    let commands: Vec<_> = samplers.iter().map(|sampler| (sampler.command)(pid, TICKS)).collect();
    text.push_str(&command_lines(&commands.iter().collect::<Vec<_>>()));
    bench.say(&text)
}

/// The most memory that ours has held after some ticks; the kernel's own count begins with what started it.
fn resident(sampler: &Sampler, pid: u32) -> Result<Option<f64>, Error> {
    let command = (sampler.command)(pid, 1000);
    let running = command.run()?;
    std::thread::sleep(Duration::from_secs(3));
    let status = std::fs::read_to_string(format!("/proc/{}/status", running.pid())).unwrap_or_default();
    Ok(peak_mib(&status))
}
