//! Benchmarks against peers, and the seeded generator of realistic records.
//!
//! - [`Generator`] makes records out of a seed and a [`Scribe`] writes them down; `generate-records` does both,
//!   to standard output.
//! - `append-records` appends one record after the other to a store, as fast as it can.
//! - `sample-sysinfo` is a peer of `pm-sample`.
//! - `compare` runs the tools against their peers, in turn, and prints medians and ratios. It is what
//!   `scripts/bench` starts, and `docs/benchmarking.md` is about.
//!
//! Never published. Tests of any crate may use the generator.

#![forbid(unsafe_code)]

pub mod append;
pub mod compare;
pub mod generate;
mod generator;
pub mod sample_sysinfo;
pub mod series;

pub use generator::{Generator, Layout, Scribe};
