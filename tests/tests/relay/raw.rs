//! A client and servers that send exactly what a test says.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread::JoinHandle;
use std::time::Duration;

/// Longer than anything takes on a machine that is busy.
const PATIENCE: Duration = Duration::from_mins(1);

/// A request of `GET`, with what a client of GitHub must send.
pub(super) fn get(host: &str, path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: test\r\nConnection: close\r\n\r\n")
}

/// Sends bytes to the socket and reads all that comes back.
pub(super) fn over_socket(path: &Path, bytes: impl AsRef<[u8]>) -> String {
    let stream = UnixStream::connect(path).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("not zero");
    all(stream, bytes.as_ref())
}

/// The same over TCP.
pub(super) fn over_tcp(address: &str, bytes: impl AsRef<[u8]>) -> String {
    let stream = TcpStream::connect(address).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("not zero");
    all(stream, bytes.as_ref())
}

fn all(mut stream: impl Read + Write, bytes: &[u8]) -> String {
    stream.write_all(bytes).expect("it takes the request");
    let mut answer = Vec::new();
    // One that is broken off is an answer as well.
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

/// The body of an answer.
pub(super) fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {answer:?}")).1
}

pub(super) fn status(answer: &str) -> u16 {
    let status = answer.split(' ').nth(1).unwrap_or_default();
    status.parse().unwrap_or_else(|_| panic!("no answer: {answer:?}"))
}

/// A server that treats each of its connections in one way; it serves `times` of them.
pub(super) fn server(
    times: usize,
    mut treat: impl FnMut(usize, TcpStream) + Send + 'static,
) -> (String, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let thread = std::thread::spawn(move || {
        for (number, stream) in listener.incoming().take(times).enumerate() {
            let stream = stream.expect("a connection");
            stream.set_read_timeout(Some(PATIENCE)).expect("not zero");
            treat(number, stream);
        }
    });
    (url, thread)
}

/// Reads the head of a request.
pub(super) fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read == 1) {
        head.push(byte[0]);
    }
    String::from_utf8_lossy(&head).into_owned()
}

/// Answers with this body, and a length that may be another.
pub(super) fn answer(stream: &mut TcpStream, length: usize, body: &str) {
    let _ = write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}");
}
