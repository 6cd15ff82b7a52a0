//! Spans as they will be sent, and which of them belong to a run that is still awaited.
//!
//! A span is written once, as the bytes that are sent. A process or a request knows its run by name only, and stands in
//! the trace that the run's record tells; that record is written last. So such children are held until it comes, also
//! from one run of the program to the next, and those that come after it find it among the runs that were seen last.
//! Both are bounded: what is held longest goes first, in a trace that is made of the name of its run.

use std::collections::VecDeque;

use foldhash::HashMap;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::state::hexadecimal;
use crate::wire;

/// How many bytes of children are held.
const MOST_HELD: usize = 1 << 20;

/// How many runs are remembered, and how many of them from one run of the program to the next.
const MOST_KNOWN: usize = 4096;
const MOST_KEPT: usize = 256;

/// A run of which nothing was heard for so long will not come any more, in milliseconds.
const LONGEST_WAIT: i64 = 3_600_000;

/// Where a run stands in its trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) trace: [u8; 16],
    pub(crate) span: [u8; 8],
}

/// Spans, each a field of the message that holds them.
#[derive(Debug, Default)]
pub(crate) struct Spans {
    bytes: Vec<u8>,
    /// Where each ends.
    ends: Vec<usize>,
}

/// Spans that are to be sent, and those that wait for their run.
#[derive(Debug, Default)]
pub(crate) struct Executions {
    pub(crate) spans: Spans,
    known: HashMap<u64, Place>,
    /// In the order in which they came.
    order: VecDeque<u64>,
    held: HashMap<u64, Held>,
    /// Runs that are awaited, the longest awaited one first; some are there already.
    awaited: VecDeque<u64>,
    /// Bytes that are held, with the names of the runs.
    weight: usize,
    /// The newest time of a record.
    newest: i64,
}

/// The children of one run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Held {
    name: String,
    /// Each without its trace and its parent.
    children: Vec<Vec<u8>>,
    /// The newest time of a child.
    newest: i64,
}

/// What outlasts a run of the program.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeptTraces {
    /// Names of runs with their traces and spans, as digits.
    known: Vec<(String, String, String)>,
    held: Vec<KeptHeld>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct KeptHeld {
    name: String,
    newest: i64,
    children: Vec<String>,
}

impl Place {
    /// One that is made of a run's name, and so the same every time.
    pub(crate) fn derived(name: &[u8]) -> Self {
        let hash = Sha256::new().chain_update(b"trace\0").chain_update(name).finalize();
        let (mut trace, mut span) = ([0; 16], [0; 8]);
        trace.copy_from_slice(&hash[..16]);
        span.copy_from_slice(&hash[16..24]);
        Self { trace, span }
    }
}

/// A number that stands for some parts, the same on every machine and in every version. Nobody gains by two that are
/// the same.
pub(crate) fn mixed(parts: &[&[u8]]) -> u64 {
    // FNV-1a, of which the last step leaves much close together.
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    let joined = |hash: u64, part: &&[u8]| step(part.iter().fold(hash, step), &0xff);
    scattered(parts.iter().fold(0xcbf2_9ce4_8422_2325, joined))
}

/// The last step of `SplitMix64`: a number made of another one, so that what lies close together does not any more. None is zero, which is no id.
pub(crate) fn scattered(mut hash: u64) -> u64 {
    hash = (hash ^ hash >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ hash >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    (hash ^ hash >> 31).max(1)
}

fn number_of(name: &[u8]) -> u64 {
    mixed(&[name])
}

/// The numbers of the fields of a span that are written here.
const SPANS: u32 = 2;
const TRACE_ID: u32 = 1;
const PARENT: u32 = 4;

impl Spans {
    /// Writes a span, without its trace and its parent, by `write`. Most are longer than 127 bytes, and none than 16383.
    pub(crate) fn add(
        &mut self,
        trace: &[u8; 16],
        parent: Option<&[u8; 8]>,
        write: impl FnOnce(&mut Vec<u8>),
    ) {
        self.add_of(2, trace, parent, write);
    }

    /// The same of one that is expected to be shorter than 128 bytes, and so is not moved when it is.
    pub(crate) fn add_short(
        &mut self,
        trace: &[u8; 16],
        parent: Option<&[u8; 8]>,
        write: impl FnOnce(&mut Vec<u8>),
    ) {
        self.add_of(1, trace, parent, write);
    }

    fn add_of(
        &mut self,
        left_free: usize,
        trace: &[u8; 16],
        parent: Option<&[u8; 8]>,
        write: impl FnOnce(&mut Vec<u8>),
    ) {
        wire::message(SPANS, left_free, &mut self.bytes, |out| {
            wire::bytes(TRACE_ID, trace, out);
            if let Some(parent) = parent {
                wire::bytes(PARENT, parent, out);
            }
            write(out);
        });
        self.ends.push(self.bytes.len());
    }

    /// Adds spans that are written already, one behind the other, and lets them be changed where they stand now.
    pub(crate) fn add_written(&mut self, written: &[u8], ends: impl Iterator<Item = usize>) -> &mut [u8] {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(written);
        self.ends.extend(ends.map(|end| start + end));
        &mut self.bytes[start..]
    }

    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    /// How many bytes they are.
    pub(crate) fn weight(&self) -> usize {
        self.bytes.len()
    }

    /// How many bytes each of them is.
    pub(crate) fn sizes(&self) -> Vec<usize> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        self.ends.iter().zip(starts).map(|(end, start)| end - start).collect()
    }

    /// Some of them, one behind the other.
    pub(crate) fn part(&self, range: std::ops::Range<usize>) -> &[u8] {
        let edge = |at: usize| at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.bytes[edge(range.start)..edge(range.end)]
    }
}

