//! `performance store`: looks after the files of a store.

mod roll_up;
mod ship;
mod stat;
mod words;

use std::path::Path;
use std::time::Duration;

use pm_cli::{Exit, Streams};
use pm_record::Timestamp;
use pm_store::{Deed, Destination, Retention, Settings, Store};

use crate::args::{StoreArgs, StoreDeed};
use crate::store::roll_up::Siblings;
use crate::surroundings::Surroundings;
use crate::{Error, TOOL};

/// How long a person waits for a compaction that is under way.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is to be done to which store.
#[derive(Debug)]
pub(crate) struct Upkeep {
    store: Store,
    keep: Retention,
    deed: StoreDeed,
}

/// What the command line means here.
pub(crate) fn plan(args: &StoreArgs, here: &Surroundings) -> Result<Upkeep, Error> {
    let store = match &args.store {
        Some(named) => here.named_store(named)?,
        None => here.store()?,
    };
    let keep = Settings::of(&store)?.store;
    Ok(Upkeep { store, keep, deed: args.deed.clone().unwrap_or(StoreDeed::Stat) })
}

impl Upkeep {
    /// Does it; what there is to say goes to `text`.
    pub(crate) fn run(
        &self,
        here: &Surroundings,
        io: &mut Streams,
        text: &mut String,
    ) -> Result<Exit, Error> {
        if let StoreDeed::Compact { daily: true, .. } = self.deed {
            if !self.keep.compact_daily {
                return Ok(Exit::Done);
            }
            // Whoever started this has ended or is about to, and its terminal is none of ours. It fails where
            // that is so already.
            let _ = rustix::process::setsid();
        }
        if !self.store.exists() && self.store.is_personal() {
            text.push_str(&words::no_records(&self.store));
            return Ok(Exit::Done);
        }
        let now = Timestamp::from_millis(here.now);
        match &self.deed {
            &StoreDeed::Compact { quiet, daily } => self.compact(now, quiet || daily, here, io, text),
            &StoreDeed::Prune { dry_run } => self.prune(now, dry_run, text),
            StoreDeed::Ship { to, host, verify } => {
                let to = ship::destination(to, host.as_deref(), *verify, here)?;
                self.ship(&to, now, io, text)
            }
            StoreDeed::Verify => self.verify(here, text),
            StoreDeed::Stat => {
                text.push_str(&stat::render(&self.store, &self.store.figures(now, &self.keep)?));
                Ok(Exit::Done)
            }
        }
    }

    fn compact(
        &self,
        now: Timestamp,
        quiet: bool,
        here: &Surroundings,
        io: &mut Streams,
        text: &mut String,
    ) -> Result<Exit, Error> {
        let Some(upkeep) = self.store.upkeep(Duration::ZERO)? else {
            if !quiet {
                io.tell(TOOL, "another compaction is under way, and does what there is to do");
            }
            return Ok(Exit::Done);
        };
        let mut done = words::Done::default();
        let mut witness = |deed: Deed, path: &Path| done.add(deed, path);
        let troubles = upkeep.compact(now, &self.keep, &mut Siblings::new(here), &mut witness)?;
        if !quiet {
            text.push_str(&done.text());
        }
        let exit = if troubles.is_empty() { Exit::Done } else { Exit::Environment };
        for trouble in troubles {
            io.complain(TOOL, &Error::Store(trouble));
        }
        Ok(exit)
    }

    fn ship(
        &self,
        to: &Destination,
        now: Timestamp,
        io: &mut Streams,
        text: &mut String,
    ) -> Result<Exit, Error> {
        let mut shipped = self.store.ship(to, now, &mut |_, _| ())?;
        let troubles = std::mem::take(&mut shipped.troubles);
        text.push_str(&ship::words(to, &shipped));
        let whole = troubles.is_empty() && shipped.damaged.is_empty();
        for trouble in troubles {
            io.complain(TOOL, &Error::Store(trouble));
        }
        Ok(if whole { Exit::Done } else { Exit::Environment })
    }

    fn prune(&self, now: Timestamp, dry_run: bool, text: &mut String) -> Result<Exit, Error> {
        let removals = if dry_run {
            self.store.to_prune(now, &self.keep)?
        } else {
            self.alone()?.prune(now, &self.keep, &mut |_, _| ())?
        };
        text.push_str(&words::removals(&self.store, &removals, dry_run));
        Ok(Exit::Done)
    }

    fn verify(&self, here: &Surroundings, text: &mut String) -> Result<Exit, Error> {
        let verified = self.alone()?.verify(&mut Siblings::new(here))?;
        text.push_str(&words::verified(&self.store, &verified));
        let damaged = verified.flaws.iter().any(|flaw| flaw.kind.is_damage());
        Ok(if damaged { Exit::Environment } else { Exit::Done })
    }

    fn alone(&self) -> Result<pm_store::Upkeep<'_>, Error> {
        self.store
            .upkeep(PATIENCE)?
            .ok_or_else(|| Error::StoreIsBusy { lock: self.store.root().join("run/compact.lock") })
    }

    /// What running it would do.
    pub(crate) fn steps(&self) -> Vec<String> {
        let root = self.store.root().display();
        let limit = |limit: Option<u32>, unit| {
            limit.map_or_else(|| "for ever".to_owned(), |limit| format!("up to {limit} {unit}"))
        };
        let prune = format!(
            "removes from {root} the oldest closed days that are rolled up: records are kept {} and {}, rollups without records {}",
            limit(self.keep.keep_days, "days"),
            limit(self.keep.keep_mb, "MB"),
            limit(self.keep.keep_rollups_days, "days")
        );
        match &self.deed {
            StoreDeed::Compact { .. } => vec![
                format!("compresses the days in {root} that ended an hour ago or earlier"),
                "makes their rollups by hour and by day, and those of months, with pm-aggregate".to_owned(),
                "makes the digests of their alerts, where alerts.yml or benchmarks.yml sets limits, with pm-alert"
                    .to_owned(),
                prune,
            ],
            StoreDeed::Prune { dry_run: false } => vec![prune],
            StoreDeed::Prune { dry_run: true } => vec![format!("says what would go if it {prune}")],
            StoreDeed::Ship { to, .. } => vec![
                format!("hashes every closed day in {root}"),
                format!("copies those that are not there yet to {}, and reads back what has arrived", to.display()),
            ],
            StoreDeed::Verify => vec![
                format!("reads every file of records in {root} to its end"),
                "makes every rollup anew with pm-aggregate and pm-alert and compares".to_owned(),
            ],
            StoreDeed::Stat => vec![format!("counts the files in {root}")],
        }
    }
}
