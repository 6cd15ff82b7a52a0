//! The program `compare`: our tools against their peers, on this machine, in turn.
//!
//! Answers are checked before anything is timed: a fast wrong answer is worth nothing. A peer that is not
//! installed is named and left out; a tool of ours that is not built is an error.

mod aggregate;
mod alert;
mod answer;
mod api;
mod args;
mod conversation;
mod days;
mod detect;
mod error;
mod export;
mod figures;
mod goal;
mod log;
mod machine;
mod measure;
mod page;
mod peer;
mod report;
mod sample;
mod start_up;
mod table;
mod wrap;

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};

use pm_cli::{Exit, Streams};
use pm_record::Timestamp;

use args::{Args, What};
pub use error::Error;
use goal::Goal;
use measure::CommandLine;

/// The program's name.
pub const TOOL: &str = "compare";

/// What each comparison needs to know, and what came of those before it.
struct Bench<'a> {
    args: &'a Args,
    io: &'a mut Streams,
    /// Every goal so far of a comparison that ends in one.
    goals: Vec<Goal>,
    /// Every word so far.
    said: String,
}

/// The whole life of the program.
///
/// # Errors
///
/// Wrong usage, a tool that is not built, a command that fails, or answers that differ.
pub fn run(args: Vec<OsString>, io: &mut Streams) -> Result<Exit, Error> {
    let Some(args) = pm_cli::parse::<Args>(args, io)? else { return Ok(Exit::Done) };
    args.check()?;
    let mut bench = Bench { args: &args, io, goals: Vec::new(), said: String::new() };
    bench.require_tools()?;
    std::fs::create_dir_all(&args.work).map_err(|source| Error::file(&args.work, source))?;
    let heading = bench.heading();
    bench.say(&heading)?;
    if matches!(args.what, What::Wrap | What::All) {
        wrap::compare(&mut bench)?;
        start_up::compare(&mut bench)?;
    }
    if matches!(args.what, What::Api | What::All) {
        api::compare(&mut bench)?;
    }
    if matches!(args.what, What::Aggregate | What::All) {
        aggregate::compare(&mut bench)?;
    }
    if matches!(args.what, What::Sample | What::All) {
        sample::compare(&mut bench)?;
    }
    if matches!(args.what, What::Export | What::All) {
        export::compare(&mut bench)?;
    }
    if matches!(args.what, What::Alert | What::All) {
        alert::compare(&mut bench)?;
    }
    if matches!(args.what, What::Report | What::All) {
        report::compare(&mut bench)?;
    }
    if matches!(args.what, What::Detect | What::All) {
        detect::compare(&mut bench)?;
    }
    if !bench.goals.is_empty() {
        bench.say(&page::overview(&bench.goals))?;
    }
    if let Some(path) = &args.page {
        let page = page::page(&args, &machine::describe(), &bench.goals, &bench.said);
        std::fs::write(path, page).map_err(|source| Error::file(path, source))?;
    }
    Ok(Exit::Done)
}

impl Bench<'_> {
    /// One of our tools, with its arguments.
    fn tool(&self, tool: &str, args: impl IntoIterator<Item = impl Into<OsString>>) -> CommandLine {
        CommandLine::new(tool, self.args.bin.join(tool), args)
    }

    /// A program on `PATH`.
    fn on_path(&self, program: &str) -> Option<PathBuf> {
        self.io.environment.path().map(|folder| folder.join(program)).find(|path| path.is_file())
    }

    /// The process that does nothing: what every program pays for being one.
    fn bare(&self) -> Result<CommandLine, Error> {
        let missing = Error::Missing { program: "true", package: "coreutils" };
        let program = self.on_path("true").ok_or(missing)?;
        Ok(CommandLine::new("true", program, [] as [&str; 0]))
    }

    fn require_tools(&self) -> Result<(), Error> {
        let needed = match self.args.what {
            What::Aggregate => aggregate::tools(self.args),
            What::Api => vec![api::TOOL],
            What::Sample => vec![sample::OURS],
            What::Export => vec![export::TOOL],
            What::Alert => vec![alert::OURS],
            What::Report => report::TOOLS.to_vec(),
            What::Wrap | What::All => start_up::TOOLS.to_vec(),
            // It is the mathematics that are compared, in this program.
            What::Detect => Vec::new(),
        };
        let missing = needed.into_iter().find(|tool| !self.args.bin.join(tool).is_file());
        missing.map_or(Ok(()), |tool| Err(Error::NotBuilt(self.args.bin.join(tool))))
    }

    /// A program that is built with this one and stands beside it, by its path from here where it has one: what is
    /// printed is to be pasted into a shell anywhere.
    fn beside_this_program(&self, name: &str) -> Result<PathBuf, Error> {
        let this = std::env::current_exe().map_err(|source| Error::file(Path::new(name), source))?;
        let program = this.with_file_name(name);
        if !program.is_file() {
            return Err(Error::NotBuilt(program));
        }
        let here = self.io.environment.current_dir();
        Ok(program.strip_prefix(here).map(Path::to_owned).unwrap_or(program))
    }

    fn in_work(&self, file: &str) -> PathBuf {
        self.args.work.join(file)
    }

    fn heading(&self) -> String {
        let now = Timestamp::from_millis(self.io.clock.now_millis());
        let revision =
            self.args.revision.as_ref().map(|name| format!(", version {name}")).unwrap_or_default();
        format!(
            "{now}{revision}  {}\nrepeat with: scripts/bench {}\n",
            machine::describe(),
            self.args.again()
        )
    }

    /// Writes a part of the result, at once: the next part may take a minute.
    fn say(&mut self, text: &str) -> Result<(), Error> {
        self.said.push_str(text);
        let written = self.io.output.write_all(text.as_bytes()).and_then(|()| self.io.output.flush());
        written.map_err(Error::Write)
    }

    fn title(&mut self, title: &str) -> Result<(), Error> {
        self.say(&format!("\n{title}\n"))
    }

    /// Says that a peer is not there.
    fn left_out(&mut self, name: &str) -> Result<(), Error> {
        self.say(&format!("\n  {name}: not installed, left out\n"))
    }

    /// Says whether a goal is met, and keeps it for the table at the end.
    fn judge(&mut self, goal: Goal) -> Result<(), Error> {
        self.say(&goal.to_string())?;
        self.goals.push(goal);
        Ok(())
    }

    /// Tells whoever waits what is going on.
    fn progress(&mut self, text: &str) {
        self.io.tell(TOOL, text);
    }
}

/// Reads a file of the work folder.
fn read(path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|source| Error::file(path, source))
}
