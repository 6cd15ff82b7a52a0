//! How values are distributed: exact moments, exact counts between fixed bounds, and what a receiver needs beside them.
//!
//! Bounds are counted, and not derived from a sketch, because its edges are others: what a bucket of Prometheus says
//! is exact. The cost is one search among some twenty bounds for each value.

use pm_stats::Moments;

use crate::catalog::Scale;
use crate::exponential::Sketch;

/// The bounds of a histogram's buckets: in thousandths, as values are, and as they are written.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Bounds {
    pub(crate) thousandths: Vec<i64>,
    pub(crate) units: Vec<f64>,
}

/// A run that stands for a bucket: where its trace can be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Exemplar {
    /// 32 hexadecimal digits.
    pub(crate) trace_id: [u8; 32],
    /// In thousandths.
    pub(crate) value: i64,
    /// In milliseconds since the Unix epoch.
    pub(crate) at: i64,
}

/// What is kept beside moments and buckets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Detail {
    #[default]
    None,
    /// The counts of an exponential histogram.
    Sketch,
    /// Every value: only where few come together.
    Values,
}

/// The values of one series.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Spread {
    pub(crate) moments: Moments,
    /// Of each bucket, the last one without an upper bound.
    pub(crate) counts: Vec<u64>,
    pub(crate) sketch: Option<Sketch>,
    /// Every value, where they are kept.
    pub(crate) values: Vec<i64>,
    keeps_values: bool,
    /// Of each bucket the newest, once there is one.
    pub(crate) exemplars: Vec<Option<Exemplar>>,
}

impl Exemplar {
    /// None if that is no trace id.
    pub(crate) fn new(trace_id: &[u8], value: i64, at: i64) -> Option<Self> {
        let trace_id: [u8; 32] = trace_id.try_into().ok()?;
        let is_one =
            trace_id.iter().all(u8::is_ascii_hexdigit) && trace_id.iter().any(|&digit| digit != b'0');
        is_one.then_some(Self { trace_id, value, at })
    }
}

impl Spread {
    pub(crate) fn new(bounds: &Bounds, detail: Detail) -> Self {
        Self {
            moments: Moments::default(),
            counts: vec![0; bounds.thousandths.len() + 1],
            sketch: (detail == Detail::Sketch).then(Sketch::default),
            values: Vec::new(),
            keeps_values: detail == Detail::Values,
            exemplars: Vec::new(),
        }
    }

    /// Counts one value, in thousandths.
    #[inline]
    pub(crate) fn push(&mut self, bounds: &Bounds, scale: Scale, value: i64) -> usize {
        self.moments.push(value);
        let bucket = bounds.thousandths.partition_point(|&bound| bound < value);
        if let Some(count) = self.counts.get_mut(bucket) {
            *count = count.saturating_add(1);
        }
        if let Some(sketch) = &mut self.sketch {
            sketch.push(scale.apply(value.into()));
        }
        if self.keeps_values {
            self.values.push(value);
        }
        bucket
    }

    /// One that was kept by an earlier run.
    pub(crate) fn restored(moments: Moments, counts: Vec<u64>, sketch: Option<Sketch>) -> Self {
        Self { moments, counts, sketch, values: Vec::new(), keeps_values: false, exemplars: Vec::new() }
    }

    /// Keeps an exemplar for a bucket, unless it has a newer one.
    pub(crate) fn keep(&mut self, bucket: usize, exemplar: Exemplar) {
        if self.exemplars.is_empty() {
            self.exemplars.resize(self.counts.len(), None);
        }
        if let Some(kept) = self.exemplars.get_mut(bucket)
            && kept.as_ref().is_none_or(|kept| kept.at <= exemplar.at)
        {
            *kept = Some(exemplar);
        }
    }

    /// How many values are at most at each bound, and at last how many there are.
    pub(crate) fn cumulative(&self) -> impl Iterator<Item = u64> {
        self.counts.iter().scan(0_u64, |total, &count| {
            *total = total.saturating_add(count);
            Some(*total)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds() -> Bounds {
        Bounds { thousandths: vec![1_000, 2_000], units: vec![1.0, 2.0] }
    }

    #[test]
    fn a_value_on_a_bound_belongs_below_it() {
        let mut spread = Spread::new(&bounds(), Detail::None);
        let buckets =
            [0, 1_000, 1_001, 2_000, 2_001, i64::MAX].map(|value| spread.push(&bounds(), Scale::One, value));
        assert_eq!(buckets, [0, 0, 1, 1, 2, 2]);
        assert_eq!(spread.cumulative().collect::<Vec<_>>(), [2, 4, 6]);
    }

    #[test]
    fn the_newest_exemplar_of_a_bucket_stays() {
        let mut spread = Spread::new(&bounds(), Detail::None);
        let of = |at| Exemplar::new(b"4bf92f3577b34da6a3ce929d0e0e4736", 5, at).expect("a trace id");
        for at in [2, 3, 1] {
            spread.keep(1, of(at));
        }
        assert_eq!(spread.exemplars, [None, Some(of(3)), None]);
    }

    #[test]
    fn what_is_no_trace_id_is_no_exemplar() {
        for text in
            ["", "4bf92f3577b34da6", "00000000000000000000000000000000", "4bf92f3577b34da6a3ce929d0e0e473\""]
        {
            assert_eq!(Exemplar::new(text.as_bytes(), 1, 1), None, "{text}");
        }
    }
}
