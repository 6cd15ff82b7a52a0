//! Shipping: closed days are copied into a [tree](crate::tree), which can lie on another machine's disk or be synced
//! into a bucket.
//!
//! A file is named by the SHA-256 of its bytes, `2026-11-20-0f3a….ndjson.zst`. So the tree itself says what has
//! arrived: whoever was interrupted goes on with the first file that is missing, two stores of one host get into no one's
//! way, the same bytes never stand there twice, and a copy can be checked where the original is gone. The cost is that every
//! closed day is hashed each time, about a second for a gigabyte.
//!
//! Only closed days go, because nobody writes to them any more. What is not finished has a name that begins with a dot,
//! which no reader of a tree looks at, and that no other writer takes. It gets its name once all of it was handed to the
//! disk, and what is read back has the hash. That finds what came wrong or changed on the way; the system may
//! answer from its memory, so what the disk makes of it only a later run with `verify` can find.
//!
//! What is wrong with a single file, here or there, keeps none of the others. Only a place that takes no more at all ends
//! a run.

use std::collections::BTreeSet;
use std::fs::{File, Metadata};
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, Seek};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use pm_record::Timestamp;
use rustix::fs::FlockOperation;

use crate::figures::Amount;
use crate::hashing;
use crate::lock::lock;
use crate::segment::{RECORDS, RecordFile, Stage};
use crate::temporary::sync_folder_of;
use crate::tree::{DATE, HOST};
use crate::upkeep::{Deed, Upkeep, Witness};
use crate::{Error, Store, frame, links};

/// How long to wait for somebody else who ships this store.
const PATIENCE: Duration = Duration::from_secs(5);

/// How the name of a file ends that is not finished.
const UNFINISHED: &str = ".new";

/// How many digits of the hash stand in a name: 64 bits, for which no two days in the world are the same by chance.
const DIGITS: usize = 16;

/// After which time without a write a file that is not finished belongs to nobody. Whoever loses one that was still written
/// to ships it again.
const ABANDONED_MILLIS: i64 = 3_600_000;

/// Where days go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// The folder of the tree.
    pub root: PathBuf,
    /// Whose days they are; see [`Destination::is_host`].
    pub host: String,
    /// Whether what is there already is read to its end, and not only looked at.
    pub verify: bool,
}

/// What came of shipping.
#[derive(Debug, Default)]
pub struct Shipped {
    /// What has gone there now.
    pub copied: Amount,
    /// What was there as it should be.
    pub there: Amount,
    /// What was there, was damaged, and has been replaced.
    pub mended: Vec<PathBuf>,
    /// What is there and damaged, and of which this store has no original.
    pub damaged: Vec<PathBuf>,
    /// How many files are still written to.
    pub open: u64,
    /// How many of those are of days that have ended, and that compaction would close.
    pub ended: u64,
    /// What was compressed by hand, and stays.
    pub foreign: Vec<PathBuf>,
    /// Why single files did not go.
    pub troubles: Vec<Error>,
}

impl Destination {
    /// Whether a name can stand for a host in the name of a folder, for every engine that reads it.
    #[must_use]
    pub fn is_host(name: &str) -> bool {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        (1..=200).contains(&name.len()) && name.bytes().all(is_plain) && !name.starts_with('.')
    }

    fn folder(&self, file: &RecordFile) -> PathBuf {
        self.host_folder().join(format!("{DATE}{}", file.segment.day))
    }

    fn host_folder(&self) -> PathBuf {
        self.root.join(format!("{HOST}{}", self.host))
    }
}

