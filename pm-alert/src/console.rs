//! What people see of alerts: changes in full, and that nothing changed once a run, with a count.
//!
//! Every record over a limit is an alert, so a limit that stays exceeded would bury everything else. A
//! person needs to know when it begins, becomes worse and ends. A run that only finds it still exceeded
//! says so in one line; what comes after that is counted, and the count is told before the next change or
//! at the end of the run.
//!
//! Memory: counts of at most [`ROWS`] rows; the oldest is told early to make room.

use indexmap::IndexMap;
use owo_colors::{OwoColorize, Style};
use pm_cli::{human, printable};
use pm_record::{AlertState, Severity};

use crate::notice::Notice;

/// How many rows are counted at once, as many as the state remembers.
const ROWS: usize = 1000;

/// What this run has told so far.
#[derive(Debug, Default)]
pub(crate) struct Console {
    // By row, the one that was first told first.
    untold: IndexMap<String, Untold>,
}

/// What was not told of one row since something was.
#[derive(Debug, Default)]
struct Untold {
    count: u64,
    last: Option<Line>,
}

#[derive(Debug)]
struct Line {
    text: String,
    style: Style,
}

impl Console {
    /// What to show because of this alert; it may be nothing.
    pub(crate) fn show(&mut self, notice: &Notice, color: bool) -> String {
        let line = || Line { text: notice.text.clone(), style: style(notice) };
        let Some(untold) = self.untold.get_mut(&notice.row) else {
            let mut text = self.make_room(color);
            self.untold.insert(notice.row.clone(), Untold::default());
            text += &if notice.is_news { news(notice, color) } else { line().after("still over: ", color) };
            return text;
        };
        if notice.is_news {
            let more = std::mem::take(untold).more(color);
            return more + &news(notice, color);
        }
        untold.count += 1;
        untold.last = Some(line());
        String::new()
    }

    /// What was only counted.
    pub(crate) fn finish(&mut self, color: bool) -> String {
        std::mem::take(&mut self.untold).into_values().map(|untold| untold.more(color)).collect()
    }

    fn make_room(&mut self, color: bool) -> String {
        let oldest = if self.untold.len() < ROWS { None } else { self.untold.shift_remove_index(0) };
        oldest.map(|(_, untold)| untold.more(color)).unwrap_or_default()
    }
}

impl Untold {
    fn more(self, color: bool) -> String {
        let count = human::count(self.count);
        self.last.map(|line| line.after(&format!("… and {count} more: "), color)).unwrap_or_default()
    }
}

impl Line {
    fn after(&self, beginning: &str, color: bool) -> String {
        let line = format!("⚠️  {beginning}{}", printable(self.text.trim_end()));
        format!("{}\n", painted(&line, self.style, color))
    }
}

/// The text with its headline in color. It may come out of the state of a stranger's clone.
fn news(notice: &Notice, color: bool) -> String {
    let mut lines = notice.text.lines().map(printable);
    let headline = lines.next().unwrap_or_default();
    let mut text = painted(&headline, style(notice), color);
    for line in lines {
        text.push('\n');
        text.push_str(&line);
    }
    text.push('\n');
    text
}

fn painted(line: &str, style: Style, color: bool) -> String {
    if color { line.style(style).to_string() } else { line.to_owned() }
}

fn style(notice: &Notice) -> Style {
    match (notice.alert.state, notice.alert.severity) {
        (AlertState::Resolved, _) => Style::new().green().bold(),
        (_, Severity::Critical) => Style::new().red().bold(),
        _ => Style::new().yellow().bold(),
    }
}
