//! Somebody to whom programs post messages over TLS: it takes every one, says so, and remembers it.
//!
//! It is on loopback, and its certificate is of an authority that lives as long as it does.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::fake_github::tls::{TlsListener, TlsStream};

/// How long a message may take to come.
const PATIENCE: Duration = Duration::from_secs(20);

/// A receiver, until it is dropped.
#[derive(Debug)]
pub struct Receiver {
    listener: Arc<TlsListener>,
    messages: Arc<Mutex<Vec<String>>>,
    thread: Option<JoinHandle<()>>,
}

impl Receiver {
    /// Begins to listen.
    ///
    /// # Panics
    ///
    /// If there is no port or no certificate to be had.
    #[must_use]
    pub fn start() -> Self {
        let tcp = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let listener = Arc::new(TlsListener::new(tcp).expect("a certificate"));
        let messages = Arc::new(Mutex::new(Vec::new()));
        let (listens, keeps) = (Arc::clone(&listener), Arc::clone(&messages));
        let thread = std::thread::spawn(move || receive(&listens, &keeps));
        Self { listener, messages, thread: Some(thread) }
    }

    /// Where it listens.
    ///
    /// # Panics
    ///
    /// If the system does not know.
    #[must_use]
    pub fn url(&self) -> String {
        format!("https://localhost:{}", self.port())
    }

    /// The certificate of whoever vouches for it, as a file.
    #[must_use]
    pub fn authority(&self) -> &Path {
        &self.listener.authority
    }

    /// What came so far: of each message its head and its body.
    ///
    /// # Panics
    ///
    /// If the receiver did.
    #[must_use]
    pub fn messages(&self) -> Vec<String> {
        self.messages.lock().expect("it lives").clone()
    }

    fn port(&self) -> u16 {
        self.listener.address().expect("an address").port()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        // Whoever connects and says nothing ends it.
        drop(TcpStream::connect(("127.0.0.1", self.port())));
        self.thread.take().map(JoinHandle::join);
    }
}

/// Takes messages until somebody connects who says nothing at all.
fn receive(listener: &TlsListener, messages: &Mutex<Vec<String>>) {
    while let Some(mut stream) = listener.accept() {
        let _ = stream.sock.set_read_timeout(Some(PATIENCE));
        if matches!(stream.sock.peek(&mut [0]), Ok(0) | Err(_)) {
            return;
        }
        if let Some(message) = message(&mut stream) {
            messages.lock().expect("the test lives").push(message);
            let answer = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
            let _ = stream.write_all(answer).and_then(|()| stream.flush());
            stream.conn.send_close_notify();
            let _ = stream.flush();
        }
    }
}

/// The head and the body of a request; none if they do not come, as from somebody who trusts nobody here.
fn message(stream: &mut TlsStream) -> Option<String> {
    let mut text = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let read = stream.read(&mut piece).ok().filter(|read| *read > 0)?;
        text.extend_from_slice(&piece[..read]);
        let so_far = String::from_utf8_lossy(&text);
        if let Some((head, body)) = so_far.split_once("\r\n\r\n") {
            let head = head.to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
            if body.len() >= length.and_then(|length| length.trim().parse().ok()).unwrap_or(0) {
                return Some(so_far.into_owned());
            }
        }
    }
}
