//! A server that answers like GitHub as far as a client can tell, as fast as it can, and counts.
//!
//! `/big/N` has a body of N bytes; lists and queries have fifty pages; `/moved` leads to `/user`; `/status/N` answers
//! with that status. Bodies of requests are read and forgotten.

use std::fmt::Write as _;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How many pages a list has.
pub(super) const PAGES: u64 = 50;

/// A running server; it ends with this program.
#[derive(Debug)]
pub(super) struct Upstream {
    pub(super) address: String,
    served: Arc<AtomicU64>,
}

impl Upstream {
    pub(super) fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?.to_string();
        let served = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&served);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let count = Arc::clone(&count);
                // A client that leaves is no trouble of the server's.
                std::thread::spawn(move || drop(serve(&stream, &count)));
            }
        });
        Ok(Self { address, served })
    }

    /// Requests so far.
    pub(super) fn served(&self) -> u64 {
        self.served.load(Ordering::SeqCst)
    }
}

/// A request, as far as it matters.
#[derive(Debug, Default)]
struct Request {
    path: String,
    length: u64,
    closes: bool,
    body: Vec<u8>,
}

fn serve(stream: &TcpStream, served: &AtomicU64) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut input = BufReader::with_capacity(64 << 10, stream);
    while let Some(request) = read(&mut input)? {
        served.fetch_add(1, Ordering::SeqCst);
        answer(stream, &request)?;
        if request.closes {
            break;
        }
    }
    Ok(())
}

fn read(input: &mut impl BufRead) -> io::Result<Option<Request>> {
    let mut request = Request::default();
    let mut line = String::new();
    for number in 0.. {
        line.clear();
        if input.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let text = line.trim_end();
        if text.is_empty() {
            break;
        }
        if number == 0 {
            text.split(' ').nth(1).unwrap_or_default().clone_into(&mut request.path);
        } else if let Some((name, value)) = text.split_once(':') {
            match name.to_ascii_lowercase().as_str() {
                "content-length" => request.length = value.trim().parse().unwrap_or(0),
                "connection" => request.closes = value.trim().eq_ignore_ascii_case("close"),
                _ => {}
            }
        }
    }
    // A query is kept, an upload is not.
    if request.length <= 64 << 10 {
        input.take(request.length).read_to_end(&mut request.body)?;
    } else {
        io::copy(&mut input.take(request.length), &mut io::sink())?;
    }
    Ok(Some(request))
}

fn answer(mut stream: &TcpStream, request: &Request) -> io::Result<()> {
    let path = request.path.split('?').next().unwrap_or_default();
    let size = path.strip_prefix("/big/").and_then(|size| size.parse().ok());
    let status: Option<u16> = path.strip_prefix("/status/").and_then(|status| status.parse().ok());
    let (status, more, body) = match (status, path) {
        (Some(status), _) => (status, String::new(), r#"{"message":"as you like"}"#.to_owned()),
        (None, "/moved") => (302, "Location: https://api.github.com/user\r\n".to_owned(), String::new()),
        (None, "/graphql") => (200, String::new(), query_page(&request.body)),
        (None, "/list") => list_page(&request.path),
        _ => (200, String::new(), r#"{"login":"octo","id":437,"type":"User"}"#.to_owned()),
    };
    let length = size.unwrap_or(body.len() as u64);
    let mut head = format!("HTTP/1.1 {status} OK\r\nContent-Type: application/json; charset=utf-8\r\n{more}");
    let _ = write!(
        head,
        "X-RateLimit-Limit: 5000\r\nX-RateLimit-Remaining: 4000\r\nX-RateLimit-Used: 1000\r\nX-RateLimit-Reset: 1900000000\r\nX-RateLimit-Resource: core\r\nContent-Length: {length}\r\n\r\n"
    );
    if size.is_none() {
        head.push_str(&body);
        return stream.write_all(head.as_bytes());
    }
    stream.write_all(head.as_bytes())?;
    let block = vec![b'x'; 64 << 10];
    let mut left = length;
    while left > 0 {
        let now = usize::try_from(left).unwrap_or(block.len()).min(block.len());
        stream.write_all(&block[..now])?;
        left -= now as u64;
    }
    Ok(())
}

fn list_page(path: &str) -> (u16, String, String) {
    let page: u64 = path.split("page=").nth(1).and_then(|page| page.parse().ok()).unwrap_or(1);
    let next = page + 1;
    let link = format!("Link: <https://api.github.com/list?page={next}>; rel=\"next\"\r\n");
    (200, if page < PAGES { link } else { String::new() }, format!("[{page}]"))
}

fn query_page(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let cursor = text.split("\"endCursor\":\"").nth(1).and_then(|rest| rest.split('"').next());
    let page = cursor.and_then(|cursor| cursor.parse::<u64>().ok()).unwrap_or(0) + 1;
    let more = page < PAGES;
    format!(
        "{{\"data\":{{\"things\":{{\"nodes\":[{page}],\"pageInfo\":{{\"hasNextPage\":{more},\"endCursor\":\"{page}\"}}}}}}}}"
    )
}
