//! Whoever writes the first record of a day has the days before looked after.
//!
//! That is another program's work, which is started and left to itself: this one ends now. Where the other is
//! not installed, nothing is compressed and nothing is lost.

use std::path::Path;
use std::process::{Command, Stdio};

use pm_cli::{Exit, Explain, Streams};
use pm_record::Timestamp;
use pm_store::Store;

use crate::TOOL;
use crate::signals::Signals;

/// The store may be written from several machines.
#[derive(Debug, thiserror::Error)]
#[error(
    "the store '{root}' lies on a shared file system ({kind}): records are lost when two machines write at once"
)]
struct Shared {
    root: String,
    kind: &'static str,
}

impl Explain for Shared {
    fn exit(&self) -> Exit {
        Exit::Done
    }

    fn hint(&self) -> Option<String> {
        Some("give each machine a store on a disk of its own: `pm-wrap --store=DIR`".to_owned())
    }
}

/// Starts it, if there are other days; and warns of what can lose records.
pub(crate) fn start(store: &Store, signals: &Signals, io: &mut Streams) {
    if let Some(kind) = store.shared_file_system() {
        io.complain(TOOL, &Shared { root: store.root().display().to_string(), kind });
    }
    let now = Timestamp::from_millis(io.clock.now_millis());
    let beside = std::env::current_exe().ok().map(|program| program.with_file_name("github-pm"));
    if let Some(program) = beside.filter(|_| store.has_earlier_days(now)) {
        start_detached(&program, store, signals);
    }
}

#[expect(clippy::disallowed_methods, reason = "starting this program is this module's job")]
fn start_detached(program: &Path, store: &Store, signals: &Signals) {
    let mut upkeep = Command::new(program);
    upkeep.args(["performance", "store", "compact", "--quiet", "--daily", "--store"]).arg(store.root());
    upkeep.current_dir("/").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    signals.heritage().give_to(&mut upkeep);
    // It takes a session of its own by itself, and our end makes it nobody's child. Where it cannot be started,
    // the first command of the next day tries again.
    let _ = upkeep.spawn();
}
