//! `performance init`: a store with commented settings, in the current directory or the user's own.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs::{DirBuilder, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use pm_store::Store;

use crate::args::InitArgs;
use crate::surroundings::Surroundings;
use crate::{Error, sharing};

const FILES: [(&str, &str); 4] = [
    ("config.yml", include_str!("../templates/config.yml")),
    ("alerts.yml", include_str!("../templates/alerts.yml")),
    ("benchmarks.yml", include_str!("../templates/benchmarks.yml")),
    (".gitignore", include_str!("../templates/gitignore")),
];

const NEXT: &str = "
Next:
  github-pm performance doctor    check that everything is in place
  github-pm COMMAND               any command of the host, now timed and recorded
  github-pm performance report    what the commands took and cost
";

/// A store to be made.
#[derive(Debug)]
pub(crate) struct Init {
    folder: PathBuf,
    /// Whether files that are there are moved aside rather than kept.
    force: bool,
}

impl Init {
    /// What the command line means here.
    ///
    /// # Errors
    ///
    /// A store that is there already and that no other verb would use: nothing is written into it.
    pub(crate) fn new(args: &InitArgs, here: &Surroundings) -> Result<Self, Error> {
        let folder = if args.user {
            here.personal_store()?.root().to_owned()
        } else {
            here.environment.current_dir().join(pm_store::DIRECTORY)
        };
        if !args.user && folder.is_dir() {
            here.store()?;
        }
        Ok(Self { folder, force: args.force })
    }

    /// Makes the store, and says what was done.
    pub(crate) fn run(&self) -> Result<String, Error> {
        let mut folders = DirBuilder::new();
        folders
            .recursive(true)
            .mode(0o700)
            .create(&self.folder)
            .map_err(Error::file("make", &self.folder))?;
        let mut text = String::new();
        for (name, content) in FILES {
            let path = self.folder.join(name);
            if self.force
                && let Some(aside) = set_aside(&path)?
            {
                say(&mut text, "moved", &aside);
            }
            say(&mut text, if write_new(&path, content)? { "made" } else { "kept" }, &path);
        }
        if let Some(kind) = Store::at(&self.folder).shared_file_system() {
            let _ = writeln!(text, "\n! {}\n    → {}", sharing::warning(kind), sharing::ADVICE);
        }
        text.push_str(NEXT);
        Ok(text)
    }

    /// What running it would do.
    pub(crate) fn steps(&self) -> Vec<String> {
        let folder = self.folder.display();
        let names = FILES.map(|(name, _)| name).join(", ");
        let existing = if self.force { "moves aside, as NAME.bak," } else { "keeps" };
        vec![
            format!("makes the folder {folder}, for its owner only"),
            format!("makes {names} in it, and {existing} those that are there already"),
        ]
    }
}

fn say(text: &mut String, what: &str, path: &Path) {
    let path = path.display().to_string();
    let _ = writeln!(text, "{what:<5} {}", pm_cli::printable(&path));
}

/// Writes a file that is not there yet; says whether it was not. Links are not followed.
fn write_new(path: &Path, content: &str) -> Result<bool, Error> {
    let mut file = match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(false),
        Err(error) => return Err(Error::file("make", path)(error)),
    };
    file.write_all(content.as_bytes()).map_err(|error| {
        // Half a file would be kept by the next attempt, and be wrong for ever.
        let _ = std::fs::remove_file(path);
        Error::file("write", path)(error)
    })?;
    Ok(true)
}

