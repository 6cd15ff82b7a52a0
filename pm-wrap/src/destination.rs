//! Where the record goes.

use std::io::Write;

use pm_cli::Streams;
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

/// Why the record could not be kept.
#[derive(Debug)]
pub(crate) enum Trouble {
    Stdout(std::io::Error),
    Store(pm_store::Error),
}

impl From<pm_store::Error> for Trouble {
    fn from(error: pm_store::Error) -> Self {
        Self::Store(error)
    }
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Stdout(reason) => write!(f, "cannot write to standard output: {reason}"),
            Self::Store(error) => match std::error::Error::source(error) {
                Some(reason) => write!(f, "{error}: {reason}"),
                None => write!(f, "{error}"),
            },
        }
    }
}
