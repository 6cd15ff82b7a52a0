//! The load, and pressure: the share of the last ten seconds in which somebody waited for a resource.
//!
//! The kernel itself makes these averages every two and every five seconds; between two looks so far apart there is
//! nothing new to read.

use std::time::Duration;

use indexmap::IndexMap;

use super::kept::Kept;
use super::words::{behind, number, words};

/// How often the kernel makes the more frequent of them.
const PERIOD: Duration = Duration::from_secs(2);

/// Where they are read.
#[derive(Debug)]
pub(crate) struct Averages {
    /// The three resources that the kernel tells of, if it does.
    resources: [(&'static str, Kept); 3],
    last: Option<(Duration, Waiting)>,
}

/// How many wait, and how often.
#[derive(Debug, Clone)]
pub(crate) struct Waiting {
    /// Of one, five and fifteen minutes.
    pub(crate) load: [f64; 3],
    /// In percent, by resource.
    pub(crate) pressure: IndexMap<&'static str, f64>,
}

impl Default for Averages {
    fn default() -> Self {
        let resources =
            ["cpu", "io", "memory"].map(|name| (name, Kept::at(format!("/proc/pressure/{name}"))));
        Self { resources, last: None }
    }
}

impl Averages {
    /// The averages; the last ones if the kernel has made none since.
    pub(crate) fn look(&mut self, now: Duration) -> Waiting {
        let last = self.last.take().filter(|(read, _)| now.saturating_sub(*read) < PERIOD);
        let (read, waiting) = last.unwrap_or_else(|| (now, self.read()));
        self.last = Some((read, waiting.clone()));
        waiting
    }

    fn read(&mut self) -> Waiting {
        let resources = self.resources.iter_mut();
        let pressure = resources.filter_map(|(name, file)| Some((*name, file.read(some)?))).collect();
        Waiting { load: load(), pressure }
    }
}

/// The kernel gives the averages in units of 2^-16.
fn load() -> [f64; 3] {
    rustix::system::sysinfo().loads.map(|load| load as f64 / 65_536.0)
}

/// The share of time in which at least one task waited.
fn some(text: &[u8]) -> Option<f64> {
    let average = words(behind(text, "some ")?).find_map(|word| word.strip_prefix(b"avg10="))?;
    number(average).filter(|share: &f64| share.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pressure_is_the_average_of_ten_seconds() {
        let text = "some avg10=20.22 avg60=11.20 avg300=10.92 total=74157369\nfull avg10=0.47 avg60=0 avg300=0 total=0\n";
        assert_eq!(some(text.as_bytes()), Some(20.22));
        for text in ["", "some avg60=1", "some avg10=", "some avg10=nan", "full avg10=1.0"] {
            assert_eq!(some(text.as_bytes()), None, "{text}");
        }
    }
}
