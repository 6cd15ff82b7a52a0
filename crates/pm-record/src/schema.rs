//! The version of a record's shape.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The major version this crate writes and reads: fields may be added within it, never changed.
///
/// It refuses to be read from any other number, so a record of a later major is skipped with a reason
/// and not half understood. A record without it is version 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Schema;

impl Schema {
    /// The number in the record.
    pub const VERSION: u64 = 1;
}

impl Serialize for Schema {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(Self::VERSION)
    }
}

impl<'de> Deserialize<'de> for Schema {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Option::<u64>::deserialize(deserializer)? {
            None | Some(Self::VERSION) => Ok(Self),
            Some(other) => {
                Err(D::Error::custom(format_args!("schema {other} is not the one this version reads (1)")))
            }
        }
    }
}

/// Reads `null` like an absent field, wherever a field may be absent.
pub(crate) fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Whether a section says nothing, so that it is left out of the line.
pub(crate) fn is_default<T: Default + PartialEq>(section: &T) -> bool {
    *section == T::default()
}
