//! Programs that use known amounts, and what was recorded of them: the table of `docs/accuracy.md`.
//!
//! An amount is what a script uses beyond the same script that asks for none of it, so that neither its own
//! start-up nor that of the shell is taken for an error of ours.

use std::io::Write;
use std::path::Path;

use pm_record::{Field, Scalar};

use crate::{pm_wrap, programs};

/// A known amount, and how far from it a record may be.
struct Known {
    field: &'static str,
    amount: f64,
    under: f64,
    over: f64,
    /// With `{}` where it says how much.
    script: &'static str,
    asked: &'static str,
}

const fn known(
    field: &'static str,
    amount: f64,
    (under, over): (f64, f64),
    script: &'static str,
    asked: &'static str,
) -> Known {
    Known { field, amount, under, over, script, asked }
}

const EXACTLY: (f64, f64) = (0.0, 0.0);
/// A busy machine delays a process; nothing makes it end early.
const LATE: (f64, f64) = (2.0, 100.0);
/// A process needs CPU time beside that which it was asked for, and more of it on a busy machine.
const BUSY: (f64, f64) = (6.0, 40.0);
/// The kernel counts resident pages in lots, some for each core.
const PAGES: (f64, f64) = (0.8, 0.8);

/// `exec` makes a program the command itself; without it, it is a child of the shell.
const AMOUNTS: [Known; 18] = [
    known(TOTAL, 500.0, LATE, "exec sleep {}", "0.5"),
    known(CPU, 300.0, BUSY, "exec consume cpu {}", "300"),
    known(USER, 300.0, (60.0, 40.0), "exec consume cpu {}", "300"),
    known(CPU, 400.0, BUSY, "exec consume threads 2 {}", "200"),
    known(CPU, 300.0, BUSY, "consume cpu {}; (consume cpu {}); :", "150"),
    known(WRITTEN, 4_096_000.0, EXACTLY, "exec consume write 4096 {} x", "1000"),
    known(OPERATIONS, 1_000.0, EXACTLY, "exec consume write 4096 {} x", "1000"),
    known(READ, 32_768_000.0, EXACTLY, "exec consume read 65536 {} /dev/zero", "500"),
    known(OPERATIONS, 500.0, EXACTLY, "exec consume read 65536 {} /dev/zero", "500"),
    known(OPERATIONS, 1_500.0, EXACTLY, "consume fork 3; (consume write 10 {} x); :", "1500"),
    known(READ, 20_971_520.0, EXACTLY, "head -c {} /dev/zero | cat >x", "10485760"),
    known(PEAK, 200.0, PAGES, "exec consume memory {} 30", "200"),
    known(PEAK, 20.0, PAGES, "exec consume memory {} 5", "20"),
    known(PEAK, 40.0, (2.5, 2.5), "sleep 0.3; consume memory {} 0; sleep 0.1", "40"),
    known(PEAK, 400.0, (4.0, 4.0), "exec consume children 8 {} 1000", "50"),
    known(PEAK, 150.0, (2.0, 2.0), "consume memory {} 500 | consume memory {} 500", "75"),
    known(AVERAGE, 20.0, (2.0, 1.0), "exec consume memory {} 700", "20"),
    known(AVERAGE, 20.0, (4.0, 8.0), "consume memory {} 500; sleep 0.5", "40"),
];

const TOTAL: &str = "duration.total_ms";
const CPU: &str = "resource_usage.cpu_time_ms";
const USER: &str = "resource_usage.user_ms";
const READ: &str = "resource_usage.read_bytes";
const WRITTEN: &str = "resource_usage.written_bytes";
const OPERATIONS: &str = "resource_usage.io_operations";
const PEAK: &str = "resource_usage.peak_memory_mb";
const AVERAGE: &str = "resource_usage.average_memory_mb";

/// Wraps a script, and reads one field of the record.
#[track_caller]
fn recorded(folder: &Path, field: &str, script: &str) -> f64 {
    let mut command = pm_wrap(&["--", "sh", "-c", script]);
    command.env("PATH", programs::path()).current_dir(folder);
    let output = command.output().expect("pm-wrap starts");
    assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
    let path: Field = field.parse().expect("a path");
    match path.read(output.stdout.trim_ascii_end()) {
        Scalar::Number(number) => number.to_f64(),
        other => panic!("{field} of {script} is {other:?}"),
    }
}

/// What was recorded of an amount, once.
#[track_caller]
fn measure(folder: &Path, known: &Known) -> f64 {
    let [asked, idle] = [known.asked, "0"].map(|much| known.script.replace("{}", much));
    recorded(folder, known.field, &asked) - recorded(folder, known.field, &idle)
}

#[test]
fn known_amounts_are_recorded() {
    let folder = tempfile::tempdir().expect("a folder");
    // A machine that is busy with other tests may hold up one of the two runs that are compared.
    let wrong: Vec<String> = AMOUNTS
        .iter()
        .filter_map(|known| {
            let span = known.amount - known.under..=known.amount + known.over;
            let tries = (0..3).map(|_| measure(folder.path(), known));
            let wrong: Vec<f64> = tries.take_while(|found| !span.contains(found)).collect();
            (wrong.len() == 3)
                .then(|| format!("{} of '{}': {wrong:?}, not {}", known.field, known.script, known.amount))
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What `scripts/bench accuracy` prints. The error is of the run that was furthest off.
#[test]
#[ignore = "it takes a minute, and what it makes is for people"]
fn table_of_known_amounts() {
    const RUNS: u32 = 9;
    let folder = tempfile::tempdir().expect("a folder");
    let mut output = std::io::stdout();
    let mut say = |line: String| writeln!(output, "{line}").expect("standard output");
    say("| field | script | amount | recorded | worst error |".to_owned());
    say("|---|---|---|---|---|".to_owned());
    for known in &AMOUNTS {
        let mut found: Vec<f64> = (0..RUNS).map(|_| measure(folder.path(), known)).collect();
        found.sort_by(f64::total_cmp);
        let errors = found.iter().map(|found| (found - known.amount) / known.amount * 100.0);
        let worst = errors.max_by(|one, other| one.abs().total_cmp(&other.abs())).unwrap_or_default();
        let (field, script) = (known.field.rsplit('.').next().unwrap_or_default(), known.script);
        let script = script.replace("{}", known.asked).replace('|', "\\|");
        let middle = (found[found.len() / 2] * 1000.0).round() / 1000.0;
        say(format!("| `{field}` | `{script}` | {} | {middle} | {worst:+.2} % |", known.amount));
    }
}
