//! Delivering what was made: one request after the other, each again until it has arrived, cannot arrive, or is given
//! up.
//!
//! Which answer means what is the receiver's own rule; how long to wait and when to give up is the same for all. What
//! was not delivered stays where it was read: the position in the store is written only behind what has arrived.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::Write;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use pm_cli::{Input, Streams};

use crate::client::{Client, Reply};
use crate::config::Config;
use crate::error::Warning;
use crate::receivers::shown;
use crate::waiting::Never;
use crate::{Error, TOOL};

/// The longest pause between two attempts that nobody asked for.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The shortest pause that a receiver can ask for: some say 0 and go on refusing.
const SHORTEST_WAIT: Duration = Duration::from_secs(1);

/// The longest pause that a receiver can ask for.
const LONGEST_WAIT: Duration = Duration::from_mins(10);

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Parcel {
    pub(crate) url: String,
    pub(crate) method: &'static str,
    /// Secrets are among them, and are masked wherever they are printed.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) shown: Shown,
    pub(crate) packing: Packing,
}

/// How people read a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    /// It is text.
    AsItIs,
    /// It is a request of OTLP, and JSON for people.
    Metrics,
    Traces,
    /// It is one of remote write.
    Samples,
}

/// How a body is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packing {
    None,
    Gzip,
    /// It is packed already, as the protocol demands.
    Snappy,
}

/// What an answer means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Arrived,
    /// Try again later.
    Later,
    /// It is too large: try its halves.
    Split,
    /// It will never be taken; what follows may be.
    Refused,
    /// Nothing will be taken.
    Stop,
}

/// What came of a parcel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Arrived,
    TooLarge,
    Refused,
}

/// Sends parcels.
#[derive(Debug)]
pub(crate) struct Delivery {
    client: Option<Client>,
    judge: fn(u16) -> Verdict,
    patience: Duration,
    /// Whether what is not delivered is there for a later run.
    kept: bool,
    never: Input,
    /// Requests that arrived, and bodies that were refused.
    pub(crate) arrived: u64,
    pub(crate) refused: u64,
}

impl Delivery {
    /// With `client`; without one, parcels are printed. `judge` says what the statuses of answers mean.
    pub(crate) fn new(
        client: Option<Client>,
        judge: fn(u16) -> Verdict,
        config: &Config,
        io: &Streams,
    ) -> Self {
        let (patience, kept) = (config.patience, config.position.is_some());
        let never = io.fed("nothing".as_ref(), Box::new(Never));
        Self { client, judge, patience, kept, never, arrived: 0, refused: 0 }
    }

    /// Sends one parcel until it has met its fate.
    ///
    /// # Errors
    ///
    /// If it was given up, or nothing will be taken: then nothing more should be sent.
    pub(crate) fn send(&mut self, parcel: &Parcel, io: &mut Streams) -> Result<Fate, Error> {
        if self.client.is_none() {
            self.arrived += 1;
            return print(parcel, io).map(|()| Fate::Arrived);
        }
        let packed = pack(parcel);
        let begin = Instant::now();
        let mut attempt = 0_u32;
        loop {
            attempt += 1;
            let reply =
                self.client.as_ref().map_or_else(Reply::nothing, |client| client.post(parcel, &packed));
            let verdict = reply.status.map_or(Verdict::Later, self.judge);
            match verdict {
                Verdict::Arrived => {
                    self.arrived += 1;
                    if let Some(told) = reply.partial {
                        io.complain(TOOL, &Warning::Partial { url: parcel.url.clone(), told });
                    }
                    return Ok(Fate::Arrived);
                }
                Verdict::Split => return Ok(Fate::TooLarge),
                Verdict::Refused => {
                    self.refuse(parcel.url.clone(), reply.words(), io);
                    return Ok(Fate::Refused);
                }
                Verdict::Stop => {
                    return Err(Error::Unwelcome { url: parcel.url.clone(), told: reply.words() });
                }
                Verdict::Later => {}
            }
            let pause = reply
                .retry_after
                .map_or_else(|| pause(attempt), |asked| asked.clamp(SHORTEST_WAIT, LONGEST_WAIT));
            let left = self.patience.saturating_sub(begin.elapsed());
            if pause > left || io.interrupted().is_some() {
                return Err(Error::Undelivered {
                    url: parcel.url.clone(),
                    told: reply.words(),
                    attempts: attempt,
                    kept: self.kept,
                });
            }
            self.wait(pause, io)?;
        }
    }

    /// Counts a body that will never be taken, and tells of it.
    pub(crate) fn refuse(&mut self, url: String, told: impl Into<String>, io: &mut Streams) {
        self.refused += 1;
        io.complain(TOOL, &Warning::Refused { url, told: told.into() });
    }

    /// Waits, unless a signal comes.
    fn wait(&mut self, pause: Duration, io: &Streams) -> Result<(), Error> {
        let end = Instant::now() + pause;
        while io.interrupted().is_none() {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() || self.never.ready_within(left).map_err(Error::Read)? {
                break;
            }
        }
        Ok(())
    }
}

/// One second, two, four and so on; a little more or less for each process, so that not all come at once.
fn pause(attempt: u32) -> Duration {
    let doubled = Duration::from_secs(1 << attempt.saturating_sub(1).min(6));
    let jitter = Duration::from_millis(u64::from(std::process::id() % 250));
    doubled.min(LONGEST_PAUSE) + jitter
}

fn pack(parcel: &Parcel) -> Cow<'_, [u8]> {
    if parcel.packing != Packing::Gzip {
        return Cow::Borrowed(&parcel.body);
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    // Writing into memory does not fail.
    let _ = encoder.write_all(&parcel.body);
    Cow::Owned(encoder.finish().unwrap_or_default())
}

/// Prints exactly what would be sent, with keys masked.
fn print(parcel: &Parcel, io: &mut Streams) -> Result<(), Error> {
    let mut text = format!("{} {}\n", parcel.method, parcel.url);
    for (name, value) in &parcel.headers {
        let value = if is_secret(name) { masked(value) } else { value.clone() };
        let _ = writeln!(text, "{name}: {value}");
    }
    text.push('\n');
    text.push_str(&shown(parcel));
    text.push('\n');
    io.output.write_all(text.as_bytes()).map_err(Error::Write)
}

fn is_secret(name: &str) -> bool {
    // Whatever the user adds may be one.
    let open = ["content-type", "x-request-id", "x-prometheus-remote-write-version"];
    !open.contains(&name.to_ascii_lowercase().as_str())
}

/// A key, of which nothing can be seen but that there is one.
fn masked(value: &str) -> String {
    let kept = value.strip_prefix("Bearer ").map_or("", |_| "Bearer ");
    format!("{kept}****")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end_somewhere() {
        let seconds: Vec<_> = [1, 2, 3, 4, 5, 6, 100].map(|attempt| pause(attempt).as_secs()).into();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 30, 30]);
    }

    #[test]
    fn nothing_of_a_key_is_printed() {
        assert_eq!([masked("0123456789abcdef"), masked("Bearer abc")], ["****", "Bearer ****"]);
        assert!(is_secret("Api-Key") && is_secret("DD-API-KEY") && !is_secret("Content-Type"));
    }
}
