//! `performance compare`: what commands cost beside what they did, for people.

use std::ffi::OsString;

use pm_cli::Instant;
use pm_record::{Timestamp, Window};
use pm_store::{Benchmarks, Store};

use crate::Error;
use crate::args::CompareArgs;
use crate::invocation::Invocation;
use crate::pipeline::{Pipeline, Stage};
use crate::report::find;
use crate::surroundings::Surroundings;
use crate::timeframe::Timeframe;

/// Without any baseline it is this long before what is current, in milliseconds.
const BEFORE: i64 = 7 * 24 * 3_600_000;

/// What is held against what.
struct Sides {
    /// As `pm-aggregate --compare` takes it.
    baseline: OsString,
    /// It, in words.
    name: String,
}

/// The pipeline that compares.
pub(crate) fn plan(args: &CompareArgs, here: &Surroundings) -> Result<Pipeline, Error> {
    let store = here.store_or(args.from.as_deref())?;
    let day = Timeframe::Day.window(here.now);
    let Sides { baseline, name } = match &args.baseline {
        Some(typed) => {
            let baseline = absolute(typed, here.now);
            Sides { name: typed.clone(), baseline: baseline.into() }
        }
        None => by_default(&store, day)?,
    };
    let joined = |flag: &str, value: OsString| {
        let mut word = OsString::from(flag);
        word.push(value);
        word
    };
    let mut words = vec![joined("--store=", store.root().into()), joined("--compare=", baseline)];
    let current = if let Some(typed) = &args.current {
        words.push(joined("--current=", absolute(typed, here.now).into()));
        typed
    } else {
        words.extend([format!("--since={}", day.start).into(), format!("--until={}", day.end).into()]);
        "the last 24 hours"
    };
    if !args.metric.is_empty() {
        words.push(format!("--metric={}", args.metric.join(",")).into());
    }
    words.extend(args.across_machines.then(|| "--across-machines".into()));
    words.extend(args.exit_code.then(|| "--exit-code".into()));
    let title = format!("Comparison of {current} with {name}");
    let form = [format!("--as={}", args.form.word()), format!("--title={title}")];
    Ok(Pipeline {
        stages: vec![
            Stage(vec![Invocation::new(find(here, "pm-aggregate")?, words)]),
            Stage(vec![Invocation::new(find(here, "pm-report")?, form)]),
        ],
    })
}

/// What is compared with if nobody says: the day of the baseline, its limits, or the time before.
fn by_default(store: &Store, current: Window) -> Result<Sides, Error> {
    let benchmarks = Benchmarks::of(store)?;
    if let Some(date) = &benchmarks.baseline.date
        && let Ok(Instant::At(start)) = date.parse()
    {
        let end = Timestamp::from_millis(start + 24 * 3_600_000);
        if end <= current.start && store.has_day(Timestamp::from_millis(start))? {
            return Ok(Sides { baseline: date.into(), name: date.clone() });
        }
    }
    if benchmarks.commands.values().any(|limits| limits.baseline_ms.is_some()) {
        let path = store.root().join("benchmarks.yml");
        return Ok(Sides { baseline: path.into(), name: "the baselines of benchmarks.yml".to_owned() });
    }
    let start = Timestamp::from_millis(current.start.as_millis().saturating_sub(BEFORE));
    let baseline = format!("{start}..{}", current.start).into();
    Ok(Sides { baseline, name: "the 7 days before".to_owned() })
}

/// What was typed, with points in time that depend on now spelled out.
fn absolute(typed: &str, now: i64) -> String {
    let spell = |text: &str| match text.trim().parse() {
        Ok(instant @ Instant::Ago(_)) => Timestamp::from_millis(instant.millis(now)).to_string(),
        _ => text.to_owned(),
    };
    match typed.split_once("..") {
        Some((from, to)) => format!("{}..{}", spell(from), spell(to)),
        None => typed.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_depends_on_now_is_spelled_out() {
        let now = 864_000_000;
        assert_eq!(absolute("2 days ago..now", now), "1970-01-09T00:00:00.000Z..1970-01-11T00:00:00.000Z");
        for text in ["2026-11-01", "2026-11-01..2026-11-07", "version=2.0.0", "old.ndjson", "../old.ndjson"] {
            assert_eq!(absolute(text, now), text);
        }
    }
}
