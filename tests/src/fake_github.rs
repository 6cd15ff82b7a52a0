//! A GitHub API server for tests: plain HTTP/1.1 on a Unix socket and on loopback TCP, with TLS where a test asks for it.
//!
//! It answers what the real `gh` and our tools ask about quotas, issues and projects, with the headers
//! and the JSON error forms of GitHub. The surprising choice is that it really listens, instead of
//! handing canned answers to a mocked client: the programs under test are then the ones people run.
//! The cost is a thread per connection and a fake that has to be kept true by hand.
//!
//! Nothing is random. The data set is computed from numbers in [`DataSet`], request ids are counted,
//! and the clock can be fixed with [`Clock::Fixed`].
//!
//! What differs from GitHub, on purpose:
//!
//! - One owner, one repository and one project exist. The owner answers both as a user and as an
//!   organization.
//! - A request that a fault answers is not charged, and neither is a GraphQL query refused before it
//!   runs.
//! - There are no GraphQL mutations, and no secondary limits except as a [`Fault`].
//!
//! ```
//! use pm_e2e::fake_github::{FakeGithub, Fault, Setup};
//!
//! let github = FakeGithub::start(Setup::default());
//! github.faults().push(Fault::server_error(502).on_path("/repos").times(2));
//! assert!(github.requests().is_empty());
//! ```

mod answer;
mod api;
mod clock;
mod connection;
mod control;
mod data;
mod deliver;
mod fault;
mod faulty;
pub mod gh;
mod graphql;
mod listen;
mod origin;
mod quota;
mod read;
mod record;
mod request;
mod rest;
pub mod serve;
mod server;
mod setup;
mod state;
mod stop;
mod stream;
pub(crate) mod tls;

pub use clock::Clock;
pub use data::DataSet;
pub use fault::{Effect, Fault, Times};
pub use quota::{Limit, Quota, QuotaChange};
pub use record::{Recorded, Transport};
pub use server::{FakeGithub, Faults};
pub use setup::{Account, DEFAULT_TOKEN, Setup, SocketAt};
