//! What is known of each group of runs: all of it together, window by window, and since when it is another.

use indexmap::IndexMap;
use indexmap::map::Entry;
use pm_record::{
    ChangeDirection, MetricSummary, PerformanceChange, PerformanceSummary, Scalar, Thousandths, Timestamp,
    Window,
};

use crate::report::{LONGEST_LABEL, kept};
use crate::verdicts::is_window_of;

use super::left_out::LeftOut;

/// How many groups are kept; runs of those beyond only count.
pub(crate) const MOST: usize = 1_000;

/// How many windows of a group are kept: 30 days of hours, and some.
const MOST_POINTS: usize = 1_000;

/// How many changes of a group.
const MOST_CHANGES: usize = 50;

/// The metric of durations.
pub(crate) const DURATION: &str = "duration.total_ms";

/// Every group, by its name.
#[derive(Debug, Default)]
pub(crate) struct Commands {
    all: IndexMap<String, Command>,
    left_out: LeftOut,
}

/// One group of runs.
#[derive(Debug, Default)]
pub(crate) struct Command {
    /// The summary of all of its time.
    pub(crate) whole: Option<Box<PerformanceSummary>>,
    /// Its windows, in order of time.
    pub(crate) points: Vec<Point>,
    /// Since when its times are others.
    pub(crate) changes: Vec<Change>,
}

/// A window of a group: what is drawn of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Point {
    pub(crate) window: Window,
    pub(crate) runs: u64,
    pub(crate) failures: u64,
    pub(crate) duration: Option<MetricSummary>,
    /// The largest peak.
    pub(crate) memory_mb: Option<Thousandths>,
    /// The mean.
    pub(crate) cpu_ms: Option<Thousandths>,
    pub(crate) requests: Option<Thousandths>,
}

/// A place in time since which times are others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) at: Timestamp,
    pub(crate) direction: ChangeDirection,
    pub(crate) percentage: Option<Thousandths>,
}

impl Commands {
    pub(crate) fn push_summary(&mut self, summary: PerformanceSummary) {
        let name = name(&summary.by);
        match self.of(&name) {
            Some(command) => command.push(Box::new(summary)),
            None => self.left_out.push(name, summary.window, summary.count),
        }
    }

    pub(crate) fn push_change(&mut self, change: &PerformanceChange) {
        if change.metric != DURATION || !change.by.is_empty() {
            return;
        }
        let Some(command) = self.of(&kept(&change.command, LONGEST_LABEL)) else { return };
        if command.changes.len() < MOST_CHANGES {
            command.changes.push(Change {
                at: change.timestamp,
                direction: change.direction,
                percentage: change.change_percentage,
            });
        }
    }

    fn of(&mut self, name: &str) -> Option<&mut Command> {
        let is_full = self.all.len() >= MOST;
        match self.all.entry(name.to_owned()) {
            Entry::Vacant(_) if is_full => None,
            entry => Some(entry.or_default()),
        }
    }

    /// Those that have runs: those that took most time together first, then by name.
    pub(crate) fn sorted(&self) -> Vec<(&str, &Command)> {
        let mut all: Vec<_> = self.all.iter().map(|(name, command)| (name.as_str(), command)).collect();
        all.retain(|(_, command)| command.runs() > 0);
        all.sort_by_key(|(name, command)| (std::cmp::Reverse(command.time()), *name));
        all
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.all.values().all(|command| command.runs() == 0)
    }

    /// How many runs there were, those that are not told of too.
    pub(crate) fn runs(&self) -> u64 {
        self.all.values().fold(self.left_out.runs(), |sum, command| sum.saturating_add(command.runs()))
    }

    /// How many of them failed, of those that are told of.
    pub(crate) fn failures(&self) -> u64 {
        self.all.values().fold(0, |sum, command| sum.saturating_add(command.failures()))
    }

