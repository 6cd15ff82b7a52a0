//! What makes machines comparable, in one word.

use std::hash::Hasher;

use fnv::FnvHasher;

use super::Description;

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
    /// The first 12 hexadecimal digits of the FNV-1a hash of them all, of 64 bits. A change here changes every
    /// machine. Nobody gains from two machines with one identity, and a cryptographic hash would ask the
    /// processor what it can do, which in a virtual machine takes longer than everything else here.
    pub(super) fn identity(&self) -> String {
        let Self { processor, cores, system, architecture, .. } = self;
        let gib = self.gib();
        let mut hasher = FnvHasher::default();
        hasher.write(format!("{processor}\n{cores}\n{gib}\n{system}\n{architecture}").as_bytes());
        format!("{:012x}", hasher.finish() >> 16)
    }

    /// The same for people. On x86-64 a number that says which version it is stands in front of a processor's name.
    pub(super) fn description(&self) -> Description {
        let processor = self.processor.split_once(';').map_or(&*self.processor, |(version, name)| {
            if version.contains(':') { &*self.processor } else { name }
        });
        Description {
            os: self.system,
            processor: Some(processor.trim_end_matches(';').to_owned()).filter(|name| !name.is_empty()),
            memory_gib: u64::try_from(self.gib()).ok(),
            cores: Some(self.cores),
        }
    }

    fn gib(&self) -> u128 {
        self.memory_bytes.div_ceil(1 << 30)
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
        assert_eq!(laptop().identity(), "184fb80ebd53");
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
    fn people_read_the_processor_s_name_and_not_its_numbers() {
        let named = |processor: &str| {
            let traits = Traits { processor: processor.to_owned(), ..laptop() };
            traits.description().processor.expect("a name")
        };
        assert_eq!(named("a00f11;AMD EPYC 7R13"), "AMD EPYC 7R13");
        assert_eq!(named("CPU implementer:0x41;CPU part:0xd0c;"), "CPU implementer:0x41;CPU part:0xd0c");
        assert_eq!(laptop().description().memory_gib, Some(16));
    }

    #[test]
    fn a_little_memory_that_another_kernel_keeps_for_itself_makes_no_other_machine() {
        let updated = Traits { memory_bytes: 157 * TENTH_OF_A_GIB, ..laptop() };
        assert_eq!(updated.identity(), laptop().identity());
    }
}
