//! `NO_PROXY`: the hosts that are reached directly.

use std::net::IpAddr;

/// Hosts, domains and networks. What cannot be read names nothing, as in `gh`.
#[derive(Debug, Clone, Default)]
pub(crate) struct NoProxy(Vec<Exception>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Exception {
    All,
    Network {
        address: IpAddr,
        bits: u8,
    },
    Address {
        address: IpAddr,
        port: Option<u16>,
    },
    /// With `and_itself`, the domain and all below it; else only what is below it.
    Domain {
        name: String,
        and_itself: bool,
        port: Option<u16>,
    },
}

impl NoProxy {
    /// Reads a list with commas: `*`, `example.com`, `.example.com`, `10.0.0.0/8`, `10.1.2.3:8080`.
    pub(crate) fn parse(list: &str) -> Self {
        Self(list.split(',').filter_map(|entry| exception(&entry.trim().to_ascii_lowercase())).collect())
    }

    /// Whether a host is among them; IPv6 without brackets.
    pub(crate) fn names(&self, host: &str, port: u16) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let number: Option<IpAddr> = host.parse().ok();
        self.0.iter().any(|exception| match exception {
            Exception::All => true,
            Exception::Network { address, bits } => number.is_some_and(|host| is_in(host, *address, *bits)),
            Exception::Address { address, port: only } => {
                number == Some(*address) && only.is_none_or(|only| only == port)
            }
            Exception::Domain { name, and_itself, port: only } => {
                let below = host.strip_suffix(name.as_str()).is_some_and(|before| before.ends_with('.'));
                (below || *and_itself && host == *name) && only.is_none_or(|only| only == port)
            }
        })
    }
}

fn exception(entry: &str) -> Option<Exception> {
    if entry == "*" {
        return Some(Exception::All);
    }
    if let Some((address, bits)) = entry.split_once('/') {
        let (address, bits): (IpAddr, u8) = (address.parse().ok()?, bits.parse().ok()?);
        let most = if address.is_ipv4() { 32 } else { 128 };
        return (bits <= most).then_some(Exception::Network { address, bits });
    }
    if let Ok(address) = entry.parse() {
        return Some(Exception::Address { address, port: None });
    }
    let (host, port) = match entry.rsplit_once(':') {
        Some((host, port)) => (host, Some(port.parse().ok()?)),
        None => (entry, None),
    };
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = bare.parse() {
        return Some(Exception::Address { address, port });
    }
    let host = host.strip_prefix('*').unwrap_or(host);
    let name = host.trim_matches('.').to_owned();
    (!name.is_empty()).then(|| Exception::Domain { name, and_itself: !host.starts_with('.'), port })
}

fn is_in(host: IpAddr, network: IpAddr, bits: u8) -> bool {
    let shared = |left: u128, right: u128, width: u32| {
        let differ = (left ^ right) << (128 - width);
        differ.leading_zeros() >= u32::from(bits)
    };
    match (host, network) {
        (IpAddr::V4(host), IpAddr::V4(network)) => {
            shared(u128::from(host.to_bits()), u128::from(network.to_bits()), 32)
        }
        (IpAddr::V6(host), IpAddr::V6(network)) => shared(host.to_bits(), network.to_bits(), 128),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(list: &str, named: &[&str], others: &[&str]) {
        let exceptions = NoProxy::parse(list);
        let is_named = |host: &&str| exceptions.names(host, 443);
        assert!(named.iter().all(is_named) && !others.iter().any(is_named), "{list}");
    }

    #[test]
    fn a_domain_names_itself_and_what_is_below_it() {
        check("example.com", &["example.com", "a.example.com", "A.Example.com."], &["notexample.com", "com"]);
        check(".example.com", &["a.example.com"], &["example.com"]);
        check("*.example.com", &["a.example.com"], &["example.com"]);
        check(" a , b ", &["a", "b"], &["c"]);
    }

    #[test]
    fn addresses_and_networks_are_compared_as_numbers() {
        check("10.1.0.0/16", &["10.1.2.3"], &["10.2.0.1", "a"]);
        check("0.0.0.0/0", &["10.1.2.3"], &["::1"]);
        check("2001:db8::/32", &["2001:db8::1"], &["2001:db9::1", "10.0.0.1"]);
        check(
            "10.1.2.3,2001:db8::1,[2001:db8::2]:443",
            &["10.1.2.3", "2001:db8::1", "2001:db8::2"],
            &["10.1.2.4"],
        );
    }

    #[test]
    fn a_port_narrows_and_a_star_names_all() {
        check("example.com:443", &["example.com", "a.example.com"], &[]);
        check("example.com:8443", &[], &["example.com"]);
        check("*", &["example.com", "10.0.0.1"], &[]);
    }

    #[test]
    fn what_cannot_be_read_names_nothing() {
        check(",,., ,a:b,10.0.0.0/33,10.0.0.0/x,:", &[], &["a", "10.0.0.1", ""]);
    }
}