impl Store {
    /// Copies every closed day that is not there yet. Whatever is wrong with single files is part of what comes of it.
    ///
    /// # Errors
    ///
    /// [`Error::Destination`] if days cannot go there; [`Error::Io`] if the store cannot be read, somebody else ships
    /// it, or the destination takes no more; [`Error::Link`] if a link would be followed.
    pub fn ship(
        &self,
        to: &Destination,
        now: Timestamp,
        witness: &mut Witness<'_>,
    ) -> Result<Shipped, Error> {
        self.check(to)?;
        let path = self.make("run")?.join("ship.lock");
        let lock_file = links::open("open", &path, File::options().write(true).create(true).truncate(false))?;
        lock(&lock_file, &path, FlockOperation::NonBlockingLockExclusive, PATIENCE)?;
        let mut shipped = Shipped::default();
        let mut known = Vec::new();
        let mut days = BTreeSet::new();
        let records = self.records_folder();
        let files = self.record_file_list()?.into_iter().filter(|file| file.path.starts_with(&records));
        let files: Vec<_> = files.collect();
        if files.iter().any(|file| file.stage == Stage::Closed) {
            // What holds for every day is said once.
            let folder = to.host_folder();
            std::fs::create_dir_all(&folder).map_err(Error::io("make", &folder))?;
        }
        for file in files {
            match file.stage {
                Stage::Closed => {
                    days.insert(to.folder(&file));
                    let name = Shipping { to, file: &file, shipped: &mut shipped, witness }.ship()?;
                    known.extend(name);
                }
                Stage::Foreign => shipped.foreign.push(file.path),
                Stage::Open | Stage::Closing => {
                    shipped.open += 1;
                    shipped.ended += u64::from(Upkeep::has_ended(file.segment.day.end(), now));
                }
            }
        }
        for folder in days {
            sweep(&folder, now);
        }
        if to.verify {
            verify_others(to, &known, &mut shipped);
        }
        Ok(shipped)
    }

    /// Days go into a tree, and a tree is no store that is written to.
    fn check(&self, to: &Destination) -> Result<(), Error> {
        let refuse = |reason| Err(Error::Destination { path: to.root.clone(), reason });
        if !to.root.is_dir() {
            return refuse("there is no such folder, or nothing is mounted there yet");
        }
        let root = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        if root(&to.root).starts_with(root(self.root())) {
            return refuse("it lies in the store itself");
        }
        if to.root.join(RECORDS).exists() {
            return refuse("it is a store, whose records would be read together with those that are shipped");
        }
        Ok(())
    }
}

/// One file on its way.
struct Shipping<'a, 'w> {
    to: &'a Destination,
    file: &'a RecordFile,
    shipped: &'a mut Shipped,
    witness: &'a mut Witness<'w>,
}

impl Shipping<'_, '_> {
    /// Sees to it that it is there; returns its path. What is wrong with the file alone is noted.
    fn ship(&mut self) -> Result<Option<PathBuf>, Error> {
        let read = |file: &RecordFile| -> Result<Option<(File, String, u64)>, Error> {
            // Whatever was removed for its age since the folder was listed does not go any more.
            let Some(mut original) = links::open_to_read(&file.path)? else { return Ok(None) };
            let (hash, bytes) = hashing::of(&mut original).map_err(Error::io("read", &file.path))?;
            Ok(Some((original, hash, bytes)))
        };
        let (original, hash, bytes) = match read(self.file) {
            Ok(Some(read)) => read,
            Ok(None) => return Ok(None),
            Err(error) => {
                self.shipped.troubles.push(error);
                return Ok(None);
            }
        };
        let name = format!("{}-{}.ndjson.zst", self.file.segment, &hash[..DIGITS]);
        let place = self.to.folder(self.file).join(name);
        match self.place(original, &place, bytes, &hash) {
            Err(error) if takes_no_more(&error) => return Err(error),
            Err(error) => self.shipped.troubles.push(error),
            Ok(()) => {}
        }
        Ok(Some(place))
    }

    /// Sees to it that what was read here stands there.
    fn place(&mut self, original: File, place: &Path, bytes: u64, hash: &str) -> Result<(), Error> {
        let was_there = match self.look(place, bytes, hash)? {
            Found::Whole => {
                self.shipped.there.add(bytes);
                return Ok(());
            }
            Found::Damaged => true,
            Found::Nothing => false,
        };
        // A day that was damaged here would get another name there, and count beside the one that arrived before.
        frame::read(original.try_clone().map_err(Error::io("read", &self.file.path))?)
            .and_then(|mut text| io::copy(&mut text, &mut io::sink()))
            .map_err(Error::io("read", &self.file.path))?;
        self.copy(original, place, hash)?;
        if was_there {
            self.shipped.mended.push(place.to_owned());
        } else {
            self.shipped.copied.add(bytes);
        }
        Ok(())
    }

