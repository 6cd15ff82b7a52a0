//! On a terminal: keys, job control and the window's size, as if there were no wrapper.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use pm_record::Status;
use rustix::fs::OFlags;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use tempfile::TempDir;

use crate::PM_WRAP;
use crate::read;

/// A pseudo-terminal, at which bash sits in a folder of its own.
struct Terminal {
    controller: File,
    bash: Child,
    chunks: Receiver<Vec<u8>>,
    seen: String,
    folder: TempDir,
}

/// In this the command `counting` tells every signal of a name, and a tenth of a second after the first one
/// how many there were.
const START: &str = r#"
pm-wrap() { PM_WRAP -o log -- "$@"; }
limited() { PM_WRAP -o log --timeout 200ms -- "$@"; }
counting() { pm-wrap perl -e '
    $| = 1; $SIG{$ARGV[0]} = sub { $n++ }; print "rea", "dy\n";
    select undef, undef, undef, 0.01 until $n;
    select undef, undef, undef, 0.01 for 1 .. 10;
    print "counted $n\n"; system "stty size"; exit $n;' "$1"; }
asking() { pm-wrap sh -c 'echo "process $$"; read -r word; echo "got $word"; exit 5'; }
PS1=; echo "up and running"
"#;

impl Terminal {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let start = START.replace("PM_WRAP", PM_WRAP);
        std::fs::write(folder.path().join("start"), start).expect("a file of ours");
        let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a pseudo-terminal");
        grantpt(&controller).and_then(|()| unlockpt(&controller)).expect("it is ours");
        let name = ptsname(&controller, Vec::new()).expect("it has a name");
        let user = OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(OFlags::NOCTTY.bits().cast_signed())
            .open(Path::new(std::ffi::OsStr::from_bytes(name.as_bytes())))
            .expect("a terminal");
        let stream = || Stdio::from(user.try_clone().expect("another descriptor"));
        let bash = Command::new("setsid")
            .args(["--ctty", "--wait", "bash", "--noprofile", "--rcfile", "start", "-i"])
            .env_clear()
            .envs([("PATH", "/usr/bin:/bin"), ("TERM", "dumb")])
            .current_dir(folder.path())
            .stdin(stream())
            .stdout(stream())
            .stderr(stream())
            .spawn()
            .expect("bash starts");
        let controller = File::from(controller);
        let chunks = reading(controller.try_clone().expect("another descriptor"));
        let mut terminal = Self { controller, bash, chunks, seen: String::new(), folder };
        terminal.until("up and running\r\n");
        terminal
    }

    /// Presses these keys.
    fn press(&mut self, keys: &str) {
        self.controller.write_all(keys.as_bytes()).expect("somebody is at the terminal");
    }

    /// Waits for a text, and returns what stands on the screen in front of it and behind the one before.
    #[track_caller]
    fn until(&mut self, text: &str) -> String {
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            if let Some((before, after)) = self.seen.split_once(text) {
                let (before, after) = (before.to_owned(), after.to_owned());
                self.seen = after;
                return before;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(chunk) = self.chunks.recv_timeout(left) else {
                panic!("{text:?} is not in {:?}", self.seen)
            };
            self.seen += &String::from_utf8_lossy(&chunk);
        }
    }

    /// Types a line and demands what bash then says of the status of what came before.
    #[track_caller]
    fn check_status(&mut self, expected: &str) {
        self.press("echo \"sta\"tus $?.\n");
        self.until("status ");
        assert_eq!(self.until("."), expected, "then: {}", self.seen);
    }

    fn log(&self) -> std::path::PathBuf {
        self.folder.path().join("log")
    }
}

/// Whoever sat at the terminal is gone with it.
impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.controller.write_all(b"\x03\nexit\n");
        let deadline = Instant::now() + Duration::from_secs(2);
        while Instant::now() < deadline && !matches!(self.bash.try_wait(), Ok(Some(_))) {
            std::thread::sleep(Duration::from_millis(5));
        }
        let _ = self.bash.kill();
        let _ = self.bash.wait();
    }
}

/// Reads from a thread, so that waiting has an end.
fn reading(mut from: File) -> Receiver<Vec<u8>> {
    let (sender, chunks) = channel();
    std::thread::spawn(move || {
        let mut block = [0; 4096];
        while let Ok(length @ 1..) = from.read(&mut block) {
            if sender.send(block[..length].to_vec()).is_err() {
                return;
            }
        }
    });
    chunks
}

#[test]
fn the_command_has_the_terminal_on_all_three_streams() {
    let mut terminal = Terminal::new();
    terminal.press("pm-wrap sh -c 'test -t 0 && test -t 1 && test -t 2 && echo all\"\"three; tty'; tty\n");
    terminal.until("allthree\r\n");
    let wrapped = terminal.until("\r\n");
    assert!(wrapped.starts_with("/dev/pts/"), "{wrapped}");
    assert_eq!(terminal.until("\r\n"), wrapped);
    terminal.check_status("0");
}

#[test]
fn control_c_reaches_the_command_once() {
    let mut terminal = Terminal::new();
    terminal.press("counting INT\n");
    terminal.until("ready\r\n");
    terminal.press("\x03");
    terminal.until("counted ");
    assert_eq!(terminal.until("\r\n"), "1");
    terminal.check_status("1");
}

#[test]
fn a_command_that_dies_of_control_c_takes_us_and_the_shell_s_loop_with_it() {
    let mut terminal = Terminal::new();
    terminal.press("for round in 1 2 3; do echo \"round\" $round; pm-wrap sleep 20; done\n");
    terminal.until("round 1\r\n");
    std::thread::sleep(Duration::from_millis(200));
    terminal.press("\x03");
    terminal.check_status("130");
    let run = read(&terminal.log());
    assert_eq!((run.signal, run.status), (Some(2), Some(Status::Signaled)));
}

/// The state of a process, one letter as `/proc` shows it.
fn state(process: &str) -> String {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").and_then(|(_, rest)| rest.get(..1)).unwrap_or_default().to_owned()
}

#[test]
fn control_z_stops_us_both_and_fg_continues_us_both() {
    let mut terminal = Terminal::new();
    terminal.press("asking\n");
    terminal.until("process ");
    let process = terminal.until("\r\n");
    terminal.press("\x1a");
    terminal.until("Stopped");
    assert_eq!(state(&process), "T");
    terminal.check_status("148");
    std::thread::sleep(Duration::from_millis(50));
    terminal.press("fg\n");
    terminal.press("word\n");
    terminal.until("got word\r\n");
    terminal.check_status("5");
    let run = read(&terminal.log());
    assert!(run.stopped_ms.is_some_and(|stopped| stopped.to_f64() >= 50.0), "{run:?}");
}

#[test]
fn a_change_of_the_window_s_size_reaches_the_command_once() {
    let mut terminal = Terminal::new();
    terminal.press("counting WINCH\n");
    terminal.until("ready\r\n");
    let size = Winsize { ws_row: 41, ws_col: 132, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(&terminal.controller, size).expect("a terminal has a size");
    terminal.until("counted ");
    assert_eq!((terminal.until("\r\n"), terminal.until("\r\n")), ("1".to_owned(), "41 132".to_owned()));
    terminal.check_status("1");
}

#[test]
fn time_is_up_for_a_command_that_waits_for_a_key() {
    let mut terminal = Terminal::new();
    // Whatever is typed now goes to the command, so the question has to stand behind it.
    terminal.press("limited cat; echo \"sta\"tus $?.\n");
    terminal.until("status ");
    assert_eq!(terminal.until("."), "124");
    assert_eq!(read(&terminal.log()).status, Some(Status::Timeout));
}
