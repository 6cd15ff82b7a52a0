//! A receiver on loopback that takes every request and looks at none.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Takes requests until this program ends.
#[derive(Debug)]
pub(super) struct Sink {
    pub(super) address: SocketAddr,
    bytes: Arc<AtomicU64>,
}

impl Sink {
    pub(super) fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let bytes = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&bytes);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let counted = Arc::clone(&counted);
                // A client that goes away ends its thread and nothing else.
                std::thread::spawn(move || answer(stream, &counted));
            }
        });
        Ok(Self { address, bytes })
    }

    /// Bytes of all bodies so far.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::SeqCst)
    }
}

/// Answers the requests of one client, one after the other.
fn answer(mut stream: TcpStream, counted: &AtomicU64) -> io::Result<()> {
    let mut held = Vec::new();
    let mut block = vec![0; 1 << 20];
    loop {
        let Some(end) = end_of_head(&held) else {
            let length = stream.read(&mut block)?;
            if length == 0 {
                return Ok(());
            }
            held.extend_from_slice(&block[..length]);
            continue;
        };
        let body = length_of_body(&held[..end]);
        let mut arrived = held.len() - end;
        while arrived < body {
            let length = stream.read(&mut block)?;
            if length == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            arrived += length;
        }
        // Nobody sends a second request before the first is answered.
        held.clear();
        counted.fetch_add(body as u64, Ordering::SeqCst);
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")?;
    }
}

/// Where the body begins; none while the head is not whole.
fn end_of_head(text: &[u8]) -> Option<usize> {
    text.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4)
}

fn length_of_body(text: &[u8]) -> usize {
    let text = String::from_utf8_lossy(text).to_ascii_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    length.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_request_of_a_connection_is_answered_and_counted() {
        let sink = Sink::start().expect("a port");
        let mut client = TcpStream::connect(sink.address).expect("a receiver");
        for body in ["", "abc", "0123456789"] {
            write!(client, "POST / HTTP/1.1\r\nContent-Length: {}\r\n\r\n{body}", body.len()).expect("sent");
            let mut answer = [0; 38];
            client.read_exact(&mut answer).expect("an answer");
            assert!(answer.starts_with(b"HTTP/1.1 200 OK"));
        }
        assert_eq!(sink.bytes(), 13);
    }
}
