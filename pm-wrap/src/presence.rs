//! A file in the store that says that this command runs, for whoever watches.
//!
//! It is made while the command begins and removed after its record is written. Whatever goes wrong with it is
//! nobody's trouble: the record is what counts.

use pm_cli::Streams;
use pm_store::{Process, RunEntry, Running, Store};

use crate::config::Destination;
use crate::record::Beginning;

/// Says so, if the record goes to a store.
pub(crate) fn enter(beginning: &Beginning, io: &Streams) -> Option<RunEntry> {
    let Destination::Store(named) = &beginning.config.destination else { return None };
    let directory = |name: &str| io.environment.absolute(name).map(Into::into);
    let store = Store::meant(named.as_deref(), io.environment.current_dir(), directory).ok()?;
    let running = Running {
        execution_id: beginning.id.as_str().to_owned(),
        command: beginning.config.name.clone(),
        timestamp: beginning.started,
        process: Process::current(),
    };
    store.enter_run(&running).ok()
}
