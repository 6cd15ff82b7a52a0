//! Where text goes: standard output, or a file that is replaced as a whole. Its reader is `node_exporter`'s collector,
//! mostly.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use pm_cli::{Streams, beside, replace_file};

use crate::Error;

/// Writes `text` to the file, or to standard output where there is none.
pub(crate) fn publish(text: &[u8], output: Option<&Path>, io: &mut Streams) -> Result<(), Error> {
    let Some(path) = output else { return io.output.write_all(text).map_err(Error::Write) };
    let path = io.environment.current_dir().join(path);
    replace_file(&path, text).map_err(|source| Error::Output { path, source })
}

/// A file that is written piece by piece and takes its place when it is whole.
#[derive(Debug)]
pub(crate) struct Sheet {
    place: Option<(PathBuf, PathBuf)>,
    file: Option<io::BufWriter<File>>,
}

impl Sheet {
    /// One for the file, or for standard output. With `append` it is added to what is there.
    pub(crate) fn open(output: Option<&Path>, append: bool, io: &Streams) -> Result<Self, Error> {
        let Some(path) = output else { return Ok(Self { place: None, file: None }) };
        let path = io.environment.current_dir().join(path);
        let special = path.metadata().is_ok_and(|status| !status.is_file());
        let opened = if append || special {
            OpenOptions::new().append(true).create(!special).open(&path).map(|file| (file, None))
        } else {
            let new = beside(&path);
            File::create(&new).map(|file| (file, Some((new, path.clone()))))
        };
        let (file, place) = opened.map_err(|source| Error::Output { path, source })?;
        Ok(Self { place, file: Some(io::BufWriter::new(file)) })
    }

    pub(crate) fn write(&mut self, text: &[u8], io: &mut Streams) -> Result<(), Error> {
        match &mut self.file {
            None => io.output.write_all(text).map_err(Error::Write),
            Some(file) => file
                .write_all(text)
                .map_err(|source| Error::Output { path: name(self.place.as_ref()), source }),
        }
    }

    pub(crate) fn flush(&mut self, io: &mut Streams) -> Result<(), Error> {
        match &mut self.file {
            None => io.output.flush().map_err(Error::Write),
            Some(file) => {
                file.flush().map_err(|source| Error::Output { path: name(self.place.as_ref()), source })
            }
        }
    }

    /// Puts it in its place.
    pub(crate) fn finish(mut self, io: &mut Streams) -> Result<(), Error> {
        self.flush(io)?;
        let Some((new, path)) = self.place.take() else { return Ok(()) };
        std::fs::rename(&new, &path).map_err(|source| Error::Output { path, source })
    }
}

/// What did not come to its end leaves nothing behind.
impl Drop for Sheet {
    fn drop(&mut self) {
        if let Some((new, _)) = &self.place {
            let _gone_already = std::fs::remove_file(new);
        }
    }
}

fn name(place: Option<&(PathBuf, PathBuf)>) -> PathBuf {
    place.map_or_else(|| PathBuf::from("the file of -o"), |(_, path)| path.clone())
}
