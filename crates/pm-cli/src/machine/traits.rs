//! What makes machines comparable, in one word.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// What a machine's speed depends on.
#[derive(Debug, Clone)]
pub(super) struct Traits {
    pub(super) processor: String,
    pub(super) cores: u64,
    pub(super) memory_bytes: u128,
    pub(super) system: &'static str,
    pub(super) architecture: &'static str,
}

impl Traits {
    /// The first 12 hexadecimal digits of a SHA-256 of them all. A change here changes every machine.
    pub(super) fn identity(&self) -> String {
        let Self { processor, cores, memory_bytes, system, architecture } = self;
        let gib = memory_bytes.div_ceil(1 << 30);
        let text = format!("{processor}\n{cores}\n{gib}\n{system}\n{architecture}");
        Sha256::digest(text).iter().take(6).fold(String::new(), |mut digits, byte| {
            let _ = write!(digits, "{byte:02x}");
            digits
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENTH_OF_A_GIB: u128 = (1 << 30) / 10;

    fn laptop() -> Traits {
        Traits {
            processor: "AMD Ryzen 7".to_owned(),
            cores: 16,
            memory_bytes: 156 * TENTH_OF_A_GIB,
            system: "linux",
            architecture: "x86_64",
        }
    }

    #[test]
    fn an_identity_has_12_digits_and_stays_what_it_was_in_earlier_versions() {
        assert_eq!(laptop().identity(), "7c730227928e");
    }

    #[test]
    fn another_processor_core_count_memory_system_or_architecture_is_another_machine() {
        let others = [
            Traits { processor: "AMD Ryzen 9".to_owned(), ..laptop() },
            Traits { cores: 8, ..laptop() },
            Traits { memory_bytes: 320 * TENTH_OF_A_GIB, ..laptop() },
            Traits { system: "freebsd", ..laptop() },
            Traits { architecture: "aarch64", ..laptop() },
        ];
        for other in others {
            assert_ne!(other.identity(), laptop().identity(), "{other:?}");
        }
    }

    #[test]
    fn a_little_memory_that_another_kernel_keeps_for_itself_makes_no_other_machine() {
        let updated = Traits { memory_bytes: 157 * TENTH_OF_A_GIB, ..laptop() };
        assert_eq!(updated.identity(), laptop().identity());
    }
}
