//! What could not be delivered and is nowhere else: requests that are kept on disk until their receiver is back.
//!
//! A request is kept as it was made, packed and cut, so that a receiver that knows it again sees the same. It has a file of
//! its own that gets its name when it is whole, and loses it after it has arrived: whenever this program is killed, a
//! request is there or is not, and at most the one that was on its way is sent twice. No key is written: it is the receiver
//! that is asked now which adds its own, and only for an address of its own. The folder is one of a receiver and its keys,
//! and of the user alone: what was made for one account is never sent with the key of another.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::packing::Packing;
use crate::parcel::{Parcel, Shown};
use crate::state::hexadecimal;

/// How many bytes are kept; the oldest requests make room for new ones.
const MOST_BYTES: u64 = 64 << 20;

/// How long, in milliseconds: a week.
const LONGEST: i64 = 7 * 86_400_000;

const ENDING: &str = "request";

/// What is being written, and what could not be read. The first is left behind by who was killed then.
const NEW: &str = "new";
const DAMAGED: &str = "damaged";

/// How old leftovers get, in milliseconds: nobody takes an hour to write a request, and whoever looks at what is damaged
/// does so in a week.
const LONGEST_NEW: i64 = 3_600_000;
const LONGEST_DAMAGED: i64 = LONGEST;

/// How often the folder is looked at, in milliseconds: others may have kept something there.
pub(crate) const LOOK: i64 = 30_000;

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
    /// When the folder was looked at, in milliseconds since the Unix epoch.
    looked: Option<i64>,
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
    /// When the newest record of its batch was made, in milliseconds since the Unix epoch: how old it is to the receiver.
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
    pub(crate) fn open(folder: PathBuf, longest: Option<i64>, now: i64) -> io::Result<Self> {
        let longest = longest.unwrap_or(LONGEST).min(LONGEST);
        let mut spool = Self {
            folder,
            files: VecDeque::new(),
            bytes: 0,
            longest,
            lock: None,
            looked: None,
            made: 0,
            expired: 0,
            damaged: 0,
        };
        spool.take_over(now)?;
        Ok(spool)
    }

    /// Becomes the one who sends what is here, if nobody else is any more; and finds what others have kept since.
    pub(crate) fn take_over(&mut self, now: i64) -> io::Result<()> {
        // Also where the clock was set back.
        if self.looked.is_some_and(|looked| (looked..looked + LOOK).contains(&now)) {
            return Ok(());
        }
        if self.lock.is_none() {
            if !is_own(&self.folder)? {
                return Ok(());
            }
            let path = self.folder.join("lock");
            let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)?;
            if file.try_lock().is_err() {
                return Ok(());
            }
            self.lock = Some(file);
        }
        self.looked = Some(now);
        self.look(now)?;
        self.make_room()
    }

    /// Finds what is kept, and removes what nobody will need. Names begin with the time, and so sort by it.
    fn look(&mut self, now: i64) -> io::Result<()> {
        let mut files = Vec::new();
        for entry in self.folder.read_dir()? {
            let path = entry?.path();
            // Whoever kept it may remove it now, to make room.
            let Ok(status) = path.symlink_metadata() else { continue };
            let age = now.saturating_sub(status.mtime().saturating_mul(1000));
            match path.extension().and_then(OsStr::to_str).filter(|_| status.is_file()) {
                Some(ENDING) => files.push((path, status.len())),
                // What cannot be removed is in nobody's way.
                Some(NEW) if age > LONGEST_NEW => drop(std::fs::remove_file(&path)),
                Some(DAMAGED) if age > LONGEST_DAMAGED => drop(std::fs::remove_file(&path)),
                _ => {}
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
        if self.lock.is_some() {
            self.files.len()
        } else {
            self.files.iter().filter(|(path, _)| path.exists()).count()
        }
    }

    /// Whether something is kept that this process is to send.
    pub(crate) fn has_some(&self) -> bool {
        self.lock.is_some() && !self.files.is_empty()
    }

    /// Keeps a request, with its body as it is sent, of records of which the newest was `made` then.
    pub(crate) fn put(&mut self, parcel: &Parcel, packed: &[u8], made: i64, now: i64) -> io::Result<()> {
        if self.lock.is_none() {
            DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
            self.take_over(now)?;
        }
        self.made += 1;
        let name = format!("{:015}-{}-{:06}", now.max(0), std::process::id(), self.made);
        let head = Head {
            version: 1,
            made,
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
            (self.folder.join(format!("{name}.{NEW}")), self.folder.join(format!("{name}.{ENDING}")));
        let written = write_new(&new, &whole).and_then(|()| std::fs::rename(&new, &path));
        if let Err(error) = written {
            let _not_there = std::fs::remove_file(&new);
            return Err(error);
        }
        self.bytes += whole.len() as u64;
        self.files.push_back((path, whole.len() as u64));
        self.make_room()
    }

    fn make_room(&mut self) -> io::Result<()> {
        while self.bytes > MOST_BYTES && self.files.len() > 1 {
            self.expired += u64::from(self.remove_first()?);
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
                    self.remove_first()?;
                    continue;
                }
                Err(error) => return Err(error),
            };
            match read(&bytes) {
                Some((made, ..)) if made < now.saturating_sub(self.longest) => {
                    self.expired += u64::from(self.remove_first()?);
                }
                Some((_, parcel, body)) => return Ok(Some((parcel, body))),
                None => {
                    self.damaged += 1;
                    let aside = path.with_extension(DAMAGED);
                    std::fs::rename(path, aside)?;
                    self.remove_first()?;
                }
            }
        }
        Ok(None)
    }

    /// Forgets the oldest request: it has arrived, or never will. Returns whether it was there.
    ///
    /// # Errors
    ///
    /// If it stays: then it would be sent again and again.
    pub(crate) fn remove_first(&mut self) -> io::Result<bool> {
        let Some((path, size)) = self.files.front() else { return Ok(false) };
        let was_there = match std::fs::remove_file(path) {
            Ok(()) => true,
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(error) => return Err(error),
        };
        self.bytes = self.bytes.saturating_sub(*size);
        self.files.pop_front();
        Ok(was_there)
    }
}

