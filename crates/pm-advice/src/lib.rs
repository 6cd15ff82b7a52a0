//! What would save time and quota: records in, tips out.
//!
//! An [`Advisor`] takes records in the order in which a log has them and ends as [`Advice`]: tips, each made by one
//! rule from the user's own records and silent where they do not support it, with what following it would have saved.
//! One module a rule; none knows another.
//!
//! It is one pass. What belongs to one run (its record, its requests, its processes) is gathered until others have
//! come in its place, and then handed to every rule at once. Memory is bounded by constants, never by the length of the
//! stream: at most [`MOST_OPEN`] runs are gathered at a time and [`MOST_HELD`] of their parts, rules keep a few thousand
//! commands and kinds of requests, and the answers of a hundred thousand requests are remembered. What is beyond
//! counts in the totals and not in the tips, which therefore promise too little rather than too much.
//!
//! Runs that were slow on purpose (`context.purpose`) are left out. Of runs inside of others only the rules about a command
//! by itself hear (its phases, its growth with the project, its memory): their requests stand in the log twice, and their time is
//! in the outer one's, so that they are in no total. Only the rules about processes look at profiles, because hardly anybody traces otherwise.
//!
//! This library exists for the programs and their tests and may change at any time; the records are the contract.

#![forbid(unsafe_code)]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "estimates are rounded to what people read"
)]

mod advisor;
mod bounded;
mod call;
mod draft;
mod execution;
mod generations;
mod history;
mod join;
mod labels;
mod names;
mod rule;
mod rules;
mod sample;
mod totals;

pub use advisor::{Advice, Advisor, Seen};
pub use join::{MOST_HELD, MOST_OPEN};
pub use rule::{RuleName, Topic};
