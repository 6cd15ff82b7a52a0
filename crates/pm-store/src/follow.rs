//! Reading what is appended to a store while it is appended, across midnight.
//!
//! One [`Follow`] reads every day file to which anybody still appends and hands out whole lines only, so that lines
//! of two files never run into each other and a line that is just being written is not taken for a torn one.
//! After midnight the file of the day before is read on, because writers whose clocks are slow may still
//! append to it, until compaction has removed it. A descriptor is kept for as long, so that renaming loses nothing.
//!
//! Appending wakes the reader by inotify. Where there is none, and on file systems that other machines write to,
//! the files are looked at ten times a second. Cost: 64 KiB and a line of each file.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::segment::{RECORDS, RecordFile, Stage};
use crate::wakeup::{News, Wakeup};
use crate::{Error, Store, links};

/// How much is read of a file at once.
const PIECE: usize = 64 << 10;

/// A line that is longer is handed out cut, one byte longer than any reader takes, and its rest is left out.
const LONGEST_LINE: usize = (1 << 20) + 1;

/// How many of the newest files that are open at the start are followed: a day, and the one before.
const FILES: usize = 2;

/// How long it takes at most to notice what no event tells of.
const LOOK: Duration = Duration::from_secs(1);
const LOOK_WITHOUT_EVENTS: Duration = Duration::from_millis(100);

/// Where to begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum From {
    /// With what is appended from now on.
    Now,
    /// With the last so many bytes of each file, from the first whole line on.
    Back(u64),
    /// Where an earlier reader stopped. A file that is newer is read from its beginning.
    Place(Place),
}

/// How far a reader has come.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Of each file its day, its inode and the number of bytes that were handed out.
    files: Vec<(String, u64, u64)>,
}

/// Hands out what is appended to a store.
#[derive(Debug)]
pub struct Follow {
    store: Store,
    tails: Vec<Tail>,
    /// Lines that were not taken yet.
    ready: VecDeque<u8>,
    wakeup: Option<Wakeup>,
    look: Duration,
    /// When files were looked for.
    looked: Instant,
}

/// One file that is followed.
#[derive(Debug)]
struct Tail {
    name: String,
    inode: u64,
    file: File,
    /// How far it was handed out.
    offset: u64,
    /// Whether the rest of a line is left out: one that is too long, or in whose middle reading began.
    skipping: bool,
}

impl Store {
    /// Follows the records of the store, which need not be there yet.
    ///
    /// # Errors
    ///
    /// [`Error::Missing`] if the user named a store that is not there; [`Error::Link`] if a link would be followed;
    /// [`Error::Io`] if the records cannot be read.
    pub fn follow(&self, from: &From) -> Result<Follow, Error> {
        let look = if self.shared_file_system().is_some() { LOOK_WITHOUT_EVENTS } else { LOOK };
        let mut follow = Follow {
            store: self.clone(),
            tails: Vec::new(),
            ready: VecDeque::new(),
            wakeup: None,
            look,
            looked: Instant::now(),
        };
        // Watching begins first, so that nothing falls between the two.
        follow.watch();
        let files = follow.open_files()?;
        let old = files.len().saturating_sub(FILES);
        for file in &files[old..] {
            follow.add(file, |inode, length| from.offset(&name_of(file), inode, length))?;
        }
        Ok(follow)
    }
}

impl From {
    /// Where to begin in a file that is there at the start, and whether that may be inside a line.
    fn offset(&self, name: &str, inode: u64, length: u64) -> (u64, bool) {
        match self {
            Self::Now => (length, false),
            Self::Back(bytes) => {
                let offset = length.saturating_sub(*bytes);
                (offset.saturating_sub(1), offset > 0)
            }
            Self::Place(Place { files }) => {
                // The inode of a file that was removed is soon that of another day's.
                let known = files.iter().find(|(day, known, _)| day == name && *known == inode);
                let is_newer = files.iter().all(|(older, ..)| older.as_str() < name);
                let unknown = if is_newer { 0 } else { length };
                (known.map_or(unknown, |(.., offset)| (*offset).min(length)), false)
            }
        }
    }
}

impl Follow {
    /// Whether there is something to read.
    ///
    /// # Errors
    ///
    /// If the files can no longer be read.
    pub fn is_ready(&mut self) -> io::Result<bool> {
        if self.ready.is_empty() {
            self.fill().map_err(io::Error::other)?;
        }
        Ok(!self.ready.is_empty())
    }

    /// Takes some of what is there. Returns how many bytes; 0 if nothing was appended.
    ///
    /// # Errors
    ///
    /// As [`Follow::is_ready`].
    pub fn take(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.is_ready()?;
        io::Read::read(&mut self.ready, buffer)
    }

