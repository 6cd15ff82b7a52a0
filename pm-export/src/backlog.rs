//! A store, read from where an earlier run stopped.
//!
//! Every file that can hold something new is looked at, oldest first. One that was read to its end and can no longer
//! grow costs a look at its first line; one that grows is read from where it was left. What is not there any more has
//! been counted, and stays so. How far the store was read is written down only after what was read has been handed on.

use std::io::{self, Seek, SeekFrom};
use std::path::Path;

use pm_cli::{Input, Opener, Streams};
use pm_record::{Lines, Reading, RunReader, Skipped};
use pm_store::{LockedState, Question, Source, StateFile, Store};

use crate::config::Config;
use crate::error::Warning;
use crate::intake::Taker;
use crate::progress::Progress;
use crate::state::{Reached, State, hash};
use crate::{Error, TOOL};

/// A store, and how far it was read.
#[derive(Debug)]
pub(crate) struct Backlog {
    store: Store,
    /// Nobody else goes on from there while this run does.
    locked: LockedState,
    pub(crate) state: State,
    /// What was written down last.
    committed: State,
    strict: bool,
    /// Whether nothing is written down.
    dry: bool,
    /// One for the whole run: what takes its runs remembers how their lines looked.
    runs: Option<RunReader>,
    progress: Progress,
}

/// A file, and how much of it is known.
struct Known {
    /// How far it was read, or its beginning.
    reached: Reached,
    compressed: bool,
    /// Whether nobody can append to it any more.
    closed: bool,
}

impl Backlog {
    /// Goes on where the last run of this name stopped, or else the last one of its `former` name.
    pub(crate) fn open(
        store: Store,
        name: &str,
        former: Option<&str>,
        config: &Config,
        io: &mut Streams,
    ) -> Result<Self, Error> {
        let locked = StateFile::of(&store, &state_name(name))?.lock()?;
        let anew = State::new(config.fingerprint(), io.clock.now_millis());
        let kept = match (locked.read()?, former) {
            (None, Some(former)) => take_over(&store, former, &locked, config.dry)?,
            (kept, _) => kept,
        };
        let state = match kept.map(|bytes| State::parse(&bytes)) {
            None => anew,
            Some(Ok(state)) if state.shape == anew.shape => state,
            Some(Ok(_)) => {
                io.complain(TOOL, &Warning::OtherShape);
                anew
            }
            Some(Err(reason)) => {
                io.complain(TOOL, &Warning::Damaged { aside: locked.set_aside()?, reason });
                anew
            }
        };
        let (committed, progress) = (state.clone(), Progress::new(config, io));
        Ok(Self { store, locked, state, committed, strict: config.strict, dry: false, runs: None, progress })
    }

    /// Writes down how far it is.
    #[cfg(test)]
    pub(crate) fn write_down(&self) -> Result<(), Error> {
        if self.dry { Ok(()) } else { Ok(self.locked.replace(&self.state.to_bytes())?) }
    }

    /// Writes nothing down: what is read now has not been handed on.
    pub(crate) fn forget(&mut self) {
        self.dry = true;
    }

    /// Starts anew, because what was kept cannot be used.
    pub(crate) fn begin_anew(
        &mut self,
        reason: String,
        config: &Config,
        io: &mut Streams,
    ) -> Result<(), Error> {
        io.complain(TOOL, &Warning::Damaged { aside: self.locked.set_aside()?, reason });
        self.state = State::new(config.fingerprint(), io.clock.now_millis());
        self.committed = self.state.clone();
        Ok(())
    }

    /// Reads everything that is new, and hands it on.
    pub(crate) fn read(&mut self, taker: &mut dyn Taker, io: &mut Streams) -> Result<Skipped, Error> {
        let mut runs = self.runs.take().unwrap_or_else(|| RunReader::new(&taker.wanted()));
        let read = self.read_files(taker, &mut runs, io);
        self.runs = Some(runs);
        self.progress.end(io);
        read
    }

