//! Text for a terminal while it is written: how wide it may be, and whether it has color.

use std::fmt::Write as _;

use owo_colors::Style;

use crate::fit;

/// The lines that were written so far.
#[derive(Debug)]
pub(crate) struct Sheet {
    pub(crate) text: String,
    pub(crate) width: usize,
    color: bool,
}

impl Sheet {
    pub(crate) fn new(width: usize, color: bool) -> Self {
        Self { text: String::new(), width, color }
    }

    /// Ends a line, or makes an empty one.
    pub(crate) fn end_line(&mut self) {
        self.text.push('\n');
    }

    pub(crate) fn paint(&mut self, text: &str, style: Style) {
        if self.color && !style.is_plain() && !text.is_empty() {
            let _ = write!(self.text, "{}", style.style(text));
        } else {
            self.text.push_str(text);
        }
    }

    /// As many lines as it takes, the first begun with `first` and the others with as much space.
    pub(crate) fn paragraph(&mut self, first: &str, text: &str, style: Style) {
        let indent = fit::width(first);
        for (at, line) in fit::wrap(text, self.width.saturating_sub(indent)).iter().enumerate() {
            if at == 0 {
                self.text.push_str(first);
            } else {
                let _ = write!(self.text, "{:indent$}", "");
            }
            self.paint(line, style);
            self.end_line();
        }
    }
}
