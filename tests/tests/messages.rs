//! Whatever a program can say of what went wrong is explained on the page about that.

use std::fs;

use pm_e2e::harness::repository;

use crate::invariants::sources;

/// The texts of `#[error("…")]` in a source file.
fn messages(source: &str) -> Vec<String> {
    let attributes = source.split("#[error(").skip(1);
    attributes.filter_map(|text| Some(literal(text.trim_start().strip_prefix('"')?))).collect()
}

/// What a string literal says, from behind its first quote on.
fn literal(text: &str) -> String {
    let mut said = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next().filter(|character| *character != '"') {
        said.push(if character == '\\' { characters.next().expect("a character") } else { character });
    }
    said
}

/// The longest part of a message that is the same whenever it is said; none where there are hardly any words.
fn fixed(message: &str) -> Option<&str> {
    let parts = message.split('{').map(|part| part.split_once('}').map_or(part, |(_, words)| words));
    let longest = parts.max_by_key(|part| part.len()).unwrap_or_default();
    let letters = longest.chars().filter(char::is_ascii_alphabetic).count();
    (letters > 5).then_some(longest)
}

/// Whether people meet the messages of a file: those of tests, benchmarks and the build they do not.
fn is_met(path: &std::path::Path) -> bool {
    let inside = path.strip_prefix(repository()).expect("a file of ours");
    !["tests", "bench", "fuzz", "manual"].iter().any(|folder| inside.starts_with(folder))
        && !inside.components().any(|part| part.as_os_str() == "tests")
}

#[test]
fn each_error_and_warning_is_on_the_page_about_trouble() {
    let page = fs::read_to_string(repository().join("docs/troubleshooting.md")).expect("the page");
    let page = page.replace('`', "");
    let mut seen = 0;
    let mut missing = Vec::new();
    for file in sources().into_iter().filter(|file| is_met(file)) {
        for message in messages(&fs::read_to_string(&file).expect("a source file")) {
            let Some(words) = fixed(&message) else { continue };
            seen += 1;
            if !page.contains(&words.replace('`', "")) {
                missing.push(format!("{}: {message}", file.display()));
            }
        }
    }
    assert!(seen > 100, "only {seen} messages were found");
    assert!(missing.is_empty(), "docs/troubleshooting.md does not explain\n{}", missing.join("\n"));
}

#[test]
fn the_fixed_words_of_a_message_are_found() {
    let source = "#[error(\"cannot keep \\\"it\\\" in '{}': {why}\", path.display())]\n#[error(transparent)]\n#[error(\n  \"it is lost\"\n)]";
    let messages = messages(source);
    assert_eq!(messages, ["cannot keep \"it\" in '{}': {why}", "it is lost"]);
    assert_eq!(fixed(&messages[0]), Some("cannot keep \"it\" in '"));
    assert_eq!(fixed("{input}{position}: {reason}"), None);
}