    /// How many bytes there are to read, of files that are packed and of others, as far as their names and sizes tell.
    fn left(&self, sources: &[Source]) -> (u64, u64) {
        let (mut plain, mut packed) = (0, 0);
        for source in sources {
            let day = day_of(&source.path);
            let known = self.state.files.iter().filter(|reached| reached.day == day);
            let (is_done, offset) = known.fold((false, 0), |(done, offset), reached| {
                (done || reached.done, offset.max(reached.offset))
            });
            match is_closed(&source.path) {
                true if is_done => {}
                true => packed += size_of(&source.path),
                false => plain += size_of(&source.path).saturating_sub(offset),
            }
        }
        (plain, packed)
    }

    fn read_files(
        &mut self,
        taker: &mut dyn Taker,
        runs: &mut RunReader,
        io: &mut Streams,
    ) -> Result<Skipped, Error> {
        let question =
            Question { since: None, until: None, rollups: None, records_first: true, by_machine: false };
        // What could not be handed on before comes first, and as it was.
        if taker.is_pending() {
            self.commit(taker, io)?;
        }
        let sources = self.store.sources(&question)?;
        let (plain, packed) = self.left(&sources);
        self.progress.begin(plain, packed);
        let mut skipped = Skipped::default();
        for source in &sources {
            if io.interrupted().is_some() {
                break;
            }
            let read = self.read_file(source, taker, runs, io)?;
            let name = source.path.display().to_string();
            skipped.follow(read, (sources.len() > 1).then_some(name.as_str()), 0);
        }
        // Those that were removed cannot come back.
        let days: Vec<_> = sources.iter().map(|source| day_of(&source.path)).collect();
        self.state.files.retain(|reached| days.contains(&reached.day));
        self.commit(taker, io)?;
        Ok(skipped)
    }

    /// Hands on what was taken, and only then writes down how far that is.
    fn commit(&mut self, taker: &mut dyn Taker, io: &mut Streams) -> Result<(), Error> {
        if let Err(error) = taker.settle(io) {
            if let Some(partly) = taker.partly().filter(|_| !self.dry) {
                self.committed.partly = Some(partly);
                self.locked.replace(&self.committed.to_bytes())?;
            }
            return Err(error);
        }
        self.state.partly = None;
        taker.keep(&mut self.state);
        if self.dry {
            return Ok(());
        }
        self.committed = self.state.clone();
        Ok(self.locked.replace(&self.state.to_bytes())?)
    }

    fn read_file(
        &mut self,
        source: &Source,
        taker: &mut dyn Taker,
        runs: &mut RunReader,
        io: &mut Streams,
    ) -> Result<Skipped, Error> {
        let mut skipped = Skipped::default();
        let Some(mut known) = self.look_at(source, io)? else { return Ok(skipped) };
        if known.reached.done && known.closed {
            return Ok(skipped);
        }
        let mut start = known.start();
        let mut lines = Lines::new([open(source, start, io)]);
        if !find(&mut lines, start, &known.reached).map_err(Error::Read)? {
            io.complain(TOOL, &Warning::Changed { path: source.path.clone() });
            known.reached = Reached { offset: 0, length: 0, ..known.reached };
            start = 0;
            lines = Lines::new([open(source, start, io)]);
        }
        let mut reached = known.reached;
        let (mut last, mut line) = (Vec::new(), Vec::new());
        loop {
            let next = lines.next_run(runs, |_| Ok(())).map_err(Error::Read)?;
            let Some((position, reading)) = next else { break };
            let is_cut = position.is_open_ended();
            let counted = reading.and_then(|reading| {
                line.clear();
                line.extend_from_slice(bytes_of(&reading));
                taker.take(reading)
            });
            match counted {
                // It may be half of a line that is just being written.
                Err(_) if is_cut && !known.closed => break,
                Err(reason) if self.strict => return Err(Error::bad_line(position, reason)),
                Err(reason) => {
                    skipped.seen();
                    skipped.skip(position, &reason);
                    // Where to go on stays behind the last line that was taken, by which it is found again.
                    continue;
                }
                Ok(()) => {
                    skipped.seen();
                    std::mem::swap(&mut last, &mut line);
                }
            }
            self.progress.take(lines.offset(), io);
            reached.offset = start + lines.offset();
            reached.length = last.len() as u64 + u64::from(!is_cut);
            if taker.is_full() {
                self.state.reach(Reached { before: hash(&last), ..reached.clone() });
                self.commit(taker, io)?;
            }
        }
        self.progress.end_file(known.compressed.then(|| size_of(&source.path)));
        if !last.is_empty() {
            reached.before = hash(&last);
        }
        // A signal ends the input too.
        reached.done = known.closed && io.interrupted().is_none();
        self.state.reach(reached);
        Ok(skipped)
    }

