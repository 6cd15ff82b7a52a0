//! The invariants of ARCHITECTURE.md, held against the workspace itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};
use pm_e2e::harness::{TOOLS, repository};

const GROUND: [&str; 8] =
    ["pm-record", "pm-stats", "pm-store", "pm-github", "pm-http", "pm-server", "pm-advice", "pm-cli"];

/// Licenses that what we ship may be under.
const LICENSES: [&str; 10] = [
    "MIT",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    // As short as MIT and with the same freedom: what TLS is made of is under it.
    "ISC",
    "Zlib",
    "Unicode-3.0",
    "0BSD",
    "Unlicense",
];

/// Crates that stand in the lock file in more than one version, and why nothing can be done about it here.
const SEVERAL_VERSIONS: [(&str, &str); 2] = [
    ("signal-hook", "crossterm, by which ratatui draws, stays with 0.3"),
    ("syn", "only the compiler runs it: macros of ratatui and crossterm stay with 2"),
];

fn metadata() -> Metadata {
    let manifest = repository().join("Cargo.toml");
    MetadataCommand::new()
        .manifest_path(manifest)
        .other_options(vec!["--locked".to_owned()])
        .exec()
        .expect("cargo metadata")
}

fn member<'a>(metadata: &'a Metadata, name: &str) -> &'a Package {
    metadata
        .workspace_packages()
        .into_iter()
        .find(|package| package.name == name)
        .unwrap_or_else(|| panic!("{name} is a member"))
}

/// What a crate of ours is built from, tests aside.
fn dependencies(package: &Package) -> BTreeSet<&str> {
    package
        .dependencies
        .iter()
        .filter(|dependency| dependency.kind == DependencyKind::Normal)
        .map(|dependency| dependency.name.as_str())
        .collect()
}

#[test]
fn no_tool_depends_on_another() {
    let metadata = metadata();
    for tool in TOOLS {
        let others = dependencies(member(&metadata, tool));
        assert!(TOOLS.iter().all(|other| !others.contains(other)), "{tool} depends on {others:?}");
    }
}

#[test]
fn the_ground_crates_stand_on_each_other_in_one_order_only() {
    let metadata = metadata();
    let ours = |name| -> Vec<_> {
        dependencies(member(&metadata, name)).into_iter().filter(|name| name.starts_with("pm-")).collect()
    };
    assert!(ours("pm-stats").is_empty() && ours("pm-cli").is_empty());
    assert_eq!(ours("pm-record"), ["pm-stats"]);
    assert_eq!(ours("pm-store"), ["pm-record"]);
    assert_eq!(ours("pm-github"), ["pm-record"]);
    assert_eq!(ours("pm-http"), ["pm-cli", "pm-github"]);
    assert!(ours("pm-server").is_empty());
    assert_eq!(ours("pm-advice"), ["pm-cli", "pm-record", "pm-stats"]);
}

#[test]
fn records_know_no_command_line_and_no_terminal() {
    let metadata = metadata();
    let forbidden = ["clap", "rustix", "owo-colors", "signal-hook", "ureq"];
    for name in ["pm-record", "pm-stats"] {
        let used = dependencies(member(&metadata, name));
        assert!(forbidden.iter().all(|crate_| !used.contains(crate_)), "{name} uses {used:?}");
    }
}

#[test]
fn what_github_is_does_not_depend_on_how_it_is_reached() {
    let metadata = metadata();
    let used = dependencies(member(&metadata, "pm-github"));
    let forbidden = ["clap", "rustix", "owo-colors", "ureq", "hyper", "rustls", "tokio"];
    assert!(forbidden.iter().all(|crate_| !used.contains(crate_)), "pm-github uses {used:?}");
}

#[test]
fn no_program_is_built_from_the_tests_or_the_benchmarks() {
    let metadata = metadata();
    for name in TOOLS.iter().chain(&GROUND) {
        let used = dependencies(member(&metadata, name));
        assert!(
            !["pm-e2e", "pm-bench", "pm-manual"].iter().any(|made| used.contains(made)),
            "{name} uses {used:?}"
        );
    }
}

