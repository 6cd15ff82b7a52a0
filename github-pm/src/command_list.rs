//! Every word of ours in one table, from which help, errors and dispatch are made.

use std::fmt::Write as _;

use crate::Error;

/// One word after `performance` or `monitor`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    /// `performance` or `monitor`.
    pub(crate) group: &'static str,
    pub(crate) word: &'static str,
    pub(crate) about: &'static str,
    pub(crate) kind: Kind,
}

/// What a word stands for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// A verb of this program.
    Verb(Verb),
    /// A program beside this one.
    Tool { program: &'static str },
}

/// The verbs that work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    Report,
    Analyze,
    Optimize,
    Compare,
    Dashboard,
    Profile,
    Benchmark,
    Export,
    Init,
    Trust,
    Store,
    Doctor,
    MonitorStart,
    MonitorStatus,
    MonitorStop,
    MonitorWatch,
}

const fn verb(word: &'static str, verb: Verb, about: &'static str) -> Entry {
    Entry { group: "performance", word, about, kind: Kind::Verb(verb) }
}

const fn monitor(word: &'static str, verb: Verb, about: &'static str) -> Entry {
    Entry { group: "monitor", word, about, kind: Kind::Verb(verb) }
}

const fn tool(word: &'static str, program: &'static str, about: &'static str) -> Entry {
    Entry { group: "performance", word, about, kind: Kind::Tool { program } }
}

/// All of them; no word stands twice in a group.
pub(crate) const ENTRIES: &[Entry] = &[
    verb("report", Verb::Report, "what commands took and cost, and what to look after"),
    verb(
        "analyze",
        Verb::Analyze,
        "commands one by one: distributions, phases, changes, runs that stand out",
    ),
    verb("optimize", Verb::Optimize, "what would save time and quota, with evidence"),
    verb("compare", Verb::Compare, "did it get slower? one period against another"),
    verb("dashboard", Verb::Dashboard, "everything on one page: JSON, HTML, or served"),
    verb("profile", Verb::Profile, "where the time of one command goes, process by process"),
    verb("benchmark", Verb::Benchmark, "run commands again and again, rate and compare them"),
    verb("export", Verb::Export, "hand metrics to Prometheus and other systems"),
    verb("init", Verb::Init, "make a commented .github-pm here"),
    verb("trust", Verb::Trust, "let the settings of the store found here start programs"),
    verb("store", Verb::Store, "compress, roll up, remove and check records"),
    verb("doctor", Verb::Doctor, "check tools, store, settings, host command and gh"),
    tool("wrap", "pm-wrap", "run one command and emit what it cost"),
    tool("sample", "pm-sample", "emit what processes and the system use, tick by tick"),
    tool("relay", "pm-relay", "emit a record for each request to GitHub"),
    tool("ratelimit", "pm-ratelimit", "emit what is left of GitHub's rate limits"),
    tool("aggregate", "pm-aggregate", "group records and summarize each group"),
    tool("alert", "pm-alert", "turn records into alerts"),
    tool("watch", "pm-watch", "show a store in the terminal while it grows"),
    monitor("start", Verb::MonitorStart, "watch processes and quota, and tell of alerts"),
    monitor("status", Verb::MonitorStatus, "is a monitor running, and what has it seen?"),
    monitor("stop", Verb::MonitorStop, "end the monitor"),
    monitor("watch", Verb::MonitorWatch, "follow all of it in the terminal"),
];

/// The entry of a word.
pub(crate) fn find(group: &str, word: &str) -> Option<Entry> {
    ENTRIES.iter().find(|entry| (entry.group, entry.word) == (group, word)).copied()
}

/// The error for a word that is none of ours.
pub(crate) fn unknown(group: &'static str, word: &str) -> Error {
    let of_group = ENTRIES.iter().filter(|entry| entry.group == group);
    let nearest = pm_cli::nearest(word, of_group.clone().map(|entry| entry.word));
    let meant = nearest.map(|near| format!("did you mean `github-pm {group} {near}`?\n")).unwrap_or_default();
    let words = of_group.map(|entry| entry.word).collect::<Vec<_>>().join(", ");
    let hint = format!("{meant}there are {words}\nsee `github-pm --help`");
    Error::NoVerb { group, word: word.to_owned(), hint }
}

/// Whether it looks like a word of a command line: it is then safe as a name and as a label.
pub(crate) fn is_word(word: &str) -> bool {
    let mut bytes = word.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_lowercase())
        && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && word.len() <= 40
}

/// The text of `--help`.
pub(crate) fn help() -> String {
    let usage = USAGE.replace('\n', "\n       ");
    let mut text = format!("{ABOUT}\n\nUsage: {usage}\n\n{WHOSE}\n{FLAGS}");
    text.push_str("\nVerbs of `github-pm performance`:\n");
    rows(&mut text, "performance", |kind| matches!(kind, Kind::Verb(_)));
    text.push_str("\nVerbs of `github-pm monitor`:\n");
    rows(&mut text, "monitor", |kind| matches!(kind, Kind::Verb(_)));
    text.push_str(
        "\nTools by their short names, and any other program pm-NAME as `github-pm performance NAME`:\n",
    );
    rows(&mut text, "performance", |kind| matches!(kind, Kind::Tool { .. }));
    text.push_str(EXAMPLES);
    text
}

fn rows(text: &mut String, group: &str, wanted: fn(Kind) -> bool) {
    for entry in ENTRIES.iter().filter(|entry| entry.group == group && wanted(entry.kind)) {
        let _ = writeln!(text, "  {:<12} {}", entry.word, entry.about);
    }
}

/// What this program is for.
pub(crate) const ABOUT: &str = "Time any command that talks to GitHub, and see what it cost";

pub(crate) const USAGE: &str = "\
github-pm [--explain] performance VERB [ARG…]
github-pm [--explain] monitor VERB [ARG…]
github-pm [--explain] COMMAND [ARG…]          the host command, timed and recorded";

/// Which words are not ours.
pub(crate) const WHOSE: &str = "\
Every first word but `performance` and `monitor` belongs to the host command: `cli:` in config.yml, else
$GITHUB_PM_CLI, else github-pm-COMMAND, gh-pm or another github-pm on PATH.
";

/// The words in front of verbs, and what they are about.
pub(crate) const GROUPS: [(&str, &str); 2] = [
    (
        "performance",
        "What commands took and cost: reports, comparisons, advice, and the tools by their short names",
    ),
    ("monitor", "Watch processes and quota all the time, and be told of alerts"),
];

const FLAGS: &str = "\
Flags, before the first word:
  --explain        print what would run as shell, and run nothing
  -h, --help       print this
  -V, --version    print the version
";

pub(crate) const EXAMPLES: &str = "
Examples:
  github-pm performance init                       begin here
  github-pm status                                 the host's `status`, timed and recorded
  github-pm performance report --timeframe week    what the week cost
";

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_word_stands_twice_and_each_is_in_the_help() {
        let words: BTreeSet<_> = ENTRIES.iter().map(|entry| (entry.group, entry.word)).collect();
        assert_eq!(words.len(), ENTRIES.len());
        let help = help();
        for entry in ENTRIES {
            assert!(help.contains(entry.word), "{} is not in the help", entry.word);
        }
    }

    #[test]
    fn only_plain_words_are_words() {
        for word in ["status", "setup-complete", "s3"] {
            assert!(is_word(word), "{word}");
        }
        for word in ["", "-v", "a/b", "My", "grün", "9", &"a".repeat(41)] {
            assert!(!is_word(word), "{word}");
        }
    }
}