    /// The sum of all durations, in thousandths of a millisecond, and how many there are.
    pub(crate) fn durations(&self) -> (i128, u64) {
        let all = self.all.values().flat_map(Command::durations);
        all.fold((0, 0), |(sum, count), duration| (sum + i128::from(duration.sum.0), count + duration.count))
    }

    /// How many runs belong to groups that are not told of.
    pub(crate) fn left_out(&self) -> u64 {
        self.left_out.runs()
    }

    /// The time that all groups are about together.
    pub(crate) fn window(&self) -> Option<Window> {
        let windows = self.all.values().filter_map(Command::window);
        windows.reduce(|one, other| Window { start: one.start.min(other.start), end: one.end.max(other.end) })
    }
}

impl Command {
    /// Takes in a summary. The one whose window is longer than all others is that of the whole.
    fn push(&mut self, summary: Box<PerformanceSummary>) {
        match &self.whole {
            None if self.points.is_empty() => self.whole = Some(summary),
            Some(whole) if is_window_of(summary.window, whole.window) => self.add(Point::of(&summary)),
            Some(whole) if is_window_of(whole.window, summary.window) => {
                let point = Point::of(whole);
                self.add(point);
                self.whole = Some(summary);
            }
            // Neither holds the other: both are windows of a whole that is not here yet.
            Some(whole) => {
                let point = Point::of(whole);
                self.whole = None;
                self.add(point);
                self.add(Point::of(&summary));
            }
            None if self.points.iter().all(|point| is_window_of(point.window, summary.window)) => {
                self.whole = Some(summary);
            }
            None => self.add(Point::of(&summary)),
        }
    }

    fn add(&mut self, point: Point) {
        if self.points.len() >= MOST_POINTS {
            return;
        }
        let place = self.points.partition_point(|other| other.window <= point.window);
        self.points.insert(place, point);
    }

    fn window(&self) -> Option<Window> {
        match &self.whole {
            Some(whole) => Some(whole.window),
            None => {
                Some(Window { start: self.points.first()?.window.start, end: self.points.last()?.window.end })
            }
        }
    }

    pub(crate) fn runs(&self) -> u64 {
        match &self.whole {
            Some(whole) => whole.count,
            None => self.points.iter().fold(0, |sum, point| sum.saturating_add(point.runs)),
        }
    }

    pub(crate) fn failures(&self) -> u64 {
        match &self.whole {
            Some(whole) => whole.failures,
            None => self.points.iter().fold(0, |sum, point| sum.saturating_add(point.failures)),
        }
    }

    /// The durations of the whole, or else of every window.
    fn durations(&self) -> impl Iterator<Item = &MetricSummary> {
        let whole = self.whole.as_ref().map(|whole| whole.metrics.get(DURATION));
        let points = if whole.is_none() { &self.points[..] } else { &[] };
        whole.into_iter().flatten().chain(points.iter().filter_map(|point| point.duration.as_ref()))
    }

    /// How long all runs took together, in thousandths of a millisecond.
    pub(crate) fn time(&self) -> i64 {
        self.durations().fold(0, |sum, duration| sum.saturating_add(duration.sum.0))
    }

    /// The same without the runs that ran inside of other recorded runs, whose time holds theirs.
    pub(crate) fn own_time(&self) -> i64 {
        let nested = self.whole.as_ref().and_then(|whole| whole.nested_duration.as_ref());
        self.time().saturating_sub(nested.map_or(0, |nested| nested.sum.0))
    }

    /// A metric of the whole.
    pub(crate) fn metric(&self, name: &str) -> Option<&MetricSummary> {
        self.whole.as_ref()?.metrics.get(name)
    }
}

