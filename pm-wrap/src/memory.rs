//! The memory of the command's whole tree: readings over time, and the kernel's high-water marks beside
//! them.
//!
//! A sum over the tree at one moment shows what processes held together, but falls between two spikes; a
//! high-water mark misses no spike, but is that of one process alone. The peak is the larger of the two.
//! A sum of resident sizes counts a page as often as it is shared, so where there is time to read them,
//! proportional sizes take its place.

use std::time::Duration;

use pm_record::Thousandths;

use crate::amounts::{mebibytes, mebibytes_of_mean};

/// Where a figure comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// The sum of the tree's resident sizes.
    Rss,
    /// The sum of its proportional sizes.
    Pss,
    /// The largest process that was waited for.
    Rusage,
    /// The largest high-water mark of a living process.
    Hwm,
}

impl Source {
    const ALL: [(Self, &str); 4] =
        [(Self::Rss, "rss"), (Self::Pss, "pss"), (Self::Rusage, "rusage"), (Self::Hwm, "hwm")];
}

/// What is said of a run's memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MemoryUse {
    pub(crate) peak_mb: Option<Thousandths>,
    pub(crate) average_mb: Option<Thousandths>,
    /// The sources that took part, the one that gave the peak first.
    pub(crate) source: String,
    pub(crate) samples: u64,
}

/// The readings so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Memory {
    /// The largest of each source, in KiB, in the order of [`Source::ALL`].
    largest: [Option<u64>; 4],
    first: Option<Duration>,
    last: Option<(Duration, u64)>,
    /// Twice KiB times microseconds, over the time that is accounted for.
    held_twice: u128,
    samples: u64,
}

impl Memory {
    /// The tree held `kib` at one moment; on the way from one reading to the next it is taken to have changed
    /// evenly.
    pub(crate) fn sample(&mut self, at: Duration, kib: u64, source: Source) {
        self.account(at, kib);
        self.first.get_or_insert(at);
        self.last = Some((at, kib));
        self.samples += 1;
        self.mark(source, kib);
    }

    /// The tree held `proportional` KiB when its resident sizes came to `resident`. Earlier sums, which count shared
    /// pages more than once, are known better now: those up to about as large are replaced, and of larger ones the
    /// same part is taken to have been shared.
    pub(crate) fn refine(&mut self, resident: u64, proportional: u64) {
        let sums = &mut self.largest[Source::Rss as usize];
        *sums = sums
            .filter(|&sum| sum > resident.saturating_add(resident / 8))
            .map(|sum| sum.saturating_mul(proportional) / resident.max(1));
    }

    /// A process has held `kib`, whenever that was.
    pub(crate) fn mark(&mut self, source: Source, kib: u64) {
        let largest = &mut self.largest[source as usize];
        *largest = (*largest).max(Some(kib));
    }

    fn account(&mut self, until: Duration, now: u64) {
        if let Some((since, before)) = self.last {
            self.held_twice +=
                (u128::from(before) + u128::from(now)) * until.saturating_sub(since).as_micros();
        }
    }

    /// The figures of a run that has ended.
    pub(crate) fn finish(mut self, total: Duration) -> MemoryUse {
        if let Some((_, last)) = self.last {
            self.account(total, last);
        }
        let first = Source::ALL
            .iter()
            .zip(self.largest)
            .filter_map(|(&(_, name), kib)| Some((kib?, name)))
            .max_by_key(|&(kib, _)| kib);
        let others = Source::ALL.iter().zip(self.largest).filter(|(_, kib)| kib.is_some());
        let source = match first {
            Some((_, winner)) => others
                .map(|(&(_, name), _)| name)
                .filter(|&name| name != winner)
                .fold(winner.to_owned(), |list, name| list + "+" + name),
            None => "floor".to_owned(),
        };
        MemoryUse {
            peak_mb: first.map(|(kib, _)| mebibytes(kib)),
            // Sums that were refined later are still in the average.
            average_mb: self.average(total).min(first.map(|(kib, _)| mebibytes(kib))),
            source,
            samples: self.samples,
        }
    }

    /// The average over the time since the first reading.
    fn average(&self, total: Duration) -> Option<Thousandths> {
        let (_, last) = self.last?;
        let span = total.saturating_sub(self.first?).as_micros();
        Some(if span == 0 { mebibytes(last) } else { mebibytes_of_mean(self.held_twice, 2 * span) })
    }
}

