//! The host command: which program it is, and what it is started with.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};

use pm_store::{Settings, Store, Trust};

use crate::find::is_executable;
use crate::invocation::Invocation;
use crate::plan::{Become, Warning};
use crate::surroundings::Surroundings;
use crate::{Error, error, naming, wrap};

/// How often this program has been started inside itself.
const DEPTH: &str = "GITHUB_PM_DEPTH";

/// A script of the host may call us once more; a second time it goes round in circles.
const DEEPEST: u32 = 1;

/// What the store says about the host command.
#[derive(Debug, Clone)]
pub(crate) enum Setting {
    /// There is no store that may be used.
    NoStore,
    /// Nothing.
    Unset {
        /// The settings file.
        file: PathBuf,
    },
    /// A program, in a store that may have come from a stranger.
    Untrusted {
        /// The settings file.
        file: PathBuf,
        /// The program.
        cli: String,
    },
    /// A program.
    Trusted {
        /// The settings file.
        file: PathBuf,
        /// The program.
        cli: String,
        /// The folder from which a relative path to it is meant.
        base: PathBuf,
    },
}

/// What a search for the host command came to.
#[derive(Debug, Default)]
pub(crate) struct Search {
    pub(crate) host: Option<Host>,
    /// What came before it, in order.
    pub(crate) passed_over: Vec<PassedOver>,
}

/// The host command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Host {
    pub(crate) program: PathBuf,
    /// What named it.
    pub(crate) named_by: String,
    /// Whether it stands for one word, which is then not among its arguments.
    is_extension: bool,
}

/// A candidate that is not the host command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassedOver {
    candidate: String,
    reason: Reason,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Reason {
    NotSet,
    NotTrusted,
    NotOnPath,
    CannotRun(String),
    IsGithubPm,
}

impl PassedOver {
    /// Whether the user's trust is all that it lacks.
    pub(crate) fn lacks_trust(&self) -> bool {
        self.reason == Reason::NotTrusted
    }
}

impl fmt::Display for PassedOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.candidate)?;
        match &self.reason {
            Reason::NotSet => f.write_str(" is not set"),
            Reason::NotTrusted => f.write_str(" is not trusted"),
            Reason::NotOnPath => f.write_str(" is not on PATH"),
            Reason::CannotRun(named) => write!(f, " names '{named}', which is no program"),
            Reason::IsGithubPm => f.write_str(" is github-pm itself"),
        }
    }
}

/// The host command, ready to run.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) invocation: Invocation,
    /// What to tell of how it was found.
    pub(crate) warning: Option<Warning>,
    settings: Settings,
    store: Result<Store, pm_store::Error>,
}

/// Plans to run the host command with these words, measured if it is not so already.
pub(crate) fn plan(words: &[OsString], here: &Surroundings) -> Result<Become, Error> {
    let Found { invocation, warning, mut settings, store } = find(words, here)?;
    let mut planned = match &store {
        _ if is_measured(here) => unmeasured(invocation, None),
        Err(error) => unmeasured(invocation, Some(not_recorded(error))),
        Ok(store) => {
            // A monitor judges what it finds in the store, and tells of it where it was started.
            settings.alerts_after_command &= !store.is_monitored().unwrap_or(false);
            wrap::around(invocation, words.first().map(OsString::as_os_str), &settings, here)
        }
    };
    planned.warnings.splice(0..0, warning);
    Ok(planned)
}

/// The host command with these words.
pub(crate) fn find(words: &[OsString], here: &Surroundings) -> Result<Found, Error> {
    let word = words.first().map(OsString::as_os_str);
    let store = here.store();
    let settings = store.as_ref().ok().map(Settings::of).transpose()?.unwrap_or_default();
    let found = store.as_ref().ok();
    let setting = Setting::of(found, &settings, here);
    let search = Search::new(word, &setting, here);
    let Some(host) = search.host else {
        let word = word.map(|word| word.to_string_lossy().into_owned());
        let naming = naming::advice(found, here);
        return Err(Error::NoHost { word, looked_for: search.passed_over, naming });
    };
    let invocation = invocation(host, words, found, here)?;
    let warning = match &setting {
        Setting::Untrusted { file, cli } => Some(not_trusted(file, cli)),
        _ => None,
    };
    Ok(Found { invocation, warning, settings, store })
}

fn invocation(
    host: Host,
    words: &[OsString],
    store: Option<&Store>,
    here: &Surroundings,
) -> Result<Invocation, Error> {
    let depth = here.environment.text(DEPTH).and_then(|depth| depth.parse().ok()).unwrap_or(0_u32);
    if depth > DEEPEST {
        return Err(Error::Loop { host: host.program, depth, naming: naming::other(store, here) });
    }
    let mut invocation = Invocation::new(host.program, &words[usize::from(host.is_extension)..]);
    invocation.variables.push((DEPTH, (depth + 1).to_string()));
    Ok(invocation)
}

