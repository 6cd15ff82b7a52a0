//! `pm-relay` between real clients and the fake GitHub.

mod cache;
mod faults;
mod listening;
mod passing;
mod raw;
mod running;
mod upstreams;
