//! What Linux says of the machine.
//!
//! An x86-64 processor is asked itself. Up to Linux 5.18, opening `/proc/cpuinfo` there can sleep for 10 to
//! 20 ms until the clock rates are measured, which is many times what a short command takes. On other
//! architectures the file says what was found out at boot, and is quick.

use std::io::Read;

use super::traits::Traits;

pub(super) fn traits() -> Option<Traits> {
    #[cfg(target_arch = "x86_64")]
    let processor = x86::processor(std::arch::x86_64::__cpuid);
    #[cfg(not(target_arch = "x86_64"))]
    let processor = first_processor(&read("/proc/cpuinfo")?)?;
    let memory = rustix::system::sysinfo();
    Some(Traits {
        processor,
        cores: count(&read("/sys/devices/system/cpu/online")?)?,
        memory_bytes: u128::from(memory.totalram) * u128::from(memory.mem_unit),
        system: std::env::consts::OS,
        architecture: std::env::consts::ARCH,
    })
}

/// The beginning of a file. One call gets all that is wanted here: the kernel hands out a processor at a time.
fn read(path: &str) -> Option<String> {
    let mut text = [0; 2048];
    let length = std::fs::File::open(path).ok()?.read(&mut text).ok()?;
    Some(String::from_utf8_lossy(&text[..length]).into_owned())
}

/// How many a list of numbers and ranges names: `0-3,5` is five.
fn count(list: &str) -> Option<u64> {
    let ranges = list.trim_end().split(',').map(|range| {
        let (low, high) = range.split_once('-').unwrap_or((range, range));
        let (low, high): (u64, u64) = (low.parse().ok()?, high.parse().ok()?);
        high.checked_sub(low)?.checked_add(1)
    });
    ranges.sum::<Option<u64>>()
}

/// The lines of `/proc/cpuinfo` that are the same on every start: those of ARM, then those of RISC-V.
#[cfg(any(test, not(target_arch = "x86_64")))]
const STABLE: [&str; 10] = [
    "CPU implementer",
    "CPU architecture",
    "CPU variant",
    "CPU part",
    "CPU revision",
    "isa",
    "uarch",
    "mvendorid",
    "marchid",
    "mimpid",
];

/// What the beginning of `/proc/cpuinfo` says of the first processor that it describes; none if nothing of it
/// is known to be stable. A line that was cut off does not count.
#[cfg(any(test, not(target_arch = "x86_64")))]
fn first_processor(text: &str) -> Option<String> {
    let mut found = String::new();
    for line in text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')) {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        if STABLE.contains(&name.trim_end()) {
            found.extend([name.trim_end(), ":", value.trim(), ";"]);
        } else if line.is_empty() && !found.is_empty() {
            break;
        }
    }
    (!found.is_empty()).then_some(found)
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::CpuidResult;

    /// The processor's family, model and stepping in one number, and its name. Every x86-64 processor has
    /// these leaves. Each takes 5 µs in a virtual machine; that of the maker is left out, because the name
    /// tells it.
    pub(super) fn processor(leaf: impl Fn(u32) -> CpuidResult) -> String {
        let version = leaf(1).eax;
        let name = [0x8000_0002, 0x8000_0003, 0x8000_0004].map(leaf);
        let words = name.map(|part| [part.eax, part.ebx, part.ecx, part.edx]).concat();
        let bytes: Vec<_> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        format!("{version:x};{}", String::from_utf8_lossy(&bytes).trim_matches([' ', '\0']))
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        /// A processor's answer to one leaf; beside what is stable stands what `changing` is.
        fn answer(leaf: u32, version: u32, name: &[u8; 48], changing: u32) -> CpuidResult {
            let words: Vec<_> =
                name.chunks(4).map(|word| u32::from_le_bytes(word.try_into().expect("four"))).collect();
            let [eax, ebx, ecx, edx] = match leaf {
                1 => [version, changing, changing, changing],
                part => words[(part - 0x8000_0002) as usize * 4..][..4].try_into().expect("four"),
            };
            CpuidResult { eax, ebx, ecx, edx }
        }

        const NAME: &[u8; 48] = b"AMD EPYC 7R13 Processor                        \0";

        #[track_caller]
        fn check(version: u32, changing: u32, expected: &str) {
            assert_eq!(processor(|leaf| answer(leaf, version, NAME, changing)), expected);
        }

        #[test]
        fn a_processor_is_its_version_and_its_name() {
            check(0x00a0_0f11, 1, "a00f11;AMD EPYC 7R13 Processor");
            check(0x00a1_0f11, 1, "a10f11;AMD EPYC 7R13 Processor");
        }

        #[test]
        fn the_core_that_answers_and_the_features_that_are_switched_on_do_not_count() {
            check(0x00a0_0f11, 0xffff_ffff, "a00f11;AMD EPYC 7R13 Processor");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARM: &str = "processor\t: 0\nBogoMIPS\t: 243.75\nFeatures\t: fp asimd evtstrm\nCPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: 0x3\nCPU part\t: 0xd0c\nCPU revision\t: 1\n\nprocessor\t: 1\nCPU implementer\t: 0x41\nCPU part\t: 0xd0d\n";
    const RISC_V: &str =
        "processor\t: 0\nhart\t\t: 1\nisa\t\t: rv64imafdc\nmmu\t\t: sv39\nuarch\t\t: sifive,u74-mc\n\n";

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(first_processor(text).as_deref(), expected);
    }

    #[test]
    fn an_arm_processor_is_its_implementer_part_and_revision() {
        let first = "CPU implementer:0x41;CPU architecture:8;CPU variant:0x3;CPU part:0xd0c;CPU revision:1;";
        check(ARM, Some(first));
        check(&ARM.replace("243.75", "50.00").replace(" evtstrm", " evtstrm sve bf16"), Some(first));
        check(&ARM.replace("0xd0c", "0xd40"), Some(&first.replace("0xd0c", "0xd40")));
    }

    #[test]
    fn a_risc_v_processor_is_its_instruction_set_and_design() {
        check(RISC_V, Some("isa:rv64imafdc;uarch:sifive,u74-mc;"));
    }

    #[test]
    fn a_line_that_was_cut_off_and_one_that_is_not_known_say_nothing() {
        check("CPU implementer\t: 0x41\nCPU part\t: 0xd", Some("CPU implementer:0x41;"));
        check("processor\t: 0\nclock\t\t: 2300.000000MHz\n\n", None);
        check("", None);
    }

    #[test]
    fn cores_are_counted_from_their_list() {
        for (list, expected) in [("0\n", 1), ("0-3,5\n", 5), ("0-127", 128), ("0,2-3,8-11", 7)] {
            assert_eq!(count(list), Some(expected), "{list}");
        }
        for list in ["", "\n", "a", "3-0", "0-", "-", "0-18446744073709551615", "0-3,,5"] {
            assert_eq!(count(list), None, "{list}");
        }
    }
}