impl Executions {
    /// Notes where a run stands, and lets its children go there.
    pub(crate) fn arrive(&mut self, name: &[u8], place: Place, at: i64) {
        self.newest = self.newest.max(at);
        let number = number_of(name);
        if let Some(held) = self.held.remove(&number) {
            self.release(&held, place);
        }
        if self.known.insert(number, place).is_none() {
            self.order.push_back(number);
        }
        while self.order.len() > MOST_KNOWN {
            if let Some(oldest) = self.order.pop_front() {
                self.known.remove(&oldest);
            }
        }
    }

    /// Adds a child of a run, which is held if the run did not arrive yet.
    pub(crate) fn add_child(&mut self, name: &str, at: i64, write: impl FnOnce(&mut Vec<u8>)) {
        self.newest = self.newest.max(at);
        let number = number_of(name.as_bytes());
        if let Some(place) = self.known.get(&number).copied() {
            self.spans.add(&place.trace, Some(&place.span), write);
            return;
        }
        let mut child = Vec::new();
        write(&mut child);
        self.weight += child.len();
        let held = self.held.entry(number).or_insert_with(|| {
            self.awaited.push_back(number);
            self.weight += name.len();
            Held { name: name.to_owned(), children: Vec::new(), newest: at }
        });
        held.children.push(child);
        held.newest = held.newest.max(at);
        while self.weight > MOST_HELD && self.let_longest_go() {}
    }

    fn let_longest_go(&mut self) -> bool {
        let Some(number) = self.awaited.pop_front() else { return false };
        if let Some(held) = self.held.remove(&number) {
            self.release(&held, Place::derived(held.name.as_bytes()));
        }
        true
    }

    fn release(&mut self, held: &Held, place: Place) {
        self.weight = self.weight.saturating_sub(held.name.len());
        for child in &held.children {
            self.weight = self.weight.saturating_sub(child.len());
            self.spans.add(&place.trace, Some(&place.span), |out| out.extend_from_slice(child));
        }
    }

    /// Lets the children go of whose run nothing was heard for long, by the times of records and by `now`.
    pub(crate) fn let_old_go(&mut self, now: Option<i64>) {
        let limit = self.newest.max(now.unwrap_or(i64::MIN)).saturating_sub(LONGEST_WAIT);
        for number in std::mem::take(&mut self.awaited) {
            match self.held.get(&number) {
                Some(held) if held.newest < limit => {
                    if let Some(held) = self.held.remove(&number) {
                        self.release(&held, Place::derived(held.name.as_bytes()));
                    }
                }
                Some(_) => self.awaited.push_back(number),
                None => {}
            }
        }
    }

    /// Lets all children go: nothing more will come.
    pub(crate) fn let_all_go(&mut self) {
        while self.let_longest_go() {}
    }

    /// What has to outlast this run.
    pub(crate) fn keep(&self) -> KeptTraces {
        let newest = self.order.iter().rev().take(MOST_KEPT).collect::<Vec<_>>();
        let known = newest.into_iter().rev().filter_map(|number| {
            let place = self.known.get(number)?;
            Some((format!("{number:x}"), hexadecimal(&place.trace), hexadecimal(&place.span)))
        });
        let held = self.awaited.iter().filter_map(|number| self.held.get(number)).map(|held| KeptHeld {
            name: held.name.clone(),
            newest: held.newest,
            children: held.children.iter().map(|child| hexadecimal(child)).collect(),
        });
        KeptTraces { known: known.collect(), held: held.collect() }
    }

