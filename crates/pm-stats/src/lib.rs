//! The maths of the workspace: pure functions and mergeable summaries, no I/O and no clock.
//!
//! Every metric is an integer number of *thousandths* of its unit, because sums and sums of squares of
//! integers are exact. So a stream may be split in any way and its parts merged in any order, and the
//! result is the same to the last bit.
//!
//! - [`Moments`]: count, sum, sum of squares, smallest, largest.
//! - [`Histogram`]: base-2 exponential buckets at scale 7; a quantile read from it is off by at most 0.27 %.
//! - [`Distribution`]: moments and quantiles together; quantiles are exact up to 64 values. Its [`Outliers`] are
//!   counted too; a [`Fence`] says which they are.
//! - [`Comparison`]: two [`Tally`]s in; [`judge`] gives a table of them its [`Verdict`]s. What they are made of can
//!   be had alone: [`Median`], [`RankTest`], [`Shift`].
//! - [`LeastSquares`]: how a value goes with others, with an interval around each slope.
//! - [`change_points`]: since when a series has another level; [`ChangeStream`] for one that goes on.
//!
//! ```
//! use pm_stats::Distribution;
//!
//! let runs: Distribution = [200_000, 210_000, 900_000].into_iter().collect(); // 200, 210 and 900 ms
//! assert_eq!(runs.quantile(0.5), Some(210_000));
//! assert_eq!(runs.moments().mean(), Some(436_667));
//! ```

#![forbid(unsafe_code)]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "conversions between counts, bucket indices and floating point are the subject of this crate"
)]
#![expect(clippy::float_cmp, reason = "what is equal is a tie, and nothing else is")]

mod boundaries;
mod buckets;
mod changes;
mod comparison;
mod distribution;
mod false_discovery;
mod histogram;
mod least_squares;
mod median;
mod moments;
mod normal;
mod outliers;
mod rank_test;
mod shift;
pub mod spans;
mod tally;

pub use buckets::Buckets;
pub use changes::{ChangePoint, ChangeStream, change_points};
pub use comparison::{Better, CONFIDENCE, Comparison, FLOOR, Judged, Kind, Verdict, heed_controls, judge};
pub use distribution::{Distribution, EXACT_VALUES, Sample};
pub use histogram::Histogram;
pub use least_squares::{LeastSquares, Slope};
pub use median::Median;
pub use moments::Moments;
pub use outliers::{Fence, Outliers};
pub use rank_test::RankTest;
pub use shift::Shift;
pub use tally::Tally;
