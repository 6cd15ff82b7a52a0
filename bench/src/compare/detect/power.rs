//! Comparing two samples: how often nothing is called a change, and how often a change is one.

use pm_stats::{Better, Comparison, Kind, RankTest, Tally, Verdict, judge};

use super::super::goal::Goal;
use super::super::{Bench, Error};
use crate::generator::draw::Draw;

const SEED: u64 = 8_140_233;

/// So many pairs of samples in each case. The share of false positives among so many is known to within 0.0015, so
/// that the largest of many cases in which it is 0.05 stays below [`LARGEST_NULL`].
const PAIRS: u32 = 20_000;

const LARGEST_NULL: f64 = 0.055;

/// What durations are like.
#[derive(Debug, Clone, Copy)]
enum Noise {
    Plain,
    HeavyTailed,
    Bimodal,
}

const NOISES: [(Noise, &str); 3] =
    [(Noise::Plain, "lognormal"), (Noise::HeavyTailed, "heavy-tailed"), (Noise::Bimodal, "bimodal")];

const SIZES: [u32; 6] = [5, 8, 20, 50, 100, 200];

pub(super) fn compare(bench: &mut Bench<'_>) -> Result<(), Error> {
    bench.title(&format!(
        "Two samples without a difference, {PAIRS} pairs a case: share under 5 %, share with a verdict"
    ))?;
    let mut draw = Draw::new(SEED);
    let (mut worst, mut worst_verdict) = (0.0_f64, 0.0_f64);
    for (noise, name) in NOISES {
        for size in SIZES {
            let (tests, verdicts) = shares(&mut draw, noise, size, 1.0);
            (worst, worst_verdict) = (worst.max(tests), worst_verdict.max(verdicts));
            bench.say(&format!("  {name:<14} {size:>4} runs {tests:>8.3} {verdicts:>8.3}\n"))?;
        }
    }
    bench.judge(Goal::at_most(LARGEST_NULL, "", "false positives of the test, the worst case").is(worst))?;
    bench.judge(
        Goal::at_most(LARGEST_NULL, "", "unchanged commands with a verdict, the worst case")
            .is(worst_verdict),
    )?;
    let (plain, _) = shares(&mut draw, Noise::Plain, 20, 1.1);
    let (outliers, _) = shares(&mut draw, Noise::HeavyTailed, 20, 1.1);
    bench.judge(Goal::at_least(0.8, "", "power for 10 % in 20 runs of a noise of 10 %").is(plain))?;
    bench.judge(Goal::at_least(0.7, "", "the same with 3 % outliers").is(outliers))
}

/// How often the test is under 5 %, and how often the verdict is a change.
fn shares(draw: &mut Draw, noise: Noise, size: u32, ratio: f64) -> (f64, f64) {
    let (mut tests, mut verdicts) = (0_u32, 0_u32);
    for _ in 0..PAIRS {
        let (before, now) = (sample(draw, noise, size, 1.0), sample(draw, noise, size, ratio));
        tests += u32::from(RankTest::of(&before, &now).p < 0.05);
        let comparison =
            Comparison::new(Kind::Measure, &before, &now).map(|comparison| (comparison, Better::Less));
        let is_change = |verdict| matches!(verdict, Verdict::Regressed | Verdict::Improved);
        verdicts += u32::from(judge(comparison).iter().any(|judged| is_change(judged.verdict)));
    }
    (f64::from(tests) / f64::from(PAIRS), f64::from(verdicts) / f64::from(PAIRS))
}

fn sample(draw: &mut Draw, noise: Noise, size: u32, ratio: f64) -> Tally {
    let mut value = || {
        let plain = draw.log_normal(100.0 * ratio, 0.1);
        match noise {
            Noise::HeavyTailed if draw.chance(0.03) => plain * draw.heavy_tail(),
            Noise::Bimodal if draw.chance(0.4) => plain * 2.0,
            _ => plain,
        }
    };
    Tally::new((0..size).map(|_| value()))
}
