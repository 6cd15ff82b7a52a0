//! A client that keeps its connection and reads answers to their end.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::Path;

/// A connection of either kind.
trait Wire: Read + Write + Send {}
impl<T: Read + Write + Send> Wire for T {}

/// One client.
pub(super) struct Client(BufReader<Box<dyn Wire>>);

impl Client {
    pub(super) fn tcp(address: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Self::over(stream))
    }

    pub(super) fn socket(path: &Path) -> io::Result<Self> {
        Ok(Self::over(UnixStream::connect(path)?))
    }

    fn over(stream: impl Wire + 'static) -> Self {
        Self(BufReader::with_capacity(64 << 10, Box::new(stream)))
    }

    /// Asks for a path; returns the length of the answer's body.
    pub(super) fn get(&mut self, path: &str) -> io::Result<u64> {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: api.github.com\r\nUser-Agent: bench\r\nAuthorization: token x\r\n\r\n"
        );
        self.0.get_mut().write_all(request.as_bytes())?;
        self.answer()
    }

    /// Sends so many bytes.
    pub(super) fn post(&mut self, path: &str, length: u64) -> io::Result<u64> {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: uploads.github.com\r\nUser-Agent: bench\r\nContent-Length: {length}\r\n\r\n"
        );
        self.0.get_mut().write_all(head.as_bytes())?;
        io::copy(&mut io::repeat(b'x').take(length), self.0.get_mut())?;
        self.answer()
    }

    fn answer(&mut self) -> io::Result<u64> {
        let (mut line, mut length, mut first) = (String::new(), 0, true);
        loop {
            line.clear();
            if self.0.read_line(&mut line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let text = line.trim_end();
            if first && !text.starts_with("HTTP/1.1 200 ") {
                return Err(io::Error::other(format!("the answer is '{text}'")));
            }
            first = false;
            if text.is_empty() {
                break;
            }
            if let Some((name, value)) = text.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().map_err(io::Error::other)?;
            }
        }
        let read = io::copy(&mut self.0.by_ref().take(length), &mut io::sink())?;
        if read == length { Ok(length) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }
}
