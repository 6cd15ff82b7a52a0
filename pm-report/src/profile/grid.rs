//! Small tables: names on the left, figures on the right of their columns.

use crate::fit;

/// The space between two columns.
const GAP: usize = 2;

/// What a name is cut to before a column of figures is left out.
const SHORT_NAME: usize = 12;

/// A heading and rows of as many cells, the first of which is a name.
#[derive(Debug, Default)]
pub(crate) struct Grid {
    pub(crate) heading: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
}

impl Grid {
    pub(crate) fn new(heading: &[&str]) -> Self {
        Self { heading: heading.iter().map(|&cell| cell.to_owned()).collect(), rows: Vec::new() }
    }

    /// The lines, the heading first, of at most `width` columns: the last columns are left out where they do not fit,
    /// and names are cut.
    pub(crate) fn lines(&self, width: usize) -> Vec<String> {
        let all = || std::iter::once(&self.heading).chain(&self.rows);
        let widest = |column: usize| {
            all().filter_map(|row| row.get(column)).map(|cell| fit::width(cell)).max().unwrap_or(0)
        };
        let mut widths: Vec<_> = (0..self.heading.len()).map(widest).collect();
        let figures = |widths: &[usize]| widths.iter().skip(1).map(|width| width + GAP).sum::<usize>();
        while widths.len() > 1 && figures(&widths) + widths[0].min(SHORT_NAME) > width {
            widths.pop();
        }
        let rest = width.saturating_sub(figures(&widths));
        if let Some(name) = widths.first_mut() {
            *name = rest.min(*name);
        }
        all().map(|row| line(row, &widths)).collect()
    }
}

fn line(row: &[String], widths: &[usize]) -> String {
    let mut line = String::new();
    for (column, (cell, &width)) in row.iter().zip(widths).enumerate() {
        let cell = fit::clip(cell, width);
        let space = " ".repeat(width.saturating_sub(fit::width(&cell)));
        if column == 0 {
            line.push_str(&cell);
            line.push_str(&space);
        } else {
            line.push_str(&" ".repeat(GAP));
            line.push_str(&space);
            line.push_str(&cell);
        }
    }
    line.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_that_do_not_fit_are_left_out_from_the_right_and_names_are_cut() {
        let mut grid = Grid::new(&["program", "path", "CPU"]);
        grid.rows.push(["a-program-of-a-long-name", "1.2s", "90ms"].map(str::to_owned).to_vec());
        let expected = [
            (40, vec!["program                   path   CPU", "a-program-of-a-long-name  1.2s  90ms"]),
            (26, vec!["program         path   CPU", "a-program-of-…  1.2s  90ms"]),
            (20, vec!["program         path", "a-program-of-…  1.2s"]),
            (10, vec!["program", "a-program…"]),
        ];
        for (width, lines) in expected {
            assert_eq!(grid.lines(width), lines, "in {width}");
        }
    }
}
