//! Every code block of the README, run as a reader would.

use pm_e2e::harness::{Place, repository};

/// The shell blocks of the README.
fn blocks() -> Vec<String> {
    let readme = std::fs::read_to_string(repository().join("README.md")).expect("a README.md");
    let mut blocks = Vec::new();
    let mut rest = readme.as_str();
    while let Some((_, after)) = rest.split_once("```sh\n") {
        let (block, after) = after.split_once("```").expect("a block has an end");
        blocks.push(block.to_owned());
        rest = after;
    }
    let fences = readme.matches("```").count();
    assert_eq!(fences % 2, 0, "every block has an end");
    let others = fences / 2 - blocks.len() - readme.matches("```text\n").count();
    assert_eq!(others, 0, "a block is sh, which is run here, or text, which is its output");
    blocks
}

/// The quick start needs what builds Rust, and nothing else of this machine.
fn with_rust(place: Place) -> Place {
    let inherited = ["PATH", "CARGO_HOME", "RUSTUP_HOME", "CARGO_TARGET_DIR"];
    let mut variables: Vec<_> =
        inherited.iter().filter_map(|name| Some((*name, std::env::var_os(name)?))).collect();
    // Cargo and rustup keep what they have in the real home.
    let home = std::env::var_os("HOME").expect("a home");
    for (name, folder) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
        if std::env::var_os(name).is_none() {
            variables.push((name, std::path::Path::new(&home).join(folder).into_os_string()));
        }
    }
    place.with(variables)
}

#[test]
fn the_readme_is_short() {
    let readme = std::fs::read_to_string(repository().join("README.md")).expect("a README.md");
    assert!(readme.lines().count() < 150);
}

#[test]
fn the_readme_s_first_command_builds_everything_and_runs_the_main_job() {
    let blocks = blocks();
    assert_eq!(blocks[0].trim(), "scripts/quickstart");
    let place = with_rust(Place::new());
    let outcome = place.sh(&format!("cd '{}' && {}", repository().display(), blocks[0].trim()));
    assert_eq!(outcome.code, Some(0), "{}\n{}", outcome.stdout, outcome.stderr);
    for part in [
        "git-log",
        "cargo-metadata",
        "{\"performance_alert\":",
        "pm-wrap -- git status | pm-aggregate | pm-report",
    ] {
        assert!(outcome.stdout.contains(part), "{part} is not in {}", outcome.stdout);
    }
    let home = place.path().parent().expect("a folder above").join("home/.local/bin");
    assert!(home.join("github-pm").is_file());
    for installed in ["man/man1/github-pm-performance-report.1", "bash-completion/completions/pm-wrap"] {
        assert!(home.with_file_name("share").join(installed).is_file(), "{installed}");
    }
}

#[test]
fn the_readme_s_test_command_is_what_ci_runs() {
    let blocks = blocks();
    assert_eq!(blocks[1].trim(), "scripts/test");
    let ci = std::fs::read_to_string(repository().join(".ci/run")).expect("the CI script");
    assert!(ci.lines().any(|line| line.trim() == "exec scripts/test"), "{ci}");
}

#[test]
fn every_other_block_of_the_readme_runs() {
    let place = Place::new();
    // One place for all: the blocks build on each other, as they do for a reader.
    place.script("bin/gh-pm", "sleep 0.02; echo done");
    let path = format!(
        "{}:{}:/usr/bin:/bin",
        pm_e2e::harness::programs().display(),
        place.path().join("bin").display()
    );
    let place = place.with([("PATH", path)]);
    for block in &blocks()[2..] {
        let outcome = place.sh(&format!("set -e\n{block}"));
        assert_eq!(outcome.code, Some(0), "{block}\n{}\n{}", outcome.stdout, outcome.stderr);
    }
}