/// Removes what was kept for longer than anything is in the spools beside `folder`, whose names begin the same: those of
/// accounts whose key has been replaced would be opened by nobody any more.
pub(crate) fn sweep_beside(folder: &Path, prefix: &str, now: i64) {
    let beside = folder.parent().into_iter().filter_map(|parent| parent.read_dir().ok()).flatten().flatten();
    let spools = beside.filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix));
    let spools =
        spools.map(|entry| entry.path()).filter(|path| path != folder && is_own(path).is_ok_and(|own| own));
    for file in spools.filter_map(|spool| spool.read_dir().ok()).flatten().flatten() {
        let path = file.path();
        let is_kept = path
            .extension()
            .and_then(OsStr::to_str)
            .is_some_and(|ending| [ENDING, NEW, DAMAGED].contains(&ending));
        let Ok(status) = path.symlink_metadata() else { continue };
        if is_kept && status.is_file() && now.saturating_sub(status.mtime().saturating_mul(1000)) > LONGEST {
            // Whoever has the key may have removed it now; what cannot be removed is in nobody's way.
            let _ = std::fs::remove_file(&path);
        }
    }
}

/// Whether the folder is there.
///
/// # Errors
///
/// If it is not the user's alone: whoever else can write there chooses what is sent with our key.
fn is_own(folder: &Path) -> io::Result<bool> {
    let status = match folder.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        status => status?,
    };
    let refuse = |reason| Err(io::Error::new(io::ErrorKind::PermissionDenied, reason));
    if status.is_symlink() {
        return refuse("it is a symbolic link");
    }
    if !status.is_dir() {
        return refuse("it is no folder");
    }
    if status.uid() != rustix::process::geteuid().as_raw() {
        return refuse("it belongs to another user");
    }
    if status.mode() & 0o022 != 0 {
        return refuse("others may write to it");
    }
    Ok(true)
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
mod tests;
