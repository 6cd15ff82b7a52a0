//! A benchmark as shell: the same commands in the same order.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::{Benchmark, Outcome, Versions};
use crate::explain::{comments, invocation, quote};

impl Benchmark {
    /// What `--explain` prints. Which version is measured is only asked when it runs.
    pub(crate) fn explain(&self) -> Vec<u8> {
        let mut notes: Vec<String> = self.warnings.iter().map(ToString::to_string).collect();
        notes.push(format!(
            "{} runs, one after the other; each record is added to {} too",
            self.turns.len(),
            self.store.root().display()
        ));
        let mut script = comments(&notes);
        if let Some(worktree) = &self.worktree {
            script.extend(line(&[&invocation(&worktree.making())]));
        }
        script.extend(b"results=$(mktemp)\n{\n");
        for &turn in &self.turns {
            if let Some(prepare) = &self.prepare {
                script.extend(line(&[b"  ", &invocation(prepare), b" </dev/null >/dev/null"]));
            }
            let run = invocation(&self.wrapped(turn, &Versions::default()));
            script.extend(line(&[b"  ", &run, b" </dev/null 2>/dev/null"]));
        }
        script.extend(line(&[b"} | ", &invocation(&self.outcome.making()), b" >\"$results\""]));
        if let Some(worktree) = &self.worktree {
            script.extend(line(&[&invocation(&worktree.removing())]));
        }
        script.extend(self.outcome.explain());
        script.extend(b"rm \"$results\"\n");
        script
    }
}

impl Outcome {
    fn explain(&self) -> Vec<u8> {
        let mut script = Vec::new();
        let file = |path: &Path| quote(path.as_os_str()).as_bytes().to_vec();
        if let Some(path) = &self.output {
            script.extend(line(&[b"cp \"$results\" ", &file(path)]));
        }
        if let Some(path) = &self.export {
            script.extend(line(&[&invocation(&self.exporting()), b" \"$results\" >", &file(path)]));
        }
        match self.showing() {
            Some(showing) => script.extend(line(&[&invocation(&showing), b" \"$results\""])),
            None => script.extend(b"cat \"$results\"\n"),
        }
        if self.saves_baseline {
            script.extend(comments(&["then writes the medians into benchmarks.yml".to_owned()]));
        }
        script
    }
}

fn line(parts: &[&[u8]]) -> Vec<u8> {
    [parts.concat(), b"\n".to_vec()].concat()
}
