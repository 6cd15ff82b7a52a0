//! A store's day files, made of generated runs.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use pm_record::{PerformanceMetrics, Record};

pub(super) const DAY: i64 = 86_400_000;

/// Writes runs that are in order, each to the file of its day, and waits for the disk.
pub(super) fn write_days(
    folder: &Path,
    runs: impl Iterator<Item = PerformanceMetrics>,
) -> io::Result<Vec<PathBuf>> {
    let mut files: Vec<PathBuf> = Vec::new();
    let mut open: Option<BufWriter<File>> = None;
    let mut day = i64::MIN;
    for run in runs {
        if run.timestamp.as_millis().div_euclid(DAY) != day || open.is_none() {
            finish(open.take())?;
            day = run.timestamp.as_millis().div_euclid(DAY);
            let path = folder.join(format!("{}.ndjson", run.timestamp.day()));
            open = Some(BufWriter::with_capacity(1 << 20, File::create(&path)?));
            files.push(path);
        }
        let line = Record::Performance(Box::new(run)).to_line();
        open.as_mut().map_or(Ok(()), |file| file.write_all(&line))?;
    }
    finish(open)?;
    Ok(files)
}

fn finish(file: Option<BufWriter<File>>) -> io::Result<()> {
    file.map_or(Ok(()), |file| file.into_inner()?.sync_all())
}
