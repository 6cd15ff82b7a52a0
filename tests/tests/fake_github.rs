//! The fake GitHub keeps its promises, to raw HTTP and to the real `gh`.

mod client;
mod command_line;
mod conditional;
mod control;
mod faults;
mod gh;
mod graphql;
mod graphql_data;
mod issues;
mod listening;
mod quotas;
mod refusals;
mod tls;

use pm_e2e::fake_github::{Clock, FakeGithub, Setup};

/// An instant for tests that write times down.
const NOW: u64 = 1_700_000_000;

/// A fake whose clock stands still at [`NOW`].
fn at_rest() -> FakeGithub {
    FakeGithub::start(Setup { clock: Clock::Fixed(NOW), ..Setup::default() })
}
