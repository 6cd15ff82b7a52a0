//! `performance profile`: one command in `pm-wrap`, and what it recorded in `pm-report`.
//!
//! They are joined by a file and not by a pipe: the command keeps all three of its streams, and the profile comes
//! when it has ended. Without `--records` the file is nameless to everybody else and goes when the profile is shown.

mod records;

use std::ffi::{OsStr, OsString};
use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::thread;

use pm_cli::{Exit, Interrupts, Streams, Usage};

use self::records::Records;
use crate::args::{ProfileArgs, ProfileForm};
use crate::children::Children;
use crate::invocation::Invocation;
use crate::pipeline::exit_of;
use crate::plan::Warning;
use crate::report::find;
use crate::surroundings::Surroundings;
use crate::{Error, command_list, host};

/// A command that is going to be profiled.
#[derive(Debug)]
pub(crate) struct Profile {
    /// What runs the command; where its records go to is not said yet.
    pub(crate) wrap: Invocation,
    pub(crate) iterations: u32,
    /// The file that records are kept in.
    pub(crate) records: Option<PathBuf>,
    /// What shows them; which they are is not said yet.
    pub(crate) report: Invocation,
    pub(crate) output: Output,
    pub(crate) warnings: Vec<Warning>,
}

/// Where the profile goes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Output {
    /// To people, and out of the way of what the command writes.
    Stderr,
    Stdout,
    File(PathBuf),
}

/// The plan for what was typed.
pub(crate) fn plan(args: ProfileArgs, here: &Surroundings) -> Result<Profile, Error> {
    let form = form(args.format, args.output.as_deref())?;
    let (command, name, warnings) = if args.program || is_path(&args.command[0]) {
        (Invocation::new(PathBuf::from(&args.command[0]), &args.command[1..]), None, Vec::new())
    } else {
        let found = host::find(&args.command, here)?;
        let word = args.command[0].to_str().filter(|word| command_list::is_word(word));
        (found.invocation, word.map(str::to_owned), found.warning.into_iter().collect())
    };
    let follow = if args.no_trace { "--sample" } else { "--trace" };
    let mut words: Vec<OsString> = vec![follow.into()];
    if !args.no_api {
        words.extend(["--api".into(), "--api-requests".into()]);
    }
    words.extend(["--context".into(), "purpose=profile".into()]);
    words.extend(name.into_iter().flat_map(|name| ["--name".into(), name.into()]));
    words.extend(["--".into(), command.program.into()]);
    words.extend(command.args);
    Ok(Profile {
        wrap: Invocation { variables: command.variables, ..Invocation::new(find(here, "pm-wrap")?, words) },
        iterations: args.iterations,
        records: args.records.map(|path| here.environment.current_dir().join(path)),
        report: Invocation::new(find(here, "pm-report")?, [format!("--as={}", form.word())]),
        output: match args.output {
            None => Output::Stderr,
            Some(path) if path == Path::new("-") => Output::Stdout,
            Some(path) => Output::File(here.environment.current_dir().join(path)),
        },
        warnings,
    })
}

fn is_path(word: &OsStr) -> bool {
    word.as_encoded_bytes().contains(&b'/')
}

/// What was asked for, else what the file's ending says.
fn form(asked: Option<ProfileForm>, output: Option<&Path>) -> Result<ProfileForm, Usage> {
    let Some(path) = output.filter(|path| asked.is_none() && *path != Path::new("-")) else {
        return Ok(asked.unwrap_or(ProfileForm::Text));
    };
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let endings = [
        (".speedscope.json", ProfileForm::Speedscope),
        (".speedscope", ProfileForm::Speedscope),
        (".json", ProfileForm::ChromeTrace),
        (".html", ProfileForm::Html),
        (".htm", ProfileForm::Html),
        (".svg", ProfileForm::Svg),
        (".txt", ProfileForm::Text),
    ];
    let known = endings.into_iter().find(|(ending, _)| name.ends_with(ending));
    known.map(|(_, form)| form).ok_or_else(|| {
        let message = format!("the ending of '{}' does not say what to write", path.display());
        Usage::new(
            message,
            "call it .html, .svg, .json, .speedscope.json or .txt, or say it with `--format html`",
        )
    })
}

