//! Which columns a width has room for, and how wide each is.
//!
//! Figures are never cut: the least important ones are left out instead. Labels may be cut, and names stay
//! short until every figure has its place, because a long name says little more than its beginning.

use crate::columns::{Column, LEAST_IMPORTANT_FIRST};

/// The space between two columns.
pub(crate) const GAP: usize = 2;

/// A label is cut to this width before any figure is left out.
const SHORT_LABEL: usize = 24;

/// A label is left out sooner than it is cut to less than this, unless it is the only one.
const SHORTEST_LABEL: usize = 6;

/// A column and its width: first the one that it would like, then the one that it gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Placed {
    pub(crate) column: Column,
    pub(crate) width: usize,
}

impl Placed {
    fn is_figure(self) -> bool {
        matches!(self.column, Column::Figure(_))
    }

    fn at_most(self, width: usize) -> usize {
        if self.is_figure() { self.width } else { self.width.min(width) }
    }
}

/// Fits `columns` into a line of `page` columns.
pub(crate) fn fit(mut columns: Vec<Placed>, page: usize) -> Vec<Placed> {
    for figure in LEAST_IMPORTANT_FIRST {
        if taken(&columns, SHORT_LABEL) > page {
            columns.retain(|placed| placed.column != Column::Figure(figure));
        }
    }
    // More labels than fit are only left when every figure is gone.
    while taken(&columns, SHORTEST_LABEL) > page && columns.len() > 1 {
        columns.pop();
    }
    // The widest limit for labels under which the line fits; a single label may get less than the shortest.
    let widest = columns.iter().map(|placed| placed.width).max().unwrap_or(0);
    let limit = (1..=widest.min(page)).rev().find(|&limit| taken(&columns, limit) <= page).unwrap_or(0);
    for placed in &mut columns {
        placed.width = placed.at_most(limit);
    }
    columns
}

fn taken(columns: &[Placed], longest_label: usize) -> usize {
    let gaps = columns.len().saturating_sub(1) * GAP;
    columns.iter().map(|placed| placed.at_most(longest_label)).sum::<usize>() + gaps
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns::Figure;

    /// Lays out two labels and three figures, and shows what became of them.
    #[track_caller]
    fn check(labels: [usize; 2], page: usize, expected: &str) {
        let columns = [
            (Column::Label(0), labels[0]),
            (Column::Label(1), labels[1]),
            (Column::Figure(Figure::Runs), 5),
            (Column::Figure(Figure::P90), 7),
            (Column::Figure(Figure::P95), 7),
        ];
        let columns = columns.map(|(column, width)| Placed { column, width });
        let fitted = fit(columns.to_vec(), page);
        let text: Vec<_> =
            fitted.iter().map(|placed| format!("{:?} {}", placed.column, placed.width)).collect();
        assert_eq!(text.join(", "), expected);
        assert!(taken(&fitted, usize::MAX) <= page);
    }

    #[test]
    fn everything_is_shown_where_there_is_room() {
        check([30, 5], 62, "Label(0) 30, Label(1) 5, Figure(Runs) 5, Figure(P90) 7, Figure(P95) 7");
    }

    #[test]
    fn a_long_label_is_cut_before_a_figure_goes() {
        check([40, 5], 60, "Label(0) 28, Label(1) 5, Figure(Runs) 5, Figure(P90) 7, Figure(P95) 7");
    }

    #[test]
    fn the_least_important_figure_goes_first_and_its_place_is_used() {
        check([40, 5], 50, "Label(0) 27, Label(1) 5, Figure(Runs) 5, Figure(P95) 7");
        check([40, 5], 40, "Label(0) 26, Label(1) 5, Figure(Runs) 5");
    }

    #[test]
    fn labels_go_last_and_one_is_always_left() {
        check([40, 9], 20, "Label(0) 9, Label(1) 9");
        check([40, 9], 10, "Label(0) 10");
        check([40, 9], 3, "Label(0) 3");
    }
}
