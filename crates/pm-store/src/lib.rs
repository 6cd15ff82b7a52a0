//! The place: a folder of NDJSON files and three settings files, found as git finds its own.
//!
//! - A [`Store`] is found by walking up from the working directory, else it is the user's own.
//! - [`Store::append`] adds one record to the day's file, from any number of processes at once.
//! - [`Upkeep`] closes days, compresses them and makes their rollups by a [`RollUp`] that somebody else brings, removes
//!   what is too old and verifies the rest. It starts no process and knows no time but the one it is told.
//! - [`Store::sources`] says which files answer a [`Question`]: rollups where they do so exactly, else records.
//!   [`Store::alert_sources`] says the same of what alerted, and [`Store::newest`] which of them are enough for what has to be
//!   quick.
//! - [`Store::ship`] copies closed days into a tree of many hosts, which is read like a store.
//! - [`Follow`] reads what is appended while it is appended.
//! - [`Running`] commands and the [`Monitor`] of a store say so in files that are theirs while they run.
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
mod compact;
mod day;
mod day_file;
mod digest;
mod discover;
mod error;
mod extract;
mod figures;
mod firing;
mod follow;
mod frame;
mod hashing;
mod links;
mod lock;
mod monitor;
mod newest;
mod offer;
mod process;
mod retention;
mod rollup;
mod running;
mod segment;
mod settings;
mod sharing;
mod ship;
mod sources;
mod state_file;
mod temporary;
mod tree;
mod trust;
mod upkeep;
mod verify;
mod wakeup;
mod yaml;

pub use alerts::{
    Alerts, ApiRateLimitWarning, ChannelKind, ChannelSettings, Format, LONGEST_TIMEOUT_MILLIS,
    MemoryUsageHigh, Metric, MetricLimit, OtherRule, PerformanceDegradation, RecordKind, Secret, Special,
    Statistic, Terms, Unit, Watch, WindowSettings,
};
pub use append::append_line;
pub use benchmarks::{Baseline, Benchmarks, Limits, NewBaselines, ProjectSize, Scenario};
pub use day::{Day, Month};
pub use day_file::Appended;
pub use digest::AlertSource;
pub use discover::{DIRECTORY, Store};
pub use error::Error;
pub use extract::{Extract, Needed};
pub use figures::{Amount, Figures};
pub use firing::Firing;
pub use follow::{Follow, From, Place};
pub use monitor::{Monitor, MonitorLock, Worker};
pub use pm_record::Rating;
pub use process::{Process, Standing};
pub use rollup::RollUp;
pub use running::{RunEntry, Running};
pub use settings::{Retention, Settings};
pub use ship::{Destination, Shipped};
pub use sources::{Form, Grain, Question, Source, Span};
pub use state_file::{LockedState, Seen, StateFile};
pub use trust::Trust;
pub use upkeep::{Deed, Reason, Removal, Upkeep, Witness};
pub use verify::{Flaw, FlawKind, Verified};