impl Profile {
    /// Runs the command and then shows its profile; ends as the command did.
    pub(crate) fn run(&self, io: &Streams) -> Result<Exit, Error> {
        // What cannot be written later is known now.
        let output = self.output.open()?;
        let records = Records::at(self.records.as_deref(), &io.environment)?;
        let exit = self.measure(records.path())?;
        let mut report = self.report.clone();
        report.args.push(records.path().into());
        let shown = report.command().stdin(Stdio::null()).stdout(output.into_stdio()?).status();
        let shown = shown.map_err(|source| Error::CannotStart { program: report.program, source })?;
        Ok(if exit == Exit::Done { exit_of(shown) } else { exit })
    }

    /// Runs the command as often as was asked for, or until somebody wants an end; returns how the last run ended
    /// that did not end well.
    fn measure(&self, records: &Path) -> Result<Exit, Error> {
        let interrupts = Interrupts::watch().map_err(Error::Watch)?;
        let children = Children::new(&interrupts);
        let (end, running) = io::pipe().map_err(Error::Pipe)?;
        let wrap = self.wrap_into(records.as_os_str());
        let statuses = thread::scope(|scope| {
            scope.spawn(|| children.pass_on(&end));
            let runs = (0..self.iterations).map(|_| children.run(&mut wrap.command()));
            let statuses: io::Result<Vec<ExitStatus>> =
                runs.take_while(|run| !matches!(run, Ok(None))).filter_map(Result::transpose).collect();
            drop(running);
            statuses
        });
        let statuses = statuses.map_err(|source| Error::CannotStart { program: wrap.program, source })?;
        let mut exits = statuses.into_iter().map(exit_of).rev();
        Ok(exits.find(|exit| *exit != Exit::Done).unwrap_or(Exit::Done))
    }

    /// What runs the command, with its records appended to a file.
    pub(crate) fn wrap_into(&self, records: &OsStr) -> Invocation {
        let mut wrap = self.wrap.clone();
        wrap.args.splice(0..0, ["-o".into(), records.to_owned()]);
        wrap
    }
}

/// Where the profile goes to, open already.
enum Opened {
    Stderr,
    Stdout,
    File(File, PathBuf),
}

impl Output {
    fn open(&self) -> Result<Opened, Error> {
        match self {
            Self::Stderr => Ok(Opened::Stderr),
            Self::Stdout => Ok(Opened::Stdout),
            Self::File(path) => {
                // What it holds is kept until there is something to take its place.
                let file = OpenOptions::new().write(true).create(true).truncate(false).open(path);
                file.map_err(Error::file("write", path)).map(|file| Opened::File(file, path.clone()))
            }
        }
    }
}

impl Opened {
    fn into_stdio(self) -> Result<Stdio, Error> {
        match self {
            Self::Stdout => Ok(Stdio::inherit()),
            Self::Stderr => {
                rustix::stdio::stderr().try_clone_to_owned().map(Stdio::from).map_err(Error::Pipe)
            }
            Self::File(file, path) => {
                // A device or a pipe has nothing to cut.
                if file.metadata().is_ok_and(|metadata| metadata.is_file()) {
                    file.set_len(0).map_err(Error::file("write", path))?;
                }
                Ok(file.into())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ending_of_a_file_says_what_to_write() {
        let cases = [
            ("a.html", ProfileForm::Html),
            ("a.HTM", ProfileForm::Html),
            ("a.svg", ProfileForm::Svg),
            ("a.json", ProfileForm::ChromeTrace),
            ("a.speedscope.json", ProfileForm::Speedscope),
            ("/x.html/a.txt", ProfileForm::Text),
            ("-", ProfileForm::Text),
        ];
        for (name, expected) in cases {
            assert_eq!(form(None, Some(Path::new(name))).expect(name), expected);
        }
        assert_eq!(
            form(Some(ProfileForm::Svg), Some(Path::new("a.pdf"))).expect("it was said"),
            ProfileForm::Svg
        );
        assert_eq!(form(None, None).expect("a terminal"), ProfileForm::Text);
        let error = form(None, Some(Path::new("a.pdf"))).expect_err("no such form");
        assert_eq!(error.to_string(), "the ending of 'a.pdf' does not say what to write");
    }
}
