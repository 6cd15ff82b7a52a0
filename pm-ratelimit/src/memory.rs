//! The readings before: in memory, and where there is a store, in its `state/ratelimit.json`.
//!
//! So a reading of cron's knows the one of the minute before. A state that cannot be read or written is said once
//! and is no reason to fail: the reading itself does not need it.

use pm_cli::Streams;
use pm_record::{ApiMonitoring, Timestamp};
use pm_store::{StateFile, Store};
use serde::{Deserialize, Serialize};

use crate::TOOL;

/// Of two readings this close, a single request would look like a storm. The earlier one is kept.
const SHORTEST_MS: i64 = 10_000;

/// Whoever has not been asked about for so long has a window of another hour.
const LONGEST_MS: i64 = 24 * 3_600_000;

/// How many credentials are remembered, the latest first.
const MOST: usize = 64;

/// What was read before.
#[derive(Debug)]
pub(crate) struct Memory {
    file: Option<StateFile>,
    /// Our own last reading, which a stream compares with whatever its interval.
    last: Option<ApiMonitoring>,
    complained: bool,
}

/// The file.
#[derive(Debug, Default, Serialize, Deserialize)]
struct State {
    /// One of each credential and host, the latest first.
    readings: Vec<ApiMonitoring>,
}

impl Memory {
    /// That of a store, if there is one.
    pub(crate) fn open(store: Option<&Store>) -> Self {
        let file = store.and_then(|store| StateFile::of(store, "ratelimit").ok());
        Self { file, last: None, complained: false }
    }

    /// The reading of this credential before the one of `now`.
    pub(crate) fn of(
        &mut self,
        host: &str,
        credential: Option<&str>,
        now: Timestamp,
        io: &mut Streams,
    ) -> Option<ApiMonitoring> {
        if self.last.is_some() {
            return self.last.clone();
        }
        let file = self.file.as_ref()?;
        let read = file.lock().and_then(|state| state.read());
        let bytes = read.map_err(|error| self.complain(&error, io)).ok().flatten()?;
        let state: State = serde_json::from_slice(&bytes).unwrap_or_default();
        let mut earlier = state.readings.into_iter().filter(|reading| is_of(reading, host, credential));
        earlier.find(|reading| age(reading, now).is_some_and(|age| (SHORTEST_MS..LONGEST_MS).contains(&age)))
    }

    /// Keeps a reading for the next one.
    pub(crate) fn keep(&mut self, reading: ApiMonitoring, io: &mut Streams) {
        if let Some(file) = &self.file
            && let Err(error) = add(file, &reading)
        {
            self.complain(&error, io);
        }
        self.last = Some(reading);
    }

    fn complain(&mut self, error: &pm_store::Error, io: &mut Streams) {
        if !std::mem::replace(&mut self.complained, true) {
            io.complain(TOOL, &crate::error::Forgotten(error.to_string()));
        }
    }
}

/// Replaces what the state has of this credential.
fn add(file: &StateFile, reading: &ApiMonitoring) -> Result<(), pm_store::Error> {
    let locked = file.lock()?;
    // A state that nobody can read is worth no more than none: it is about the last minute.
    let state: State =
        locked.read()?.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
    let State { readings } = state.with(reading);
    locked.replace(&serde_json::to_vec(&State { readings }).unwrap_or_default())
}

impl State {
    fn with(self, reading: &ApiMonitoring) -> Self {
        let Some(now) = reading.timestamp else { return self };
        let (host, credential) =
            (reading.api_host.as_deref().unwrap_or_default(), reading.credential.as_deref());
        let is_close =
            |earlier: &ApiMonitoring| age(earlier, now).is_some_and(|age| (0..SHORTEST_MS).contains(&age));
        if self.readings.iter().any(|earlier| is_of(earlier, host, credential) && is_close(earlier)) {
            return self;
        }
        let others = self.readings.into_iter().filter(|earlier| {
            !is_of(earlier, host, credential) && age(earlier, now).is_some_and(|age| age < LONGEST_MS)
        });
        Self { readings: std::iter::once(reading.clone()).chain(others).take(MOST).collect() }
    }
}

fn is_of(reading: &ApiMonitoring, host: &str, credential: Option<&str>) -> bool {
    reading.api_host.as_deref() == Some(host) && reading.credential.as_deref() == credential
}

fn age(reading: &ApiMonitoring, now: Timestamp) -> Option<i64> {
    Some(now.as_millis().saturating_sub(reading.timestamp?.as_millis()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(credential: &str, seconds: i64) -> ApiMonitoring {
        ApiMonitoring {
            timestamp: Some(Timestamp::from_millis(seconds * 1000)),
            credential: Some(credential.to_owned()),
            api_host: Some("github.com".to_owned()),
            ..ApiMonitoring::default()
        }
    }

    fn kept(readings: &[ApiMonitoring]) -> Vec<(String, i64)> {
        let state = readings.iter().fold(State::default(), State::with);
        let kept = state.readings.into_iter().map(|reading| {
            let seconds = reading.timestamp.expect("a time").as_millis() / 1000;
            (reading.credential.expect("a credential"), seconds)
        });
        kept.collect()
    }

    #[test]
    fn the_last_reading_of_each_credential_is_kept_for_a_day() {
        let readings = [reading("a", 0), reading("b", 10), reading("a", 60)];
        assert_eq!(kept(&readings), [("a".to_owned(), 60), ("b".to_owned(), 10)]);
        assert_eq!(kept(&[reading("a", 0), reading("b", 86_400)]), [("b".to_owned(), 86_400)]);
    }

    #[test]
    fn of_two_close_readings_the_earlier_is_kept() {
        assert_eq!(kept(&[reading("a", 0), reading("a", 9)]), [("a".to_owned(), 0)]);
        assert_eq!(kept(&[reading("a", 0), reading("a", 9), reading("a", 10)]), [("a".to_owned(), 10)]);
        // A clock that was set back must not keep a reading of the future.
        assert_eq!(kept(&[reading("a", 100), reading("a", 50)]), [("a".to_owned(), 50)]);
    }

    #[test]
    fn the_number_of_credentials_is_bounded() {
        let readings: Vec<_> = (0..100).map(|number| reading(&format!("c{number}"), number)).collect();
        assert_eq!(kept(&readings).len(), MOST);
    }
}
