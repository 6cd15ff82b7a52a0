//! Pressure: the share of the last ten seconds in which somebody waited for a resource.

use std::time::Duration;

use indexmap::IndexMap;

use super::kept::Kept;
use super::words::{behind, number, words};

/// How often the kernel itself makes these averages.
const PERIOD: Duration = Duration::from_secs(2);

/// The three resources that the kernel tells of, if it does.
#[derive(Debug)]
pub(crate) struct Pressure {
    resources: [(&'static str, Kept); 3],
    last: Option<(Duration, IndexMap<&'static str, f64>)>,
}

impl Default for Pressure {
    fn default() -> Self {
        let resources =
            ["cpu", "io", "memory"].map(|name| (name, Kept::at(format!("/proc/pressure/{name}"))));
        Self { resources, last: None }
    }
}

impl Pressure {
    /// In percent, by resource; those of the kernel's last average if it has made none since.
    pub(crate) fn look(&mut self, now: Duration) -> IndexMap<&'static str, f64> {
        match &self.last {
            Some((read, shares)) if now.saturating_sub(*read) < PERIOD => shares.clone(),
            _ => {
                let shares: IndexMap<_, _> = self
                    .resources
                    .iter_mut()
                    .filter_map(|(name, file)| Some((*name, file.read(some)?)))
                    .collect();
                self.last = Some((now, shares.clone()));
                shares
            }
        }
    }
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