    /// Puts back what was kept; what of it cannot be meant is passed over.
    pub(crate) fn restore(kept: &KeptTraces) -> Self {
        let mut executions = Self::default();
        for (number, trace, span) in &kept.known {
            let place =
                || Some(Place { trace: identifier(trace.as_bytes())?, span: identifier(span.as_bytes())? });
            if let (Ok(number), Some(place)) = (u64::from_str_radix(number, 16), place()) {
                executions.known.insert(number, place);
                executions.order.push_back(number);
            }
        }
        for held in &kept.held {
            for child in held.children.iter().filter_map(|child| digits(child)) {
                executions.add_child(&held.name, held.newest, |out| out.extend_from_slice(&child));
            }
        }
        executions
    }
}

/// An identifier of hexadecimal digits, if there are as many as there should be and they are not all zero.
pub(crate) fn identifier<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    let (pairs, []) = text.as_chunks::<2>() else { return None };
    let pairs: &[[u8; 2]; N] = pairs.try_into().ok()?;
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(pairs) {
        *byte = byte_of(*pair)?;
    }
    bytes.iter().any(|&byte| byte != 0).then_some(bytes)
}

/// Bytes of hexadecimal digits.
fn digits(text: &str) -> Option<Vec<u8>> {
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return None };
    pairs.iter().map(|pair| byte_of(*pair)).collect()
}

fn byte_of([high, low]: [u8; 2]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some(digit(high)? << 4 | digit(low)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place = Place { trace: [1; 16], span: [2; 8] };

    /// How many spans are to be sent, and how many of them stand in the trace of `PLACE`.
    fn count(executions: &Executions) -> (usize, usize) {
        let spans = &executions.spans;
        let all = 0..spans.ends.len();
        let in_place =
            all.clone().filter(|&at| spans.part(at..at + 1).windows(16).any(|bytes| bytes == PLACE.trace));
        (all.len(), in_place.count())
    }

    #[test]
    fn a_child_waits_for_its_run_and_one_that_comes_later_finds_it() {
        let mut executions = Executions::default();
        executions.add_child("a", 1, |out| out.push(0));
        assert_eq!(count(&executions), (0, 0));
        executions = Executions::restore(&executions.keep());
        executions.arrive(b"a", PLACE, 2);
        assert_eq!(count(&executions), (1, 1));
        executions = Executions::restore(&executions.keep());
        executions.add_child("a", 3, |out| out.push(0));
        assert_eq!((count(&executions), executions.weight), ((1, 1), 0));
    }

    #[test]
    fn what_is_held_and_what_is_known_is_bounded_and_nothing_is_lost() {
        let mut executions = Executions::default();
        let most = u32::try_from(MOST_HELD / 1000 * 3).expect("few");
        for number in 0..most {
            executions.add_child(&format!("{number}"), 1, |out| out.extend_from_slice(&[0; 1000]));
            executions.arrive(format!("known {number}").as_bytes(), PLACE, 1);
        }
        assert!(executions.weight <= MOST_HELD && executions.known.len() <= MOST_KNOWN);
        let sent = count(&executions).0;
        assert!(sent > 2000 && executions.held.len() + sent == most as usize);
        executions.let_all_go();
        assert_eq!((count(&executions), executions.weight), ((most as usize, 0), 0));
    }

    #[test]
    fn what_runs_are_called_is_held_too_and_counts() {
        let mut executions = Executions::default();
        for number in 0..10 {
            let name = number.to_string().repeat(MOST_HELD / 4);
            executions.add_child(&name, 1, |out| out.push(0));
        }
        assert_eq!((count(&executions).0, executions.held.len()), (7, 3));
        executions.let_all_go();
        assert_eq!((count(&executions).0, executions.weight), (10, 0));
    }

    #[test]
    fn a_run_of_which_nothing_was_heard_for_an_hour_is_awaited_no_longer() {
        let mut executions = Executions::default();
        executions.add_child("a", 0, |out| out.push(0));
        executions.add_child("b", LONGEST_WAIT, |out| out.push(0));
        executions.let_old_go(None);
        assert_eq!(count(&executions).0, 0);
        executions.let_old_go(Some(LONGEST_WAIT + 1));
        assert_eq!((count(&executions).0, executions.held.len()), (1, 1));
    }

    #[test]
    fn what_was_kept_and_is_damaged_is_passed_over() {
        let kept = KeptTraces {
            known: vec![("x".to_owned(), "0".repeat(32), "zz".to_owned())],
            held: vec![KeptHeld {
                name: "a".to_owned(),
                newest: 0,
                children: vec!["0".to_owned(), "é1".to_owned()],
            }],
        };
        let executions = Executions::restore(&kept);
        assert_eq!((executions.known.len(), executions.held.len()), (0, 0));
    }
}
