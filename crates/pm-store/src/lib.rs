//! The place: a folder of NDJSON files and three settings files, found as git finds its own.
//!
//! - A [`Store`] is found by walking up from the working directory, else it is the user's own.
//! - [`Store::append`] adds one record to the day's file, from any number of processes at once.
//! - [`Alerts`], [`Benchmarks`] and [`Settings`] are the user's files; a key they do not know is an error
//!   that names the nearest one.
//! - A [`StateFile`] is read and replaced under a lock.
//! - [`Trust`] remembers which stores may start programs.
//!
//! Nothing below a store is reached through a symbolic link, because a stranger's clone can hold one.
//!
//! Everything here is for local file systems: appending is one atomic step there, and not on NFS.

#![forbid(unsafe_code)]

mod alerts;
mod append;
mod benchmarks;
mod day_file;
mod discover;
mod error;
mod links;
mod lock;
mod settings;
mod state_file;
mod trust;
mod yaml;

pub use alerts::{Alerts, ApiRateLimitWarning, Channel, MemoryUsageHigh, PerformanceDegradation};
pub use append::append_line;
pub use benchmarks::{Baseline, Benchmarks, Limits, Rating, Scenario};
pub use discover::{DIRECTORY, Store};
pub use error::Error;
pub use settings::Settings;
pub use state_file::{LockedState, StateFile};
pub use trust::Trust;
