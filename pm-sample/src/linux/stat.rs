//! `/proc/PID/stat`, the one file that tells nearly everything of a process.

use super::words::{number, words};

/// What is taken of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stat {
    /// The first 15 bytes of the program's name; anything may stand in it.
    pub(crate) name: Vec<u8>,
    pub(crate) parent: i32,
    pub(crate) threads: u64,
    /// Ticks after the start of the system.
    pub(crate) start: u64,
    /// User and system time, in ticks.
    pub(crate) own: u64,
    /// The same of descendants that have ended and were waited for.
    pub(crate) waited: u64,
    pub(crate) resident_pages: u64,
    /// It has ended and was not waited for.
    pub(crate) is_zombie: bool,
    pub(crate) is_kernel_thread: bool,
}

/// The kernel's mark for its own threads.
const PF_KTHREAD: u64 = 0x0020_0000;

/// Reads the file. Places are counted from the state, which follows the name in brackets.
pub(crate) fn parse(text: &[u8]) -> Option<Stat> {
    let opening = memchr::memchr(b'(', text)?;
    // The name may hold brackets too, but nothing behind it does.
    let closing = memchr::memrchr(b')', text)?;
    let name = text.get(opening + 1..closing)?.to_vec();
    let mut fields: [&[u8]; 22] = [b""; 22];
    let mut count = 0;
    for (field, word) in fields.iter_mut().zip(words(&text[closing + 1..])) {
        *field = word;
        count += 1;
    }
    if count < fields.len() {
        return None;
    }
    let at = |place: usize| number::<u64>(fields[place]);
    // The kernel gives the children's times as signed numbers.
    let sum = |first: usize| at(first)?.checked_add(at(first + 1)?);
    Some(Stat {
        name,
        parent: number(fields[1])?,
        threads: at(17)?,
        start: at(19)?,
        own: sum(11)?,
        waited: sum(13)?,
        // It is signed, and shortly below nought for a process that ends.
        resident_pages: number::<i64>(fields[21])?.max(0).unsigned_abs(),
        is_zombie: matches!(fields[0], b"Z" | b"X"),
        is_kernel_thread: at(6)? & PF_KTHREAD != 0,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(name: &str, state: &str) -> String {
        format!(
            "812 ({name}) {state} 77 812 812 34816 900 4194304 9 8 7 6 120 30 40 2 20 0 3 0 5551 22888448 1490 18446744073709551615 1 2 3\n"
        )
    }

    #[test]
    fn every_field_is_taken_from_its_place() {
        let stat = parse(text("bash", "S").as_bytes()).expect("fields");
        let expected = Stat {
            name: b"bash".to_vec(),
            parent: 77,
            threads: 3,
            start: 5551,
            own: 150,
            waited: 42,
            resident_pages: 1490,
            is_zombie: false,
            is_kernel_thread: false,
        };
        assert_eq!(stat, expected);
    }

    #[test]
    fn a_name_may_hold_anything() {
        for name in ["a) Z 1 (b", "", " ", "((", "x\ny"] {
            let stat = parse(text(name, "R").as_bytes()).expect("fields");
            assert_eq!((stat.name.as_slice(), stat.parent, stat.is_zombie), (name.as_bytes(), 77, false));
        }
    }

    #[test]
    fn zombies_and_threads_of_the_kernel_are_known() {
        assert!(parse(text("x", "Z").as_bytes()).expect("fields").is_zombie);
        let kernel = text("kworker/0:1", "I").replace(" 4194304 ", " 2129984 ");
        assert!(parse(kernel.as_bytes()).expect("fields").is_kernel_thread);
    }

    proptest! {
        #[test]
        fn whatever_stands_there_is_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = parse(&bytes);
        }

        #[test]
        fn a_text_that_is_cut_off_before_its_last_field_is_refused(at in 0_usize..200) {
            let whole = text("bash", "S");
            let cut = &whole.as_bytes()[..at.min(whole.len())];
            let last = whole.find(" 1490").expect("the last field") + 1;
            prop_assert_eq!(parse(cut).is_some(), cut.len() > last, "{}", String::from_utf8_lossy(cut));
        }
    }
}
