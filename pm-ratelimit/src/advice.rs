//! What the requests that were recorded say: how many they are, which cost most, and what would cost less.
//!
//! The rules are those of `performance optimize`, asked about requests with the credential of the reading. Only the newest
//! records of the store are read, and a stream reads them again after minutes and not for every reading: how
//! somebody uses the API does not change faster. What is read costs 20 ms at most where all of it is requests. Records that
//! cannot be read are said once and are no reason to fail.

use std::io;
use std::time::{Duration, Instant};

use pm_advice::{Advisor, Topic};
use pm_cli::{Opener, Streams};
use pm_record::{ApiMonitoring, Lines, Record, RequestPatterns, Timestamp};
use pm_store::{Question, Store};

use crate::TOOL;

/// How far back requests say how the API is used, as for `performance optimize`.
const SPAN_MS: i64 = 7 * 24 * 3_600_000;

/// How many bytes of the newest records are read: about 10,000 requests, or 10,000 ticks between which there are fewer.
const NEWEST: u64 = 4 << 20;

/// For how long what was found is good.
const GOOD_FOR: Duration = Duration::from_mins(5);

/// How many suggestions are made, those that save most: a record is kept every minute.
const MOST: usize = 10;

/// Kinds of records that say nothing of requests, of which a monitor writes one a second.
const OTHERS: [&[u8]; 3] = [b"{\"system_metrics\"", b"{\"api_monitoring\"", b"{\"process_trace\""];

/// Asks the records of a store.
#[derive(Debug)]
pub(crate) struct Advice {
    store: Option<Store>,
    found: Option<(Instant, Found)>,
    complained: bool,
}

#[derive(Debug, Clone, Default)]
struct Found {
    patterns: RequestPatterns,
    suggestions: Vec<String>,
}

impl Advice {
    /// From the records of this store; none has nothing to say.
    pub(crate) fn from(store: Option<Store>) -> Self {
        Self { store: store.filter(Store::exists), found: None, complained: false }
    }

    /// Adds to a reading what the requests with its credential say.
    pub(crate) fn add_to(&mut self, reading: &mut ApiMonitoring, io: &mut Streams) {
        let Some(store) = &self.store else { return };
        let found = match &self.found {
            Some((since, found)) if since.elapsed() < GOOD_FOR => found.clone(),
            _ => {
                let (found, trouble) = find(store, reading.credential.as_deref(), io);
                self.found = Some((Instant::now(), found.clone()));
                if let Some(trouble) = trouble
                    && !std::mem::replace(&mut self.complained, true)
                {
                    io.complain(TOOL, &crate::error::Unadvised(trouble));
                }
                found
            }
        };
        (reading.request_patterns, reading.optimization_suggestions) = (found.patterns, found.suggestions);
    }
}

/// What the newest records say, and what kept some of them from being read.
fn find(store: &Store, credential: Option<&str>, io: &Streams) -> (Found, Option<String>) {
    let now = io.clock.now_millis();
    let question = Question {
        since: Some(Timestamp::from_millis(now.saturating_sub(SPAN_MS))),
        until: None,
        rollups: None,
        records_first: true,
        by_machine: false,
    };
    let sources = match store.newest(&question, NEWEST) {
        Ok(sources) => sources,
        Err(error) => return (Found::default(), Some(error.to_string())),
    };
    let inputs = sources.into_iter().map(|source| {
        let path = source.path.clone();
        io.found(&path, Opener::new(move || source.open().map_err(io::Error::other)))
    });
    let mut advisor = Advisor::about(&[Topic::Cache, Topic::ApiUsage]).with_credential(credential);
    let mut trouble = None;
    let mut lines = Lines::new(inputs.collect::<Vec<_>>());
    loop {
        match lines.next_line(|_| Ok(())) {
            Ok(None) => break,
            Ok(Some(line)) if OTHERS.iter().any(|kind| line.bytes.starts_with(kind)) => {}
            Ok(Some(line)) => {
                // Whoever reads the store for its own sake says which lines are none.
                let record = line.record().ok();
                record.filter(|record| is_recent(record, now)).into_iter().for_each(|it| advisor.push(it));
            }
            Err(error) => drop(trouble.get_or_insert_with(|| error.to_string())),
        }
    }
    let seen = advisor.finish().monitoring.unwrap_or_default();
    let mut suggestions = seen.optimization_suggestions;
    suggestions.truncate(MOST);
    // What each operation cost is for whoever asks for advice; the names of the dearest are enough beside a reading.
    let patterns = RequestPatterns { operations: Vec::new(), ..seen.request_patterns };
    (Found { patterns, suggestions }, trouble)
}

fn is_recent(record: &Record, now: i64) -> bool {
    record.timestamp().is_some_and(|time| now.saturating_sub(time.as_millis()) < SPAN_MS)
}
