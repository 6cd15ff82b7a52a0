//! Bytes in and out of the system, by `/proc/net/dev`.
//!
//! What goes through a bridge or a tunnel passes a device as well and would count twice, so only devices count
//! where there are any; in a container, which has none, everything but the loopback counts.

use std::collections::HashMap;
use std::path::Path;

use super::kept::Kept;
use super::words::{lines, number, words};

/// Every interface as of the look before.
#[derive(Debug)]
pub(crate) struct Interfaces {
    file: Kept,
    known: HashMap<Vec<u8>, Interface>,
}

#[derive(Debug, Clone, Copy)]
struct Interface {
    received: u64,
    sent: u64,
    is_device: bool,
}

impl Default for Interfaces {
    fn default() -> Self {
        Self { file: Kept::at("/proc/net/dev"), known: HashMap::new() }
    }
}

impl Interfaces {
    /// Bytes sent and received since the look before.
    pub(crate) fn look(&mut self) -> Option<(u64, u64)> {
        let known = &self.known;
        let is_device = |name: &[u8]| match known.get(name) {
            Some(interface) => interface.is_device,
            None => std::str::from_utf8(name)
                .is_ok_and(|name| Path::new("/sys/class/net").join(name).join("device").exists()),
        };
        let now = self.file.read_all(|text| Some(interfaces(text, is_device)))?;
        let moved = moved(known, &now);
        self.known = now;
        Some(moved)
    }
}

/// Everything but the loopback, which leads nowhere.
fn interfaces(text: &[u8], is_device: impl Fn(&[u8]) -> bool) -> HashMap<Vec<u8>, Interface> {
    lines(text)
        .filter_map(interface)
        .filter(|(name, ..)| *name != b"lo")
        .map(|(name, received, sent)| {
            (name.to_vec(), Interface { received, sent, is_device: is_device(name) })
        })
        .collect()
}

/// A line: the name, a colon, eight counters of what came in, of which bytes are the first, and as many of what
/// went out.
fn interface(line: &[u8]) -> Option<(&[u8], u64, u64)> {
    let colon = memchr::memrchr(b':', line)?;
    let mut counters = words(&line[colon + 1..]);
    let (received, sent) = (number(counters.next()?)?, number(counters.nth(7)?)?);
    Some((line[..colon].trim_ascii(), received, sent))
}

/// An interface that was not there before has moved nothing yet, and one whose counters began anew neither.
fn moved(before: &HashMap<Vec<u8>, Interface>, now: &HashMap<Vec<u8>, Interface>) -> (u64, u64) {
    let any_device = now.values().any(|interface| interface.is_device);
    let counted = now.iter().filter(|(_, interface)| interface.is_device || !any_device);
    counted.fold((0, 0), |(sent, received), (name, interface)| {
        let earlier = before.get(name).copied().unwrap_or(*interface);
        (
            sent + interface.sent.saturating_sub(earlier.sent),
            received + interface.received.saturating_sub(earlier.received),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &[(&str, u64, u64)]) -> HashMap<Vec<u8>, Interface> {
        let rows = rows.iter().map(|(name, received, sent)| {
            format!("{name:>6}: {received} 1 0 0 0 0 0 0 {sent} 1 0 0 0 0 0 0\n")
        });
        let text =
            "Inter-|   Receive  |  Transmit\n face |bytes |bytes\n".to_owned() + &rows.collect::<String>();
        interfaces(text.as_bytes(), |name| name.starts_with(b"eth"))
    }

    #[test]
    fn devices_alone_count_where_there_are_any() {
        let before = table(&[("lo", 1, 1), ("eth0", 10, 20), ("docker0", 5, 5)]);
        let now = table(&[("lo", 900, 900), ("eth0", 110, 220), ("docker0", 500, 500)]);
        assert_eq!(moved(&before, &now), (200, 100));
    }

    #[test]
    fn without_a_device_everything_but_the_loopback_counts() {
        let now = table(&[("lo", 900, 900), ("veth@3", 110, 220), ("tun0", 1, 2)]);
        assert_eq!(moved(&table(&[("lo", 0, 0), ("veth@3", 10, 20), ("tun0", 0, 0)]), &now), (202, 101));
    }

    #[test]
    fn an_interface_that_is_new_or_counts_from_the_start_again_has_moved_nothing() {
        let now = table(&[("eth0", 5, 5), ("eth1", 700, 700)]);
        assert_eq!(moved(&table(&[("eth0", 900, 900)]), &now), (0, 0));
    }
}