/// When the tree is read next, after a reading at `now` that took `cost`.
///
/// Short commands are over before a slow rhythm has begun, so it is dense at first and then follows the
/// age of the command, 20 times a second at most from 100 ms on and twice a second at least. What reading
/// costs bounds it from below: a tenth of the time for a command of under 100 ms, a thousandth for any other.
///
/// A command that is traced waits for us now and then, and of each of its processes the kernel's mark is
/// read, so there the first readings are not as dense. Where processes are known by these readings alone, they stay
/// denser, and may cost a fiftieth of the time.
pub(crate) fn next_sample(now: Duration, cost: Duration, rhythm: Rhythm) -> Duration {
    let first = Duration::from_millis(if rhythm == Rhythm::Traced { 10 } else { 1 });
    let (pause, share) = match rhythm {
        _ if now < DENSE => ((now / 8).max(first), 10),
        Rhythm::Processes => ((now / 100).clamp(Duration::from_millis(5), Duration::from_millis(50)), 50),
        Rhythm::Memory | Rhythm::Traced => {
            ((now / 40).clamp(Duration::from_millis(50), Duration::from_millis(500)), 1000)
        }
    };
    now + pause.max((cost * share).min(LONGEST_PAUSE))
}

/// What the tree is read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rhythm {
    /// Its memory.
    Memory,
    /// The same, of a command that is traced as well.
    Traced,
    /// Who is there.
    Processes,
}

/// How long the tree is read densely.
const DENSE: Duration = Duration::from_millis(100);

/// However large the tree, it is read this often.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    #[track_caller]
    fn check(samples: &[(u64, u64, Source)], marks: &[(Source, u64)], expected: (f64, Option<f64>, &str)) {
        let mut memory = Memory::default();
        for &(at, kib, source) in samples {
            memory.sample(ms(at), kib, source);
        }
        for &(source, kib) in marks {
            memory.mark(source, kib);
        }
        let used = memory.finish(ms(100));
        let (peak, average) =
            (used.peak_mb.map(Thousandths::to_f64), used.average_mb.map(Thousandths::to_f64));
        assert_eq!((peak, average, used.source.as_str()), (Some(expected.0), expected.1, expected.2));
    }

    #[test]
    fn the_peak_is_the_larger_of_the_tree_s_sum_and_the_largest_mark() {
        let together = [(10, 2048, Source::Rss), (50, 4096, Source::Rss)];
        check(&together, &[(Source::Rusage, 3072)], (4.0, Some(3.556), "rss+rusage"));
        check(&together, &[(Source::Rusage, 5120)], (5.0, Some(3.556), "rusage+rss"));
        check(&[], &[(Source::Rusage, 1024)], (1.0, None, "rusage"));
    }

    #[test]
    fn an_exact_reading_of_a_tree_as_large_replaces_sums_that_count_shared_pages_twice() {
        let mut memory = Memory::default();
        memory.sample(ms(1), 1_800_000, Source::Rss);
        memory.sample(ms(2), 220_000, Source::Pss);
        memory.refine(1_700_000, 220_000);
        assert_eq!(memory.clone().finish(ms(3)).source, "pss");
        memory.sample(ms(4), 1_024_000, Source::Rss);
        memory.refine(500_000, 250_000);
        let used = memory.finish(ms(5));
        assert_eq!((used.source.as_str(), used.peak_mb), ("rss+pss", Some(Thousandths(500_000))));
    }

    #[test]
    fn the_average_changes_evenly_between_two_readings() {
        check(&[(20, 1024, Source::Rss), (80, 5120, Source::Pss)], &[], (5.0, Some(3.5), "pss+rss"));
        check(&[(100, 1024, Source::Rss)], &[], (1.0, Some(1.0), "rss"));
    }

    #[test]
    fn without_any_reading_there_is_no_figure() {
        let used = Memory::default().finish(ms(1));
        assert_eq!((used.peak_mb, used.average_mb, used.source.as_str()), (None, None, "floor"));
    }

    #[test]
    fn a_long_command_is_read_twice_a_second() {
        assert_eq!(next_sample(ms(8_000), Duration::ZERO, Rhythm::Memory), ms(8_200));
        assert_eq!(next_sample(ms(3_600_000), Duration::ZERO, Rhythm::Memory), ms(3_600_500));
    }

    #[test]
    fn reading_is_dense_at_first_and_then_twenty_times_a_second_at_most() {
        let mut times = vec![ms(1)];
        while times[times.len() - 1] < Duration::from_secs(1) {
            times.push(next_sample(times[times.len() - 1], Duration::from_micros(20), Rhythm::Memory));
        }
        let dense = times.iter().filter(|&&at| at < DENSE).count();
        assert!((20..40).contains(&dense), "{dense}");
        assert!(times.len() - dense <= 20, "{}", times.len());
    }

    #[test]
    fn a_tree_that_is_dear_to_read_is_read_seldom() {
        assert_eq!(next_sample(ms(200), Duration::from_micros(100), Rhythm::Memory), ms(300));
        assert_eq!(next_sample(ms(50), ms(2), Rhythm::Memory), ms(70));
        assert_eq!(next_sample(ms(200), ms(100), Rhythm::Memory), ms(1200));
        assert_eq!(next_sample(ms(200), ms(1), Rhythm::Processes), ms(250));
    }
}
