//! The store as its users see it: what is appended, whatever happens to the files meanwhile, is read once.
#![expect(clippy::disallowed_methods, reason = "a crash needs a process of its own")]

mod compaction;
mod crash;
mod digests;
mod follow;
mod shipping;
mod summing;
mod upkeep;
mod writers;
