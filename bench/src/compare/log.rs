//! Generated logs in the work folder, made once: the same seed gives the same bytes for ever.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use pm_cli::human;

use super::{Bench, Error};
use crate::{Generator, Layout, Scribe};

/// A month, so that a host's quota is neither untouched nor always used up.
const DAYS: u32 = 30;

/// A log on disk.
#[derive(Debug)]
pub(super) struct Log {
    pub(super) path: PathBuf,
    pub(super) records: u32,
    pub(super) bytes: u64,
}

impl Log {
    /// The log of so many records, generated unless it is there.
    pub(super) fn of(bench: &mut Bench<'_>, records: u32, layout: Layout) -> Result<Self, Error> {
        let name = match layout {
            Layout::Regular => "records",
            Layout::Mixed => "mixed",
            Layout::Irregular => "irregular",
        };
        let path = bench.in_work(&format!("{name}-{records}.ndjson"));
        if !path.exists() {
            bench.progress(&format!("generating '{}'", path.display()));
            generate(&path, records, layout).map_err(|source| Error::file(&path, source))?;
        }
        let bytes = path.metadata().map_err(|source| Error::file(&path, source))?.len();
        Ok(Self { path, records, bytes })
    }

    /// How many records, for people.
    pub(super) fn count(&self) -> String {
        human::count(self.records.into())
    }

    pub(super) fn megabytes(&self) -> f64 {
        self.bytes as f64 / 1e6
    }
}

/// Writes the log and waits for the disk, which must not be busy with it later. It gets its name last, so that
/// one that was cut off is never taken for whole.
fn generate(path: &Path, records: u32, layout: Layout) -> io::Result<()> {
    let part = path.with_extension("part");
    let mut file = BufWriter::with_capacity(1 << 20, File::create(&part)?);
    let mut scribe = Scribe::new(layout, 1);
    for run in Generator::new(1).records(records.into()).days(DAYS) {
        file.write_all(&scribe.line(run))?;
    }
    file.into_inner()?.sync_all()?;
    fs::rename(part, path)
}
