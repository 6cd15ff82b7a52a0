//! What could not be delivered and is nowhere else: requests that are kept on disk until their receiver is back.
//!
//! A request is kept as it was made, packed and cut, so that a receiver that knows it again sees the same. It has a file of
//! its own that gets its name when it is whole, and loses it after it has arrived: whenever this program is killed, a
//! request is there or is not, and at most the one that was on its way is sent twice. No key is written: it is the receiver
//! that is asked now which adds its own, and only for an address of its own.

use std::collections::VecDeque;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::delivery::{Packing, Parcel, Shown};
use crate::state::hexadecimal;

/// How many bytes are kept; the oldest requests make room for new ones.
const MOST_BYTES: u64 = 64 << 20;

/// How long, in milliseconds: a week.
const LONGEST: i64 = 7 * 86_400_000;

const ENDING: &str = "request";

/// A folder of requests for one receiver.
#[derive(Debug)]
pub(crate) struct Spool {
    folder: PathBuf,
    /// What is kept, the oldest first, with its size.
    files: VecDeque<(PathBuf, u64)>,
    bytes: u64,
    longest: i64,
    /// Nobody else sends what is here while this is held; none while somebody does.
    lock: Option<File>,
    made: u64,
    /// Requests that became too old or too many.
    pub(crate) expired: u64,
    /// Files that are damaged and were set aside.
    pub(crate) damaged: u64,
}

/// The first line of a file; what is sent stands behind it.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Head {
    version: u32,
    /// When it was made, in milliseconds since the Unix epoch.
    made: i64,
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    packing: Packing,
    shown: Shown,
    /// The hash of the body.
    hash: String,
}

impl Spool {
    /// The folder, which need not be there: it is made when there is something to keep. What is older than `longest`
    /// milliseconds is of no use to the receiver.
    pub(crate) fn open(folder: PathBuf, longest: Option<i64>) -> io::Result<Self> {
        let longest = longest.unwrap_or(LONGEST).min(LONGEST);
        let empty = |folder| Self {
            folder,
            files: VecDeque::new(),
            bytes: 0,
            longest,
            lock: None,
            made: 0,
            expired: 0,
            damaged: 0,
        };
        let mut spool = empty(folder);
        if spool.folder.is_dir() {
            spool.take_lock()?;
            spool.look()?;
        }
        Ok(spool)
    }

    fn take_lock(&mut self) -> io::Result<()> {
        let path = self.folder.join("lock");
        let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)?;
        // Somebody else who holds it sends what is here.
        self.lock = file.try_lock().is_ok().then_some(file);
        Ok(())
    }

    /// Finds what is kept. Names begin with the time, and so sort by it.
    fn look(&mut self) -> io::Result<()> {
        let mut files = Vec::new();
        for entry in self.folder.read_dir()? {
            let entry = entry?;
            let (path, status) = (entry.path(), entry.metadata()?);
            if status.is_file() && path.extension().is_some_and(|ending| ending == ENDING) {
                files.push((path, status.len()));
            }
        }
        files.sort();
        self.bytes = files.iter().map(|(_, size)| size).sum();
        self.files = files.into();
        Ok(())
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// How many requests are still to be sent: all, or those of this process where another one sends them.
    pub(crate) fn left(&self) -> usize {
        let own = usize::try_from(self.made).unwrap_or(usize::MAX);
        if self.lock.is_some() { self.files.len() } else { own.min(self.files.len()) }
    }

    /// Whether something is kept that this process is to send.
    pub(crate) fn has_some(&self) -> bool {
        self.lock.is_some() && !self.files.is_empty()
    }

    /// Keeps a request, with its body as it is sent.
    pub(crate) fn put(&mut self, parcel: &Parcel, packed: &[u8], now: i64) -> io::Result<()> {
        if self.lock.is_none() && !self.folder.is_dir() {
            DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
            self.take_lock()?;
        }
        self.made += 1;
        let name = format!("{:015}-{}-{:06}", now.max(0), std::process::id(), self.made);
        let head = Head {
            version: 1,
            made: now,
            method: parcel.method.to_owned(),
            url: parcel.url.clone(),
            headers: parcel.headers.clone(),
            packing: parcel.packing,
            shown: parcel.shown,
            hash: hexadecimal(&Sha256::digest(packed)),
        };
        let mut whole = serde_json::to_vec(&head).map_err(io::Error::other)?;
        whole.push(b'\n');
        whole.extend_from_slice(packed);
        let (new, path) =
            (self.folder.join(format!("{name}.new")), self.folder.join(format!("{name}.{ENDING}")));
        let written = write_new(&new, &whole).and_then(|()| std::fs::rename(&new, &path));
        if let Err(error) = written {
            let _not_there = std::fs::remove_file(&new);
            return Err(error);
        }
        self.bytes += whole.len() as u64;
        self.files.push_back((path, whole.len() as u64));
        while self.bytes > MOST_BYTES && self.files.len() > 1 {
            self.expired += 1;
            self.remove_first();
        }
        Ok(())
    }

    /// The oldest request that is still of use, with its body as it is sent.
    pub(crate) fn first(&mut self, now: i64) -> io::Result<Option<(Parcel, Vec<u8>)>> {
        while self.lock.is_some() {
            let Some((path, _)) = self.files.front() else { return Ok(None) };
            let bytes = match std::fs::read(path) {
                Ok(bytes) => bytes,
                // Whoever held the lock before has sent it meanwhile.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    self.remove_first();
                    continue;
                }
                Err(error) => return Err(error),
            };
            match read(&bytes) {
                Some((made, ..)) if made < now.saturating_sub(self.longest) => {
                    self.expired += 1;
                    self.remove_first();
                }
                Some((_, parcel, body)) => return Ok(Some((parcel, body))),
                None => {
                    self.damaged += 1;
                    let aside = path.with_extension("damaged");
                    std::fs::rename(path, aside)?;
                    self.remove_first();
                }
            }
        }
        Ok(None)
    }

    /// Forgets the oldest request: it has arrived, or never will.
    pub(crate) fn remove_first(&mut self) {
        if let Some((path, size)) = self.files.pop_front() {
            self.bytes = self.bytes.saturating_sub(size);
            let _gone_already = std::fs::remove_file(path);
        }
    }
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    // Without this, a power cut after the rename could leave half of it.
    file.sync_data()
}

