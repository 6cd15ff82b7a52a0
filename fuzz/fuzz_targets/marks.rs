//! Marks come out the same however the bytes come in, and no input is too odd or takes much memory.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pm_record::Scalar;
use pm_wrap::marks::{LONGEST, Mark, Marks};

/// The marks that were read, and the warning.
fn marks<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> (Vec<Mark>, Option<String>) {
    let (mut marks, mut all) = (Marks::default(), Vec::new());
    for piece in pieces {
        marks.read(piece, |mark| all.push(mark));
        assert!(marks.held() <= LONGEST);
    }
    marks.finish(|mark| all.push(mark));
    (all, marks.ignored().map(ToString::to_string))
}

fuzz_target!(|input: (u8, &[u8])| {
    let (piece, bytes) = input;
    let (in_pieces, also_ignored) = marks(bytes.chunks(usize::from(piece) + 1));
    let (at_once, ignored) = marks(std::iter::once(bytes));
    assert_eq!((&in_pieces, &also_ignored), (&at_once, &ignored));
    for mark in at_once {
        assert!(mark.context.len() <= 64);
        let mut labels = mark.context.values();
        assert!(labels.all(|label| !matches!(label, Scalar::Text(text) if text.len() > 256)));
    }
    let warning = ignored.unwrap_or_default();
    assert!(warning.chars().count() <= 300 && !warning.chars().any(char::is_control));
});