/// Moves a file to the first name beside it that is free, and says which; `None` if there is no file.
fn set_aside(path: &Path) -> Result<Option<PathBuf>, Error> {
    let is_there = |path: &Path| path.symlink_metadata().is_ok();
    if !is_there(path) {
        return Ok(None);
    }
    let named = |ending: String| {
        let mut name = OsString::from(path);
        name.push(ending);
        PathBuf::from(name)
    };
    let mut aside = named(".bak".to_owned());
    for number in 2.. {
        if !is_there(&aside) {
            break;
        }
        aside = named(format!(".bak{number}"));
    }
    std::fs::rename(path, &aside).map_err(Error::file("move aside", path))?;
    Ok(Some(aside))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use pm_store::{Alerts, Benchmarks, Rating, Retention, Settings};

    use super::*;

    fn made() -> (tempfile::TempDir, Init) {
        let folder = tempfile::tempdir().expect("a folder");
        let init = Init { folder: folder.path().join(".github-pm"), force: false };
        init.run().expect("a store");
        (folder, init)
    }

    #[test]
    fn the_files_hold_the_example_and_are_private() {
        let (_folder, init) = made();
        let store = Store::at(&init.folder);
        let alerts = Alerts::of(&store).expect("rules");
        let slow = alerts.performance_degradation.expect("a rule");
        assert_eq!((slow.threshold_percentage, slow.terms.consecutive_violations), (Some(50.0), 3));
        assert_eq!(slow.terms.notification_channels, ["console", "log"]);
        let memory = alerts.memory_usage_high.expect("a rule");
        assert_eq!(
            (memory.threshold_mb, &memory.terms.notification_channels[..]),
            (100.0, &["console".to_owned()][..])
        );
        let quota = alerts.api_rate_limit_warning.expect("a rule");
        assert_eq!(Some(quota.threshold_percentage), Some(80.0));
        assert_eq!(quota.terms.notification_channels, ["console", "log"]);

        let benchmarks = Benchmarks::of(&store).expect("limits");
        assert_eq!(benchmarks.baseline.date.as_deref(), Some("2024-12-01"));
        assert_eq!(benchmarks.baseline.cli_version.as_deref(), Some("2.0.0"));
        let limits: Vec<_> = benchmarks
            .commands
            .iter()
            .map(|(name, limits)| {
                let limits = [limits.baseline_ms, limits.target_ms, limits.max_acceptable_ms];
                (name.as_str(), limits.map(Option::unwrap_or_default))
            })
            .collect();
        assert_eq!(
            limits,
            [
                ("status", [250.0, 200.0, 500.0]),
                ("setup-complete", [3000.0, 2500.0, 5000.0]),
                ("batch", [1800.0, 1500.0, 3000.0])
            ]
        );
        let scenarios: Vec<_> = benchmarks
            .scenarios
            .iter()
            .map(|(name, size)| {
                (name.as_str(), size.task_count, size.dependency_count, size.expected_performance)
            })
            .collect();
        assert_eq!(
            scenarios,
            [
                ("small_project", Some(20.0), None, Rating::Excellent),
                ("large_project", Some(200.0), None, Rating::Good),
                ("complex_dependencies", None, Some(500.0), Rating::Acceptable)
            ]
        );

        let settings = Settings { api: true, ..Settings::default() };
        assert_eq!(Settings::of(&store).expect("settings"), settings);
        let mode = |path: &Path| fs::metadata(path).expect("a file").permissions().mode() & 0o777;
        assert_eq!((mode(&init.folder), mode(&init.folder.join("alerts.yml"))), (0o700, 0o600));
    }

    #[test]
    fn the_settings_that_are_commented_out_can_be_used_as_they_stand() {
        let (_folder, init) = made();
        let path = init.folder.join("config.yml");
        let text = fs::read_to_string(&path).expect("text");
        fs::write(&path, text.replace("# cli:", "cli:")).expect("written");
        let settings = Settings::of(&Store::at(&init.folder)).expect("settings");
        assert_eq!((settings.cli.as_deref(), settings.alerts_after_command), (Some("gh-pm"), true));
        assert_eq!(settings.store, Retention::default());
    }

    #[test]
    fn what_the_user_wrote_is_kept() {
        let (_folder, init) = made();
        let (path, other) = (init.folder.join("alerts.yml"), init.folder.join("config.yml"));
        fs::write(&path, "mine").expect("written");
        fs::remove_file(&other).expect("removed");
        let text = init.run().expect("a store");
        assert_eq!(fs::read_to_string(&path).expect("text"), "mine");
        assert!(text.contains(&format!("kept  {}\n", path.display())), "{text}");
        assert!(text.contains(&format!("made  {}\n", other.display())), "{text}");
    }

    #[test]
    fn force_writes_anew_and_loses_nothing_however_often() {
        let (_folder, init) = made();
        let init = Init { force: true, ..init };
        let path = init.folder.join("alerts.yml");
        for mine in ["first", "second", "third"] {
            fs::write(&path, mine).expect("written");
            init.run().expect("a store");
        }
        let kept = ["bak", "bak2", "bak3"].map(|ending| {
            fs::read_to_string(init.folder.join(format!("alerts.yml.{ending}"))).expect("a file set aside")
        });
        assert_eq!(kept, ["first", "second", "third"]);
        assert_eq!(fs::read_to_string(&path).expect("text"), FILES[1].1);
    }

    #[test]
    fn a_file_in_the_folder_s_place_is_an_error_that_names_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let init = Init { folder: folder.path().join(".github-pm"), force: true };
        fs::write(&init.folder, "").expect("written");
        let error = init.run().expect_err("no folder");
        assert_eq!(error.to_string(), format!("cannot make '{}'", init.folder.display()));
    }
}
