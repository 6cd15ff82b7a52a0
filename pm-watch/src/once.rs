//! One frame as text.

use pm_cli::Streams;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Size;

use crate::model::Model;
use crate::view::{self, Theme};

/// What a terminal is taken for that does not say.
const USUAL: Size = Size { width: 80, height: 24 };

/// No terminal is larger, whatever a variable says.
const LARGEST: u16 = 1000;

/// How large a frame is: as `COLUMNS` and `LINES` say, as a terminal is, or as one usually is.
pub(crate) fn size(io: &Streams) -> Size {
    let said = |name: &str| {
        let number = io.environment.text(name).and_then(|text| text.parse::<u16>().ok());
        number.filter(|number| (1..=LARGEST).contains(number))
    };
    let terminal = io.output.is_terminal().then(|| ratatui::crossterm::terminal::size().ok()).flatten();
    // A terminal that nobody looks at may be said to have no lines.
    let seen = terminal.filter(|&(width, height)| width > 0 && height > 0);
    let (width, height) = seen.unwrap_or((USUAL.width, USUAL.height));
    Size { width: said("COLUMNS").unwrap_or(width), height: said("LINES").unwrap_or(height) }
}

/// The frame, its lines without spaces at their ends.
pub(crate) fn frame(model: &Model, size: Size) -> String {
    let backend = TestBackend::new(size.width, size.height);
    let Ok(mut terminal) = Terminal::new(backend);
    let Ok(_) = terminal.draw(|frame| view::draw(frame, model, Theme { color: false }));
    text(terminal.backend().buffer())
}

fn text(buffer: &Buffer) -> String {
    let mut text = String::new();
    for y in buffer.area.rows().map(|row| row.y) {
        let line: String = (0..buffer.area.width).map(|x| buffer[(x, y)].symbol()).collect();
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