#[test]
fn every_tool_has_the_same_files_and_a_main_that_only_starts() {
    for tool in TOOLS {
        let folder = repository().join(tool).join("src");
        for file in ["main.rs", "lib.rs", "args.rs", "error.rs"] {
            assert!(folder.join(file).is_file(), "{tool} has no {file}");
        }
        let main = fs::read_to_string(folder.join("main.rs")).expect("a main.rs");
        assert!(main.lines().count() < 15, "the main.rs of {tool} does more than start");
    }
}

#[test]
fn no_module_is_named_after_nothing() {
    let nameless = ["util", "utils", "helper", "helpers", "common", "misc"];
    for file in sources() {
        let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        assert!(!nameless.contains(&stem), "{} has no name of its own", file.display());
    }
}

#[test]
fn no_source_file_is_longer_than_500_lines() {
    for file in sources() {
        let lines = fs::read_to_string(&file).expect("a source file").lines().count();
        assert!(lines <= 500, "{} has {lines} lines: split it", file.display());
    }
}

#[test]
fn unsafe_code_stands_in_small_modules_that_say_why() {
    let mut with_unsafe: Vec<_> = sources()
        .into_iter()
        .filter(|file| fs::read_to_string(file).expect("a source file").contains("unsafe {"))
        .map(|file| file.strip_prefix(repository()).expect("a file of ours").display().to_string())
        .filter(|file| file != "tests/tests/invariants.rs")
        .collect();
    with_unsafe.sort_unstable();
    assert_eq!(
        with_unsafe,
        ["crates/pm-record/src/runs/avx2.rs", "pm-relay/src/inherited.rs", "pm-wrap/src/kernel.rs"]
    );
}

#[test]
fn everything_that_is_shipped_has_a_license_that_allows_it() {
    let metadata = metadata();
    for package in shipped(&metadata) {
        let license = package.license.as_deref().unwrap_or("none");
        // Each part joined by AND must be allowed; of those joined by OR, one.
        let allowed = license.split(" AND ").all(|part| {
            let choices = part.trim_matches(['(', ')']).replace('/', " OR ");
            choices.split(" OR ").any(|choice| LICENSES.contains(&choice.trim_matches(['(', ')', ' '])))
        });
        assert!(allowed, "{} is under {license}", package.name);
    }
}

#[test]
fn no_crate_is_shipped_in_two_versions() {
    let metadata = metadata();
    let mut versions: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for package in shipped(&metadata) {
        versions.entry(package.name.as_str()).or_default().insert(package.version.to_string());
    }
    let known: BTreeSet<_> = SEVERAL_VERSIONS.iter().map(|&(name, _)| name).collect();
    let several: BTreeSet<_> =
        versions.iter().filter(|(_, all)| all.len() > 1).map(|(&name, _)| name).collect();
    assert_eq!(several, known, "update crates until one version is left, or list the crate with the reason");
}

/// Every crate that a tool is built from, on Linux.
fn shipped(metadata: &Metadata) -> Vec<&Package> {
    let resolve = metadata.resolve.as_ref().expect("cargo metadata resolves");
    let nodes: BTreeMap<_, _> = resolve.nodes.iter().map(|node| (&node.id, node)).collect();
    let mut todo: Vec<_> = TOOLS.iter().map(|tool| &member(metadata, tool).id).collect();
    let mut seen = BTreeSet::new();
    while let Some(id) = todo.pop() {
        if !seen.insert(id) {
            continue;
        }
        let is_built = |kind: &cargo_metadata::DepKindInfo| {
            kind.kind == DependencyKind::Normal
                && !kind.target.as_ref().is_some_and(|target| target.to_string().contains("windows"))
        };
        todo.extend(
            nodes[id].deps.iter().filter(|dep| dep.dep_kinds.iter().any(is_built)).map(|dep| &dep.pkg),
        );
    }
    metadata
        .packages
        .iter()
        .filter(|package| seen.contains(&package.id) && package.source.is_some())
        .collect()
}

/// Every Rust file of ours, tests included.
pub(crate) fn sources() -> Vec<std::path::PathBuf> {
    let mut todo = vec![repository().to_owned()];
    let mut files = Vec::new();
    while let Some(folder) = todo.pop() {
        for entry in fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            let name = entry.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if entry.is_dir() && name != "target" && !name.starts_with('.') {
                todo.push(entry);
            } else if entry.extension().is_some_and(|extension| extension == "rs") {
                files.push(entry);
            }
        }
    }
    files
}
