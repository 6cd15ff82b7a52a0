//! One HTTP request, read and taken apart.

use super::record::Transport;

/// A whole request.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) transport: Transport,
    pub(super) method: String,
    pub(super) path: String,
    /// What followed the `?`, still encoded.
    pub(super) query: String,
    /// The `x` of `HTTP/1.x`.
    pub(super) version: u8,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Request {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        header_in(&self.headers, name)
    }

    /// The first value of a query parameter, decoded.
    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        self.parameters().into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// All query parameters in order, decoded.
    pub(super) fn parameters(&self) -> Vec<(String, String)> {
        let pairs = self.query.split('&').filter(|pair| !pair.is_empty());
        pairs
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                (decode(name), decode(value))
            })
            .collect()
    }

    /// Whether the client used the paths of Enterprise Server.
    pub(super) fn is_enterprise(&self) -> bool {
        self.path.starts_with("/api/v3") || self.path == "/api/graphql"
    }

    /// The path as github.com would have it: an Enterprise prefix is taken off.
    pub(super) fn api_path(&self) -> &str {
        let stripped = match self.path.as_str() {
            "/api/graphql" => "/graphql",
            path => path.strip_prefix("/api/v3").unwrap_or(path),
        };
        if stripped.is_empty() { "/" } else { stripped }
    }

    /// Whether the client wants to send another request on this connection.
    pub(super) fn keeps_alive(&self) -> bool {
        match self.header("connection") {
            Some(value) if value.eq_ignore_ascii_case("close") => false,
            Some(value) if value.eq_ignore_ascii_case("keep-alive") => true,
            _ => self.version == 1,
        }
    }
}

/// The first value of a header, its name in any case.
pub(super) fn header_in<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

/// Undoes percent encoding and `+`; a broken escape stays as it is.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escape = text.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match (bytes[at], escape) {
            (b'%', Some(byte)) => {
                decoded.push(byte);
                at += 2;
            }
            (b'+', _) => decoded.push(b' '),
            (byte, _) => decoded.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(path: &str, query: &str) -> Request {
        Request {
            transport: Transport::Socket,
            method: "GET".to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            version: 1,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    #[test]
    fn enterprise_paths_lose_their_prefix() {
        for (sent, api) in [
            ("/user", "/user"),
            ("/api/v3/user", "/user"),
            ("/api/v3", "/"),
            ("/api/graphql", "/graphql"),
            ("/graphql", "/graphql"),
        ] {
            assert_eq!(request(sent, "").api_path(), api, "{sent}");
        }
    }

    #[test]
    fn query_parameters_are_decoded() {
        let request = request("/", "q=a%20b+c&page=2&flag&bad=%zz&umlaut=%C3%BC");
        assert_eq!(request.parameter("q").as_deref(), Some("a b c"));
        assert_eq!(request.parameter("page").as_deref(), Some("2"));
        assert_eq!(request.parameter("flag").as_deref(), Some(""));
        assert_eq!(request.parameter("bad").as_deref(), Some("%zz"));
        assert_eq!(request.parameter("umlaut").as_deref(), Some("ü"));
        assert_eq!(request.parameter("none"), None);
    }
}
