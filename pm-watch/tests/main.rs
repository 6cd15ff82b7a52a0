//! The program as a function where that is enough, and at a terminal where that is what it is about.
#![expect(clippy::disallowed_methods, reason = "a terminal needs a process that draws on it")]

use std::fs::{self, File, OpenOptions};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::process::{Command, Stdio};

use pm_cli::{Exit, Trial};
use rustix::fs::OFlags;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, tcgetattr};

const INSIDE: &str = "PM_WATCH_TEST_INSIDE";

#[test]
fn a_store_that_is_not_there_is_said() {
    let seen = Trial::new().run(pm_watch::TOOL, pm_watch::run, &["--store=/nonexistent", "--once"]);
    let expected = "pm-watch: there is no store at '/nonexistent'\n  hint: see what there is with `ls /`\n";
    assert_eq!((seen.stdout.as_str(), seen.stderr.as_str(), seen.exit), ("", expected, Exit::Environment));
}

#[test]
fn where_there_is_no_terminal_it_says_what_to_type() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = format!("--store={}", folder.path().display());
    let seen = Trial::new().run(pm_watch::TOOL, pm_watch::run, &[&store]);
    let expected =
        "pm-watch: standard output is no terminal\n  hint: print one frame with `pm-watch --once`\n";
    assert_eq!((seen.stderr.as_str(), seen.exit), (expected, Exit::Usage));
}

#[test]
fn one_frame_shows_what_the_store_holds_as_large_as_it_is_asked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let tick =
        r#"{"system_metrics":{"timestamp":"2024-12-06T10:30:15Z","cpu":{"system_cpu_percentage":45.2}}}"#;
    fs::create_dir(folder.path().join("records")).expect("a folder");
    fs::write(folder.path().join("records/2024-12-06.ndjson"), format!("{tick}\nno record\n"))
        .expect("written");
    let store = format!("--store={}", folder.path().display());
    let trial = Trial::new().variable("COLUMNS", "120").variable("LINES", "40");
    // A minute and three quarters after that tick.
    let seen = trial.now(1_733_481_120_000).run(pm_watch::TOOL, pm_watch::run, &[&store, "--once"]);
    assert_eq!((seen.stderr.as_str(), seen.exit), ("", Exit::Done));
    assert_eq!(seen.stdout.lines().count(), 40);
    for part in ["CPU 45.2%", "LAST SAMPLE 1m 45s AGO", "q quit"] {
        assert!(seen.stdout.contains(part), "{part} is not in\n{}", seen.stdout);
    }
}

/// What stands at the other end of a terminal, and the terminal's own end.
fn terminal() -> (File, File) {
    let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a pseudo-terminal");
    grantpt(&controller).and_then(|()| unlockpt(&controller)).expect("it is ours");
    let name = ptsname(&controller, Vec::new()).expect("it has a name");
    let path = std::path::Path::new(std::ffi::OsStr::from_bytes(name.as_bytes()));
    let noctty = OFlags::NOCTTY.bits().cast_signed();
    let user = OpenOptions::new().read(true).write(true).custom_flags(noctty).open(path);
    (File::from(controller), user.expect("a terminal"))
}

#[test]
fn a_panic_leaves_the_terminal_as_it_was_and_is_reported_after_that() {
    if std::env::var_os(INSIDE).is_some() {
        let _ = pm_cli::start::<pm_watch::Error>(pm_watch::TOOL, |_, _| {
            let _screen = pm_watch::Screen::enter().expect("a terminal");
            panic!("a bug of ours")
        });
        return;
    }
    let (mut controller, user) = terminal();
    let stream = || Stdio::from(user.try_clone().expect("another descriptor"));
    let itself = std::env::current_exe().expect("the tests are a program");
    let name = "a_panic_leaves_the_terminal_as_it_was_and_is_reported_after_that";
    let mut inside = Command::new(itself);
    inside.args(["--exact", name, "--nocapture"]).env(INSIDE, "1");
    let status = inside.stdin(stream()).stdout(stream()).stderr(stream()).status().expect("a process");
    assert_eq!(status.code(), Some(101));
    let modes = tcgetattr(&user).expect("a terminal").local_modes;
    assert!(modes.contains(LocalModes::ICANON | LocalModes::ECHO), "{modes:?}");
    // What was written before the last of its users left can still be read.
    drop((user, inside));
    let mut written = Vec::new();
    let _ = controller.read_to_end(&mut written);
    let written = String::from_utf8_lossy(&written);
    let at = |part: &str| written.find(part).unwrap_or_else(|| panic!("no {part:?} in {written:?}"));
    let (enter, leave, report) = (at("\u{1b}[?1049h"), at("\u{1b}[?1049l"), at("internal error"));
    assert!(enter < leave && leave < report, "{written:?}");
}
