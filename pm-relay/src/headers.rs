//! What is said between two neighbors only and not passed on.

use http::header::{
    CONNECTION, EXPECT, HeaderMap, HeaderName, PROXY_AUTHORIZATION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};

/// Besides those that `Connection` names.
const HOP_BY_HOP: [HeaderName; 8] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    PROXY_AUTHORIZATION,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// Removes them. The length of a body is told anew by whoever sends it on.
pub(crate) fn strip(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        // Naming these would hide what the request is.
        .filter(|name| ![http::header::HOST, http::header::CONTENT_LENGTH].contains(name))
        .collect();
    for name in HOP_BY_HOP.iter().chain(&named) {
        headers.remove(name);
    }
}

/// The same for a request, whose wish to be told to go on has been met.
pub(crate) fn strip_request(headers: &mut HeaderMap) {
    strip(headers);
    headers.remove(EXPECT);
}

/// The protocol that a request wants to change to, if it is one that may not be ignored: HTTP/2 is a mere offer.
pub(crate) fn upgrade(headers: &HeaderMap) -> Option<&str> {
    let wanted = headers.get(UPGRADE)?.to_str().unwrap_or("another protocol");
    (!wanted.trim().eq_ignore_ascii_case("h2c")).then_some(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_between_neighbors_is_not_passed_on() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("connection", "close, X-Mine, host"),
            ("host", "api.github.com"),
            ("x-mine", "1"),
            ("x-theirs", "2"),
            ("keep-alive", "timeout=5"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "h2c"),
            ("expect", "100-continue"),
        ] {
            headers.insert(HeaderName::from_static(name), value.parse().expect("a value"));
        }
        assert_eq!(upgrade(&headers), None);
        strip_request(&mut headers);
        let mut left: Vec<_> = headers.keys().map(HeaderName::as_str).collect();
        left.sort_unstable();
        assert_eq!(left, ["host", "x-theirs"]);
    }

    #[test]
    fn another_protocol_than_http_is_noticed() {
        let mut headers = HeaderMap::new();
        headers.insert(UPGRADE, "websocket".parse().expect("a value"));
        assert_eq!(upgrade(&headers), Some("websocket"));
    }
}
