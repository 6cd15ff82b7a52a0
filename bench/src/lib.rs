//! Benchmarks against peers, and the seeded generator of realistic records.
//!
//! - [`Generator`] makes records out of a seed; `generate-records` writes them to standard output.
//! - `compare` runs the tools against their peers, in turn, and prints medians and ratios. It is what
//!   `scripts/bench` starts, and `docs/benchmarking.md` is about.
//!
//! Never published. Tests of any crate may use the generator.

#![forbid(unsafe_code)]

pub mod compare;
pub mod generate;
mod generator;

pub use generator::Generator;
