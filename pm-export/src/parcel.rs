//! One request as it is made, and as people see it who only want to look.

use std::fmt::Write as _;
use std::io::Write as _;

use pm_cli::Streams;
use pm_github::Secret;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::packing::Packing;
use crate::receivers::shown;

/// One request, but for the receiver's keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Parcel {
    pub(crate) url: String,
    pub(crate) method: &'static str,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) shown: Shown,
    pub(crate) packing: Packing,
}

/// The headers that hold a receiver's keys.
pub(crate) type Keys = Vec<(String, Secret)>;

/// How people read a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Shown {
    /// It is text.
    AsItIs,
    /// It is a request of OTLP, and JSON for people.
    Metrics,
    Traces,
    /// It is one of remote write 1.0.
    Samples,
    /// It is one of 2.0.
    Symbols,
}

/// Prints exactly what would be sent, with keys masked.
pub(crate) fn print(parcel: &Parcel, keys: &[(String, Secret)], io: &mut Streams) -> Result<(), Error> {
    let mut text = format!("{} {}\n", parcel.method, parcel.url);
    for (name, key) in keys {
        let _ = writeln!(text, "{name}: {}", masked(key.reveal()));
    }
    for (name, value) in &parcel.headers {
        let _ = writeln!(text, "{name}: {value}");
    }
    text.push('\n');
    text.push_str(&shown(parcel));
    text.push('\n');
    io.output.write_all(text.as_bytes()).map_err(Error::Write)
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
    fn nothing_of_a_key_is_printed() {
        assert_eq!([masked("0123456789abcdef"), masked("Bearer abc")], ["****", "Bearer ****"]);
    }
}
