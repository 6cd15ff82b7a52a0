//! Answers that are kept, so that the server need only say that nothing has changed, which costs no quota.
//!
//! Every answer is asked about, none is given out on its own: whoever writes and then reads sees what was written.
//! A file holds one answer, under a name that is a hash of everything the answer depends on, the credential
//! included; so nobody gets what another credential may see, and any number of relays share a folder. Only answers
//! of at most a mebibyte are kept, because they are gathered in memory on their way.

mod entry;
mod key;
mod sweep;

use std::cell::Cell;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use http::header::{CACHE_CONTROL, CONTENT_RANGE, COOKIE, ETAG, HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode};
use hyper::body::Bytes;
use rustix::fs::{CWD, Timespec, Timestamps, UTIME_NOW, UTIME_OMIT};

pub(crate) use entry::Entry;
use key::Key;

/// The longest body that is kept.
const LONGEST: usize = 1 << 20;

/// How much of all bodies together is gathered at a time.
const GATHERED: usize = 4 << 20;

/// The kept answers.
#[derive(Debug)]
pub(crate) struct Cache {
    folder: PathBuf,
    /// How many bytes to keep.
    room: u64,
    /// Bytes written since the folder was last looked through.
    written: Cell<u64>,
    gathered: Cell<usize>,
    number: Cell<u64>,
    tally: Cell<Tally>,
}

/// What it was good for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Requests that were answered from here, each of which cost no quota.
    pub(crate) hits: u64,
    /// Requests that could have been, and were not.
    pub(crate) misses: u64,
    /// Bytes that did not go over the network.
    pub(crate) bytes: u64,
}

/// A request whose answer may be kept, and the answer that is kept already.
#[derive(Debug)]
pub(crate) struct Lookup {
    key: Key,
    pub(crate) found: Option<Entry>,
}

/// An answer on its way into the folder.
#[derive(Debug)]
pub(crate) struct Capture {
    cache: Rc<Cache>,
    key: Key,
    entry: Entry,
    body: Vec<u8>,
}

impl Cache {
    /// Uses a folder, which is made if it is not there. One that others may write to could be filled with answers
    /// that are none.
    pub(crate) fn open(folder: PathBuf, room: u64) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        let status = fs::metadata(&folder)?;
        if status.uid() != rustix::process::geteuid().as_raw() {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it belongs to another user"));
        }
        if status.mode() & 0o022 != 0 {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "others may write to it"));
        }
        Ok(Self {
            folder,
            room,
            // The folder may be full already.
            written: Cell::new(room),
            gathered: Cell::new(0),
            number: Cell::new(0),
            tally: Cell::default(),
        })
    }

    pub(crate) fn tally(&self) -> Tally {
        self.tally.get()
    }

    /// Looks for an answer to a request. None is looked for if the client has one itself, or wants a part of one.
    pub(crate) async fn look_up(
        &self,
        method: &Method,
        host: &str,
        path: &str,
        headers: &HeaderMap,
    ) -> Option<Lookup> {
        let has_own = ["if-none-match", "if-modified-since", "if-match", "if-unmodified-since", "range"];
        if method != Method::GET
            || has_own.iter().any(|name| headers.contains_key(*name))
            || headers.contains_key(COOKIE)
        {
            return None;
        }
        let key = Key::of(host, path, headers);
        let file = self.file(&key);
        // A disk may take its time, and other requests must not wait for it.
        let read = tokio::task::spawn_blocking(move || read(&file)).await.ok().flatten();
        let found = read.filter(|entry| entry.suits(headers));
        Some(Lookup { key, found })
    }

    /// Begins to keep the answer to a request, if it may be kept.
    pub(crate) fn capture(
        self: &Rc<Self>,
        lookup: &Lookup,
        status: StatusCode,
        request: &HeaderMap,
        answer: &HeaderMap,
    ) -> Option<Capture> {
        let forbidden = answer
            .get_all(CACHE_CONTROL)
            .iter()
            .any(|value| value.to_str().is_ok_and(|text| text.to_ascii_lowercase().contains("no-store")));
        if status != StatusCode::OK
            || forbidden
            || answer.contains_key(CONTENT_RANGE)
            || !answer.contains_key(ETAG)
        {
            return None;
        }
        let entry = Entry::new(request, answer)?;
        Some(Capture { cache: Rc::clone(self), key: lookup.key, entry, body: Vec::new() })
    }

    pub(crate) fn missed(&self) {
        let tally = self.tally.get();
        self.tally.set(Tally { misses: tally.misses + 1, ..tally });
    }

    /// The answer is still good: it counts, and lives longer.
    pub(crate) fn hit(&self, lookup: &Lookup, bytes: usize) {
        let tally = self.tally.get();
        self.tally.set(Tally { hits: tally.hits + 1, bytes: tally.bytes + bytes as u64, ..tally });
        let file = self.file(&lookup.key);
        tokio::task::spawn_blocking(move || {
            let now = Timespec { tv_sec: 0, tv_nsec: UTIME_NOW };
            let same = Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT };
            let times = Timestamps { last_access: same, last_modification: now };
            // If it has been removed meanwhile, it is asked for again.
            let _ = rustix::fs::utimensat(CWD, &file, &times, rustix::fs::AtFlags::empty());
        });
    }

    fn file(&self, key: &Key) -> PathBuf {
        let name = key.to_string();
        self.folder.join(&name[..2]).join(&name[2..])
    }

    /// Writes an answer beside its place and moves it there, so that whoever reads finds a whole one or none.
    fn write(&self, key: &Key, entry: &Entry, body: &[u8]) {
        let bytes = entry.to_bytes(body);
        let size = bytes.len() as u64;
        if size > self.room / 2 {
            return;
        }
        let written = self.written.get().saturating_add(size);
        let sweeps = written > self.room / 16;
        self.written.set(if sweeps { 0 } else { written });
        self.number.set(self.number.get() + 1);
        let (file, folder, room) = (self.file(key), self.folder.clone(), self.room);
        let beside = file.with_file_name(format!(".{}.{}", std::process::id(), self.number.get()));
        tokio::task::spawn_blocking(move || {
            // A disk that is full keeps nothing more, and that is all.
            if put(&file, &beside, &bytes).is_err() {
                let _ = fs::remove_file(&beside);
            }
            if sweeps {
                sweep::sweep(&folder, room);
            }
        });
    }
}

