//! Names as small numbers, because a stream repeats a few of them millions of times.

use indexmap::IndexSet;

/// How many different names are known. Commands and endpoints are templates, so that there are a few hundred.
const MOST: usize = 20_000;

/// How many bytes are kept of one.
const LONGEST: usize = 200;

/// A name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Label(u32);

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Labels(IndexSet<String>);

impl Labels {
    /// The label of a text; none if there are too many.
    pub(crate) fn of(&mut self, text: &str) -> Option<Label> {
        let text = &text[..text.floor_char_boundary(LONGEST)];
        let place = match self.0.get_index_of(text) {
            Some(place) => place,
            None if self.0.len() < MOST => self.0.insert_full(text.to_owned()).0,
            None => return None,
        };
        u32::try_from(place).ok().map(Label)
    }

    pub(crate) fn text(&self, label: Label) -> &str {
        self.0.get_index(label.0 as usize).map_or("", String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_one_label_and_there_is_an_end_to_them() {
        let mut labels = Labels::default();
        let one = labels.of("batch").expect("room");
        assert_eq!(labels.of("batch"), Some(one));
        assert_eq!(labels.text(one), "batch");
        for number in 0..MOST + 5 {
            labels.of(&number.to_string());
        }
        assert_eq!((labels.of("one more"), labels.of("batch")), (None, Some(one)));
        assert_eq!(labels.0.len(), MOST);
    }
}
