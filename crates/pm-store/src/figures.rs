//! How much is in a store.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;

use pm_record::Timestamp;

use crate::day::Day;
use crate::retention::length;
use crate::rollup::FOLDERS;
use crate::segment::{RecordFile, Stage};
use crate::{Error, Removal, Retention, Store, frame, links};

/// How much of each end of a file is searched for the names of hosts.
const GLANCE: u64 = 64 << 10;

/// How much is in a store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    /// The days of which records are there.
    pub days: BTreeSet<Day>,
    /// Files that are appended to, or were until now.
    pub plain: Amount,
    /// Compressed files.
    pub compressed: Amount,
    /// What those hold, in bytes of text, as far as they say.
    pub text_bytes: u64,
    /// Rollups of hours, days and months, digests of alerts, and hours and days by command alone.
    pub rollups: [Amount; 6],
    /// Days that only a rollup is left of.
    pub only_rolled_up: BTreeSet<Day>,
    /// What is kept no longer.
    pub to_prune: Vec<Removal>,
    /// What the store lies on, if several machines may write to it.
    pub shared: Option<&'static str>,
    /// On such a file system: the hosts whose records were seen at a glance.
    pub hosts: BTreeSet<String>,
}

/// How many files, and how long together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Amount {
    /// How many.
    pub files: u64,
    /// How long.
    pub bytes: u64,
}

impl Amount {
    pub(crate) fn add(&mut self, bytes: u64) {
        self.files += 1;
        self.bytes += bytes;
    }
}

impl Store {
    /// Counts what is there at the time `now`.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the store cannot be read, [`Error::Missing`] if it is not there.
    pub fn figures(&self, now: Timestamp, keep: &Retention) -> Result<Figures, Error> {
        let mut figures = Figures {
            to_prune: self.to_prune(now, keep)?,
            shared: self.shared_file_system(),
            ..Figures::default()
        };
        for file in self.record_file_list()? {
            figures.days.insert(file.segment.day);
            match file.stage {
                Stage::Open | Stage::Closing => {
                    figures.plain.add(length(&file));
                    if figures.shared.is_some() {
                        figures.hosts.extend(hosts(&file)?);
                    }
                }
                Stage::Closed | Stage::Foreign => {
                    figures.compressed.add(length(&file));
                    figures.text_bytes += text_length(&file)?;
                }
            }
        }
        for (folder, amount) in FOLDERS.iter().zip(&mut figures.rollups) {
            for entry in self.entries(folder)? {
                let path = PathBuf::from(entry.file_name());
                if path.extension().is_some_and(|ending| ending == "zst") {
                    amount.add(entry.metadata().map_or(0, |status| status.len()));
                }
            }
        }
        let rolled_up = self.rolled_up_segments()?.into_iter().map(|segment| segment.day);
        figures.only_rolled_up = rolled_up.filter(|day| !figures.days.contains(day)).collect();
        Ok(figures)
    }
}

/// How long the text in a compressed file is, as it says itself.
fn text_length(file: &RecordFile) -> Result<u64, Error> {
    let Some(open) = links::open_to_read(&file.path)? else { return Ok(0) };
    Ok(frame::text_length(&open).unwrap_or(0))
}

/// The hosts that the ends of a plain file name.
fn hosts(file: &RecordFile) -> Result<BTreeSet<String>, Error> {
    let Some(mut open) = links::open_to_read(&file.path)? else { return Ok(BTreeSet::new()) };
    let mut glance = || {
        let mut bytes = Vec::new();
        let length = open.seek(SeekFrom::End(0))?;
        for from in [0, length.saturating_sub(GLANCE)] {
            open.seek(SeekFrom::Start(from))?;
            Read::by_ref(&mut open as &mut File).take(GLANCE).read_to_end(&mut bytes)?;
        }
        Ok(bytes)
    };
    let bytes = glance().map_err(Error::io("read", &file.path))?;
    Ok(named_hosts(&String::from_utf8_lossy(&bytes)))
}

fn named_hosts(text: &str) -> BTreeSet<String> {
    let after = text.split("\"host\":\"").skip(1);
    after.filter_map(|rest| rest.split_once('"')).map(|(host, _)| host.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_seen_at_a_glance() {
        let text = "{\"host\":\"a\"}\n{\"host\":\"b\",\"x\":1}\n{\"host\":\"a\"}\n{\"host\":\"cut";
        assert_eq!(named_hosts(text), ["a".to_owned(), "b".to_owned()].into());
    }
}
