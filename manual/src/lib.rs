//! Man pages and shell completions, made at build of what every program itself says of its command line.
//!
//! No program depends on another, and none carries what makes these files: this one depends on all of them, is run once
//! by `scripts/build`, and is not installed. The cost is that it is built whenever they are.

#![forbid(unsafe_code)]

mod completions;
mod error;
mod pages;

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use clap::{Command, CommandFactory};
use pm_cli::{Exit, Streams};

pub use crate::error::Error;

/// The program's name.
pub const TOOL: &str = "pm-manual";

/// `pm-manual FOLDER`: writes everything into the folder, laid out as a prefix's `share` is.
///
/// # Errors
///
/// No folder, or a file that cannot be written.
#[expect(clippy::needless_pass_by_value, reason = "every program is run in the same way")]
pub fn run(args: Vec<OsString>, io: &mut Streams) -> Result<Exit, Error> {
    let folder = args.get(1).ok_or(Error::NoFolder)?;
    let folder = io.environment.current_dir().join(PathBuf::from(folder));
    write(&folder).map_err(|source| Error::Write { folder, source })?;
    Ok(Exit::Done)
}

fn write(folder: &Path) -> io::Result<()> {
    let commands = commands();
    pages::write(&commands, &folder.join("man/man1"))?;
    commands.iter().try_for_each(|command| completions::write(command, folder))
}

/// Every program's command line, that of `github-pm` with all its verbs.
fn commands() -> Vec<Command> {
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
