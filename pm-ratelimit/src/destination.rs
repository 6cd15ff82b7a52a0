//! Where the records go.
//!
//! Whoever writes the first record of a day has the days before looked after. That is another program's work,
//! which is started and left to itself; where it is not installed, nothing is compressed and nothing is lost.

use std::io::Write;
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use pm_cli::Streams;
use pm_record::Timestamp;
use pm_store::Store;

use crate::{Error, config};

/// An open destination.
#[derive(Debug)]
pub(crate) enum Destination {
    Stdout,
    File(PathBuf),
    Store(Store),
}

impl Destination {
    /// The place that was meant.
    pub(crate) fn open(meant: &config::Destination, io: &Streams) -> Result<Self, Error> {
        Ok(match meant {
            config::Destination::Stdout => Self::Stdout,
            config::Destination::File(path) => Self::File(io.environment.current_dir().join(path)),
            config::Destination::Store(named) => Self::Store(store(named.as_deref(), io)?),
        })
    }

    /// The store, if it is one.
    pub(crate) fn store(&self) -> Option<&Store> {
        match self {
            Self::Store(store) => Some(store),
            Self::Stdout | Self::File(_) => None,
        }
    }

    /// Our standard output, if that is where records go.
    pub(crate) fn stdout(&self) -> Option<BorrowedFd<'static>> {
        matches!(self, Self::Stdout).then(rustix::stdio::stdout)
    }

    /// Writes one record, given as a line.
    pub(crate) fn write(&self, line: &[u8], io: &mut Streams) -> Result<(), Error> {
        match self {
            Self::Stdout => match io.output.write_all(line).and_then(|()| io.output.flush()) {
                Err(error) if !io.output.is_closed() => Err(Error::Write(error)),
                _ => Ok(()),
            },
            Self::File(path) => Ok(pm_store::append_line(path, line, 0o666)?),
            Self::Store(store) => {
                let now = Timestamp::from_millis(io.clock.now_millis());
                if store.append(line, now)?.began_the_day && store.has_earlier_days(now) {
                    look_after(store);
                }
                Ok(())
            }
        }
    }
}

/// The store that was named, or the nearest.
pub(crate) fn store(named: Option<&Path>, io: &Streams) -> Result<Store, pm_store::Error> {
    let directory = |name: &str| io.environment.absolute(name).map(Into::into);
    Store::meant(named, io.environment.current_dir(), directory)
}

/// The nearest store, if it is there.
pub(crate) fn nearest(io: &Streams) -> Option<Store> {
    store(None, io).ok().filter(Store::exists)
}

/// Starts what compresses the days before. Where it cannot be started, the first record of the next day tries
/// again.
#[expect(clippy::disallowed_methods, reason = "starting this program is this function's job")]
fn look_after(store: &Store) {
    let Some(beside) = std::env::current_exe().ok().map(|program| program.with_file_name("github-pm")) else {
        return;
    };
    let mut upkeep = Command::new(beside);
    upkeep.args(["performance", "store", "compact", "--quiet", "--daily", "--store"]).arg(store.root());
    upkeep.current_dir("/").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // It ends by itself, and once a day is too seldom to wait for it.
    drop(upkeep.spawn());
}
