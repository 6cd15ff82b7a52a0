//! The store as what there is to see: what is appended, what runs, what fires.

use pm_record::Record;
use pm_store::{Benchmarks, Follow, From, Standing, Store};

use crate::Error;
use crate::model::Model;

/// How much of the past is read at the start: an hour of ticks, and more.
const PAST: u64 = 4 << 20;

/// A store that is watched.
#[derive(Debug)]
pub(crate) struct Source {
    store: Store,
    follow: Follow,
}

impl Source {
    /// The store, and a model of what it holds.
    pub(crate) fn open(store: Store, now: i64) -> Result<(Self, Model), Error> {
        let follow = store.follow(&From::Back(PAST))?;
        let mut model = Model::new(store.root().display().to_string(), Benchmarks::of(&store)?);
        let mut source = Self { store, follow };
        source.refresh(&mut model, now)?;
        Ok((source, model))
    }

    /// Brings a model up to date.
    pub(crate) fn refresh(&mut self, model: &mut Model, now: i64) -> Result<(), Error> {
        let mut text = Vec::new();
        let mut piece = vec![0; 64 << 10];
        loop {
            let count = self.follow.take(&mut piece).map_err(Error::Read)?;
            text.extend_from_slice(&piece[..count]);
            // Only whole lines come, but not every piece ends with one.
            let whole = text.iter().rposition(|&byte| byte == b'\n').map_or(0, |last| last + 1);
            let lines = text[..whole].split(|&byte| byte == b'\n');
            // A line that is no record has nothing to show.
            lines.filter_map(|line| Record::parse(line).ok()).for_each(|record| model.take(&record));
            text.drain(..whole);
            if count == 0 {
                break;
            }
        }
        model.now = now;
        model.running = self.store.running()?;
        model.firing = self.store.firing()?;
        let monitor = self.store.monitor()?;
        model.monitor = monitor.filter(|monitor| monitor.process.standing() != Standing::Gone);
        Ok(())
    }
}
