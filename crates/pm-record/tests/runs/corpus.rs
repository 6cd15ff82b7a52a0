//! The corpus in `tests/conformance`: every case with the verdict that its folder promises.

use std::path::Path;
use std::{fs, iter};

/// What the folder of a case says of it, for a reader that wants no partial results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Folder {
    Run,
    Other,
    Rejected,
}

/// One line, and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) folder: Folder,
    pub(crate) name: String,
    pub(crate) line: Vec<u8>,
}

/// All cases in a fixed order. Lines that begin with `#` are notes.
pub(crate) fn cases() -> Vec<Case> {
    let folders = [("run", Folder::Run), ("other", Folder::Other), ("rejected", Folder::Rejected)];
    folders.into_iter().flat_map(|(name, folder)| cases_of(name, folder)).chain(long_cases()).collect()
}

fn cases_of(name: &str, folder: Folder) -> Vec<Case> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance").join(name);
    let mut files: Vec<_> =
        path.read_dir().expect("the corpus").map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    let mut cases = Vec::new();
    for path in files {
        let topic = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let bytes = fs::read(&path).expect("a file of the corpus");
        for (number, line) in
            iter::zip(1.., bytes.strip_suffix(b"\n").unwrap_or(&bytes).split(|&b| b == b'\n'))
        {
            if !line.starts_with(b"#") {
                cases.push(Case { folder, name: format!("{name}/{topic}:{number}"), line: line.to_vec() });
            }
        }
    }
    cases
}

/// Lines of about 1 MiB, which would be a burden in a file.
fn long_cases() -> Vec<Case> {
    const LENGTH: usize = 1 << 20;
    let run = |fields: &str| {
        let least = r#""command":"x","timestamp":"2024-12-06T10:30:15Z","duration":{"total_ms":1}"#;
        format!(r#"{{"performance_metrics":{{{least},{fields}}}}}"#)
    };
    // Fills up what stands for `~` until the line is as long as a line may be.
    let fill = |pattern: String, with: &str| {
        let room = LENGTH + 1 - pattern.len();
        pattern.replace('~', &(with.repeat(room / with.len()) + &" ".repeat(room % with.len())))
    };
    let lines = [
        (Folder::Run, fill(run(r#""host":"~""#), "a")),
        (Folder::Run, fill(run(r#""unread":"~""#), "é")),
        (Folder::Run, fill(run(r#""host":"~""#), "\\n")),
        (Folder::Run, fill(run(r#""unread":[0~]"#), ",0")),
        (Folder::Run, fill(run(r#""context":{"z":0~}"#), r#","a":1"#)),
        (Folder::Run, fill(run(r#""host":"h"~"#), " ")),
        (Folder::Other, fill(r#"{"moon_phase":"~"}"#.to_owned(), "ab")),
        (Folder::Rejected, fill(run(r#""host":"~"#), "a")),
        (Folder::Rejected, fill(run(r#""unread":~1"#), "[")),
    ];
    let case = |(number, (folder, line)): (usize, (Folder, String))| Case {
        folder,
        name: format!("long:{number}"),
        line: line.into_bytes(),
    };
    lines.into_iter().enumerate().map(case).collect()
}
