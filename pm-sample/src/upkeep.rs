//! Whoever writes the first record of a day has the days before looked after.
//!
//! That is another program's work, which is started and left to itself. Where it is not installed, nothing is
//! compressed and nothing is lost.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use pm_cli::{Exit, Explain, Streams};
use pm_record::Timestamp;
use pm_store::Store;

use crate::TOOL;

/// What was started and has not been waited for. It takes a moment a day, so that one is enough.
#[derive(Debug, Default)]
pub(crate) struct Upkeep {
    running: Option<Child>,
}

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
        Some("give each machine a store on a disk of its own: `pm-sample --store=DIR`".to_owned())
    }
}

impl Upkeep {
    /// Starts it, if there are other days; and warns of what can lose records.
    pub(crate) fn start(&mut self, store: &Store, now: Timestamp, io: &mut Streams) {
        if let Some(kind) = store.shared_file_system() {
            io.complain(TOOL, &Shared { root: store.root().display().to_string(), kind });
        }
        // The one of the day before has long ended.
        if let Some(mut earlier) = self.running.take() {
            let _ = earlier.try_wait();
        }
        let beside = std::env::current_exe().ok().map(|program| program.with_file_name("github-pm"));
        if let Some(program) = beside.filter(|_| store.has_earlier_days(now)) {
            // Where it cannot be started, the first record of the next day tries again.
            self.running = start_detached(&program, store).ok();
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "starting this program is this module's job")]
fn start_detached(program: &Path, store: &Store) -> std::io::Result<Child> {
    let mut upkeep = Command::new(program);
    upkeep.args(["performance", "store", "compact", "--quiet", "--daily", "--store"]).arg(store.root());
    upkeep.current_dir("/").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    upkeep.spawn()
}
