//! Where the record goes.

use std::io::Write;

use pm_cli::{Exit, Explain, Streams};
use pm_record::Timestamp;
use pm_store::Store;

use crate::config::Destination;

/// Writes the record in one piece.
pub(crate) fn write(destination: &Destination, line: &[u8], io: &mut Streams) -> Result<(), Trouble> {
    match destination {
        Destination::Stdout => {
            let written = io.output.write_all(line).and_then(|()| io.output.flush());
            // A reader that has left did not want the record.
            if io.output.is_closed() { Ok(()) } else { written.map_err(Trouble::Stdout) }
        }
        Destination::File(path) => {
            let path = io.environment.current_dir().join(path);
            Ok(pm_store::append_line(&path, line, 0o666)?)
        }
        Destination::Store(named) => {
            let directory = |name: &str| io.environment.absolute(name).map(Into::into);
            let store = Store::meant(named.as_deref(), io.environment.current_dir(), directory)?;
            Ok(store.append(line, Timestamp::from_millis(io.clock.now_millis()))?)
        }
    }
}

/// Why the record could not be kept: a warning, whatever it is.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    #[error("the record is lost: cannot write to standard output")]
    Stdout(#[source] std::io::Error),
    #[error("the record is lost")]
    Store(#[from] pm_store::Error),
}

impl Explain for Trouble {
    fn exit(&self) -> Exit {
        Exit::Environment
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Stdout(_) => None,
            Self::Store(error) => error.hint(),
        }
    }
}
