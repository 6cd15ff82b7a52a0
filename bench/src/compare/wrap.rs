//! Wrapping a command: `pm-wrap` against GNU time, both over the process that does nothing.

use std::fs;

use pm_record::Record;

use super::measure::{CommandLine, in_turn};
use super::peer::Peer;
use super::table::{Baseline, command_lines, over, table};
use super::{Bench, Error, read};

pub(super) fn compare(bench: &mut Bench<'_>) -> Result<(), Error> {
    let bare = bench.bare()?;
    let ours = wrapped(bench, &bare)?;
    let peer = Peer::gnu_time(bench);
    let theirs = peer.as_ref().map(|peer| timed(bench, peer, &bare)).transpose()?;

    let rounds = bench.args.short_rounds();
    bench.progress(&format!("wrapping a command, {rounds} rounds"));
    let commands: Vec<&CommandLine> = [&bare, &ours].into_iter().chain(&theirs).collect();
    let measured = in_turn(&commands, rounds)?;

    let version = peer.map_or_else(|| "not installed, left out".to_owned(), |peer| peer.version);
    let ratio = match &measured[..] {
        [bare, ours, theirs] => {
            let ratio = over(ours, bare) / over(theirs, bare);
            format!("  ratio of what is over bare, pm-wrap / GNU time: {ratio:.2}\n")
        }
        _ => String::new(),
    };
    bench.say(&format!(
        "\nWrapping a command, {rounds} rounds; GNU time: {version}\n{}{ratio}{}",
        table(&measured, Baseline::First),
        command_lines(&commands)
    ))
}

/// `pm-wrap` around the bare command, after a look at its record.
fn wrapped(bench: &Bench<'_>, bare: &CommandLine) -> Result<CommandLine, Error> {
    let file = bench.in_work("wrap.ndjson");
    // pm-wrap appends, and GNU time does not: each begins with a file that is there and empty.
    fs::write(&file, "").map_err(|source| Error::file(&file, source))?;
    let ours = bench.tool("pm-wrap", ["-o".into(), file.clone(), "--".into(), bare.program().to_owned()]);
    ours.answer()?;
    match Record::parse(read(&file)?.trim_ascii_end()) {
        Ok(Record::Performance(run)) if run.command == "true" && run.exit_code == Some(0) => Ok(ours),
        Ok(_) => Err(ours.wrong(format!("'{}' holds no run of 'true' that succeeded", file.display()))),
        Err(reason) => Err(ours.wrong(reason.to_string())),
    }
}

/// GNU time around the bare command, after a look at what it wrote.
fn timed(bench: &Bench<'_>, peer: &Peer, bare: &CommandLine) -> Result<CommandLine, Error> {
    let file = bench.in_work("time.txt");
    fs::write(&file, "").map_err(|source| Error::file(&file, source))?;
    let args = ["-v".into(), "-o".into(), file.clone(), bare.program().to_owned()];
    let theirs = CommandLine::new("GNU time", &peer.program, args);
    theirs.answer()?;
    if String::from_utf8_lossy(&read(&file)?).contains("Maximum resident set size") {
        Ok(theirs)
    } else {
        Err(theirs.wrong("this is not GNU time"))
    }
}
