//! `--changes --window`: changes of medians by the hour or by the day, which rollups of the store can tell too.
//!
//! Many runs become one value, so that a month costs as much as it has days. A change is then only known to
//! within a window, and a level has as many values as it has windows.

use std::borrow::Cow;
use std::io::Write;

use pm_cli::{Exit, Streams};
use pm_record::{ChangeDirection, PerformanceChange, Record, Timestamp};
use pm_stats::{ChangePoint, change_points};

use super::record;
use crate::config::Config;
use crate::groups::Entry;
use crate::{Error, read_all, tell};

/// Finds changes of medians, and says so.
pub(super) fn run(config: &Config, exit_code: bool, io: &mut Streams) -> Result<Exit, Error> {
    let (mut groups, account) = read_all(config, io)?;
    let entries = groups.finish();
    let mut exit = Exit::Done;
    for series in entries.chunk_by(|(one, _), (other, _)| one.by == other.by) {
        for metric in &config.judged {
            for record in changes(config, series, metric) {
                if exit_code && record.direction == ChangeDirection::Regression {
                    exit = Exit::Yes;
                }
                io.output.write_all(&Record::Change(Box::new(record)).to_line()).map_err(Error::Write)?;
            }
        }
    }
    tell(&groups, &account, io);
    account.failure(io.interrupted().is_some()).map_or(Ok(exit), |failure| Err(Error::Read(failure)))
}

fn changes(config: &Config, series: &[Entry], metric: &str) -> Vec<PerformanceChange> {
    let key = &series[0].0.by;
    // The nested runs of a command stand beside the others of their window, and count like them.
    let windows = series.chunk_by(|(one, _), (other, _)| one.window == other.window);
    let points: Vec<(Timestamp, f64)> =
        windows.filter_map(|parts| Some((parts[0].0.window, median(parts, config, metric)?))).collect();
    let values: Vec<f64> = points.iter().map(|&(_, value)| value).collect();
    let time = |place: usize| points[place].0;
    let found = change_points(&values);
    let record = |change: &ChangePoint| {
        let times = [change.at, change.between.0, change.between.1].map(time);
        record(config, key, metric, change, times)
    };
    found.iter().map(record).collect()
}

fn median(parts: &[Entry], config: &Config, metric: &str) -> Option<f64> {
    let mut kept = parts.iter().filter_map(|(_, group)| group.distribution(metric, &config.columns));
    let first = kept.next()?;
    let all = kept.fold(Cow::Borrowed(first), |mut all, other| {
        all.to_mut().merge(other);
        all
    });
    all.median()
}
