use proptest::prelude::*;

use super::*;
use crate::Benchmarks;

fn new(commands: &[(&str, f64)]) -> NewBaselines {
    NewBaselines {
        date: "2026-11-27".to_owned(),
        cli_version: Some("2.1.0".to_owned()),
        commands: commands.iter().map(|(name, ms)| ((*name).to_owned(), *ms)).collect(),
    }
}

#[track_caller]
fn check(text: &str, commands: &[(&str, f64)], expected: &str) {
    let written = rewrite(Path::new(FILE), text, &new(commands)).expect(text);
    assert_eq!(written, expected);
}

#[test]
fn values_are_replaced_where_they_stand_and_everything_else_stays() {
    check(
        r#"# Ours.
benchmarks:
  baseline:
    date: "2024-12-01" # when
    cli_version: '2.0.0'

  commands:
    # The quick one.
    status:
      baseline_ms: 250   # on the old machine
      target_ms: 200
    batch: { target_ms: 1500, baseline_ms: 1800, run: [gh-pm, batch] } # flow

  scenarios: { small_project: { task_count: 20, expected_performance: "excellent" } }
"#,
        &[("status", 235.0), ("batch", 12.5)],
        r#"# Ours.
benchmarks:
  baseline:
    date: "2026-11-27" # when
    cli_version: "2.1.0"

  commands:
    # The quick one.
    status:
      baseline_ms: 235   # on the old machine
      target_ms: 200
    batch: { target_ms: 1500, baseline_ms: 12.5, run: [gh-pm, batch] } # flow

  scenarios: { small_project: { task_count: 20, expected_performance: "excellent" } }
"#,
    );
}

#[test]
fn what_is_missing_is_put_in_front_of_its_neighbors() {
    check(
        "benchmarks:\n  commands:\n    status:\n      # wanted\n      target_ms: 200\n    batch: {run: [x]}\n    empty: {}\n",
        &[("status", 1.0), ("batch", 2.0), ("empty", 3.0), ("new one", 4.0)],
        "benchmarks:\n  baseline: { date: \"2026-11-27\", cli_version: \"2.1.0\" }\n  commands:\n    \"new one\": { baseline_ms: 4 }\n    status:\n      # wanted\n      baseline_ms: 1\n      target_ms: 200\n    batch: { baseline_ms: 2,run: [x]}\n    empty: { baseline_ms: 3 }\n",
    );
    check(
        "benchmarks:\n  commands:\n    b:\n      baseline_ms:\n      target_ms: 1\n",
        &[("b", 2.0)],
        "benchmarks:\n  baseline: { date: \"2026-11-27\", cli_version: \"2.1.0\" }\n  commands:\n    b:\n      baseline_ms: 2\n      target_ms: 1\n",
    );
    check(
        "benchmarks: # none yet\n",
        &[("b", 2.0)],
        "benchmarks: { baseline: { date: \"2026-11-27\", cli_version: \"2.1.0\" }, commands: { b: { baseline_ms: 2 } } } # none yet\n",
    );
}

#[test]
fn a_file_that_says_nothing_gets_a_whole_document() {
    let document = "benchmarks:\n  baseline: { date: \"2026-11-27\", cli_version: \"2.1.0\" }\n  commands:\n    status:\n      baseline_ms: 5\n";
    for text in ["", "# mine\n", "# mine\n\n"] {
        check(text, &[("status", 5.0)], &format!("{text}{document}"));
    }
}

#[test]
fn a_version_that_is_not_known_takes_the_old_one_away() {
    let text = "benchmarks: { baseline: { cli_version: \"1\" }, commands: { a: { baseline_ms: 1 } } }\n";
    let new = NewBaselines { cli_version: None, ..new(&[("a", 2.0)]) };
    let written = rewrite(Path::new(FILE), text, &new).expect("written");
    assert_eq!(
        written,
        "benchmarks: { baseline: { date: \"2026-11-27\", cli_version: null }, commands: { a: { baseline_ms: 2 } } }\n"
    );
}

