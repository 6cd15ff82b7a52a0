//! Where records go: to standard output, a file or the store, on a thread of its own.
//!
//! A disk or a reader that takes its time must not keep requests waiting, and what waits must not fill the memory.
//! So there is room for some thousand records; beyond that they are lost, counted, and the loss is told at the end.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use pm_cli::{Clock, Output};
use pm_record::Timestamp;
use pm_store::Store;

/// How many records may wait.
const ROOM: usize = 4096;

/// How long a record waits for others, so that a thousand a second are not a thousand writes. Nobody who watches
/// notices.
const GATHERING: Duration = Duration::from_millis(2);

/// The longest piece that a pipe takes whole, so that those who share one cannot interleave.
const PIECE: usize = 4096;

/// Where records go.
#[derive(Debug)]
pub(crate) enum Destination {
    Stdout,
    File(PathBuf),
    Store(Store),
}

/// The end that records are put in.
#[derive(Debug)]
pub(crate) struct Journal {
    sender: SyncSender<Vec<u8>>,
    overflow: Arc<AtomicU64>,
}

/// The end that they are written from.
#[derive(Debug)]
pub(crate) struct Scribe {
    receiver: Receiver<Vec<u8>>,
    overflow: Arc<AtomicU64>,
}

/// What became of the records.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    pub(crate) lost: u64,
    /// The first reason.
    pub(crate) reason: Option<String>,
}

/// Both ends.
pub(crate) fn journal() -> (Journal, Scribe) {
    let (sender, receiver) = sync_channel(ROOM);
    let overflow = Arc::new(AtomicU64::new(0));
    (Journal { sender, overflow: Arc::clone(&overflow) }, Scribe { receiver, overflow })
}

impl Journal {
    /// Puts in a record, as a line.
    pub(crate) fn write(&self, line: Vec<u8>) {
        if self.sender.try_send(line).is_err() {
            self.overflow.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Scribe {
    /// Writes records until the other end is gone. `left` is called once if the reader of standard output leaves:
    /// then nobody wants records, and that is no loss.
    pub(crate) fn write_all(
        self,
        destination: &Destination,
        output: &mut Output,
        clock: &Clock,
        left: impl FnOnce(),
    ) -> Kept {
        let (mut kept, mut left, mut next) = (Kept::default(), Some(left), None);
        while let Some(first) = next.take().or_else(|| self.wait()) {
            let (mut piece, mut count) = (first, 1);
            while let Ok(line) = self.receiver.try_recv() {
                if piece.len() + line.len() > PIECE {
                    next = Some(line);
                    break;
                }
                piece.extend(line);
                count += 1;
            }
            let written = write(&piece, destination, output, clock);
            if output.is_closed() {
                if let Some(left) = left.take() {
                    left();
                }
            } else if let Err(reason) = written {
                kept.lost += count;
                kept.reason.get_or_insert(reason);
            }
        }
        let overflow = self.overflow.load(Ordering::Relaxed);
        if overflow > 0 && left.is_some() {
            kept.lost += overflow;
            kept.reason.get_or_insert_with(|| "they came faster than they could be written".to_owned());
        }
        kept
    }

    fn wait(&self) -> Option<Vec<u8>> {
        let first = self.receiver.recv().ok()?;
        std::thread::sleep(GATHERING);
        Some(first)
    }
}

fn write(piece: &[u8], destination: &Destination, output: &mut Output, clock: &Clock) -> Result<(), String> {
    match destination {
        Destination::Stdout => {
            output.write_all(piece).and_then(|()| output.flush()).map_err(|error| error.to_string())
        }
        Destination::File(path) => pm_store::append_line(path, piece, 0o666).map_err(|error| told(&error)),
        Destination::Store(store) => {
            let now = Timestamp::from_millis(clock.now_millis());
            store.append(piece, now).map(drop).map_err(|error| told(&error))
        }
    }
}

/// An error with its causes, on one line.
fn told(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_written_is_counted_with_its_first_reason() {
        let (journal, scribe) = journal();
        for _ in 0..3 {
            journal.write(b"{}\n".to_vec());
        }
        drop(journal);
        let nowhere = Destination::File("/no/such/folder/file".into());
        let mut output = Output::new(Vec::new(), false);
        let kept = scribe.write_all(&nowhere, &mut output, &Clock::Fixed(0), || ());
        assert_eq!(kept.lost, 3);
        assert!(kept.reason.is_some_and(|reason| reason.contains("/no/such/folder/file")));
    }

    #[test]
    fn beyond_the_room_records_are_lost_and_nobody_waits() {
        let (journal, scribe) = journal();
        for _ in 0..ROOM + 5 {
            journal.write(b"{}\n".to_vec());
        }
        drop(journal);
        let mut output = Output::new(std::io::sink(), false);
        let kept = scribe.write_all(&Destination::Stdout, &mut output, &Clock::Fixed(0), || ());
        assert_eq!(kept.lost, 5);
    }
}
