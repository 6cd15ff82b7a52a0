//! The end-to-end tests, one module a subject.
#![expect(clippy::disallowed_methods, reason = "an end-to-end test starts the programs it is about")]

mod aggregate;
mod alertmanager;
mod analyze;
mod api;
mod benchmark;
mod compare;
mod contract;
mod dashboard;
mod dashboards;
mod deliver;
mod digests;
mod documented;
mod export;
mod fake_github;
mod filters;
mod fleet;
mod interrupted;
mod invariants;
mod manual;
mod messages;
mod monitor;
mod optimize;
mod porcelain;
mod profile;
mod ratelimit;
mod readme;
mod receivers;
mod relay;
mod remote_write;
mod schema;
mod store;
mod watch;
mod webhook;
mod wrap;