/// What a file holds, and when it was made; none if it is damaged or of another version.
pub(crate) fn read(bytes: &[u8]) -> Option<(i64, Parcel, Vec<u8>)> {
    let end = bytes.iter().position(|&byte| byte == b'\n')?;
    let (head, body) = (&bytes[..end], &bytes[end + 1..]);
    let head: Head = serde_json::from_slice(head).ok()?;
    let method = ["POST", "PUT"].into_iter().find(|method| *method == head.method)?;
    if head.version != 1 || head.hash != hexadecimal(&Sha256::digest(body)) {
        return None;
    }
    let Head { made, url, headers, packing, shown, .. } = head;
    Some((made, Parcel { url, method, headers, body: Vec::new(), shown, packing }, body.to_vec()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use proptest::prelude::*;

    use super::*;

    fn parcel(url: &str) -> Parcel {
        Parcel {
            url: url.to_owned(),
            method: "POST",
            headers: vec![("Content-Type".to_owned(), "x/y".to_owned())],
            body: Vec::new(),
            shown: Shown::AsItIs,
            packing: Packing::Gzip,
        }
    }

    fn open(folder: &Path) -> Spool {
        Spool::open(folder.join("spool"), None).expect("a folder")
    }

    #[test]
    fn what_is_kept_comes_back_in_its_order_and_as_it_was() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut spool = open(folder.path());
        for body in [&b"one"[..], b"\ntwo\n", b""] {
            spool.put(&parcel("http://x"), body, 1000).expect("kept");
        }
        drop(spool);
        let mut spool = open(folder.path());
        for body in [&b"one"[..], b"\ntwo\n", b""] {
            let found = spool.first(1000).expect("read");
            assert_eq!(found, Some((parcel("http://x"), body.to_vec())));
            spool.remove_first();
        }
        assert_eq!((spool.first(1000).expect("read"), spool.bytes), (None, 0));
    }

    #[test]
    fn only_the_user_can_read_it() {
        let folder = tempfile::tempdir().expect("a folder");
        open(folder.path()).put(&parcel("http://x"), b"x", 1).expect("kept");
        let mode = |path: &Path| path.metadata().expect("there").permissions().mode() & 0o777;
        let inside = folder.path().join("spool");
        assert_eq!(mode(&inside), 0o700);
        for entry in inside.read_dir().expect("a folder").flatten() {
            assert_eq!(mode(&entry.path()), 0o600, "{}", entry.path().display());
        }
    }

    #[test]
    fn the_oldest_makes_room_and_what_is_too_old_is_not_sent() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut spool = open(folder.path());
        let large = vec![0; usize::try_from(MOST_BYTES / 4).expect("it fits")];
        for number in 0..5 {
            spool.put(&parcel(&number.to_string()), &large, number).expect("kept");
        }
        assert_eq!((spool.left(), spool.expired), (3, 2));
        assert_eq!(spool.first(4).expect("read").map(|(parcel, _)| parcel.url).as_deref(), Some("2"));
        let now = LONGEST + 4;
        assert_eq!(spool.first(now).expect("read").map(|(parcel, _)| parcel.url).as_deref(), Some("4"));
        assert_eq!((spool.left(), spool.expired), (1, 4));
    }

    #[test]
    fn half_a_file_is_set_aside_and_the_next_one_sent() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut spool = open(folder.path());
        spool.put(&parcel("torn"), b"0123456789", 1).expect("kept");
        spool.put(&parcel("whole"), b"0123456789", 2).expect("kept");
        let torn = spool.files[0].0.clone();
        let bytes = std::fs::read(&torn).expect("a file");
        std::fs::write(&torn, &bytes[..bytes.len() - 1]).expect("torn");
        // What was being written when this program was killed has no name yet.
        std::fs::write(torn.with_extension("new"), b"half").expect("written");
        drop(spool);
        let mut spool = open(folder.path());
        assert_eq!(spool.first(2).expect("read").map(|(parcel, _)| parcel.url).as_deref(), Some("whole"));
        assert_eq!(spool.damaged, 1);
    }

    #[test]
    fn while_one_process_sends_another_only_adds() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut one = open(folder.path());
        one.put(&parcel("one"), b"1", 1).expect("kept");
        let mut two = open(folder.path());
        assert!(one.has_some() && !two.has_some());
        two.put(&parcel("two"), b"2", 2).expect("kept");
        assert_eq!((two.first(2).expect("read"), two.left()), (None, 1));
        drop((one, two));
        assert_eq!(open(folder.path()).left(), 2);
    }

    proptest! {
        #[test]
        fn no_bytes_are_taken_for_a_request_that_was_not_kept(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(read(&bytes), None);
        }
    }
}
