//! A plan as shell that does the same.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use crate::doctor;
use crate::invocation::{Invocation, SECRETS};
use crate::pipeline::{Pipeline, Stage};
use crate::plan::Plan;
use crate::profile::{Output, Profile};
use crate::surroundings::Surroundings;

/// What `--explain` prints. A verb that only looks after files and programs is told in comments.
pub(crate) fn plan(plan: &Plan, here: &Surroundings) -> Vec<u8> {
    match plan {
        Plan::Say(text) => text.clone().into_bytes(),
        Plan::Become(become_it) => [invocation(&become_it.invocation), b"\n".to_vec()].concat(),
        Plan::Pipe(pipe) => pipeline(pipe),
        Plan::Profile(profile) => self::profile(profile),
        Plan::Benchmark(benchmark) => benchmark.explain(),
        Plan::Init(init) => comments(&init.steps()),
        Plan::Trust(trust) => comments(&trust.steps()),
        Plan::Store(upkeep) => comments(&upkeep.steps()),
        Plan::Monitor(monitoring) => monitoring.explain(here),
        Plan::Tethered(_) => comments(&["becomes a program that ends with the monitor".to_owned()]),
        Plan::Doctor => comments(&doctor::STEPS.map(str::to_owned)),
    }
}

/// A word that a shell reads as itself.
pub(crate) fn quote(word: &OsStr) -> OsString {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"_./:=@%+,-".contains(byte);
    let bytes = word.as_bytes();
    if !bytes.is_empty() && bytes.iter().all(plain) {
        return word.to_owned();
    }
    let mut quoted = vec![b'\''];
    for &byte in bytes {
        // Nothing is special inside single quotes but the quote itself.
        match byte {
            b'\'' => quoted.extend(br"'\''"),
            other => quoted.push(other),
        }
    }
    quoted.push(b'\'');
    OsString::from_vec(quoted)
}

/// A program with what it is given, on one line.
pub(crate) fn invocation(invocation: &Invocation) -> Vec<u8> {
    words(invocation).join(&b' ')
}

fn words(invocation: &Invocation) -> Vec<Vec<u8>> {
    let mut words: Vec<Vec<u8>> = Vec::new();
    for (name, value) in &invocation.variables {
        // Whoever runs it has to have a secret too; the shell says so if not.
        let is_secret = SECRETS.contains(name);
        let value = if is_secret { format!("\"${{{name}:?}}\"").into() } else { quote(value.as_ref()) };
        words.push([name.as_bytes(), b"=", value.as_bytes()].concat());
    }
    let program = std::iter::once(invocation.program.as_os_str());
    words.extend(
        program.chain(invocation.args.iter().map(OsString::as_os_str)).map(|word| quote(word).into_vec()),
    );
    words
}

/// A command and what shows its records. It stands in parentheses, so that it ends no shell that it is typed into.
fn profile(profile: &Profile) -> Vec<u8> {
    let (begin, records) = match &profile.records {
        Some(path) => (&b""[..], quote(path.as_os_str()).into_vec()),
        None => (
            &b"  records=$(mktemp) || exit\n  trap 'rm -f \"$records\"' EXIT\n"[..],
            b"\"$records\"".to_vec(),
        ),
    };
    let mut wrap = words(&profile.wrap);
    let options = profile.wrap.variables.len() + 1;
    wrap.splice(options..options, [b"-o".to_vec(), records.clone()]);
    let wrap = [&wrap.join(&b' ')[..], b" || status=$?"].concat();
    let wrap = match profile.iterations {
        1 => [b"  ", &wrap[..], b"\n"].concat(),
        times => [format!("  for run in $(seq {times}); do\n    ").as_bytes(), &wrap, b"\n  done\n"].concat(),
    };
    let to = match &profile.output {
        Output::Stderr => b" >&2".to_vec(),
        Output::Stdout => Vec::new(),
        Output::File(path) => [b" > ", quote(path.as_os_str()).as_bytes()].concat(),
    };
    let report = [&invocation(&profile.report)[..], b" ", &records, &to].concat();
    let parts = [&b"(\n"[..], begin, b"  status=0\n", &wrap, b"  ", &report, b"\n  exit \"$status\"\n)\n"];
    parts.concat()
}

