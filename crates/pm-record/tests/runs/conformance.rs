//! The corpus, line by line: what its folders promise, and what its cases say of themselves.

use pm_record::{Field, RunReader, Scalar, Wanted};
use serde_json::{Map, Value};

use crate::answer::{self, Answer, Fields, Values, Verdict};
use crate::corpus::{self, Case, Folder};
use crate::trial::{Trial, show};
use crate::wanted;

fn folder(verdict: &Verdict) -> Folder {
    match verdict {
        Ok(Answer::Run(_)) => Folder::Run,
        Ok(_) => Folder::Other,
        Err(_) => Folder::Rejected,
    }
}

#[test]
fn a_case_has_the_verdict_of_its_folder() {
    let wanted = Wanted::default();
    for Case { folder: promised, name, line } in corpus::cases() {
        let verdict = answer::read(RunReader::new(&wanted).read(&line), &wanted);
        assert_eq!(folder(&verdict), promised, "{name}: {:?}: {}", verdict.err(), show(&line));
    }
}

#[test]
fn the_reader_and_the_full_parser_and_the_reference_agree_on_every_case() {
    for wanted in wanted::sets() {
        for case in corpus::cases() {
            Trial::new(&wanted).check_against(&case.line, &Trial::new(&wanted).expected(&case.line));
        }
    }
}

#[test]
fn a_field_read_by_itself_is_the_field_of_the_tree() {
    let fields: Vec<Field> = wanted::sets().into_iter().flat_map(|wanted| wanted.labels).collect();
    for Case { folder, name, line } in corpus::cases() {
        if folder != Folder::Run || !answer::is_strict(&line) || line.len() > 1 << 16 {
            continue;
        }
        let tree = Fields::new(&line);
        for field in &fields {
            assert_eq!(field.read(&line), tree.read(field), "{field} of {name}: {}", show(&line));
        }
    }
}

/// The key of a run under which a case says what is to be read of it. Names of fields stand for fields, names
/// with `()` for the functions of a run; a value is null or the text that is displayed.
const EXPECT: &str = "expect";

fn expectations(line: &[u8]) -> Option<Map<String, Value>> {
    let tree: Value = serde_json::from_slice(line).ok()?;
    tree.get("performance_metrics")?.get(EXPECT)?.as_object().cloned()
}

/// What a run answers to a name of an expectation.
fn answer_to(name: &str, place: usize, run: &Values) -> Scalar {
    let text = match name {
        "timestamp()" => run.timestamp.to_string(),
        "total()" => run.total.to_string(),
        "end()" => run.end.to_string(),
        "failed()" => run.failed.to_string(),
        "not_started()" => run.not_started.to_string(),
        "is_nested()" => run.nested.to_string(),
        "phases()" => {
            let phases = run.phases.iter();
            phases.map(|(name, value)| format!("{name} {}", value / 1000)).collect::<Vec<_>>().join(", ")
        }
        _ => match &run.labels[place] {
            Scalar::Null => return Scalar::Null,
            label => label.to_string(),
        },
    };
    Scalar::Text(text)
}

#[test]
fn a_case_that_says_what_is_to_be_read_of_it_is_read_so() {
    let mut said = 0;
    for Case { folder, name, line } in corpus::cases() {
        let Some(expectations) = expectations(&line).filter(|_| folder == Folder::Run) else { continue };
        let labels = expectations.keys().map(|field| field.parse().expect("a path")).collect();
        let wanted = Wanted { labels, ..Wanted::default() };
        let mut reader = RunReader::new(&wanted);
        // The third time by the layout that the first two have taught.
        for _ in 0..3 {
            let Ok(Answer::Run(run)) = answer::read(reader.read(&line), &wanted) else { panic!("{name}") };
            for (place, (field, expected)) in expectations.iter().enumerate() {
                let expected = expected.as_str().map_or(Scalar::Null, Scalar::from);
                assert_eq!(answer_to(field, place, &run), expected, "{field} of {name}: {}", show(&line));
                said += 1;
            }
        }
    }
    assert!(said > 1500, "only {said} expectations were found");
}