/// Whether `pm-wrap` started this very process, as in `pm-wrap -- github-pm batch`.
fn is_measured(here: &Surroundings) -> bool {
    let wrap = here.environment.text("PM_WRAP_PID").and_then(|pid| pid.parse().ok());
    wrap.is_some() && wrap == here.parent
}

fn unmeasured(host: Invocation, warning: Option<Warning>) -> Become {
    Become { invocation: host, otherwise: None, warnings: warning.into_iter().collect() }
}

fn not_recorded(error: &pm_store::Error) -> Warning {
    Warning { message: format!("this run is not recorded: {}", error::in_full(error)), hint: error.hint() }
}

fn not_trusted(file: &Path, cli: &str) -> Warning {
    Warning {
        message: format!("'{cli}' is not started for {}, whose store you have not trusted", file.display()),
        hint: Some("if you know it, let it start programs with `github-pm performance trust`".to_owned()),
    }
}

impl Setting {
    /// What `store` says, and whether it may.
    pub(crate) fn of(store: Option<&Store>, settings: &Settings, here: &Surroundings) -> Self {
        let Some(store) = store else { return Self::NoStore };
        let file = store.root().join("config.yml");
        let (Some(cli), Some(sensitive)) = (settings.cli.clone(), settings.sensitive()) else {
            return Self::Unset { file };
        };
        let trusted =
            here.personal_store().is_ok_and(|personal| Trust::beside(&personal).covers(store, &sensitive));
        // People write a path in `config.yml` from where they see the store: the folder that holds it.
        let base = store.root().parent().unwrap_or(store.root()).to_owned();
        if trusted { Self::Trusted { file, cli, base } } else { Self::Untrusted { file, cli } }
    }
}

impl Search {
    /// Looks for the host command in the order that the manual promises.
    pub(crate) fn new(word: Option<&OsStr>, setting: &Setting, here: &Surroundings) -> Self {
        let mut search = Self::default();
        let _over = search.try_setting(setting, here)
            || search.try_variable(here)
            || word.is_some_and(|word| search.try_extension(word, here))
            || search.try_path("gh-pm", here)
            || search.try_path("github-pm", here);
        search
    }

    fn try_setting(&mut self, setting: &Setting, here: &Surroundings) -> bool {
        let candidate = |file: &Path| format!("`cli:` in {}", file.display());
        match setting {
            Setting::NoStore => false,
            Setting::Unset { file } => self.pass_over(candidate(file), Reason::NotSet),
            Setting::Untrusted { file, .. } => self.pass_over(candidate(file), Reason::NotTrusted),
            Setting::Trusted { file, cli, base } => self.try_named(candidate(file), cli.as_ref(), base, here),
        }
    }

    fn try_variable(&mut self, here: &Surroundings) -> bool {
        let candidate = "`GITHUB_PM_CLI`".to_owned();
        match here.environment.get("GITHUB_PM_CLI") {
            Some(named) => self.try_named(candidate, named, here.environment.current_dir(), here),
            None => self.pass_over(candidate, Reason::NotSet),
        }
    }

    /// A program that the user named. If it cannot be run the search is over: another program in its
    /// place would be a surprise.
    fn try_named(&mut self, candidate: String, named: &OsStr, base: &Path, here: &Surroundings) -> bool {
        let programs: Vec<_> = if named.as_encoded_bytes().contains(&b'/') {
            Some(base.join(named)).filter(|path| is_executable(path)).into_iter().collect()
        } else {
            here.on_path(named).collect()
        };
        if programs.is_empty() {
            self.pass_over(candidate, Reason::CannotRun(named.to_string_lossy().into_owned()));
            return true;
        }
        self.take_first(candidate, programs, false, here)
    }

    fn try_extension(&mut self, word: &OsStr, here: &Surroundings) -> bool {
        let bytes = word.as_encoded_bytes();
        if bytes.is_empty() || bytes.contains(&b'/') || bytes.starts_with(b"-") {
            return false;
        }
        let mut name = OsString::from("github-pm-");
        name.push(word);
        let candidate = format!("`{}`", name.display());
        self.take_first(candidate, here.on_path(name).collect(), true, here)
    }

    fn try_path(&mut self, name: &str, here: &Surroundings) -> bool {
        self.take_first(format!("`{name}`"), here.on_path(name).collect(), false, here)
    }

    /// Takes the first program that is not this one; says whether there was one.
    fn take_first(
        &mut self,
        candidate: String,
        programs: Vec<PathBuf>,
        is_extension: bool,
        here: &Surroundings,
    ) -> bool {
        let reason = if programs.is_empty() { Reason::NotOnPath } else { Reason::IsGithubPm };
        let Some(program) = programs.into_iter().find(|program| !here.is_this_program(program)) else {
            return self.pass_over(candidate, reason);
        };
        self.host = Some(Host { program, named_by: candidate, is_extension });
        true
    }

    /// Notes why a candidate was not taken; the search goes on.
    fn pass_over(&mut self, candidate: String, reason: Reason) -> bool {
        self.passed_over.push(PassedOver { candidate, reason });
        false
    }
}
