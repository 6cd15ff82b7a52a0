//! Which commands run: a project is never changed by surprise.

use pm_store::Benchmarks;

use super::Trouble;

/// The host command that only looks.
const HARMLESS: &str = "status";

/// What stands for all commands.
const ALL: &str = "all";

/// Commands by name, each with what it runs; the host command of that name where nothing is said.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) chosen: Vec<Candidate>,
    /// What would run if somebody said yes.
    pub(super) held_back: Vec<Candidate>,
}

/// A command that could run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) name: String,
    pub(super) run: Option<Vec<String>>,
    /// Whether it may run unasked.
    safe: bool,
    /// Whether the store's settings say what it runs, or that it may.
    pub(super) needs_trust: bool,
}

/// Chooses among the commands of the settings by what was typed. Naming one is not yet saying that it may run: that
/// is `yes`.
pub(super) fn choose(benchmarks: &Benchmarks, typed: &[String], yes: bool) -> Result<Choice, Trouble> {
    let all: Vec<_> = candidates(benchmarks);
    let wants_all = typed.iter().any(|name| name == ALL);
    let mut wanted = Vec::new();
    if wants_all {
        let listed = all.iter().filter(|candidate| {
            benchmarks.commands.is_empty() || benchmarks.commands.contains_key(&candidate.name)
        });
        wanted.extend(listed.cloned());
    } else {
        for name in typed {
            let Some(candidate) = all.iter().find(|candidate| candidate.name == *name) else {
                let names = all.iter().map(|candidate| candidate.name.as_str());
                let nearest = pm_cli::nearest(name, names.clone()).map(str::to_owned);
                let names = names.map(str::to_owned).collect();
                return Err(Trouble::NoCommand { name: name.clone(), nearest, names });
            };
            if !wanted.contains(candidate) {
                wanted.push(candidate.clone());
            }
        }
    }
    let (chosen, held_back): (Vec<_>, Vec<_>) =
        wanted.into_iter().partition(|candidate| yes || candidate.safe);
    Ok(Choice { chosen, held_back })
}

fn candidates(benchmarks: &Benchmarks) -> Vec<Candidate> {
    let mut all: Vec<_> = benchmarks
        .commands
        .iter()
        .map(|(name, limits)| {
            let harmless = name == HARMLESS && limits.run.is_none();
            Candidate {
                name: name.clone(),
                run: limits.run.clone().filter(|words| !words.is_empty()),
                safe: limits.safe.unwrap_or(harmless),
                needs_trust: limits.run.is_some() || limits.safe == Some(true) && !harmless,
            }
        })
        .collect();
    if !benchmarks.commands.contains_key(HARMLESS) {
        all.push(Candidate { name: HARMLESS.to_owned(), run: None, safe: true, needs_trust: false });
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMANDS: &str = "
        status: {}
        batch: { run: [gh-pm, batch, --dry-run] }
        lint: { run: [lint], safe: true }
        list: { safe: true }
        setup-complete: { baseline_ms: 3000 }";

    fn benchmarks(commands: &str) -> Benchmarks {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("benchmarks.yml");
        std::fs::write(&path, format!("benchmarks:\n    commands:{commands}\n")).expect("written");
        Benchmarks::of_file(&path).expect("commands")
    }

    #[track_caller]
    fn check(commands: &str, typed: &[&str], yes: bool, chosen: &[&str], held_back: &[&str]) {
        let typed: Vec<_> = typed.iter().map(|&name| name.to_owned()).collect();
        let choice = choose(&benchmarks(commands), &typed, yes).expect("known commands");
        let names = |all: &[Candidate]| all.iter().map(|one| one.name.clone()).collect::<Vec<_>>();
        assert_eq!(
            (names(&choice.chosen), names(&choice.held_back)),
            (
                chosen.iter().map(|&name| name.to_owned()).collect(),
                held_back.iter().map(|&name| name.to_owned()).collect(),
            )
        );
    }

    #[test]
    fn only_what_is_safe_runs_unasked() {
        check(COMMANDS, &["all"], false, &["status", "lint", "list"], &["batch", "setup-complete"]);
        check(COMMANDS, &["all"], true, &["status", "batch", "lint", "list", "setup-complete"], &[]);
        check(COMMANDS, &["batch", "lint", "batch"], false, &["lint"], &["batch"]);
        check(COMMANDS, &["batch", "all"], true, &["status", "batch", "lint", "list", "setup-complete"], &[]);
    }

    #[test]
    fn status_is_harmless_as_long_as_it_is_the_host_s() {
        check(" {}", &["all"], false, &["status"], &[]);
        check(" { batch: { safe: true } }", &["all"], false, &["batch"], &[]);
        check(" { batch: { safe: true } }", &["status"], false, &["status"], &[]);
        check(" { status: { run: [rm] } }", &["all"], false, &[], &["status"]);
        check(" { status: { safe: false } }", &["all"], false, &[], &["status"]);
    }

    #[test]
    fn what_the_settings_say_needs_trust_and_the_harmless_does_not() {
        let choice = choose(&benchmarks(COMMANDS), &["all".to_owned()], true).expect("known commands");
        let trusted: Vec<_> = choice.chosen.iter().map(|one| one.needs_trust).collect();
        assert_eq!(trusted, [false, true, true, true, false]);
    }

    #[test]
    fn an_unknown_command_is_refused_with_the_nearest() {
        let error = choose(&benchmarks(COMMANDS), &["batsh".to_owned()], true).expect_err("a slip");
        assert!(
            matches!(error, Trouble::NoCommand { nearest: Some(nearest), .. } if nearest == "batch"),
            "the nearest is batch"
        );
    }
}
