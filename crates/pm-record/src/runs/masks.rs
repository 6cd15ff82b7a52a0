//! What the bytes of a line are, a bit for each of them.
//!
//! A scan asks at every token where it ends and where the next one begins. Both are answered by these bits
//! without a look at the bytes in between, and without a jump for each of them that no processor foresees. They
//! cost one pass over the line.

use super::lanes::{Lanes, WORD};

/// The masks of one line, in words of as many bits as bytes are looked at together: two joined to a longer word would
/// be found in half as many steps, but LLVM takes them apart bit by bit to join them.
#[derive(Debug, Default)]
pub(super) struct Masks {
    /// Quotes, backslashes, control characters and bytes that are not ASCII.
    stops: Vec<u32>,
    /// What is no white space within a line.
    solid: Vec<u32>,
}

impl Masks {
    /// Looks at every byte of the line.
    #[expect(
        clippy::inline_always,
        reason = "it is compiled once for each way, for the instructions of each"
    )]
    #[inline(always)]
    pub(super) fn mark(&mut self, lanes: impl Lanes, line: &[u8]) {
        self.stops.clear();
        self.solid.clear();
        let (whole, rest) = line.as_chunks::<WORD>();
        for bytes in whole {
            self.add(lanes, bytes);
        }
        // Behind the line everything stops.
        let mut last = [0; WORD];
        last[..rest.len()].copy_from_slice(rest);
        self.add(lanes, &last);
    }

    #[expect(clippy::inline_always, reason = "a part of the loop above")]
    #[inline(always)]
    fn add(&mut self, lanes: impl Lanes, bytes: &[u8; WORD]) {
        self.stops.push(lanes.stops(bytes));
        self.solid.push(!lanes.blanks(bytes));
    }

    /// The first byte at `at` or behind it that ends a run of plain characters; it may stand behind the line.
    #[inline]
    pub(super) fn stop(&self, at: usize) -> Option<usize> {
        first_from(&self.stops, at)
    }

    /// The first byte at `at` or behind it that is no white space; it may stand behind the line.
    #[inline]
    pub(super) fn solid(&self, at: usize) -> Option<usize> {
        first_from(&self.solid, at)
    }
}

/// The first bit at `at` or behind it that is set.
#[inline]
fn first_from(mask: &[u32], at: usize) -> Option<usize> {
    let mut word = at / WORD;
    let here = mask.get(word)? >> (at % WORD);
    if here != 0 {
        return Some(at + here.trailing_zeros() as usize);
    }
    loop {
        word += 1;
        let bits = *mask.get(word)?;
        if bits != 0 {
            return Some(word * WORD + bits.trailing_zeros() as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::lanes::tests::masks_by_every_way;

    proptest! {
        #[test]
        fn the_next_stop_and_the_next_token_are_where_they_stand(
            line in proptest::collection::vec(prop_oneof![Just(b' '), Just(b'x'), Just(b'"'), any::<u8>()], 0..300),
            at in 0..300_usize,
        ) {
            let at = at.min(line.len());
            let place = |is: fn(u8) -> bool| {
                line[at..].iter().position(|&byte| is(byte)).map_or(line.len(), |place| at + place)
            };
            let stop = place(|byte| byte == b'"' || byte == b'\\' || !(0x20..0x80).contains(&byte));
            let solid = place(|byte| !matches!(byte, b' ' | b'\t' | b'\r'));
            masks_by_every_way(&line, |masks| {
                assert_eq!((masks.stop(at), masks.solid(at)), (Some(stop), Some(solid)), "{line:?}");
                assert_eq!(masks.stop(line.len() + 64), None);
            });
        }
    }
}