    fn look(&self, place: &Path, bytes: u64, hash: &str) -> Result<Found, Error> {
        let Some(mut there) = links::open_to_read(place)? else { return Ok(Found::Nothing) };
        let length = there.metadata().map_err(Error::io("look at", place))?.size();
        if length != bytes {
            return Ok(Found::Damaged);
        }
        let same = !self.to.verify || hashing::of(&mut there).is_ok_and(|(found, _)| found == hash);
        Ok(if same { Found::Whole } else { Found::Damaged })
    }

    /// Copies it under a name that nobody looks at, reads it back, and gives it its name.
    fn copy(&mut self, mut original: File, place: &Path, hash: &str) -> Result<(), Error> {
        let folder = place.parent().unwrap_or(place);
        std::fs::create_dir_all(folder).map_err(Error::io("make", folder))?;
        let name = place.file_name().unwrap_or_default().to_string_lossy();
        // Two stores of one host may bring the same bytes at the same time, from machines that know nothing of each other.
        let (process, random) = (std::process::id(), RandomState::new().hash_one(place));
        let unfinished = folder.join(format!(".{name}.{process}-{random:x}{UNFINISHED}"));
        let mut write = || {
            original.rewind()?;
            let mut into = File::options().read(true).write(true).create_new(true).open(&unfinished)?;
            io::copy(&mut original, &mut into)?;
            into.sync_all()?;
            let (arrived, _) = hashing::of(&mut into)?;
            if arrived == hash {
                return Ok(());
            }
            Err(io::Error::new(io::ErrorKind::InvalidData, "what arrived is not what was sent"))
        };
        let written = write();
        if written.is_err() {
            // Whatever room it took is of more use to others. What stays is swept when it is old enough.
            let _ = std::fs::remove_file(&unfinished);
        }
        written.map_err(Error::io("write", &unfinished))?;
        (self.witness)(Deed::Written, &unfinished);
        std::fs::rename(&unfinished, place).map_err(Error::io("replace", place))?;
        // Some file systems that reach over a network cannot do that. What a power cut takes there is shipped again.
        let _ = sync_folder_of(place);
        (self.witness)(Deed::Placed, place);
        Ok(())
    }
}

/// What is there of a file.
enum Found {
    Nothing,
    Whole,
    Damaged,
}

/// Whether no file at all can go to the place any more.
fn takes_no_more(error: &Error) -> bool {
    use io::ErrorKind::{QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    let kinds = [QuotaExceeded, ReadOnlyFilesystem, StorageFull];
    matches!(error, Error::Io { source, .. } if kinds.contains(&source.kind()))
}

/// Removes what others left unfinished in the folder of a day, as far as that can be done.
fn sweep(folder: &Path, now: Timestamp) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let is_unfinished = entry.file_name().to_str().is_some_and(|name| {
            name.starts_with('.') && name.contains(".ndjson.zst.") && name.ends_with(UNFINISHED)
        });
        let is_old = |status: Metadata| now.as_millis() - status.mtime() * 1000 > ABANDONED_MILLIS;
        if is_unfinished && entry.metadata().is_ok_and(is_old) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// Checks what the host has shipped before, and what this store no longer has.
fn verify_others(to: &Destination, known: &[PathBuf], shipped: &mut Shipped) {
    let tree = Store::at(&to.root);
    let days = tree.shipped_days(&format!("{HOST}{}", to.host)).unwrap_or_else(|error| {
        shipped.troubles.push(error);
        Vec::new()
    });
    for (_, folder) in days {
        let files = tree.shipped_files(&folder).unwrap_or_else(|error| {
            shipped.troubles.push(error);
            Vec::new()
        });
        for path in files.into_iter().filter(|path| !known.contains(path)) {
            let Some(expected) = hash_in_name(&path) else { continue };
            match links::open_to_read(&path) {
                Ok(Some(mut file)) => match hashing::of(&mut file) {
                    Ok((hash, bytes)) if hash.starts_with(expected) => shipped.there.add(bytes),
                    _ => shipped.damaged.push(path),
                },
                Ok(None) => {}
                Err(error) => shipped.troubles.push(error),
            }
        }
    }
}

/// The digits of the hash in the name of a file that was shipped.
fn hash_in_name(path: &Path) -> Option<&str> {
    let (_, hash) = path.file_name()?.to_str()?.strip_suffix(".ndjson.zst")?.rsplit_once('-')?;
    (hash.len() == DIGITS && hash.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(hash)
}
