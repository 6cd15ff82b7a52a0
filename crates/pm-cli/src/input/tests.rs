use std::fs;
use std::time::{Duration, Instant};

use rustix::fs::{CWD, FileType, Mode, mknodat};
use signal_hook::consts::SIGINT;
use signal_hook::low_level::raise;

use super::*;
use crate::alone::alone;

fn pipe() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("pipe");
    mknodat(CWD, &path, FileType::Fifo, Mode::RWXU, 0).expect("a pipe");
    (folder, path)
}

#[test]
fn a_named_pipe_is_waited_for_until_its_first_writer_and_read_to_its_end() {
    let (_folder, path) = pipe();
    let interrupts = Interrupts::watch().expect("watched");
    let mut input = Input::file(path.clone(), "pipe", Some(interrupts));
    assert!(input.would_wait());
    let writing = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(100));
        let mut pipe = OpenOptions::new().write(true).open(&path).expect("a writer");
        for text in ["one\n", "two\n"] {
            io::Write::write_all(&mut pipe, text.as_bytes()).expect("written");
            std::thread::sleep(Duration::from_millis(50));
        }
    });
    let mut text = String::new();
    input.read_to_string(&mut text).expect("text");
    assert_eq!(text, "one\ntwo\n");
    writing.join().expect("no panic");
}

#[test]
fn a_named_pipe_that_nobody_writes_to_ends_when_a_signal_s_time_is_up() {
    let name = "input::tests::a_named_pipe_that_nobody_writes_to_ends_when_a_signal_s_time_is_up";
    if let Some(status) = alone(name, "") {
        return assert!(status.success(), "{status}");
    }
    let (_folder, path) = pipe();
    let interrupts = Interrupts::watch().expect("watched");
    let mut input = Input::file(path, "pipe", Some(interrupts));
    let signaling = std::thread::spawn(|| {
        std::thread::sleep(Duration::from_millis(100));
        raise(SIGINT)
    });
    let start = Instant::now();
    assert_eq!(input.read(&mut [0; 8]).expect("an end"), 0);
    assert!(start.elapsed() >= Duration::from_secs(2));
    signaling.join().expect("no panic").expect("raised");
}

#[test]
fn an_ordinary_file_is_never_waited_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("file");
    fs::write(&path, "x").expect("written");
    let mut input = Input::file(path, "file", None);
    assert!(!input.would_wait());
    assert_eq!(input.read(&mut [0; 8]).expect("a byte"), 1);
    assert!(!input.would_wait());
}
