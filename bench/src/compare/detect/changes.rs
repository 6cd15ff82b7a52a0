//! Change points: how good they are, how soon they are found, and how long that takes.

use std::ffi::OsString;

use pm_stats::{ChangePoint, change_points};

use super::super::goal::Goal;
use super::super::measure::CommandLine;
use super::super::{Bench, Error, machine};
use super::score::Score;
use crate::generator::draw::Draw;
use crate::series::{Kind, Series, series};

/// Series of these seeds were used to tune the method and the peers: 1, 2, 3. These are not.
const JUDGED: u64 = 8_140_232;

/// So many series of each kind: 680 in all.
const OF_EACH: usize = 40;

/// So many series of each kind in which nothing changes.
const NULLS_OF_EACH: usize = 400;

/// The peers, by their names for `bench/peers/detect.py`.
const PEERS: [(&str, &str); 4] = [
    ("otava", "Apache Otava, its defaults"),
    ("otava-tuned", "Apache Otava, window 200, p 1e-6"),
    ("otava-logs", "the same on logarithms"),
    ("ruptures", "ruptures, rbf kernel on logarithms"),
];

pub(super) fn compare(bench: &mut Bench<'_>) -> Result<(), Error> {
    let all = series(JUDGED, OF_EACH);
    bench.title(&format!("Change points in {} series that were never used for tuning", all.len()))?;
    bench.say(&format!(
        "\n  {:<36} {:>6} {:>9} {:>10} {:>26} {:>10}\n",
        "", "F1", "covering", "pooled F1", "false alarms/1,000 points", "of these*"
    ))?;
    let changes: Vec<Vec<ChangePoint>> = all.iter().map(|series| change_points(&series.values)).collect();
    let ours: Vec<Vec<usize>> =
        changes.iter().map(|found| found.iter().map(|one| one.at).collect()).collect();
    let found = Found::new(&all, &ours);
    bench.say(&found.line("pm-stats"))?;
    let mut best = None::<f64>;
    for (name, title) in PEERS {
        match peer(bench, name, &all)? {
            Some(theirs) => {
                let theirs = Found::new(&all, &theirs);
                best = Some(best.unwrap_or(0.0).max(theirs.score.f1()));
                bench.say(&theirs.line(title))?;
            }
            None => bench.left_out(title)?,
        }
    }
    bench.say("  * on plain series, with outliers, and with two modes\n\n")?;
    bench.judge(Goal::at_least(0.93, "", "change points, F1").is(found.score.f1()))?;
    bench.judge(Goal::at_least(0.935, "", "change points, covering").is(found.score.covering()))?;
    bench.judge(Goal::at_least(0.82, "", "change points, pooled F1").is(found.score.pooled_f1()))?;
    false_alarms(bench)?;
    let ahead = best.map(|best| found.score.f1() - best);
    bench.judge(Goal::at_least(0.0, "", "change points, F1 over the best peer's").is(ahead))?;
    let held = intervals_that_hold(&all, &changes);
    bench.judge(Goal::at_least(0.95, "", "intervals of found changes that hold the true place").is(held))?;
    delay(bench)?;
    time(bench)
}

/// False alarms are so rare that one alone would decide among the series above: they are counted in many more.
fn false_alarms(bench: &mut Bench<'_>) -> Result<(), Error> {
    let mut nulls = series(JUDGED + 3, NULLS_OF_EACH);
    nulls.retain(|series| series.kind.is_null());
    let found: Vec<Vec<usize>> = nulls.iter().map(|series| places(&series.values)).collect();
    let found = Found::new(&nulls, &found);
    let what = format!("in {} series without a change, false alarms per 1,000 points", nulls.len());
    bench.judge(Goal::at_most(0.15, "", what).is(found.alarms))?;
    bench.judge(
        Goal::at_most(0.03, "", "the same on plain, outlier and bimodal series").is(found.plain_alarms),
    )
}

/// How far a change may be from a true one to be taken for it.
const NEAR: usize = 25;

/// Of the true changes that were found, the share that lies in the interval of the nearest one.
fn intervals_that_hold(all: &[Series], found: &[Vec<ChangePoint>]) -> Option<f64> {
    let (mut matched, mut held) = (0_u32, 0_u32);
    for (series, found) in all.iter().zip(found) {
        for &truth in &series.changes {
            let near = found.iter().filter(|change| change.at.abs_diff(truth) <= NEAR);
            let Some(change) = near.min_by_key(|change| change.at.abs_diff(truth)) else { continue };
            matched += 1;
            held += u32::from((change.between.0..=change.between.1).contains(&truth));
        }
    }
    (matched > 0).then(|| f64::from(held) / f64::from(matched))
}

fn places(values: &[f64]) -> Vec<usize> {
    change_points(values).iter().map(|change| change.at).collect()
}

/// What came of all series.
struct Found {
    score: Score,
    /// False alarms per 1,000 points of series without a change; and of the plainest kinds of these.
    alarms: f64,
    plain_alarms: f64,
}

