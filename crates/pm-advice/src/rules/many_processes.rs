//! A small program that is started again and again, where one process could have done all of it.
//!
//! What it takes to start is the least that any of them computed, or else the least time that one lived: that much is
//! saved of every one but the first. How long they live says little, because a busy machine makes everything live long.

use std::collections::BTreeMap;

use pm_cli::{human, quote};

use crate::bounded::Bounded;
use crate::draft::Draft;
use crate::execution::{Execution, Purpose};
use crate::labels::{Label, Labels};
use crate::names;
use crate::rule::{Rule, RuleName};

/// How many in one run are many.
const FEWEST: u64 = 50;

/// How much one computes on average at most, in thousandths of a millisecond: more is some work.
const SMALL: i64 = 100_000;

/// The rule.
#[derive(Debug, Default)]
pub(super) struct ManyProcesses(Bounded<(Label, Label), Processes>);

#[derive(Debug, Default)]
struct Processes {
    runs: u64,
    count: u64,
    took: i64,
    start_up: i64,
}

impl Rule for ManyProcesses {
    fn any_run(&mut self, execution: &Execution) {
        let Some(command) = execution.command else { return };
        if execution.is_nested() || execution.purpose() == Purpose::Other {
            return;
        }
        let mut programs = BTreeMap::<Label, Vec<(i64, i64)>>::new();
        // The command itself has no parent.
        for process in execution.processes.iter().filter(|process| process.parent.is_some()) {
            if let (Some(program), Some(took)) = (process.program, process.took) {
                programs.entry(program).or_default().push((took, process.cpu.unwrap_or(took)));
            }
        }
        for (program, lives) in programs {
            let count = lives.len() as u64;
            let sum = |all: i64, one: &i64| all.saturating_add(*one);
            let took = lives.iter().map(|(took, _)| took).fold(0, sum);
            let worked = lives.iter().map(|(_, cpu)| cpu).fold(0, sum);
            let length = i64::try_from(lives.len()).unwrap_or(i64::MAX);
            if count < FEWEST || worked / length > SMALL {
                continue;
            }
            let least = lives.into_iter().map(|(_, cpu)| cpu).min().unwrap_or(0);
            let Some(known) = self.0.of((command, program)) else { continue };
            known.runs += 1;
            known.count += count;
            known.took = known.took.saturating_add(took);
            known.start_up = known.start_up.saturating_add(least.saturating_mul(length - 1));
        }
    }

    fn tips(&self, labels: &Labels) -> Vec<Draft> {
        let draft = |((command, program), processes): (&(Label, Label), &Processes)| {
            processes.draft(labels.text(*command), labels.text(*program))
        };
        self.0.iter().map(draft).collect()
    }
}

impl Processes {
    fn draft(&self, command: &str, program: &str) -> Draft {
        let each = self.count / self.runs;
        let took = human::duration(self.took as f64 / 1000.0 / self.runs as f64);
        let title =
            format!("'{command}' starts '{program}' {} times a run, which takes {took}", human::count(each));
        Draft::new(RuleName::ManyProcesses, title, advice(program))
            .command(Some(command))
            .evidence("program", program)
            .count("runs", self.runs)
            .count("processes", self.count)
            .count("processes_per_run", each)
            .time("time_ms", self.took)
            .saves_processes(self.count - self.runs)
            .saves_time(self.start_up)
            .basis("one process a run, and for each of the others the least that one computed")
            .suggestion(format!("start_{}_once_in_{}", names::word(program), names::word(command)))
    }
}

/// How one process does the work of many.
fn advice(program: &str) -> String {
    let advice = match program {
        "jq" => {
            "Let one `jq` write all fields and read them in a loop: `jq -r '.[] | [.id, .title] | @tsv' | while IFS=$'\\t' read -r id title; do …; done`"
        }
        "sed" | "cut" | "tr" | "basename" | "dirname" | "head" | "tail" | "expr" => {
            "Let the shell do it: `${name%.*}`, `${path##*/}`, `${text//old/new}`, `$((a + b))`"
        }
        "grep" | "awk" => {
            "Let one `awk` go through all lines: `awk '/pattern/ { print $2 }' file`; or the shell's own `[[ $text == *pattern* ]]`"
        }
        "cat" => "Let the shell read it: `$(<file)`, or `command < file`",
        "date" => "Let the shell tell the time: `printf '%(%F %T)T' -1`",
        "sleep" => "Wait for what is waited for: `wait \"$pid\"`, `gh run watch`",
        "gh" => {
            "Ask for many things in one query, with an alias each: `gh api graphql -f query='{ a: … b: … }'`"
        }
        "git" => {
            "Ask one `git` for all: `git for-each-ref --format='%(refname) %(objectname)'`, `git cat-file --batch`"
        }
        "sh" | "bash" | "dash" | "zsh" => {
            "Leave out subshells: `name=${text%%,*}` in place of `name=$(echo \"$text\" | cut -d, -f1)`, and `while read -r` in place of a pipe a line"
        }
        _ => {
            "Hand over everything at once, one process for many: `printf '%s\\0' \"${all[@]}\" | xargs -0 -n 100 PROGRAM`"
        }
    };
    advice.replace("PROGRAM", &quote(program))
}