    /// What is known of a file; none while it has no whole line.
    fn look_at(&self, source: &Source, io: &Streams) -> Result<Option<Known>, Error> {
        let mut lines = Lines::new([open(source, 0, io)]);
        let closed = is_closed(&source.path);
        let head = match lines.next_line(|_| Ok(())).map_err(Error::Read)? {
            Some(line) if closed || !line.position.is_open_ended() => hash(line.bytes),
            _ => return Ok(None),
        };
        let day = day_of(&source.path);
        let beginning = || Reached { day: day.clone(), head: head.clone(), ..Reached::default() };
        let reached = self.state.reached(&day, &head).cloned().unwrap_or_else(beginning);
        Ok(Some(Known { reached, compressed: lines.was_compressed(), closed }))
    }
}

fn state_name(name: &str) -> String {
    format!("export-{name}")
}

/// What was kept by a former name: it has the new one from now on, and nobody else goes on from there.
fn take_over(store: &Store, former: &str, locked: &LockedState, dry: bool) -> Result<Option<Vec<u8>>, Error> {
    if !StateFile::is_in(store, &state_name(former)) {
        return Ok(None);
    }
    let former_lock = StateFile::of(store, &state_name(former))?.lock()?;
    let kept = former_lock.read()?;
    if let Some(kept) = kept.as_ref().filter(|_| !dry) {
        locked.replace(kept)?;
        let path = store.root().join("state").join(state_name(former) + ".json");
        // Whoever is killed here leaves both, and the next account goes on from there as it always did.
        std::fs::remove_file(&path).map_err(|source| pm_store::Error::Io {
            action: "remove",
            path,
            source,
        })?;
    }
    Ok(kept)
}

impl Known {
    /// Where to begin to read: with the last line that is known, so that it can be seen to be the same; what is
    /// compressed has to be read from its beginning.
    fn start(&self) -> u64 {
        if self.compressed { 0 } else { self.reached.offset.saturating_sub(self.reached.length) }
    }
}

fn bytes_of<'a>(reading: &Reading<'a>) -> &'a [u8] {
    match reading {
        Reading::Run(run) => run.line(),
        Reading::Other(line) => line,
        Reading::Partial(_) => &[],
    }
}

/// Whether nobody appends to it any more; such a one is mostly packed.
fn is_closed(path: &Path) -> bool {
    path.extension().is_none_or(|ending| ending != "ndjson")
}

/// How many bytes a file has; none if it is not there any more.
fn size_of(path: &Path) -> u64 {
    path.metadata().map_or(0, |status| status.len())
}

/// The day that a file's name begins with.
fn day_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().chars().take(10).collect()
}

/// The file, from a place on.
fn open(source: &Source, start: u64, io: &Streams) -> Input {
    let path = source.path.clone();
    let source = source.clone();
    let open = move || {
        let mut file = source.open().map_err(io::Error::other)?;
        if start > 0 {
            file.seek(SeekFrom::Start(start))?;
        }
        Ok(file)
    };
    io.found(&path, Opener::new(open))
}

/// Reads up to the last line that is known. False if that is not there.
fn find(lines: &mut Lines<impl Iterator<Item = Input>>, start: u64, reached: &Reached) -> io::Result<bool> {
    if reached.offset == 0 {
        return Ok(true);
    }
    loop {
        let Some(line) = lines.next_line(|_| Ok(()))? else { return Ok(false) };
        // Only the last line is of interest, and which one it is shows behind it.
        let is_it = is_the_last(line.bytes, reached);
        let offset = start + lines.offset();
        // It had no newline when it was read, and has one now.
        if offset == reached.offset || offset == reached.offset + 1 {
            return Ok(is_it);
        }
        if offset > reached.offset {
            return Ok(false);
        }
    }
}

/// Whether the line is the one that was read last; one of another length need not be hashed.
fn is_the_last(line: &[u8], reached: &Reached) -> bool {
    let length = line.len() as u64;
    (length == reached.length || length + 1 == reached.length) && hash(line) == reached.before
}
