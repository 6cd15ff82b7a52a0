//! A thousand random splits and merge trees, each with the bytes of one run: what lets any engine stand between.
//!
//! Here the engine is asked by itself, and questions are made once; `tests/splits.rs` asks the tool, a few times less.

use std::fmt::{self, Display};
use std::io::Read;
use std::sync::LazyLock;

use clap::Parser;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::args::Args;
use crate::config::Config;
use crate::inputs::Taken;
use crate::reading::Worker;
use crate::results;

/// A text as an input.
struct Text<'a>(&'a [u8]);

impl Read for Text<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }
}

/// A question, what parts are made with, and what they are joined with on the way.
struct Question {
    whole: Config,
    last: Config,
    part: Config,
    join: Config,
}

impl Question {
    /// Parts may be finer than the question.
    fn new(whole: &str, part: &str) -> Self {
        let config = |flags: &str, more: &str| {
            let words = ["pm-aggregate"].into_iter().chain(flags.split(' ')).chain(more.split_whitespace());
            Config::new(Args::try_parse_from(words).expect("flags"), 0).expect("a question")
        };
        Self {
            whole: config(whole, ""),
            last: config(whole, "--merge"),
            part: config(part, "--partial"),
            join: config(part, "--partial --merge"),
        }
    }
}

static QUESTIONS: LazyLock<[Question; 6]> = LazyLock::new(|| {
    [
        Question::new("--by=command", "--by=command"),
        Question::new("--by=command", "--by=command,host --window=1h"),
        Question::new("--by=host,machine --window=1d", "--by=machine,host --window=1h"),
        Question::new("--by=command --metric=all", "--by=command,context.size --metric=all"),
        Question::new("--by=context.size --window=30m", "--by=context.size --window=10m"),
        Question::new("--by=command,machine --window=1h", "--by=command,machine --window=1h"),
    ]
});

/// What a process with these flags writes.
fn say(config: &Config, input: &str) -> String {
    let mut worker = Worker::new(config, config.merge);
    let read = worker.read(Text(input.as_bytes()), &Taken::of_named(config), |_, _| Ok(())).expect("read");
    assert!(read.skipped.is_empty(), "{}", read.skipped);
    let mut lines = Vec::new();
    results::write(config, worker.groups.finish(), &mut lines).expect("memory");
    String::from_utf8(lines).expect("text")
}

prop_compose! {
    fn any_record()(
        (command, host, machine, size) in (0..3_u8, 0..3_u8, 0..3_u8, 0..3_u8),
        (hour, minute) in (0..24_u8, 0..60_u8),
        (millis, memory) in (0..9_000_000_u64, prop_oneof![0..900_u64, Just(9_223_372_036_854_775)]),
        status in select(vec!["success", "failure", "not_started"]),
    ) -> String {
        format!(
            r#"{{"performance_metrics":{{"command":"c{command}","timestamp":"2024-12-06T{hour:02}:{minute:02}:00Z","duration":{{"total_ms":{}.{:03}}},"resource_usage":{{"peak_memory_mb":{memory}}},"status":"{status}","host":"h{host}","machine":"m{machine}","context":{{"size":{size}}}}}}}"#,
            millis / 1000,
            millis % 1000
        ) + "\n"
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn any_split_in_any_tree_gives_the_bytes_of_one_run(
        records in prop::collection::vec((any_record(), any::<Index>()), 0..24),
        number in 1..7_usize,
        question in 0..6_usize,
        tree in prop::collection::vec((prop::collection::vec(any::<Index>(), 2..5), any::<bool>()), 0..4),
    ) {
        let question = &QUESTIONS[question];
        let mut parts = vec![String::new(); number];
        for (record, place) in &records {
            parts[place.index(number)].push_str(record);
        }
        let mut parts: Vec<_> = parts.iter().map(|part| say(&question.part, part)).collect();
        for (taken, twice) in &tree {
            let taken = taken.iter().take(parts.len());
            let together: Vec<_> = taken.map(|at| at.index(usize::MAX)).collect();
            let together: Vec<_> = together.into_iter().map(|at| parts.swap_remove(at % parts.len())).collect();
            let joined = say(&question.join, &together.concat());
            // A task that runs twice says the same again, and one of both counts.
            if *twice {
                prop_assert_eq!(&say(&question.join, &together.concat()), &joined);
            }
            parts.push(joined);
        }
        let whole: String = records.iter().map(|(record, _)| record.as_str()).collect();
        prop_assert_eq!(say(&question.last, &parts.concat()), say(&question.whole, &whole));
    }
}
