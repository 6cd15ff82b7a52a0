//! The name of one run.

use std::ffi::OsStr;

use crate::chance;

/// What carries the name to the command.
pub(crate) const VARIABLE: &str = "PM_EXECUTION_ID";

/// `exec_` and 12 hexadecimal digits, chosen by chance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ExecutionId(String);

impl ExecutionId {
    /// 48 bits keep a million runs apart with odds of 500 to one.
    pub(crate) fn random() -> Self {
        Self(format!("exec_{:012x}", u64::from_le_bytes(chance::bytes()) >> 16))
    }

    /// The run that a process was started by, as its environment says in [`VARIABLE`].
    pub(crate) fn inherited(value: &OsStr) -> Option<Self> {
        Self::names(value.as_encoded_bytes()).then(|| Self(value.to_string_lossy().into_owned()))
    }

    /// Whether these bytes are the name of a run.
    pub(crate) fn names(bytes: &[u8]) -> bool {
        let digits = bytes.strip_prefix(b"exec_");
        digits.is_some_and(|digits| digits.len() == 12 && digits.iter().all(u8::is_ascii_hexdigit))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn execution_ids_differ_and_have_their_form() {
        let (one, other) = (ExecutionId::random(), ExecutionId::random());
        assert_ne!(one, other);
        let digits = one.as_str().strip_prefix("exec_").expect("the prefix");
        assert!(digits.len() == 12 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert_eq!(ExecutionId::inherited(OsStr::new(one.as_str())), Some(one));
        assert_eq!(ExecutionId::inherited(OsStr::new("exec_0123456789aX")), None);
    }
}
