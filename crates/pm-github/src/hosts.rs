//! Which requests are to an API, and to which door of it.

use http::Uri;

use crate::Api;

/// The addresses of some APIs, for whoever sees requests go by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiHosts(Vec<Place>);

/// Which part of an API a request is to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// REST.
    Rest,
    /// GraphQL.
    Graphql,
    /// Assets of releases.
    Uploads,
}

/// A request to an API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked<'a> {
    /// Which part of it.
    pub door: Door,
    /// The path below that part's address, the same for every kind of GitHub: `/repos/a/b/issues`.
    pub path: &'a str,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    /// In lower case, without the port that goes without saying.
    authority: String,
    path: String,
    door: Door,
}

impl ApiHosts {
    /// The addresses of `apis`.
    #[must_use]
    pub fn new<'a>(apis: impl IntoIterator<Item = &'a Api>) -> Self {
        let mut places: Vec<_> = apis
            .into_iter()
            .flat_map(|api| {
                [(api.graphql(), Door::Graphql), (api.uploads(), Door::Uploads), (api.rest(), Door::Rest)]
            })
            .filter_map(|(url, door)| {
                let address: Uri = url.parse().ok()?;
                let authority = without_default_port(address.authority()?.as_str());
                Some(Place { authority, path: address.path().trim_end_matches('/').to_owned(), door })
            })
            .collect();
        // The longest path first: GraphQL of github.com lies below its REST.
        places.sort_by_key(|place| std::cmp::Reverse(place.path.len()));
        Self(places)
    }

    /// Whether an API answers at this host, as a `Host` header names it.
    #[must_use]
    pub fn contains(&self, host: &str) -> bool {
        let authority = without_default_port(host);
        self.0.iter().any(|place| place.authority == authority)
    }

    /// What a request to `host` asks, by its path without a query; `None` if it is not to an API. The host is
    /// as in a `Host` header. An Enterprise Server answers people at the same host as programs.
    #[must_use]
    pub fn asked<'a>(&self, host: &str, path: &'a str) -> Option<Asked<'a>> {
        let authority = without_default_port(host);
        let mut here = self.0.iter().filter(|place| place.authority == authority);
        here.find_map(|place| {
            let path = path.strip_prefix(place.path.as_str())?;
            (path.is_empty() || path.starts_with('/')).then_some(Asked { door: place.door, path })
        })
    }
}

fn without_default_port(authority: &str) -> String {
    let authority = authority.to_ascii_lowercase();
    match authority.strip_suffix(":443").or_else(|| authority.strip_suffix(":80")) {
        Some(host) => host.to_owned(),
        None => authority,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_to_an_api_are_told_from_others() {
        let apis =
            ["github.com", "octo.ghe.com", "git.example.com"].map(|host| Api::of_host(host).expect("a host"));
        let hosts = ApiHosts::new(&apis);
        let cases = [
            ("api.github.com", "/repos/a/b", Some((Door::Rest, "/repos/a/b"))),
            ("API.github.com:443", "/graphql", Some((Door::Graphql, ""))),
            ("api.github.com", "/graphqls", Some((Door::Rest, "/graphqls"))),
            (
                "uploads.github.com",
                "/repos/a/b/releases/1/assets",
                Some((Door::Uploads, "/repos/a/b/releases/1/assets")),
            ),
            ("api.octo.ghe.com", "/user", Some((Door::Rest, "/user"))),
            ("git.example.com", "/api/v3/user", Some((Door::Rest, "/user"))),
            ("git.example.com", "/api/graphql", Some((Door::Graphql, ""))),
            ("git.example.com", "/a/b/releases/download/1/x.zip", None),
            ("git.example.com", "/api/v3x", None),
            ("github.com", "/a/b", None),
            ("objects.githubusercontent.com", "/x", None),
        ];
        for (host, path, expected) in cases {
            let asked = hosts.asked(host, path).map(|asked| (asked.door, asked.path));
            assert_eq!(asked, expected, "{host}{path}");
        }
        assert!(hosts.contains("git.example.com") && !hosts.contains("github.com"));
    }

    #[test]
    fn an_address_with_a_port_is_met_only_with_it() {
        let hosts = ApiHosts::new([&Api::at("http://127.0.0.1:8080", None).expect("an address")]);
        assert!(hosts.contains("127.0.0.1:8080") && !hosts.contains("127.0.0.1"));
        let asked = hosts.asked("127.0.0.1:8080", "/graphql").map(|asked| asked.door);
        assert_eq!(asked, Some(Door::Graphql));
    }
}