    /// What becomes readable when something may have been appended, where the system tells.
    #[must_use]
    pub fn signal(&self) -> Option<BorrowedFd<'_>> {
        self.wakeup.as_ref().map(Wakeup::as_fd)
    }

    /// How long to wait at most before looking again.
    #[must_use]
    pub fn patience(&self) -> Duration {
        if self.wakeup.is_some() { self.look } else { LOOK_WITHOUT_EVENTS }
    }

    /// How far everything was handed out. What was handed out and not yet taken is not beyond it only if
    /// [`Follow::is_ready`] says that there is no more.
    #[must_use]
    pub fn place(&self) -> Place {
        let file = |tail: &Tail| (tail.name.clone(), tail.inode, tail.offset);
        Place { files: self.tails.iter().map(file).collect() }
    }

    fn watch(&mut self) {
        if self.wakeup.is_none() {
            self.wakeup = Wakeup::of(&self.store.root().join(RECORDS));
        }
    }

    /// Reads on in every file, and looks for new ones.
    fn fill(&mut self) -> Result<(), Error> {
        let news = self.wakeup.as_mut().map_or(News::None, Wakeup::news);
        if news == News::Files || self.looked.elapsed() >= self.patience() {
            self.looked = Instant::now();
            self.watch();
            self.look_for_files()?;
        }
        let mut left = Vec::new();
        for mut tail in std::mem::take(&mut self.tails) {
            let read = tail.read(&mut self.ready);
            let path = || self.store.root().join(RECORDS).join(format!("{}.ndjson", tail.name));
            let (handed_out, is_gone) = read.map_err(|error| Error::io("read", path())(error))?;
            // Removed, and nothing more can come: who appends looks whether the file is still there.
            if !is_gone || handed_out {
                left.push(tail);
            }
        }
        self.tails = left;
        Ok(())
    }

    /// Begins with files that were not there before. The days before those that are followed are left alone.
    fn look_for_files(&mut self) -> Result<(), Error> {
        let oldest = self.tails.iter().map(|tail| tail.name.clone()).min();
        for file in self.open_files()? {
            let is_old = oldest.as_ref().is_some_and(|oldest| name_of(&file) < *oldest);
            if !is_old && self.tails.iter().all(|tail| tail.inode != file.identity.0) {
                self.add(&file, |_, _| (0, false))?;
            }
        }
        Ok(())
    }

    fn open_files(&self) -> Result<Vec<RecordFile>, Error> {
        let mut files = self.store.record_file_list()?;
        files.retain(|file| file.stage == Stage::Open);
        Ok(files)
    }

    fn add(&mut self, found: &RecordFile, from: impl Fn(u64, u64) -> (u64, bool)) -> Result<(), Error> {
        let Some(file) = links::open_to_read(&found.path)? else { return Ok(()) };
        let status = file.metadata().map_err(Error::io("look at", &found.path))?;
        let (offset, skipping) = from(status.ino(), status.len());
        self.tails.push(Tail { name: name_of(found), inode: status.ino(), file, offset, skipping });
        Ok(())
    }
}

fn name_of(file: &RecordFile) -> String {
    file.segment.day.to_string()
}

impl Tail {
    /// Hands out the whole lines that were appended, one piece at most. Whether there were any, and whether the file
    /// has lost its last name.
    fn read(&mut self, ready: &mut VecDeque<u8>) -> io::Result<(bool, bool)> {
        let status = self.file.metadata()?;
        let is_gone = status.nlink() == 0;
        // Somebody has cut it: what stands there now is not known to be new.
        self.offset = self.offset.min(status.len());
        if self.offset == status.len() {
            return Ok((false, is_gone));
        }
        let mut piece = vec![0; PIECE];
        loop {
            let count = self.file.read_at(&mut piece, self.offset)?;
            let whole = self.take(&piece[..count], ready);
            let is_cut = count == piece.len();
            match whole {
                0 if is_cut && piece.len() < LONGEST_LINE => {
                    piece.resize((piece.len() * 4).min(LONGEST_LINE), 0);
                }
                // A file that is gone has no writer who could end the line.
                0 if is_gone => {
                    self.offset += count as u64;
                    return Ok((false, true));
                }
                whole => return Ok((whole > 0, is_gone)),
            }
        }
    }

    /// Hands out the whole lines of a piece that was read at the offset; returns how many bytes it is done with.
    fn take(&mut self, piece: &[u8], ready: &mut VecDeque<u8>) -> usize {
        let mut begin = 0;
        if self.skipping {
            let end = piece.iter().position(|&byte| byte == b'\n');
            self.skipping = end.is_none();
            begin = end.map_or(piece.len(), |end| end + 1);
        }
        let last = piece[begin..].iter().rposition(|&byte| byte == b'\n');
        let end = match last {
            Some(last) => begin + last + 1,
            None if begin == 0 && piece.len() >= LONGEST_LINE => {
                self.skipping = true;
                ready.extend(piece);
                ready.push_back(b'\n');
                self.offset += piece.len() as u64;
                return piece.len();
            }
            None => begin,
        };
        ready.extend(&piece[begin..end]);
        self.offset += end as u64;
        end
    }
}
