//! Is the store where it should be, can it be written, and are its settings right?

use std::path::Path;

use pm_store::{Alerts, Benchmarks, Error, Settings, Store, Trust};
use rustix::fs::Access;

use crate::doctor::finding::{Finding, Mark};
use crate::explain;
use crate::host::Setting;
use crate::sharing;
use crate::surroundings::Surroundings;

/// The store itself.
pub(crate) fn examine(found: &Result<Store, Error>) -> Vec<Finding> {
    match found {
        Ok(store) => {
            let mut findings = vec![place(store), writable(store), records(store)];
            findings.extend(store.shared_file_system().map(|kind| {
                Finding::new(Mark::Doubtful, "sharing", sharing::warning(kind)).advise(sharing::ADVICE)
            }));
            findings
        }
        Err(error) => vec![Finding::failure(Mark::Bad, "place", error)],
    }
}

fn place(store: &Store) -> Finding {
    let root = store.root().display();
    let how = match (store.is_personal(), store.exists()) {
        (false, _) => "found by walking up",
        (true, true) => "your own",
        (true, false) => "your own, made when the first command is recorded",
    };
    Finding::new(Mark::Good, "place", format!("{root} ({how})"))
}

fn writable(store: &Store) -> Finding {
    let folder = store.root().ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("/"));
    match rustix::fs::access(folder, Access::WRITE_OK | Access::EXEC_OK) {
        Ok(()) => Finding::new(Mark::Good, "writing", "allowed"),
        Err(error) => {
            let text = format!("cannot write to {}: {}", folder.display(), std::io::Error::from(error));
            Finding::new(Mark::Bad, "writing", text)
                .advise(format!("see who may with `ls -ld {}`", explain::quote(folder.as_os_str()).display()))
        }
    }
}

fn records(store: &Store) -> Finding {
    match store.record_files(None) {
        Ok(files) => {
            let days = if files.len() == 1 { "day" } else { "days" };
            Finding::new(Mark::Good, "records", format!("{} {days}", files.len()))
        }
        Err(error) => Finding::failure(Mark::Bad, "records", &error),
    }
}

/// The store's settings files, and what `config.yml` says if that could be read.
pub(crate) fn examine_settings(store: &Store, here: &Surroundings) -> (Vec<Finding>, Option<Settings>) {
    let (settings, benchmarks, alerts) = (Settings::of(store), Benchmarks::of(store), Alerts::of(store));
    let mut findings = vec![
        file(store, "config.yml", settings.as_ref().err(), "its defaults hold"),
        file(store, "alerts.yml", alerts.as_ref().err(), "no limit is watched"),
        file(store, "benchmarks.yml", benchmarks.as_ref().err(), "no command has limits"),
    ];
    if let Some(last) = findings.iter_mut().rfind(|finding| finding.mark == Mark::Note) {
        let init = if store.is_personal() { "init --user" } else { "init" };
        last.advice = Some(format!("write commented ones with `github-pm performance {init}`"));
    }
    let settings = settings.ok();
    findings.extend(settings.as_ref().map(|settings| trust(store, settings, here)));
    let sensitive = benchmarks.ok().and_then(|benchmarks| benchmarks.sensitive());
    findings.extend(sensitive.map(|sensitive| trust_of_benchmarks(store, &sensitive, here)));
    let sensitive = alerts.ok().and_then(|alerts| alerts.sensitive());
    findings.extend(sensitive.map(|sensitive| trust_of_channels(store, &sensitive, here)));
    (findings, settings)
}

fn file(store: &Store, name: &str, error: Option<&Error>, without: &str) -> Finding {
    match error {
        Some(error) => Finding::failure(Mark::Bad, name, error),
        None if store.root().join(name).exists() => Finding::new(Mark::Good, name, "read"),
        None => Finding::new(Mark::Note, name, format!("not there, so {without}")),
    }
}

/// What benchmarks.yml runs is trusted apart from the host command.
fn trust_of_benchmarks(store: &Store, sensitive: &str, here: &Surroundings) -> Finding {
    const SUBJECT: &str = "benchmarks";
    if here.personal_store().is_ok_and(|personal| Trust::beside(&personal).covers(store, sensitive)) {
        return Finding::new(Mark::Good, SUBJECT, "may run what benchmarks.yml names");
    }
    Finding::new(Mark::Doubtful, SUBJECT, "what benchmarks.yml names is not run: you have not trusted it")
        .advise("look at it with `github-pm --explain performance trust`, then trust it: `github-pm performance trust`")
}

/// Whom alerts.yml tells is trusted apart too.
fn trust_of_channels(store: &Store, sensitive: &str, here: &Surroundings) -> Finding {
    const SUBJECT: &str = "channels";
    if here.personal_store().is_ok_and(|personal| Trust::beside(&personal).covers(store, sensitive)) {
        return Finding::new(Mark::Good, SUBJECT, "alerts may go where alerts.yml says");
    }
    Finding::new(Mark::Doubtful, SUBJECT, "the channels of alerts.yml are not told: you have not trusted them")
        .advise("look at them with `github-pm --explain performance trust`, then trust them: `github-pm performance trust`")
}

fn trust(store: &Store, settings: &Settings, here: &Surroundings) -> Finding {
    match Setting::of(Some(store), settings, here) {
        Setting::NoStore | Setting::Unset { .. } => {
            Finding::new(Mark::Good, "trust", "no host command is named here")
        }
        Setting::Trusted { cli, .. } => Finding::new(Mark::Good, "trust", format!("may start '{cli}'")),
        Setting::Untrusted { cli, .. } => {
            Finding::new(Mark::Doubtful, "trust", format!("'{cli}' is not started: you have not trusted it"))
                .advise("trust it: `github-pm performance trust`")
        }
    }
}