/// Commands that run at the same time, until all have ended or a signal comes; each for so many seconds at most.
pub(crate) fn together(commands: &[Invocation], seconds: Option<f64>) -> Vec<u8> {
    let limit = seconds.map_or_else(String::new, |seconds| format!("timeout {seconds} "));
    let mut script = b"trap 'kill $(jobs -p)' EXIT\n".to_vec();
    for command in commands {
        script.extend([limit.as_bytes(), &invocation(command), b" &\n"].concat());
    }
    [script, b"wait\n".to_vec()].concat()
}

fn pipeline(pipeline: &Pipeline) -> Vec<u8> {
    let stages: Vec<_> = pipeline.stages.iter().map(stage).collect();
    [stages.join(&b" |\n"[..]), b"\n".to_vec()].concat()
}

fn stage(stage: &Stage) -> Vec<u8> {
    let commands: Vec<_> = stage.0.iter().map(invocation).collect();
    match &commands[..] {
        [alone] => alone.clone(),
        several => [b"{\n  ", &several.join(&b"\n  "[..])[..], b"\n}"].concat(),
    }
}

pub(crate) fn comments(steps: &[String]) -> Vec<u8> {
    // A path with a line break in it must not break out of its comment.
    steps.iter().flat_map(|step| format!("# {}\n", pm_cli::printable(step)).into_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[expect(clippy::disallowed_methods, reason = "the shell is the judge")]
    fn sh(script: &[u8]) -> Vec<u8> {
        let mut shell = std::process::Command::new("/bin/sh");
        shell.arg("-c").arg(OsStr::from_bytes(script)).output().expect("a shell").stdout
    }

    #[test]
    fn only_what_needs_it_is_quoted() {
        let cases = [
            ("--store=/a/.github-pm", "--store=/a/.github-pm"),
            ("", "''"),
            ("~/x", "'~/x'"),
            ("it's", r"'it'\''s'"),
            ("$(rm -rf /)", "'$(rm -rf /)'"),
        ];
        for (word, quoted) in cases {
            assert_eq!(quote(word.as_ref()), quoted);
        }
    }

    #[test]
    fn a_pipeline_reads_as_shell() {
        let program = |name: &str| Invocation::new(name.into(), ["a b"]);
        let pipe = Pipeline {
            stages: vec![
                Stage(vec![program("/x/one"), program("/x/two")]),
                Stage(vec![program("/my bin/three")]),
            ],
        };
        assert_eq!(
            String::from_utf8(pipeline(&pipe)).expect("text"),
            "{\n  /x/one 'a b'\n  /x/two 'a b'\n} |\n'/my bin/three' 'a b'\n"
        );
    }

    #[test]
    fn variables_stand_before_the_program() {
        let mut one = Invocation::new("/bin/sh".into(), ["-c", "printf %s \"$GITHUB_PM_DEPTH\""]);
        one.variables.push(("GITHUB_PM_DEPTH", "1".to_owned()));
        assert_eq!(sh(&invocation(&one)), b"1");
    }

    #[test]
    fn a_comment_stays_one() {
        assert_eq!(comments(&["a\nrm -rf x".to_owned()]), b"# a\\nrm -rf x\n");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_shell_reads_every_word_as_itself(words in prop::collection::vec(prop::collection::vec(1..=255_u8, 0..12), 1..20)) {
            let printf = Invocation::new("/usr/bin/printf".into(), std::iter::once("%s\\0".into()).chain(words.iter().cloned().map(OsString::from_vec)));
            let expected: Vec<u8> = words.iter().flat_map(|word| [word, &b"\0"[..]].concat()).collect();
            prop_assert_eq!(sh(&invocation(&printf)), expected);
        }
    }
}