impl Point {
    fn of(summary: &PerformanceSummary) -> Self {
        let metric = |name: &str| summary.metrics.get(name);
        Self {
            window: summary.window,
            runs: summary.count,
            failures: summary.failures,
            duration: metric(DURATION).cloned(),
            memory_mb: metric("resource_usage.peak_memory_mb").and_then(|memory| memory.max),
            cpu_ms: metric("resource_usage.cpu_time_ms").and_then(|cpu| cpu.mean),
            requests: summary.api_totals.get("requests_made").copied(),
        }
    }
}

/// The command, and further labels where there are any.
fn name(by: &indexmap::IndexMap<String, Scalar>) -> String {
    let text = |value: &Scalar| if value.is_null() { "—".to_owned() } else { value.to_string() };
    let command = by.get("command").map(text);
    let others = by.iter().filter(|(field, _)| *field != "command");
    let others: Vec<_> = others.map(|(field, value)| format!("{field}={}", text(value))).collect();
    let name = match (command, others.is_empty()) {
        (Some(command), true) => command,
        (Some(command), false) => format!("{command} ({})", others.join(", ")),
        (None, false) => others.join(", "),
        (None, true) => "all".to_owned(),
    };
    kept(&name, LONGEST_LABEL)
}

#[cfg(test)]
mod tests {
    use pm_record::Record;
    use proptest::prelude::*;

    use super::*;

    fn summary(from: i64, to: i64, count: u64) -> PerformanceSummary {
        let time = |hours: i64| Timestamp::from_millis(hours * 3_600_000);
        let line = format!(
            r#"{{"performance_summary":{{"by":{{"command":"status"}},"window":{{"start":"{}","end":"{}"}},"count":{count}}}}}"#,
            time(from),
            time(to)
        );
        match Record::parse(line.as_bytes()) {
            Ok(Record::Summary(summary)) => *summary,
            other => panic!("{line} is a summary, not {other:?}"),
        }
    }

    proptest! {
        #[test]
        fn the_whole_is_told_from_its_windows_in_whatever_order_they_come(
            order in Just((0..13_usize).collect::<Vec<_>>()).prop_shuffle(), has_whole: bool,
        ) {
            let mut commands = Commands::default();
            for place in order {
                match i64::try_from(place) {
                    Ok(12) if has_whole => commands.push_summary(summary(0, 12, 78)),
                    Ok(12) | Err(_) => {}
                    Ok(hour) => commands.push_summary(summary(hour, hour + 1, u64::try_from(hour + 1).expect("a count"))),
                }
            }
            let all = commands.sorted();
            prop_assert_eq!(all.len(), 1);
            let (name, command) = all[0];
            prop_assert_eq!((name, command.runs(), command.points.len()), ("status", 78, 12));
            prop_assert_eq!(command.whole.is_some(), has_whole);
            prop_assert!(command.points.iter().zip(1..).all(|(point, runs)| point.runs == runs));
        }
    }

    #[test]
    fn a_run_of_a_group_that_is_left_out_counts_once_in_whatever_order_its_summaries_come() {
        let named = |name: &str, from, to, count| {
            let mut summary = summary(from, to, count);
            summary.by.insert("command".to_owned(), Scalar::Text(name.to_owned()));
            summary
        };
        let told = [(0, 2, 5), (0, 1, 2), (1, 2, 3)];
        for order in [[0, 1, 2], [1, 0, 2], [1, 2, 0]] {
            let mut commands = Commands::default();
            for number in 0..MOST {
                commands.push_summary(named(&number.to_string(), 0, 2, 1));
            }
            for place in order {
                let (from, to, count) = told[place];
                commands.push_summary(named("one too many", from, to, count));
                commands.push_summary(named("and another", from, to, count));
            }
            assert_eq!((commands.left_out(), commands.runs()), (10, 1010), "{order:?}");
        }
    }

    #[test]
    fn a_summary_alone_is_the_whole() {
        let mut commands = Commands::default();
        commands.push_summary(summary(0, 24, 5));
        let (_, command) = commands.sorted()[0];
        assert_eq!((command.whole.is_some(), command.points.len()), (true, 0));
    }
}
