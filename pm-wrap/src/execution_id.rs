//! The name of one run.

use std::hash::{BuildHasher, RandomState};

/// `exec_` and 12 hexadecimal digits, chosen by chance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ExecutionId(String);

impl ExecutionId {
    /// The standard library's hashers are seeded by the system's randomness, which saves a dependency and
    /// cannot fail; 48 bits keep a million runs apart with odds of 500 to one.
    pub(crate) fn random() -> Self {
        let bits = RandomState::new().hash_one(std::process::id());
        Self(format!("exec_{:012x}", bits >> 16))
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
    }
}
