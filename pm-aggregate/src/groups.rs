//! All groups: runs in, groups out, sorted by group and then by window.

use indexmap::IndexMap;
use pm_record::{BadRecord, Partial, Reading, Record, Run, Timestamp};

use crate::config::Config;
use crate::group::Group;
use crate::inputs::Taken;
use crate::key::{self, Key};
use crate::progress::Progress;
use crate::recent::{Recent, ShortKey};
use crate::refusal::Refusal;

/// A hash that is quick for short keys, and another one in every process, so that no input can be made for it.
type Hash = foldhash::fast::RandomState;

/// The groups that were seen so far.
#[derive(Debug)]
pub(crate) struct Groups<'a> {
    config: &'a Config,
    table: IndexMap<Box<[u8]>, Box<Group>, Hash>,
    /// Where some of them stand in the table.
    recent: Recent,
    /// The key of the run that is being counted.
    key: Vec<u8>,
    /// How far the stream has come, for windows that close before it ends.
    pub(crate) progress: Progress,
    pub(crate) left_out: LeftOut,
    /// Lines that are to be written as they are, until somebody writes them.
    pub(crate) passed: Vec<u8>,
}

/// What was read and stands in no group.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct LeftOut {
    /// Runs inside of other runs.
    pub(crate) nested: u64,
    /// Groups whose metrics came without their counts: a line of a partial result is missing.
    pub(crate) headless: u64,
    /// Runs that were slow on purpose.
    pub(crate) deliberate: u64,
}

/// A group with what makes it.
pub(crate) type Entry = (Key, Box<Group>);

impl<'a> Groups<'a> {
    pub(crate) fn new(config: &'a Config) -> Self {
        Self {
            config,
            table: IndexMap::default(),
            recent: Recent::default(),
            key: Vec::new(),
            progress: Progress::default(),
            left_out: LeftOut::default(),
            passed: Vec::new(),
        }
    }

    /// Takes in what a line holds.
    #[inline]
    pub(crate) fn take(&mut self, reading: Reading<'_>, from: &Taken) -> Result<(), BadRecord> {
        match reading {
            Reading::Run(run) => self.count(&run, from),
            Reading::Partial(partial) if from.partials => self.merge_partial(partial, from)?,
            Reading::Other(line) if self.config.passes_alerts => self.pass_alert(line),
            Reading::Partial(_) | Reading::Other(_) => {}
        }
        Ok(())
    }

    #[cold]
    fn pass_alert(&mut self, line: &[u8]) {
        if let Ok(Record::Alert(_)) = Record::parse(line) {
            self.passed.extend_from_slice(line);
            self.passed.push(b'\n');
        }
    }

    fn count(&mut self, run: &Run<'_>, from: &Taken) {
        let start = run.timestamp();
        self.progress.see(start, run.end());
        if !from.period.covers(start.as_millis()) || !self.config.lets_through(run) {
            return;
        }
        if self.config.leaves_out(run) {
            self.left_out.deliberate = self.left_out.deliberate.saturating_add(1);
            return;
        }
        let nested = run.is_nested();
        if nested && !self.config.counts_nested() {
            self.left_out.nested = self.left_out.nested.saturating_add(1);
            return;
        }
        let window = self.config.window.start_of(start);
        self.progress.enter(self.config.window, window, 1);
        let columns = &self.config.columns;
        let short = self.short_key(run, window, nested);
        if let Some(place) = short.and_then(|key| self.recent.find(&key)) {
            self.table[place].push(run, columns);
            return;
        }
        key::begin(&mut self.key, window, nested);
        for place in 0..self.config.by.len() {
            key::add(&mut self.key, run.label(place));
        }
        let place = self.place();
        if let Some(key) = short {
            self.recent.remember(&key, place);
        }
        let group = &mut self.table[place];
        group.machines.add_of(run);
        group.push(run, columns);
    }

    /// The key of a run and its machine, if all of it is text and short.
    #[inline]
    fn short_key(&self, run: &Run<'_>, window: Timestamp, nested: bool) -> Option<ShortKey> {
        let key = ShortKey::new(window.as_millis(), nested);
        let key = (0..self.config.by.len()).try_fold(key, |key, place| key.with(run.text(place)?))?;
        run.machine_bytes().map_or(Some(key), |machine| key.with(machine))
    }

    /// Where the group of the key stands.
    fn place(&mut self) -> usize {
        self.table.get_index_of(self.key.as_slice()).unwrap_or_else(|| {
            let group = Box::new(Group::new(&self.config.columns));
            self.table.insert_full(self.key.as_slice().into(), group).0
        })
    }

    fn merge_partial(&mut self, partial: &Partial, from: &Taken) -> Result<(), Refusal> {
        let config = self.config;
        config.check_groups(partial.by())?;
        if !config.lets_partial_through(partial.by())? || !from.takes(partial.window())? {
            return Ok(());
        }
        let window = config.window.enclosing(partial.window()).map_err(|_| Refusal::SeveralWindows)?;
        let runs = partial.counts().map_or(0, |counts| counts.count);
        let nested = partial.is_nested();
        if nested && !config.counts_nested() {
            self.left_out.nested = self.left_out.nested.saturating_add(runs);
            return Ok(());
        }
        self.progress.enter(config.window, window, runs);
        key::begin(&mut self.key, window, nested);
        for field in &config.by {
            key::add(&mut self.key, key::label(&partial.by()[field.as_str()]));
        }
        let place = self.place();
        let group = &mut self.table[place];
        let counts = partial.counts().map_or(Ok(()), |counts| group.merge_counts(counts));
        let metric = match partial.metric() {
            Some((field, state)) => group.merge_metric(field, state?, &config.columns),
            None => Ok(()),
        };
        counts.and(metric)
    }

    /// Takes in all that others have seen.
    pub(crate) fn merge(&mut self, other: Self) {
        self.left_out.nested = self.left_out.nested.saturating_add(other.left_out.nested);
        self.left_out.deliberate = self.left_out.deliberate.saturating_add(other.left_out.deliberate);
        for (key, theirs) in other.table {
            match self.table.get_mut(&key) {
                Some(mine) => mine.merge(&theirs, &self.config.columns),
                None => {
                    self.table.insert(key, theirs);
                }
            }
        }
    }

    /// The groups whose windows end at `end` or before, which are let go.
    pub(crate) fn close(&mut self, end: Timestamp) -> Vec<Entry> {
        self.recent.forget();
        let window = self.config.window;
        let closed = self.table.extract_if(.., |key, _| window.end_of(key::window_of(key)) <= end).collect();
        self.progress.close(end, window, self.table.keys().map(|key| key::window_of(key)));
        self.sorted(closed)
    }

    /// All groups.
    pub(crate) fn finish(&mut self) -> Vec<Entry> {
        self.recent.forget();
        let all = std::mem::take(&mut self.table).into_iter().collect();
        self.sorted(all)
    }

    fn sorted(&mut self, mut groups: Vec<(Box<[u8]>, Box<Group>)>) -> Vec<Entry> {
        let columns = &self.config.columns;
        let all = groups.len();
        let headless = |group: &Group| group.is_without_counts(columns);
        groups.retain(|(_, group)| !headless(group));
        self.left_out.headless += (all - groups.len()) as u64;
        groups.retain(|(_, group)| group.span.is_some());
        let mut entries: Vec<_> = groups.into_iter().map(|(key, group)| (Key::from(&*key), group)).collect();
        entries.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        entries
    }
}
