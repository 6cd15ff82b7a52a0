//! Where a run stands in a distributed trace: W3C Trace Context, carried from process to process in
//! `TRACEPARENT`.
//!
//! What is no valid header starts a new trace, as the recommendation asks: to drop a stranger's identifiers
//! is better than to pass on half of them. A new trace is sampled, because it is being recorded.

use std::ffi::OsStr;
use std::fmt::Write as _;

/// What carries it.
pub(crate) const VARIABLE: &str = "TRACEPARENT";

/// The environment variable with what its vendors have to say of it.
pub(crate) const STATE: &str = "TRACESTATE";

/// The identifiers of one run. Neither is ever only zeros, which means "none" to whoever reads them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TraceContext {
    /// The whole that the run is part of.
    trace_id: [u8; 16],
    /// The run.
    span_id: [u8; 8],
    /// What started the run.
    parent: Option<[u8; 8]>,
    flags: u8,
}

const SAMPLED: u8 = 0b01;

/// The flags that version 00 knows: sampled, and that the trace's identifier was chosen by chance. Others
/// have to be sent as zeros.
const KNOWN_FLAGS: u8 = 0b11;

impl TraceContext {
    /// The context of a run that was started with `traceparent` in its environment. Its own identifiers are
    /// made of `random`.
    pub(crate) fn child_of(traceparent: Option<&OsStr>, random: [u8; 24]) -> Self {
        let (mut trace_id, mut span_id) = ([0; 16], [0; 8]);
        trace_id.copy_from_slice(&random[..16]);
        span_id.copy_from_slice(&random[16..]);
        span_id[7] |= u8::from(span_id == [0; 8]);
        trace_id[15] |= u8::from(trace_id == [0; 16]);
        match traceparent.and_then(|header| parse(header.as_encoded_bytes())) {
            Some((trace_id, parent, flags)) => Self { trace_id, span_id, parent: Some(parent), flags },
            None => Self { trace_id, span_id, parent: None, flags: SAMPLED },
        }
    }

    /// What the command finds in `TRACEPARENT`: it is a child of this run.
    pub(crate) fn header(&self) -> String {
        format!("00-{}-{}-{:02x}", hex(&self.trace_id), hex(&self.span_id), self.flags)
    }

    /// What the record says.
    pub(crate) fn record(&self) -> pm_record::Trace {
        pm_record::Trace {
            trace_id: hex(&self.trace_id),
            span_id: hex(&self.span_id),
            parent_span_id: self.parent.map(|parent| hex(&parent)),
            parent_execution_id: None,
        }
    }
}

/// The trace, the span and the flags of a header. One of a later version may go on after them.
fn parse(header: &[u8]) -> Option<([u8; 16], [u8; 8], u8)> {
    let (fields, rest) = header.split_at_checked(55)?;
    let [version] = bytes(&fields[..2])?;
    let complete = match version {
        0 => rest.is_empty(),
        0xff => false,
        _ => rest.first().is_none_or(|&next| next == b'-'),
    };
    let separated = [2, 35, 52].iter().all(|&place| fields[place] == b'-');
    let (trace_id, span_id) = (bytes(&fields[3..35])?, bytes(&fields[36..52])?);
    let [flags] = bytes(&fields[53..])?;
    let valid = complete && separated && trace_id != [0; 16] && span_id != [0; 8];
    valid.then_some((trace_id, span_id, flags & KNOWN_FLAGS))
}

/// Reads two lowercase hexadecimal digits a byte.
fn bytes<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

