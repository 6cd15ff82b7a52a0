//! What is going to happen, before anything does.

use std::ffi::OsString;

use pm_cli::{Exit, Explain, Streams};

use crate::args::{
    AnalyzeArgs, BenchmarkArgs, CompareArgs, DashboardArgs, DoctorArgs, ExportArgs, InitArgs, OptimizeArgs,
    ProfileArgs, ReportArgs, Request, StartArgs, StatusArgs, StopArgs, StoreArgs, TrustArgs, WatchArgs,
};
use crate::benchmark::{self, Benchmark};
use crate::command_list::{self, Kind, Verb};
use crate::init::Init;
use crate::invocation::Invocation;
use crate::monitor::{self, Monitoring, Tether};
use crate::pipeline::Pipeline;
use crate::profile::Profile;
use crate::store::Upkeep;
use crate::surroundings::Surroundings;
use crate::trust::Trust;
use crate::{Error, analyze, compare, dashboard, export, host, optimize, profile, report, store, trust};

/// What is going to happen.
#[derive(Debug)]
pub(crate) enum Plan {
    /// Print this.
    Say(String),
    /// Let another program take this process's place.
    Become(Become),
    /// Run tools joined by pipes.
    Pipe(Pipeline),
    /// Run a command and show where its time went.
    Profile(Profile),
    /// Run commands again and again.
    Benchmark(Box<Benchmark>),
    /// Make a store.
    Init(Init),
    /// Trust a store.
    Trust(Trust),
    /// Look after the files of a store.
    Store(Upkeep),
    /// See to the monitor of a store.
    Monitor(Monitoring),
    /// Become a program that ends with the monitor.
    Tethered(Tether),
    /// Look after everything.
    Doctor,
}

impl Plan {
    /// What to tell people before anything happens.
    pub(crate) fn warnings(&self) -> &[Warning] {
        match self {
            Self::Become(become_it) => &become_it.warnings,
            Self::Profile(profile) => &profile.warnings,
            _ => &[],
        }
    }
}

/// Another program takes this process's place.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Become {
    pub(crate) invocation: Invocation,
    /// What is run when the system refuses the first: a command is never lost to its measuring.
    pub(crate) otherwise: Option<Invocation>,
    pub(crate) warnings: Vec<Warning>,
}

/// Something to tell people that stops nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Warning {
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

impl Explain for Warning {
    fn exit(&self) -> Exit {
        Exit::Done
    }

    fn hint(&self) -> Option<String> {
        self.hint.clone()
    }
}

/// Plans what was asked for; `None` when it was help that has been printed.
pub(crate) fn plan(request: Request, here: &Surroundings, io: &mut Streams) -> Result<Option<Plan>, Error> {
    match request {
        Request::Help => Ok(Some(Plan::Say(command_list::help()))),
        Request::Version => {
            Ok(Some(Plan::Say(concat!("github-pm ", env!("CARGO_PKG_VERSION"), "\n").into())))
        }
        Request::Performance(words) => performance(words, here, io),
        Request::Monitor(words) => of_monitor(words, here, io),
        Request::Host(words) => match host::plan(&words, here) {
            // Whoever types the bare name, and has no host command to greet them, is new here.
            Err(Error::NoHost { .. }) if words.is_empty() => Ok(Some(Plan::Say(command_list::help()))),
            planned => planned.map(|host| Some(Plan::Become(host))),
        },
    }
}

fn performance(words: Vec<OsString>, here: &Surroundings, io: &mut Streams) -> Result<Option<Plan>, Error> {
    let mut words = words.into_iter();
    let Some(word) = words.next().filter(|word| !is_help(word)) else {
        return Ok(Some(Plan::Say(command_list::help())));
    };
    let word = word.to_string_lossy();
    match command_list::find("performance", &word).map(|entry| entry.kind) {
        Some(Kind::Verb(verb)) => {
            let full_name = format!("github-pm performance {word}").into();
            self::verb(verb, std::iter::once(full_name).chain(words).collect(), here, io)
        }
        Some(Kind::Tool { .. }) | None => tool(&word, words, here).map(Some),
    }
}

