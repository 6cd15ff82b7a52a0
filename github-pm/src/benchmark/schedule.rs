//! In which order commands take turns.
//!
//! A machine that slows down must slow all of them alike, and none may always run in the wake of the same other. So
//! every round has one run of each, and each second round is the mirror image of the one before: A B, B A. Over such a
//! pair all have the same mean place. The pair after it begins with the next one: B A, A B.

/// What a run is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// It finds caches cold, and is reported apart.
    First,
    /// It warms them.
    WarmUp,
    /// It counts.
    Measured,
}

/// One run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Turn {
    /// Whose turn it is, by place.
    pub(super) arm: usize,
    pub(super) part: Part,
    /// Counted from 1 within its part.
    pub(super) round: u32,
}

impl Part {
    /// How a run's label has it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::WarmUp => "warm-up",
            Self::Measured => "measured",
        }
    }
}

/// Every run of so many arms: the first of each, rounds that warm up, and rounds that count.
pub(super) fn turns(arms: usize, warm_ups: u32, iterations: u32) -> Vec<Turn> {
    let parts = [(Part::First, 1), (Part::WarmUp, warm_ups), (Part::Measured, iterations)];
    let rounds = parts.into_iter().flat_map(|(part, rounds)| (1..=rounds).map(move |round| (part, round)));
    rounds
        .flat_map(|(part, round)| order(arms, round).into_iter().map(move |arm| Turn { arm, part, round }))
        .collect()
}

/// The order within a round; the first round is 1.
fn order(arms: usize, round: u32) -> Vec<usize> {
    let pair = ((round - 1) / 2) as usize;
    let mut order: Vec<_> = (0..arms).map(|place| (place + pair) % arms).collect();
    if round.is_multiple_of(2) {
        order.reverse();
    }
    order
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(arms: usize, warm_ups: u32, iterations: u32, expected: &str) {
        let turns = turns(arms, warm_ups, iterations);
        let text: String = turns
            .iter()
            .map(|turn| {
                let name = char::from(b'a' + u8::try_from(turn.arm).expect("few"));
                match turn.part {
                    Part::First => name.to_ascii_uppercase(),
                    Part::WarmUp => '.',
                    Part::Measured => name,
                }
            })
            .collect();
        assert_eq!(text, expected);
    }

    #[test]
    fn two_take_turns_in_blocks_of_four() {
        check(2, 0, 4, "ABabbabaab");
        check(2, 1, 2, "AB..abba");
    }

    #[test]
    fn more_than_two_are_mirrored_and_each_begins_once() {
        check(3, 0, 6, "ABCabccbabcaacbcabbac");
        check(1, 2, 3, "A..aaa");
    }

    proptest! {
        #[test]
        fn each_runs_as_often_as_it_should(arms in 1..9_usize, warm_ups in 0..5_u32, iterations in 1..30_u32) {
            let turns = turns(arms, warm_ups, iterations);
            for (part, rounds) in [(Part::First, 1), (Part::WarmUp, warm_ups), (Part::Measured, iterations)] {
                for arm in 0..arms {
                    let rounds_of_it: Vec<_> = turns.iter().filter(|turn| (turn.arm, turn.part) == (arm, part)).map(|turn| turn.round).collect();
                    prop_assert_eq!(rounds_of_it, (1..=rounds).collect::<Vec<_>>());
                }
            }
            prop_assert_eq!(turns.len(), arms * (1 + warm_ups + iterations) as usize);
        }

        #[test]
        fn over_two_rounds_all_have_the_same_mean_place(arms in 1..9_usize, pair in 0..20_u32) {
            let (one, other) = (order(arms, 2 * pair + 1), order(arms, 2 * pair + 2));
            let place = |order: &[usize], arm| order.iter().position(|&other| other == arm).expect("it runs");
            for arm in 0..arms {
                prop_assert_eq!(place(&one, arm) + place(&other, arm), arms - 1);
            }
        }

        #[test]
        fn each_begins_equally_often(arms in 1..9_usize) {
            let rounds = 2 * u32::try_from(arms).expect("few");
            let mut first: Vec<_> = (1..=rounds).map(|round| order(arms, round)[0]).collect();
            first.sort_unstable();
            let twice: Vec<_> = (0..arms).flat_map(|arm| [arm, arm]).collect();
            prop_assert_eq!(first, twice);
        }
    }
}
