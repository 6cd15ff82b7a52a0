//! The shortest command there is: `pm-wrap` against GNU time, both over the process that does nothing.

use std::fs;

use super::super::goal::Goal;
use super::super::measure::{CommandLine, in_turn};
use super::super::peer::Peer;
use super::super::table::{Baseline, command_lines, over, table};
use super::{Bench, Error, check, read, wrapped};

/// What wrapping adds, as a share of what GNU time adds.
const MOST: f64 = 0.7;

pub(super) fn compare(bench: &mut Bench<'_>) -> Result<(), Error> {
    let bare = bench.bare()?;
    let ours = wrapped(bench, "pm-wrap", &[], &bare);
    check(bench, &ours)?;
    let peer = Peer::gnu_time(bench);
    let theirs = peer.as_ref().map(|peer| timed(bench, peer, &bare)).transpose()?;

    let rounds = bench.args.short_rounds();
    bench.progress(&format!("wrapping a command, {rounds} rounds"));
    let commands: Vec<&CommandLine> = [&bare, &ours].into_iter().chain(&theirs).collect();
    let measured = in_turn(&commands, rounds)?;

    let version = peer.map_or_else(|| "not installed, left out".to_owned(), |peer| peer.version);
    let goal = match &measured[..] {
        [bare, ours, theirs] => {
            let value = over(ours, bare) / over(theirs, bare);
            Goal::at_most(MOST, "", "over bare, pm-wrap / GNU time").is(value).to_string()
        }
        _ => String::new(),
    };
    bench.say(&format!(
        "\nWrapping a command, {rounds} rounds; GNU time: {version}\n{}{goal}{}",
        table(&measured, Baseline::First),
        command_lines(&commands)
    ))
}

/// GNU time around a command, after a look at what it writes. What is timed does not write to a disk.
pub(super) fn timed(bench: &Bench<'_>, peer: &Peer, command: &CommandLine) -> Result<CommandLine, Error> {
    let file = bench.in_work("time.txt");
    fs::write(&file, "").map_err(|source| Error::file(&file, source))?;
    let time = CommandLine::new("GNU time", &peer.program, ["-v", "-o"]);
    let theirs = time.around([&file], command);
    theirs.answer()?;
    if String::from_utf8_lossy(&read(&file)?).contains("Maximum resident set size") {
        Ok(time.around(["/dev/null"], command))
    } else {
        Err(theirs.wrong("this is not GNU time"))
    }
}
