//! The program `fake-github`.

use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};

fn start(args: &[&str], input: Stdio) -> (Child, Value) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fake-github"));
    let mut child = command
        .args(args)
        .stdin(input)
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program was built with the tests");
    let mut line = String::new();
    let output = child.stdout.take().expect("the output is a pipe");
    BufReader::new(output).read_line(&mut line).expect("the program says where it listens");
    (child, serde_json::from_str(&line).expect("one line of JSON"))
}

fn asks(mut stream: impl Read + Write) -> String {
    let request = "GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: test\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).expect("the fake reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("the fake answers");
    answer
}

#[test]
fn it_serves_until_its_input_closes() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("api.sock");
    let path_text = path.to_str().expect("the path is text");
    let (mut child, addresses) = start(&["--socket", path_text, "--listen", "127.0.0.1:0"], Stdio::piped());
    assert_eq!(addresses["socket"], path_text);
    let url = addresses["url"].as_str().expect("it listens on TCP");
    let address = url.strip_prefix("http://").expect("plain HTTP");
    assert!(asks(TcpStream::connect(address).expect("it listens")).starts_with("HTTP/1.1 200 OK"));
    assert!(asks(UnixStream::connect(&path).expect("it listens")).starts_with("HTTP/1.1 200 OK"));
    drop(child.stdin.take());
    assert!(child.wait().expect("it ends").success());
    assert!(!path.exists());
}

#[test]
fn it_ends_when_its_time_is_up_and_not_because_its_input_is_dev_null() {
    let begin = std::time::Instant::now();
    let (mut child, addresses) = start(&["--for", "1"], Stdio::null());
    assert!(addresses["url"].is_string());
    assert!(addresses["socket"].is_null());
    assert!(child.wait().expect("it ends").success());
    assert!(begin.elapsed() >= std::time::Duration::from_secs(1));
}

#[test]
fn a_socket_that_cannot_be_made_is_an_error_of_the_environment() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fake-github"));
    let output = command.args(["--socket", "/nowhere/api.sock"]).output().expect("the program was built");
    assert_eq!(output.status.code(), Some(4));
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("fake-github: "));
}
