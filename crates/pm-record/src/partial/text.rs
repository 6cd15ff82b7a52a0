//! The text of a partial result as we write it: one order of keys, no spaces, no number in two ways.
//!
//! Everything here answers `None` where anything is otherwise, be it wrong or only written by somebody else.

use std::sync::LazyLock;

use memchr::memmem::Finder;
use pm_stats::{Buckets, Distribution, Histogram, Moments, Sample};

use super::MetricState;

/// How the part of a line begins that is about a metric.
pub(super) const METRIC: &[u8] = b",\"metric\":\"";

/// How it begins if it has the group's counts.
const COUNTS: &[u8] = b",\"group\":";

static FIND_METRIC: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(METRIC));
static FIND_COUNTS: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(COUNTS));

/// Cuts a line into what makes the group and what is said of it. Neither of the two marks can stand inside of a
/// string, where a quotation mark has a backslash before it.
pub(super) fn split(line: &[u8]) -> Option<(&[u8], &[u8])> {
    // What makes the group is short, while the other part may be long and would be searched in vain.
    let beginning = &line[..line.len().min(LONGEST_PREFIX)];
    let at = FIND_METRIC.find(beginning).or_else(|| FIND_COUNTS.find(beginning))?;
    Some(line.split_at(at))
}

const LONGEST_PREFIX: usize = 4096;

/// Whether the second part begins here.
pub(super) fn begins_tail(tail: &[u8]) -> bool {
    tail.starts_with(METRIC) || tail.starts_with(COUNTS)
}

/// The counts as they stand in the second part.
pub(super) fn counts(tail: &[u8]) -> Option<&[u8]> {
    tail.strip_prefix(COUNTS)?.strip_suffix(b"}}")
}

/// What is left of a line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text<'a>(&'a [u8]);

impl<'a> Text<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self(text)
    }

    /// Steps over these bytes.
    #[inline]
    pub(super) fn take(&mut self, bytes: &[u8]) -> Option<()> {
        self.0 = self.0.strip_prefix(bytes)?;
        Some(())
    }

    /// Whether these bytes came, and were stepped over.
    #[inline]
    fn takes(&mut self, bytes: &[u8]) -> bool {
        self.take(bytes).is_some()
    }

    /// These bytes are all that is left.
    pub(super) fn end(self, bytes: &[u8]) -> Option<()> {
        (self.0 == bytes).then_some(())
    }

    /// A text up to its quotation mark, if it means what it looks like.
    pub(super) fn name(&mut self) -> Option<&'a str> {
        let is_plain = |&byte: &u8| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\';
        let length = self.0.iter().take_while(|byte| is_plain(byte)).count();
        let (name, rest) = self.0.split_at(length);
        self.0 = rest;
        str::from_utf8(name).ok()
    }

    /// A number of so many digits at most that it surely fits, in its only form: without zeros before it.
    #[inline]
    fn unsigned(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        let mut length = 0;
        while let Some(digit) =
            self.0.get(length).map(|byte| byte.wrapping_sub(b'0')).filter(|&digit| digit < 10)
        {
            number = number.wrapping_mul(10).wrapping_add(digit.into());
            length += 1;
        }
        let plain = (1..=18).contains(&length) && (self.0[0] != b'0' || length == 1);
        self.0 = &self.0[length..];
        plain.then_some(number)
    }

    #[inline]
    fn signed(&mut self) -> Option<i64> {
        let negative = self.takes(b"-");
        let number = i64::try_from(self.unsigned()?).ok()?;
        if negative { (number > 0).then_some(-number) } else { Some(number) }
    }

    /// A number of more digits, between quotation marks.
    fn quoted(&mut self) -> Option<i128> {
        self.take(b"\"")?;
        let length = memchr::memchr(b'"', self.0)?;
        let (text, rest) = self.0.split_at(length);
        self.0 = &rest[1..];
        let digits = text.strip_prefix(b"-").unwrap_or(text);
        let is_plain = digits.iter().all(u8::is_ascii_digit) && (digits != b"0" || text == digits);
        // No digit is lost among so many, and there are no zeros before them.
        if !is_plain || !(1..=38).contains(&digits.len()) || (digits[0] == b'0' && digits.len() > 1) {
            return None;
        }
        str::from_utf8(text).ok()?.parse().ok()
    }

    /// A metric's state, its buckets in `spare`, which is empty.
    pub(super) fn state(&mut self, spare: &mut Histogram) -> Option<MetricState> {
        self.take(b"{\"count\":")?;
        let count = self.unsigned()?;
        self.take(b",\"sum\":")?;
        let sum = self.quoted()?;
        self.take(b",\"sum_of_squares\":")?;
        let squares = u128::try_from(self.quoted()?).ok()?;
        self.take(b",\"min\":")?;
        let min = self.signed()?;
        self.take(b",\"max\":")?;
        let max = self.signed()?;
        let moments = Moments::from_parts(count, sum, squares, Some((min, max)))?;
        let sample = if self.takes(b"}") {
            return Some(MetricState::Moments(moments));
        } else if self.takes(b",\"values\":[") {
            Sample::Values(self.values()?)
        } else {
            self.histogram(spare)?;
            Sample::Histogram(std::mem::take(spare))
        };
        self.take(b"}")?;
        Distribution::from_parts(&moments, sample).map(MetricState::Distribution)
    }

    /// The rest of a list of values.
    fn values(&mut self) -> Option<Vec<i64>> {
        let mut values = vec![self.signed()?];
        while self.takes(b",") {
            values.push(self.signed()?);
        }
        self.take(b"]")?;
        Some(values)
    }

    fn histogram(&mut self, histogram: &mut Histogram) -> Option<()> {
        self.take(b",\"histogram\":{\"scale\":7,\"zero\":")?;
        histogram.zero = self.unsigned()?;
        self.take(b",\"positive\":[")?;
        self.buckets(&mut histogram.positive)?;
        if self.takes(b",\"negative\":[") {
            self.buckets(&mut histogram.negative)?;
        }
        self.take(b"}")
    }

    /// The rest of a list of buckets: each an index and its count, rising.
    fn buckets(&mut self, buckets: &mut Buckets) -> Option<()> {
        if self.takes(b"]") {
            return Some(());
        }
        let mut total = 0_u64;
        loop {
            self.take(b"[")?;
            let index = i32::try_from(self.signed()?).ok().filter(|index| Buckets::RANGE.contains(index))?;
            self.take(b",")?;
            let count = self.unsigned()?;
            total = total.checked_add(count)?;
            buckets.add(index, count);
            if !self.takes(b"],") {
                return self.take(b"]]");
            }
        }
    }
}
