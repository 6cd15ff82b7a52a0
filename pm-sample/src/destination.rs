//! Where the records go.
//!
//! A file or a store that takes no record at the moment, because the disk is full, is tried again with the next
//! one: what is watched goes on, and so do we. It is said once when it begins and once when it is over.

use std::io::{self, Write};
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};

use pm_cli::{Interrupts, Streams, human};
use pm_record::Timestamp;
use pm_store::Store;

use crate::upkeep::Upkeep;
use crate::{Error, TOOL, config, wait};

/// An open destination.
#[derive(Debug)]
pub(crate) struct Destination {
    place: Place,
    /// Records that were lost since the last one that was written.
    lost: u64,
}

#[derive(Debug)]
enum Place {
    Stdout,
    File(PathBuf),
    Store(Store, Upkeep),
}

/// What became of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Written {
    Whole,
    /// It is lost, which was said.
    Lost,
    /// Nobody reads any more.
    Unread,
}

impl Destination {
    /// The place that was meant.
    pub(crate) fn open(meant: config::Destination, io: &Streams) -> Result<Self, Error> {
        let place = match meant {
            config::Destination::Stdout => Place::Stdout,
            config::Destination::File(path) => Place::File(io.environment.current_dir().join(path)),
            config::Destination::Store(named) => {
                Place::Store(store(named.as_deref(), io)?, Upkeep::default())
            }
        };
        Ok(Self { place, lost: 0 })
    }

    /// The store, if it is one.
    pub(crate) fn store(&self) -> Option<&Store> {
        match &self.place {
            Place::Store(store, _) => Some(store),
            Place::Stdout | Place::File(_) => None,
        }
    }

    /// Our standard output, if that is where records go.
    pub(crate) fn stdout(&self) -> Option<BorrowedFd<'static>> {
        matches!(self.place, Place::Stdout).then(rustix::stdio::stdout)
    }

    /// Writes one record, given as a line.
    pub(crate) fn write(
        &mut self,
        line: &[u8],
        interrupts: &Interrupts,
        io: &mut Streams,
    ) -> Result<Written, Error> {
        let appended = match &mut self.place {
            Place::Stdout => return to_stdout(line, interrupts, io),
            Place::File(path) => pm_store::append_line(path, line, 0o666),
            Place::Store(store, upkeep) => {
                let now = Timestamp::from_millis(io.clock.now_millis());
                store.append(line, now).map(|appended| {
                    if appended.began_the_day {
                        upkeep.start(store, now, io);
                    }
                })
            }
        };
        match appended {
            Ok(()) => self.recovered(io),
            Err(error) if error.is_configuration() => return Err(error.into()),
            Err(error) => {
                if self.lost == 0 {
                    io.complain(TOOL, &Error::Store(error));
                }
                self.lost += 1;
                return Ok(Written::Lost);
            }
        }
        Ok(Written::Whole)
    }

    fn recovered(&mut self, io: &mut Streams) {
        if self.lost > 0 {
            let records = if self.lost == 1 { "record was" } else { "records were" };
            io.tell(TOOL, &format!("{} {records} lost; writing again", human::count(self.lost)));
            self.lost = 0;
        }
    }
}

fn to_stdout(line: &[u8], interrupts: &Interrupts, io: &mut Streams) -> Result<Written, Error> {
    if !wait::until_writable(rustix::stdio::stdout(), interrupts) {
        return Ok(Written::Unread);
    }
    let written: io::Result<()> = io.output.write_all(line).and_then(|()| io.output.flush());
    match written {
        _ if io.output.is_closed() => Ok(Written::Unread),
        Ok(()) => Ok(Written::Whole),
        Err(error) => Err(Error::Write(error)),
    }
}

/// The store that was named, or the nearest.
pub(crate) fn store(named: Option<&Path>, io: &Streams) -> Result<Store, pm_store::Error> {
    let directory = |name: &str| io.environment.absolute(name).map(Into::into);
    Store::meant(named, io.environment.current_dir(), directory)
}
