//! The manners every tool of the workspace shares; it knows no record.
//!
//! - [`start`] is a tool's whole `main`: real streams in, exit status out, errors printed with a hint.
//! - [`Streams`] is all of the outside world a tool sees, so that a test can hand it another one.
//! - [`Exit`] is what an exit status means, the same in every tool; [`Explain`] is what every error says.
//! - [`Interrupts`] turn the first ^C into an orderly end.
//! - [`host`] and [`machine`] say where a figure was measured.
//! - [`Trial`] runs a tool inside a test, without a process.
//! - [`replace_file`] is how a file that somebody named is written: as a whole or not at all.
//! - [`human`], [`printable`], [`Instant`] and [`ColorChoice`]: how people write and read values.
//!
//! Its functions may change at any time; the command lines are the contract.

#![forbid(unsafe_code)]

#[cfg(test)]
mod alone;
mod arguments;
mod clock;
mod color;
mod environment;
mod exit;
mod explain;
mod feed;
pub mod human;
mod input;
mod instant;
mod interrupts;
mod machine;
mod nearest;
mod opener;
mod output;
mod parts;
mod period;
mod play;
mod printable;
mod quote;
mod replace;
mod start;
mod streams;
mod trial;

pub use arguments::{InputArgs, Source, Usage, parse, parse_duration};
pub use clock::Clock;
pub use color::ColorChoice;
pub use environment::Environment;
pub use exit::Exit;
pub use explain::Explain;
pub use feed::Feed;
pub use input::Input;
pub use instant::{Instant, NoInstant};
pub use interrupts::Interrupts;
pub use machine::{Description, describe_machine, host, machine};
pub use nearest::nearest;
pub use opener::Opener;
pub use output::Output;
pub use parts::{Part, Parts};
pub use period::{Period, PeriodArgs};
pub use printable::printable;
pub use quote::quote;
pub use replace::{beside, replace_file};
pub use start::start;
pub use streams::{MissingInput, Streams};
pub use trial::{Outcome, Trial};
