//! The whole command line as one tree, for man pages and completions.
//!
//! This program itself reads its words by hand and gives each verb a parser of its own; the tree is made of the same table
//! and the same parsers, so that it cannot say anything else. What host commands there are only the host knows.

use clap::{Arg, ArgAction, Command, CommandFactory as _};

use crate::args;
use crate::command_list::{self, Entry, Kind, Verb};

/// The tree; `tool` says what the command line of a program beside this one is, where that is known.
pub fn command(tool: impl Fn(&str) -> Option<Command>) -> Command {
    let root = Command::new("github-pm").version(env!("CARGO_PKG_VERSION")).about(command_list::ABOUT);
    let explain = Arg::new("explain").long("explain").action(ArgAction::SetTrue);
    let mut root = root
        .long_about(format!("{}\n\n{}", command_list::ABOUT, command_list::WHOSE))
        .after_help(command_list::EXAMPLES.trim_start())
        .override_usage(command_list::USAGE)
        .arg(explain.help("Print what would run as shell, and run nothing; before the first word"));
    for (group, about) in command_list::GROUPS {
        let of_group = command_list::ENTRIES.iter().filter(|entry| entry.group == group);
        let words = of_group.map(|entry| below(entry, &tool));
        root = root
            .subcommand(Command::new(group).about(about).subcommand_value_name("VERB").subcommands(words));
    }
    root
}

fn below(entry: &Entry, tool: impl Fn(&str) -> Option<Command>) -> Command {
    let command = match entry.kind {
        Kind::Verb(verb) => parser(verb),
        Kind::Tool { program } => {
            let known = tool(program).unwrap_or_else(|| Command::new(entry.word).about(entry.about));
            // It has a page of its own.
            known.display_name(program)
        }
    };
    command.name(entry.word)
}

fn parser(verb: Verb) -> Command {
    match verb {
        Verb::Report => args::ReportArgs::command(),
        Verb::Analyze => args::AnalyzeArgs::command(),
        Verb::Optimize => args::OptimizeArgs::command(),
        Verb::Compare => args::CompareArgs::command(),
        Verb::Dashboard => args::DashboardArgs::command(),
        Verb::Profile => args::ProfileArgs::command(),
        Verb::Benchmark => args::BenchmarkArgs::command(),
        Verb::Export => args::ExportArgs::command(),
        Verb::Init => args::InitArgs::command(),
        Verb::Trust => args::TrustArgs::command(),
        Verb::Store => args::StoreArgs::command(),
        Verb::Doctor => args::DoctorArgs::command(),
        Verb::MonitorStart => args::StartArgs::command(),
        Verb::MonitorStatus => args::StatusArgs::command(),
        Verb::MonitorStop => args::StopArgs::command(),
        Verb::MonitorWatch => args::WatchArgs::command(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_is_sound_and_has_every_word_of_the_table() {
        let mut tree = command(|_| Some(Command::new("a tool").about("what it is for")));
        tree.build();
        for entry in command_list::ENTRIES {
            let group = tree.find_subcommand(entry.group).expect(entry.group);
            let found = group.find_subcommand(entry.word).expect(entry.word);
            assert!(found.get_about().is_some(), "{} says nothing of itself", entry.word);
        }
        tree.debug_assert();
    }
}
