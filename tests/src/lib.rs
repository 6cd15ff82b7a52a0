//! End-to-end tests: real pipelines of the built binaries, and a fake GitHub.
//!
//! This crate is never published and no tool depends on it. It panics where a tool would return an
//! error, because a test that cannot be set up has failed.
#![expect(
    clippy::disallowed_methods,
    reason = "test support starts programs, reads the real clock and looks up PATH; tools may not"
)]

pub mod fake_github;
pub mod harness;
pub mod receiver;
