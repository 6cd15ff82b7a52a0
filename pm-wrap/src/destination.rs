//! Where the record goes.

use std::io::Write;

use pm_cli::{Exit, Explain, Streams};
use pm_record::Timestamp;
use pm_store::Store;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::config::Destination;
use crate::signals::Signals;

/// The longest piece that a pipe takes whole, so that those who share one cannot interleave; and the
/// longest that is written to a file at once.
const TO_PIPE: usize = 4096;
const TO_FILE: usize = 64 * 1024;

/// Writes lines, each of them in one piece with its newline. Returns the store whose day they began, if they did.
pub(crate) fn write(
    destination: &Destination,
    lines: &[u8],
    signals: &Signals,
    io: &mut Streams,
) -> Result<Option<Store>, Trouble> {
    match destination {
        Destination::Stdout => {
            let written = pieces(lines, TO_PIPE).try_for_each(|piece| {
                // A reader that takes its time must not make us deaf to whoever wants us to end.
                if !signals.wait_to_write(rustix::stdio::stdout()) {
                    return Err(std::io::ErrorKind::Interrupted.into());
                }
                io.output.write_all(piece).and_then(|()| io.output.flush())
            });
            // A reader that has left did not want the record.
            if io.output.is_closed() { Ok(None) } else { written.map(|()| None).map_err(Trouble::Stdout) }
        }
        Destination::File(path) => {
            let path = io.environment.current_dir().join(path);
            pieces(lines, TO_FILE).try_for_each(|piece| pm_store::append_line(&path, piece, 0o666))?;
            Ok(None)
        }
        Destination::Store(named) => {
            let directory = |name: &str| io.environment.absolute(name).map(Into::into);
            let store = Store::meant(named.as_deref(), io.environment.current_dir(), directory)?;
            let now = Timestamp::from_millis(io.clock.now_millis());
            let mut began_the_day = false;
            for piece in pieces(lines, TO_FILE) {
                began_the_day |= store.append(piece, now)?.began_the_day;
            }
            Ok(began_the_day.then_some(store))
        }
    }
}

/// The same while the command runs: whoever reads the record must not keep us waiting. What was written is taken
/// out of `lines`.
pub(crate) fn write_now(
    destination: &Destination,
    lines: &mut Vec<u8>,
    signals: &Signals,
    io: &mut Streams,
) -> Result<Option<Store>, Trouble> {
    if *destination != Destination::Stdout {
        return write(destination, &std::mem::take(lines), signals, io);
    }
    let mut written = 0;
    for piece in pieces(lines, TO_PIPE) {
        let mut watched = [PollFd::from_borrowed_fd(rustix::stdio::stdout(), PollFlags::OUT)];
        if !matches!(poll(&mut watched, Some(&Timespec::default())), Ok(1..)) {
            break;
        }
        let done = io.output.write_all(piece).and_then(|()| io.output.flush());
        if !io.output.is_closed() {
            done.map_err(Trouble::Stdout)?;
        }
        written += piece.len();
    }
    lines.drain(..written);
    Ok(None)
}

/// Cuts lines into pieces of whole lines, each as long as it may be. A line that is longer stays whole.
fn pieces(lines: &[u8], longest: usize) -> impl Iterator<Item = &[u8]> {
    let mut rest = lines;
    std::iter::from_fn(move || {
        let fits = rest.len().min(longest);
        let end = if fits == rest.len() {
            Some(fits)
        } else {
            memchr::memrchr(b'\n', &rest[..fits]).map(|at| at + 1)
        };
        let end = end.or_else(|| memchr::memchr(b'\n', rest).map(|at| at + 1)).unwrap_or(rest.len());
        let (piece, behind) = rest.split_at(end);
        rest = behind;
        (!piece.is_empty()).then_some(piece)
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(lines: &str, expected: &[&str]) {
        let pieces: Vec<_> =
            pieces(lines.as_bytes(), 8).map(|piece| str::from_utf8(piece).expect("text")).collect();
        assert_eq!(pieces, expected);
    }

    #[test]
    fn pieces_are_whole_lines_and_as_long_as_they_may_be() {
        check("", &[]);
        check("abc\n", &["abc\n"]);
        check("abc\ndef\nghi\n", &["abc\ndef\n", "ghi\n"]);
        check("a\nmuch too long\nb\n", &["a\n", "much too long\n", "b\n"]);
    }
}
