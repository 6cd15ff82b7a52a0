//! Finding change points and comparing samples: the mathematics of `pm-stats`, beside Apache Otava and ruptures.
//!
//! It is judged on series that were never used to tune it: whoever changes the method tunes it on other seeds, and
//! the peers' settings were chosen on such too. Series that people have annotated (TCPD) are in no package, so they
//! are not here.

mod changes;
mod power;
mod score;

use super::{Bench, Error};

pub(super) fn compare(bench: &mut Bench<'_>) -> Result<(), Error> {
    changes::compare(bench)?;
    power::compare(bench)
}
