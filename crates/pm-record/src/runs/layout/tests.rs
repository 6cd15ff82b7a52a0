use super::super::slots::Slots;
use super::super::wanted::{Paths, Wanted};
use super::*;

/// Layouts, and what they are learned with.
struct School {
    paths: Paths,
    layouts: Layouts,
}

impl School {
    fn new() -> Self {
        Self { paths: Paths::new(&Wanted::default()), layouts: Layouts::default() }
    }

    fn show(&mut self, line: &str) {
        let mut slots = Slots::default();
        let found = slots.scan(&self.paths, false, line.as_bytes()).expect("a plain line");
        self.layouts.learn(line.as_bytes(), &slots.all, found);
    }

    /// How much of a text is taken.
    fn take(&self, text: &str) -> Option<usize> {
        let padded = format!("{text}{}", " ".repeat(WORD));
        self.layouts.read(padded.as_bytes(), &mut Row::default()).map(|taken| taken.length)
    }
}

#[test]
fn a_layout_is_learned_when_it_is_seen_again() {
    let mut school = School::new();
    let lines = [r#"{"k":{"a":1,"b":"x"}}"#, r#"{"k":{"a":2.5,"b":"longer"}}"#, r#"{"k":{"a":-3,"b":""}}"#];
    assert_eq!(school.take(&format!("{}\n", lines[0])), None);
    school.show(lines[0]);
    assert_eq!(school.take(&format!("{}\n", lines[0])), None);
    school.show(lines[1]);
    for line in lines {
        assert_eq!(school.take(&format!("{line}\nmore")), Some(line.len()), "{line}");
    }
}

#[test]
fn what_differs_in_one_byte_is_not_taken() {
    let mut school = School::new();
    let line = r#"{"kind":{"first":1,"second":"text","third":{"fourth":[true,null,"x"]}}}"#;
    school.show(line);
    school.show(line);
    assert!(school.take(&format!("{line}\n")).is_some());
    for place in 0..line.len() {
        let mut other = line.as_bytes().to_vec();
        other[place] = b'\\';
        let other = String::from_utf8(other).expect("text");
        assert_eq!(school.take(&format!("{other}\n")), None, "{other}");
        assert_eq!(school.take(&line[..place]), None, "{place}");
    }
    for behind in ["", " ", "}", "\r\n"] {
        assert_eq!(school.take(&format!("{line}{behind}")), None, "{behind:?}");
    }
}

#[test]
fn lines_that_part_ways_are_all_taken() {
    let mut school = School::new();
    let lines = [
        r#"{"k":{"one_and_the_same":1,"then":"x"}}"#,
        r#"{"k":{"one_and_the_same":1,"then":null}}"#,
        r#"{"k":{"one_and_the_same":1,"then":7}}"#,
        r#"{"k":{"one_and_the_same":1}}"#,
    ];
    for line in lines.iter().chain(&lines).chain(&lines) {
        school.show(line);
    }
    for line in lines {
        assert_eq!(school.take(&format!("{line}\n")), Some(line.len()), "{line}");
    }
    assert_eq!(school.layouts.endings.len(), lines.len());
}

#[test]
fn a_full_tree_is_forgotten_and_goes_on_learning() {
    let mut school = School::new();
    for name in 0..NODES {
        let line = format!(r#"{{"k{name}":{{"a":1}}}}"#);
        school.show(&line);
        school.show(&line);
        assert!(school.layouts.nodes.len() <= NODES);
        if school.take(&format!("{line}\n")).is_none() {
            // Too many ways at one place, or too many nodes: everything went, and the next one is learned again.
            assert_eq!(school.layouts.nodes.len(), 0, "{line}");
        }
    }
}

#[test]
fn a_line_that_is_too_long_for_the_tree_leaves_it_as_it_is() {
    let mut school = School::new();
    let (short, long) = (r#"{"k":1}"#, format!(r#"{{"k":[{}1]}}"#, "1,".repeat(NODES)));
    for line in [short, short, &long, &long] {
        school.show(line);
    }
    assert!(school.take(&format!("{short}\n")).is_some());
    assert!(school.take(&format!("{long}\n")).is_none());
}