fn verb(
    verb: Verb,
    args: Vec<OsString>,
    here: &Surroundings,
    io: &mut Streams,
) -> Result<Option<Plan>, Error> {
    Ok(match verb {
        Verb::Report => pm_cli::parse::<ReportArgs>(args, io)?
            .map(|args| report::plan(&args, here).map(Plan::Pipe))
            .transpose()?,
        Verb::Analyze => pm_cli::parse::<AnalyzeArgs>(args, io)?
            .map(|args| analyze::plan(&args, here).map(Plan::Pipe))
            .transpose()?,
        Verb::Optimize => pm_cli::parse::<OptimizeArgs>(args, io)?
            .map(|args| optimize::plan(&args, here).map(Plan::Pipe))
            .transpose()?,
        Verb::Compare => pm_cli::parse::<CompareArgs>(args, io)?
            .map(|args| compare::plan(&args, here).map(Plan::Pipe))
            .transpose()?,
        Verb::Dashboard => pm_cli::parse::<DashboardArgs>(args, io)?
            .map(|args| dashboard::plan(&args, here).map(Plan::Pipe))
            .transpose()?,
        Verb::Profile => pm_cli::parse::<ProfileArgs>(args, io)?
            .map(|args| profile::plan(args, here).map(Plan::Profile))
            .transpose()?,
        Verb::Benchmark => pm_cli::parse::<BenchmarkArgs>(args, io)?
            .map(|args| benchmark::plan(&args, here).map(|benchmark| Plan::Benchmark(Box::new(benchmark))))
            .transpose()?,
        Verb::Export => pm_cli::parse::<ExportArgs>(args, io)?
            .map(|args| {
                export::warning(&args).inspect(|warning| io.complain(crate::TOOL, warning));
                export::plan(args, here).map(Plan::Pipe)
            })
            .transpose()?,
        Verb::Init => pm_cli::parse::<InitArgs>(args, io)?
            .map(|args| Init::new(&args, here).map(Plan::Init))
            .transpose()?,
        Verb::Trust => pm_cli::parse::<TrustArgs>(args, io)?
            .map(|TrustArgs {}| trust::plan(here).map(Plan::Trust))
            .transpose()?,
        Verb::Store => pm_cli::parse::<StoreArgs>(args, io)?
            .map(|args| store::plan(&args, here).map(Plan::Store))
            .transpose()?,
        Verb::MonitorStart => {
            pm_cli::parse::<StartArgs>(args, io)?.map(|args| monitor::start(args, here, io)).transpose()?
        }
        Verb::MonitorStatus => {
            pm_cli::parse::<StatusArgs>(args, io)?.map(|args| monitor::status(&args, here)).transpose()?
        }
        Verb::MonitorStop => {
            pm_cli::parse::<StopArgs>(args, io)?.map(|args| monitor::stop(&args, here)).transpose()?
        }
        Verb::MonitorWatch => {
            pm_cli::parse::<WatchArgs>(args, io)?.map(|args| monitor::watch(&args, here)).transpose()?
        }
        Verb::Doctor => pm_cli::parse::<DoctorArgs>(args, io)?.map(|DoctorArgs {}| Plan::Doctor),
    })
}

/// Any tool by its short name, also one that is not ours.
fn tool(word: &str, words: impl Iterator<Item = OsString>, here: &Surroundings) -> Result<Plan, Error> {
    let program = command_list::is_word(word).then(|| here.tool(&format!("pm-{word}"))).flatten();
    match (program, command_list::find("performance", word)) {
        (Some(program), _) => {
            let invocation = Invocation::new(program, words);
            Ok(Plan::Become(Become { invocation, otherwise: None, warnings: Vec::new() }))
        }
        (None, Some(command_list::Entry { kind: Kind::Tool { program }, .. })) => {
            Err(Error::NoTool { tool: program })
        }
        (None, _) => Err(command_list::unknown("performance", word)),
    }
}

fn of_monitor(words: Vec<OsString>, here: &Surroundings, io: &mut Streams) -> Result<Option<Plan>, Error> {
    if words.first().is_some_and(|word| word == Tether::WORD)
        && let Some(tether) = Tether::read(&words[1..])
    {
        return Ok(Some(Plan::Tethered(tether)));
    }
    let mut words = words.into_iter();
    let Some(word) = words.next().filter(|word| !is_help(word)) else {
        return Ok(Some(Plan::Say(command_list::help())));
    };
    let word = word.to_string_lossy();
    match command_list::find("monitor", &word).map(|entry| entry.kind) {
        Some(Kind::Verb(verb)) => {
            let full_name = format!("github-pm monitor {word}").into();
            self::verb(verb, std::iter::once(full_name).chain(words).collect(), here, io)
        }
        _ => Err(command_list::unknown("monitor", &word)),
    }
}

fn is_help(word: &OsString) -> bool {
    word == "--help" || word == "-h" || word == "help"
}
