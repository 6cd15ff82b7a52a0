//! Commands that read nothing of each other, run side by side, with their outputs one after the other.
//!
//! What the next stage gets is what a shell would give it that ran them in turn: each output is held until those before it
//! are written, and a command that prints more than is held waits. Commands begin in their order, as many at once as there
//! are cores, two at least, so that the one whose output is due always runs. The cost is the memory of what is held.

use std::io::{self, PipeReader, PipeWriter, Read as _, Write as _};
use std::process::{ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use crate::Error;
use crate::children::Children;
use crate::invocation::Invocation;
use crate::pipeline::cannot_start;

/// How much of an output is read at once, and how many such pieces of each are held: 16 MiB.
const PIECE: usize = 64 << 10;
const PIECES: usize = 256;

/// How one command ended; none if a signal had asked for the end before it began.
type Ended = Result<Option<ExitStatus>, Error>;

/// Runs all of them, whether or not they end well.
pub(crate) fn run(
    invocations: &[Invocation],
    children: &Children<'_>,
    mut writer: &PipeWriter,
) -> Result<Vec<ExitStatus>, Error> {
    let cores = thread::available_parallelism().map_or(2, Into::into).max(2);
    let (senders, receivers): (Vec<_>, Vec<_>) = invocations.iter().map(|_| sync_channel(PIECES)).unzip();
    let next = AtomicUsize::new(0);
    let mut ends: Vec<_> = thread::scope(|scope| {
        let work = || {
            let mut ended = Vec::new();
            while let Some((place, invocation)) = take(&next, invocations) {
                ended.push((place, one(invocation, children, &senders[place])));
            }
            ended
        };
        let workers: Vec<_> = (0..cores.min(invocations.len())).map(|_| scope.spawn(work)).collect();
        // A reader that has left is met by the commands themselves, as one that is joined to them directly.
        let _left = receivers.into_iter().try_for_each(|pieces| pass_on(&pieces, &mut writer));
        let ends = workers.into_iter().map(thread::ScopedJoinHandle::join);
        // A thread of ours does not panic; if it did, the hook has ended the process already.
        ends.flat_map(|ended| ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    });
    ends.sort_by_key(|&(place, _)| place);
    ends.into_iter().filter_map(|(_, ended): (usize, Ended)| ended.transpose()).collect()
}

fn take<'a>(next: &AtomicUsize, invocations: &'a [Invocation]) -> Option<(usize, &'a Invocation)> {
    let place = next.fetch_add(1, Ordering::Relaxed);
    Some((place, invocations.get(place)?))
}

/// Runs one to its end while its output is taken.
fn one(invocation: &Invocation, children: &Children<'_>, pieces: &SyncSender<Piece>) -> Ended {
    let started = || -> io::Result<Option<ExitStatus>> {
        let (output, input) = io::pipe()?;
        thread::scope(|scope| {
            scope.spawn(|| hold(output, pieces));
            children.run(invocation.command().stdin(Stdio::null()).stdout(input))
        })
    };
    let ended = started().map_err(|source| cannot_start(invocation, source));
    // The end of this output; a reader that has left does not want to know.
    let _left = pieces.send(Vec::new());
    ended
}

/// Some bytes of an output; none at its end.
type Piece = Vec<u8>;

fn hold(mut output: PipeReader, pieces: &SyncSender<Piece>) {
    loop {
        let mut piece = vec![0; PIECE];
        match output.read(&mut piece) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Ok(0) | Err(_) => return,
            Ok(length) => {
                piece.truncate(length);
                if pieces.send(piece).is_err() {
                    return;
                }
            }
        }
    }
}

fn pass_on(pieces: &Receiver<Piece>, writer: &mut &PipeWriter) -> io::Result<()> {
    for piece in pieces.iter().take_while(|piece| !piece.is_empty()) {
        writer.write_all(&piece)?;
    }
    Ok(())
}
