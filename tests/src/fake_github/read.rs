//! Reads requests off a connection, with a cap on everything a client can make it hold.

use super::record::Transport;
use super::request::{Request, header_in};
use std::io::{self, Read, Write};

const MAX_HEAD_BYTES: usize = 64 * 1024;
const MAX_HEADERS: usize = 100;
const MAX_BODY_BYTES: usize = 4 * 1024 * 1024;
/// A chunk costs its client at least six bytes, so this allows any body that fits in small chunks.
const MAX_CHUNKS: usize = 1_000_000;

/// Why no request came of what was read.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The client broke a rule or a cap; it is told this status and the connection ends.
    Status(u16),
    /// The connection failed or was idle too long; there is nobody to tell.
    Connection,
}

impl From<io::Error> for Refusal {
    fn from(_: io::Error) -> Self {
        Refusal::Connection
    }
}

/// What has been read of a connection and not yet used.
#[derive(Debug)]
pub(super) struct RequestReader {
    transport: Transport,
    buffer: Vec<u8>,
}

/// The request line and the headers.
struct Head {
    length: usize,
    request: Request,
}

impl RequestReader {
    pub(super) fn new(transport: Transport) -> Self {
        RequestReader { transport, buffer: Vec::new() }
    }

    /// The next request, or `None` when the client left between two of them.
    pub(super) fn next(&mut self, stream: &mut (impl Read + Write)) -> Result<Option<Request>, Refusal> {
        let Some(Head { length, mut request }) = self.head(stream)? else { return Ok(None) };
        self.buffer.drain(..length);
        if request.header("expect").is_some_and(|value| value.eq_ignore_ascii_case("100-continue")) {
            stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        request.body = if header_in(&request.headers, "transfer-encoding").is_some() {
            self.chunked_body(stream)?
        } else {
            self.sized_body(stream, &request)?
        };
        Ok(Some(request))
    }

    fn head(&mut self, stream: &mut impl Read) -> Result<Option<Head>, Refusal> {
        while self.buffer.len() <= MAX_HEAD_BYTES {
            if let Some(head) = self.parse_head()? {
                return Ok(Some(head));
            }
            if self.fill(stream)? == 0 {
                return if self.buffer.is_empty() { Ok(None) } else { Err(Refusal::Connection) };
            }
        }
        Err(Refusal::Status(431))
    }

    fn parse_head(&self) -> Result<Option<Head>, Refusal> {
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut parsed = httparse::Request::new(&mut headers);
        let length = match parsed.parse(&self.buffer) {
            Ok(httparse::Status::Complete(length)) => length,
            Ok(httparse::Status::Partial) => return Ok(None),
            Err(httparse::Error::TooManyHeaders) => return Err(Refusal::Status(431)),
            Err(_) => return Err(Refusal::Status(400)),
        };
        let target = parsed.path.unwrap_or("/");
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        let request = Request {
            transport: self.transport,
            method: parsed.method.unwrap_or_default().to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            version: parsed.version.unwrap_or(1),
            headers: parsed.headers.iter().map(|field| (field.name.to_owned(), text(field.value))).collect(),
            body: Vec::new(),
        };
        Ok(Some(Head { length, request }))
    }

    fn sized_body(&mut self, stream: &mut impl Read, request: &Request) -> Result<Vec<u8>, Refusal> {
        let Some(length) = request.header("content-length") else { return Ok(Vec::new()) };
        let length: usize = length.trim().parse().map_err(|_| Refusal::Status(400))?;
        if length > MAX_BODY_BYTES {
            return Err(Refusal::Status(413));
        }
        self.fill_to(stream, length)?;
        Ok(self.buffer.drain(..length).collect())
    }

    fn chunked_body(&mut self, stream: &mut impl Read) -> Result<Vec<u8>, Refusal> {
        let mut body = Vec::new();
        for _ in 0..MAX_CHUNKS {
            let (start, size) = self.chunk_size(stream)?;
            if body.len() + size > MAX_BODY_BYTES {
                return Err(Refusal::Status(413));
            }
            self.fill_to(stream, start + size + 2)?;
            body.extend_from_slice(&self.buffer[start..start + size]);
            self.buffer.drain(..start + size + 2);
            if size == 0 {
                return Ok(body);
            }
        }
        Err(Refusal::Status(413))
    }

    /// Where the next chunk's data starts, and how long it is. Trailers are not understood.
    fn chunk_size(&mut self, stream: &mut impl Read) -> Result<(usize, usize), Refusal> {
        loop {
            match httparse::parse_chunk_size(&self.buffer) {
                Ok(httparse::Status::Complete((start, size))) => {
                    return Ok((start, usize::try_from(size).map_err(|_| Refusal::Status(413))?));
                }
                Ok(httparse::Status::Partial) if self.buffer.len() < MAX_HEAD_BYTES => {
                    let length = self.buffer.len();
                    self.fill_to(stream, length + 1)?;
                }
                _ => return Err(Refusal::Status(400)),
            }
        }
    }

    fn fill_to(&mut self, stream: &mut impl Read, length: usize) -> Result<(), Refusal> {
        while self.buffer.len() < length {
            if self.fill(stream)? == 0 {
                return Err(Refusal::Connection);
            }
        }
        Ok(())
    }

    fn fill(&mut self, stream: &mut impl Read) -> io::Result<usize> {
        let mut chunk = [0; 16 * 1024];
        let count = stream.read(&mut chunk)?;
        self.buffer.extend_from_slice(&chunk[..count]);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hands out one byte a read, which is the hardest way to cut a stream.
    struct Dribble<'a>(&'a [u8]);

    impl Read for Dribble<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let one = buffer.len().min(1);
            self.0.read(&mut buffer[..one])
        }
    }

    impl Write for Dribble<'_> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn bodies(bytes: &[u8]) -> Vec<String> {
        let mut stream = Dribble(bytes);
        let mut reader = RequestReader::new(Transport::Socket);
        std::iter::from_fn(|| reader.next(&mut stream).expect("the requests are well formed"))
            .map(|request| String::from_utf8(request.body).expect("the bodies are text"))
            .collect()
    }

    #[test]
    fn pipelined_requests_are_told_apart_however_they_are_cut() {
        let bytes = b"POST /a HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcGET /b HTTP/1.1\r\n\r\n";
        assert_eq!(bodies(bytes), ["abc", ""]);
    }

    #[test]
    fn a_chunked_body_is_put_together() {
        let bytes =
            b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x=y\r\nc\r\n0\r\n\r\n";
        assert_eq!(bodies(bytes), ["abc"]);
    }

    #[test]
    fn what_is_too_long_is_refused_with_its_own_status() {
        let refuse =
            |bytes: &[u8]| RequestReader::new(Transport::Tcp).next(&mut io::Cursor::new(bytes.to_vec()));
        let head = [b"GET / HTTP/1.1\r\nA: ".as_slice(), &vec![b'a'; MAX_HEAD_BYTES]].concat();
        assert!(matches!(refuse(&head), Err(Refusal::Status(431))));
        let body = b"POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n";
        assert!(matches!(refuse(body), Err(Refusal::Status(413))));
        assert!(matches!(refuse(b"\0\r\n\r\n"), Err(Refusal::Status(400))));
        assert!(matches!(refuse(b"GET / HTTP"), Err(Refusal::Connection)));
    }
}
