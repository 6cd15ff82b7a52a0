//! What a record calls its command, when nobody said.

use std::ffi::{OsStr, OsString};
use std::path::Path;

/// Programs whose first argument is what people call the command.
const HOST_COMMANDS: [&str; 2] = ["github-pm", "gh-pm"];

/// The longest name: with everything else it has to fit on one line.
pub(crate) const LONGEST: usize = 100;

/// The program's base name; for the host command its subcommand, if it looks like one.
///
/// Arguments are user data, and a name becomes a label on a dashboard: nothing else of them is used.
pub(crate) fn of(program: &OsStr, arguments: &[OsString]) -> String {
    let base = base_name(program);
    let subcommand =
        arguments.first().and_then(|word| word.to_str()).filter(|word| looks_like_subcommand(word));
    match subcommand {
        Some(word) if HOST_COMMANDS.contains(&base.as_str()) => word.to_owned(),
        _ => base,
    }
}

/// The last part of a path. One that has none, such as `..`, is no program and has no name either.
pub(crate) fn base_name(program: &OsStr) -> String {
    let base = Path::new(program).file_name().unwrap_or(OsStr::new("unnamed"));
    base.to_string_lossy().chars().take(LONGEST).collect()
}

fn looks_like_subcommand(word: &str) -> bool {
    let mut bytes = word.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_lowercase())
        && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && word.len() <= 40
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(words: &[&str], expected: &str) {
        let arguments: Vec<_> = words[1..].iter().map(OsString::from).collect();
        assert_eq!(of(OsStr::new(words[0]), &arguments), expected);
    }

    #[test]
    fn a_program_is_called_by_its_base_name() {
        check(&["/usr/bin/git", "status"], "git");
        check(&["./nightly.sh"], "nightly.sh");
        check(&["/"], "unnamed");
        check(&[&"x".repeat(5_000)], &"x".repeat(LONGEST));
        check(&[&"../".repeat(1_000)], "unnamed");
    }

    #[test]
    fn the_host_command_is_called_by_its_subcommand() {
        check(&["/opt/bin/gh-pm", "setup-complete", "--all"], "setup-complete");
        check(&["github-pm", "batch"], "batch");
    }

    #[test]
    fn user_data_never_becomes_a_name() {
        check(&["gh-pm"], "gh-pm");
        check(&["gh-pm", "--token=secret"], "gh-pm");
        check(&["gh-pm", "My Project"], "gh-pm");
        check(&["gh-pm", "a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6e7f8a9b0c"], "gh-pm");
    }
}