fn digit(character: u8) -> Option<u8> {
    match character {
        b'0'..=b'9' => Some(character - b'0'),
        b'a'..=b'f' => Some(character - b'a' + 10),
        _ => None,
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const SPAN: &str = "00f0674409102371";
    const RANDOM: [u8; 24] = [0xab; 24];

    /// Holds the header that a command gets against `expected`, if one starts its wrapper with `traceparent`.
    #[track_caller]
    fn check(traceparent: &str, expected: &str) {
        let context = TraceContext::child_of(Some(OsStr::new(traceparent)), RANDOM);
        assert_eq!(context.header(), expected, "{traceparent}");
    }

    #[track_caller]
    fn check_refused(traceparent: &str) {
        check(traceparent, &format!("00-{}-{}-01", "ab".repeat(16), "ab".repeat(8)));
    }

    #[test]
    fn a_run_is_a_child_of_what_started_it() {
        let header = format!("00-{TRACE}-{SPAN}-01");
        let context = TraceContext::child_of(Some(OsStr::new(&header)), RANDOM);
        let record = context.record();
        assert_eq!((record.trace_id.as_str(), record.parent_span_id.as_deref()), (TRACE, Some(SPAN)));
        assert_eq!(record.span_id, "ab".repeat(8));
        check(&header, &format!("00-{TRACE}-{}-01", "ab".repeat(8)));
    }

    #[test]
    fn a_run_that_nothing_traced_starts_a_sampled_trace_of_its_own() {
        let context = TraceContext::child_of(None, RANDOM);
        assert_eq!(context.record().parent_span_id, None);
        assert_eq!(context.header(), format!("00-{}-{}-01", "ab".repeat(16), "ab".repeat(8)));
    }

    #[test]
    fn known_flags_are_passed_on_and_others_are_cleared() {
        for (flags, passed) in [("00", "00"), ("01", "01"), ("02", "02"), ("ff", "03"), ("fc", "00")] {
            let expected = format!("00-{TRACE}-{}-{passed}", "ab".repeat(8));
            check(&format!("00-{TRACE}-{SPAN}-{flags}"), &expected);
        }
    }

    #[test]
    fn of_a_later_version_the_first_four_fields_count() {
        let expected = format!("00-{TRACE}-{}-01", "ab".repeat(8));
        for version in ["01", "cc", "fe"] {
            check(&format!("{version}-{TRACE}-{SPAN}-01"), &expected);
            check(&format!("{version}-{TRACE}-{SPAN}-01-what-comes-later"), &expected);
            check_refused(&format!("{version}-{TRACE}-{SPAN}-01x"));
        }
    }

    #[test]
    fn what_is_no_valid_header_starts_a_new_trace() {
        let good = format!("00-{TRACE}-{SPAN}-01");
        for length in 0..good.len() {
            check_refused(&good[..length]);
        }
        let bad = [
            format!("{good}-"),
            format!("{good}0"),
            format!(" {good}"),
            good.replacen("00", "ff", 1),
            good.replacen("00", "0g", 1),
            good.replacen("00", "FE", 1),
            good.to_uppercase(),
            good.replace('-', "_"),
            good.replace(TRACE, &"0".repeat(32)),
            good.replace(SPAN, &"0".repeat(16)),
            good.replace(SPAN, "00f067440910237é"),
            good.replace("-01", "-0x"),
            format!("00-{TRACE}{SPAN}--01"),
        ];
        for header in bad {
            check_refused(&header);
        }
    }

    #[test]
    fn chance_never_makes_an_identifier_of_zeros() {
        let record = TraceContext::child_of(None, [0; 24]).record();
        assert_eq!((record.trace_id, record.span_id), (format!("{:032x}", 1), format!("{:016x}", 1)));
    }

    proptest! {
        #[test]
        fn a_header_is_read_as_the_parent_of_the_next_run(first: [u8; 24], second: [u8; 24], flags: u8) {
            let begun = TraceContext { flags: flags & KNOWN_FLAGS, ..TraceContext::child_of(None, first) };
            let next = TraceContext::child_of(Some(OsStr::new(&begun.header())), second);
            prop_assert_eq!((next.trace_id, next.parent, next.flags), (begun.trace_id, Some(begun.span_id), begun.flags));
        }

        #[test]
        fn any_text_gives_a_header_of_the_one_form(text: String, cut in 0..60_usize, put in "[0-9a-f-]{0,60}", random: [u8; 24]) {
            for traceparent in [text, format!("{}{put}", &format!("00-{TRACE}-{SPAN}-01")[..cut.min(55)])] {
                let context = TraceContext::child_of(Some(OsStr::new(&traceparent)), random);
                prop_assert!(parse(context.header().as_bytes()).is_some(), "{}", traceparent);
            }
        }
    }
}