fn put(file: &Path, beside: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        match DirBuilder::new().mode(0o700).create(folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
    }
    let mut new = OpenOptions::new().write(true).create_new(true).mode(0o600).open(beside)?;
    new.write_all(bytes)?;
    fs::rename(beside, file)
}

/// A kept answer; one that is damaged is removed.
fn read(file: &Path) -> Option<Entry> {
    let bytes = fs::read(file).ok()?;
    let entry = Entry::from_bytes(&bytes);
    if entry.is_none() {
        let _ = fs::remove_file(file);
    }
    entry
}

impl Lookup {
    /// Asks the server only whether the kept answer has changed.
    pub(crate) fn ask(&self, headers: &mut HeaderMap) {
        let tag = self.found.as_ref().and_then(|entry| HeaderValue::from_str(entry.tag()?).ok());
        if let Some(tag) = tag {
            headers.insert(http::header::IF_NONE_MATCH, tag);
        }
    }
}

impl Capture {
    /// Takes a part of the body; says whether it is still worth while.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> bool {
        let gathered = self.cache.gathered.get() + bytes.len();
        if self.body.len() + bytes.len() > LONGEST || gathered > GATHERED {
            return false;
        }
        self.cache.gathered.set(gathered);
        self.body.extend_from_slice(bytes);
        true
    }

    /// The body is whole.
    pub(crate) fn keep(mut self) {
        let (entry, body) = (std::mem::take(&mut self.entry), std::mem::take(&mut self.body));
        self.release(body.len());
        self.cache.write(&self.key, &entry, &body);
    }

    fn release(&self, bytes: usize) {
        self.cache.gathered.set(self.cache.gathered.get().saturating_sub(bytes));
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        self.release(self.body.len());
    }
}

/// The headers of a kept answer, brought up to date by those that came with the word that it is still good.
pub(crate) fn refreshed(entry: &Entry, newer: &HeaderMap) -> HeaderMap {
    let mut headers = entry.headers();
    // What describes the body that is kept stays as it was.
    let of_body = |name: &HeaderName| name.as_str().starts_with("content-") || name == ETAG;
    let names: Vec<_> = newer.keys().filter(|name| !of_body(name)).cloned().collect();
    for name in names {
        headers.remove(&name);
        for value in newer.get_all(&name) {
            headers.append(name.clone(), value.clone());
        }
    }
    headers
}

/// The body of a kept answer.
pub(crate) fn body(entry: Entry) -> Bytes {
    Bytes::from(entry.into_body())
}