impl Found {
    fn new(all: &[Series], found: &[Vec<usize>]) -> Self {
        let mut score = Score::default();
        for (series, found) in all.iter().zip(found) {
            score.add(series.values.len(), &series.changes, found);
        }
        let alarms = |of: &dyn Fn(Kind) -> bool| {
            let some = all.iter().zip(found).filter(|(series, _)| of(series.kind));
            let (points, alarms) = some.fold((0, 0), |(points, alarms), (series, found)| {
                (points + series.values.len(), alarms + found.len())
            });
            1000.0 * alarms as f64 / points as f64
        };
        let is_plain = |kind| matches!(kind, Kind::Plain | Kind::Outliers | Kind::Bimodal);
        Self { score, alarms: alarms(&Kind::is_null), plain_alarms: alarms(&is_plain) }
    }

    fn line(&self, name: &str) -> String {
        let Self { score, alarms, plain_alarms } = self;
        let (f1, covering, pooled) = (score.f1(), score.covering(), score.pooled_f1());
        format!("  {name:<36} {f1:>6.3} {covering:>9.3} {pooled:>10.3} {alarms:>26.2} {plain_alarms:>10.3}\n")
    }
}

/// What a peer finds in each series; none if it is not installed.
fn peer(bench: &mut Bench<'_>, name: &str, all: &[Series]) -> Result<Option<Vec<Vec<usize>>>, Error> {
    let Some(python) = bench.args.python.clone() else { return Ok(None) };
    let module = if name == "ruptures" { "ruptures" } else { "otava" };
    let import = CommandLine::new("import", &python, ["-c", &format!("import {module}")]);
    if import.answer().is_err() {
        return Ok(None);
    }
    bench.progress(&format!("{name} looks at {} series", all.len()));
    let file = bench.in_work("series.json");
    let lines: Vec<String> = all.iter().map(|series| format!("{:?}", series.values)).collect();
    std::fs::write(&file, lines.join("\n")).map_err(|source| Error::file(&file, source))?;
    let words = [OsString::from("bench/peers/detect.py"), name.into(), file.into_os_string()];
    let script = CommandLine::new(name, &python, words);
    let answer = script.answer()?;
    let places =
        answer.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()).map(serde_json::from_slice);
    let places: Vec<Vec<usize>> = places
        .collect::<Result<_, _>>()
        .map_err(|error: serde_json::Error| script.wrong(error.to_string()))?;
    if places.len() == all.len() {
        Ok(Some(places))
    } else {
        Err(script.wrong("it has not answered for every series".to_owned()))
    }
}

/// How many runs it takes to find a step of 10 to 100 % in plain noise.
fn delay(bench: &mut Bench<'_>) -> Result<(), Error> {
    const RUNS: usize = 40;
    const STEPS: usize = 200;
    let mut draw = Draw::new(JUDGED + 1);
    let mut delays = Vec::new();
    for _ in 0..STEPS {
        let noise = draw.between(0.02, 0.1);
        let step = draw.between(0.1_f64.ln(), 0.0).exp() + 1.0;
        let values: Vec<f64> = (0..100 + RUNS)
            .map(|run| draw.log_normal(if run < 100 { 100.0 } else { 100.0 * step }, noise))
            .collect();
        let is_found = |&seen: &usize| places(&values[..100 + seen]).iter().any(|at| at.abs_diff(100) <= 5);
        delays.extend((1..=RUNS).find(is_found));
    }
    delays.sort_unstable();
    let found = delays.len() as f64 / STEPS as f64;
    // What was never found took longer than anything that was.
    let median = delays.get(STEPS / 2).map(|&delay| delay as f64);
    bench.judge(Goal::at_most(5.0, " runs", "runs until a step is found, median").is(median))?;
    bench.judge(Goal::at_least(0.9, "", "steps found within 40 runs").is(found))
}

/// How long 1,000 commands of 1,000 runs take, half of which have changed.
fn time(bench: &mut Bench<'_>) -> Result<(), Error> {
    let mut draw = Draw::new(JUDGED + 2);
    let mut one = |number: u32| -> Vec<f64> {
        let level = |run: u32| if number.is_multiple_of(2) && run >= 600 { 115.0 } else { 100.0 };
        (0..1000).map(|run| draw.log_normal(level(run), 0.1)).collect()
    };
    let all: Vec<Vec<f64>> = (0..1000).map(&mut one).collect();
    bench.progress("1,000 commands of 1,000 runs");
    let before = machine::cpu_seconds();
    let found: usize = all.iter().map(|values| change_points(values).len()).sum();
    let seconds = machine::cpu_seconds() - before;
    bench.say(&format!("  {found} changes in 1,000 series of 1,000 values\n"))?;
    bench.judge(Goal::at_most(1.0, " s", "1,000 commands of 1,000 runs, CPU time of one core").is(seconds))
}
