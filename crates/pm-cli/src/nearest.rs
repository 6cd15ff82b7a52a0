//! The word that somebody probably meant.

/// The candidate most like `word`, if one is like it at all.
#[must_use]
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Below six tenths the words share letters by chance rather than by a slip of the hand.
    candidates
        .into_iter()
        .map(|candidate| (strsim::normalized_damerau_levenshtein(word, candidate), candidate))
        .filter(|&(likeness, _)| likeness >= 0.6)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_word_and_a_stranger_finds_none() {
        let keys = ["threshold_mb", "threshold_percentage", "enabled"];
        assert_eq!(nearest("treshold_mb", keys), Some("threshold_mb"));
        assert_eq!(nearest("enabeld", keys), Some("enabled"));
        assert_eq!(nearest("color", keys), None);
    }
}
