//! Man pages and shell completions, made at build of what every program itself says of its command line.
//!
//! No program depends on another, and none carries what makes these files: this one depends on all of them, is run once
//! by `scripts/build`, and is not installed. The cost is that it is built whenever they are.

#![forbid(unsafe_code)]

mod completions;
mod pages;

use std::io;
use std::path::Path;
use std::process::ExitCode;

use clap::{Command, CommandFactory};

/// `pm-manual FOLDER`: writes everything into the folder, laid out as a prefix's `share` is.
#[must_use]
pub fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1) else {
        eprintln!("pm-manual: no folder is named\n  hint: pm-manual target/share");
        return ExitCode::from(2);
    };
    match write(Path::new(&folder)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("pm-manual: cannot write into '{}': {error}", folder.display());
            ExitCode::from(4)
        }
    }
}

/// Writes the pages and completions of every program.
///
/// # Errors
///
/// A file that cannot be written.
pub fn write(folder: &Path) -> io::Result<()> {
    let commands = commands();
    pages::write(&commands, &folder.join("man/man1"))?;
    for command in commands {
        completions::write(command, folder)?;
    }
    Ok(())
}

/// Every program's command line, that of `github-pm` with all its verbs.
#[must_use]
pub fn commands() -> Vec<Command> {
    let mut tools = vec![
        pm_wrap::args::Args::command(),
        pm_sample::args::Args::command(),
        pm_relay::args::Args::command(),
        pm_ratelimit::args::Args::command(),
        pm_aggregate::args::Args::command(),
        pm_alert::args::Args::command(),
        pm_export::args::Args::command(),
        pm_report::args::Args::command(),
        pm_watch::args::Args::command(),
    ];
    let porcelain =
        github_pm::command(|program| tools.iter().find(|tool| tool.get_name() == program).cloned());
    tools.push(porcelain);
    tools
}
