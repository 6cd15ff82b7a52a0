//! Receivers on loopback that answer as they are told, and remember what they were asked.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

/// What a receiver does with one request.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// Answers with this head and body.
    Say(&'static str),
    /// Takes the request and closes the connection.
    HangUp,
    /// Takes the request and says nothing for as long as the other waits.
    Wait,
}

/// One request.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) head: String,
    pub(crate) body: String,
}

/// Answers requests one after the other, the last answer again and again.
pub(crate) struct Receivers {
    pub(crate) port: u16,
    requests: Receiver<Request>,
}

pub(crate) const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

impl Receivers {
    pub(crate) fn new(answers: Vec<Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (sender, requests) = channel();
        std::thread::spawn(move || serve(&listener, answers, &sender));
        Self { port, requests }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/{path}", self.port)
    }

    /// What has come so far.
    pub(crate) fn seen(&self) -> Vec<Request> {
        self.requests.try_iter().collect()
    }

    /// The next that comes.
    pub(crate) fn next(&self) -> Request {
        self.requests.recv_timeout(Duration::from_secs(30)).expect("a request in time")
    }
}

fn serve(listener: &TcpListener, answers: Vec<Answer>, sender: &Sender<Request>) {
    let mut answers = answers.into_iter().peekable();
    // A test ends long before so many.
    for stream in listener.incoming().take(1000).flatten() {
        let answer = match answers.peek().cloned() {
            Some(answer) => {
                if answers.len() > 1 {
                    answers.next();
                }
                answer
            }
            None => return,
        };
        let Some(request) = read(&stream) else { continue };
        let _ = sender.send(request);
        match answer {
            Answer::Say(text) => {
                let _ = (&stream).write_all(text.as_bytes());
            }
            Answer::HangUp => {}
            Answer::Wait => {
                // Until the other gives up.
                let _ = (&stream).read(&mut [0; 1]);
            }
        }
        let _ = stream.shutdown(Shutdown::Both);
    }
}

fn read(stream: &TcpStream) -> Option<Request> {
    let mut lines = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if lines.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let length = head
        .lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    lines.read_exact(&mut body).ok()?;
    Some(Request { head, body: String::from_utf8(body).ok()? })
}