#[test]
fn what_stands_elsewhere_is_refused_with_what_to_write() {
    let text = "benchmarks: { commands: { a: &same { baseline_ms: 1 }, b: *same } }\n";
    let error = rewrite(Path::new(FILE), text, &new(&[("b", 2.0)])).expect_err("an alias");
    assert!(error.to_string().starts_with("benchmarks.yml:1:1: is written in a way"), "{error}");
    assert_eq!(error.hint().as_deref(), Some("write them yourself: `baseline_ms: 2` below b"));
    assert!(rewrite(Path::new(FILE), "benchmarks: [", &new(&[])).is_err());
}

#[test]
fn the_file_is_replaced_as_a_whole_and_keeps_its_mode() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::at(folder.path());
    let path = folder.path().join(FILE);
    assert_eq!(store.save_baselines(&new(&[("a", 1.0)])).expect("written"), path);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).expect("a mode");
    store.save_baselines(&new(&[("a", 2.0)])).expect("written");
    assert_eq!(Benchmarks::of(&store).expect("read").commands["a"].baseline_ms, Some(2.0));
    assert_eq!(std::fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o640);
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1);
}

/// A command in one of the notations that people use.
fn command() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("{}".to_owned()),
        Just("{ baseline_ms: 7 }".to_owned()),
        Just("{target_ms: 1.5,baseline_ms: 7}   # flow".to_owned()),
        Just("{ baseline_ms: } # nothing".to_owned()),
        Just("\n      baseline_ms: 7 # block".to_owned()),
        Just("\n      # above\n      target_ms: 3\n\n      baseline_ms: 7".to_owned()),
        Just("\n      max_acceptable_ms: 9\n      run: [\"a b\", c]\n      safe: true".to_owned()),
    ]
}

proptest! {
    #[test]
    fn whatever_the_notation_every_comment_stays_and_every_value_is_new(commands in prop::collection::vec(command(), 1..6)) {
        let mut text = "# top\nbenchmarks:\n  commands: # all\n".to_owned();
        for (number, command) in commands.iter().enumerate() {
            let _ = write!(text, "    # before {number}\n    c-{}: {command}\n", "x".repeat(number + 1));
        }
        text.push_str("  # the end\n");
        let values: Vec<_> = (0..commands.len()).map(|number| (format!("c-{}", "x".repeat(number + 1)), number as f64 + 0.5)).collect();
        let borrowed: Vec<_> = values.iter().map(|(name, ms)| (name.as_str(), *ms)).collect();
        let written = rewrite(Path::new(FILE), &text, &new(&borrowed)).expect("written");
        let comments = |text: &str| text.lines().filter_map(|line| line.split_once('#').map(|(_, comment)| comment.to_owned())).collect::<Vec<_>>();
        prop_assert_eq!(comments(&written), comments(&text));
        let again = rewrite(Path::new(FILE), &written, &new(&borrowed)).expect("written again");
        prop_assert_eq!(again, written);
    }

    #[test]
    fn a_file_that_was_damaged_is_refused_or_says_what_was_meant(
        damage in prop::collection::vec((0..400_usize, 0..3_usize, "[ -~é\n\t]{0,3}"), 1..6)) {
        let mut text: Vec<char> = "# a\nbenchmarks:\n  baseline: { date: \"x\" }\n  commands:\n    \"é\": {target_ms: 1, baseline_ms: 7}\n    b: &anchor\n      baseline_ms: 7 # block\n    ? c\n    : {}\n    d: {<<: *anchor}\n".chars().collect();
        for (place, removed, inserted) in damage {
            let place = place % (text.len() + 1);
            let end = (place + removed).min(text.len());
            text.splice(place..end, inserted.chars());
        }
        let text: String = text.into_iter().collect();
        let new = new(&[("é", 1.5), ("b", 2.5), ("c", 3.5), ("d", 4.5)]);
        if let Ok(written) = rewrite(Path::new(FILE), &text, &new) {
            let read = crate::yaml::parse::<File>(Path::new(FILE), &written).expect("what was written").benchmarks.expect("commands");
            prop_assert!(new.commands.iter().all(|(name, ms)| read.commands[name].baseline_ms == Some(*ms)));
        }
    }
}
