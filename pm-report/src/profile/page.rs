//! A profile as text for a terminal: it fits the width, and reads the same without color.

use owo_colors::Style;
use pm_cli::{human, printable};

use crate::fit;
use crate::profile::costs::costs;
use crate::profile::figures::Program;
use crate::profile::gantt::{self, Line};
use crate::profile::grid::Grid;
use crate::profile::words::{self, duration, share};
use crate::profile::{Profile, path_list};
use crate::sheet::Sheet;

/// How many costs are told in words.
pub(crate) const COSTS: usize = 3;

/// How many programs and stretches of the path are listed.
const PROGRAMS: usize = 15;
const STRETCHES: usize = 12;

/// Renders `profile` in lines of at most `width` columns.
pub(crate) fn render(profile: &Profile, width: usize, color: bool) -> String {
    let mut page = Page { sheet: Sheet::new(width, color) };
    page.sheet.paragraph("", &printable(&profile.title), Style::new().bold());
    page.facts(&words::facts(profile));
    page.costs(profile);
    page.timeline(profile);
    page.path(profile);
    page.programs(profile);
    page.phases(profile);
    for note in words::which(profile).iter().chain(&profile.notes) {
        page.sheet.end_line();
        page.sheet.paragraph("", &printable(note), Style::new().dimmed());
    }
    page.sheet.text
}

struct Page {
    sheet: Sheet,
}

impl Page {
    fn heading(&mut self, text: &str) {
        self.sheet.end_line();
        self.sheet.paragraph("", text, Style::new().bold());
    }

    fn facts(&mut self, facts: &[(String, bool)]) {
        const BETWEEN: &str = " · ";
        let mut used = 0;
        for (fact, is_bad) in facts {
            let wide = fit::width(fact);
            if used > 0 && used + fit::width(BETWEEN) + wide <= self.sheet.width {
                self.sheet.text.push_str(BETWEEN);
                used += fit::width(BETWEEN);
            } else if used > 0 {
                self.sheet.end_line();
                used = 0;
            }
            let style = if *is_bad { Style::new().red() } else { Style::new() };
            self.sheet.paint(&fit::clip(fact, self.sheet.width), style);
            used += wide;
        }
        self.sheet.end_line();
    }

    fn costs(&mut self, profile: &Profile) {
        let run = profile.shown();
        self.heading("What took the time");
        for (place, cost) in costs(run).iter().take(COSTS).enumerate() {
            self.sheet.paragraph(&format!("{}. ", place + 1), &words::cost(cost, run.total), Style::new());
        }
    }

    fn timeline(&mut self, profile: &Profile) {
        let gantt = gantt::draw(profile.shown(), self.sheet.width);
        self.heading("Timeline");
        self.row(&gantt.axis);
        for line in &gantt.lines {
            self.row(line);
        }
        for left_out in &gantt.left_out {
            self.sheet.paragraph("", left_out, Style::new());
        }
        self.sheet.paragraph("", &gantt.legend, Style::new().dimmed());
    }

    fn row(&mut self, line: &Line) {
        // No line ends in a space.
        if line.time.is_empty() {
            let text = format!("{} {}", line.label, line.bar);
            self.sheet.paint(text.trim_end(), Style::new().dimmed());
            return self.sheet.end_line();
        }
        self.sheet.text.push_str(&line.label);
        self.sheet.text.push(' ');
        if !line.bar.is_empty() {
            self.sheet.paint(&line.bar, Style::new().cyan());
            self.sheet.text.push(' ');
        }
        self.sheet.text.push_str(&line.time);
        self.sheet.end_line();
    }

    fn path(&mut self, profile: &Profile) {
        let path = path_list::longest(profile.shown(), STRETCHES);
        self.heading(&path.title());
        let mut grid = Grid::new(&["process", "from", "for", "share"]);
        let total = profile.shown().total;
        grid.rows.extend(path.stretches.iter().map(|stretch| {
            let span = stretch.span;
            let [from, length] = [duration(span.start), duration(span.length())];
            vec![printable(&stretch.chain).into_owned(), from, length, share(span.length(), total)]
        }));
        self.grid(&grid);
    }

    fn programs(&mut self, profile: &Profile) {
        self.heading("By program");
        let programs = &profile.figures.programs;
        self.grid(&programs_grid(profile, PROGRAMS));
        if programs.len() > PROGRAMS {
            let hidden = format!("Programs not shown: {}", words::number(programs.len() - PROGRAMS));
            self.sheet.paragraph("", &hidden, Style::new());
        }
    }

    fn phases(&mut self, profile: &Profile) {
        let grid = phases_grid(profile);
        if !grid.rows.is_empty() {
            self.heading("By phase");
            self.grid(&grid);
        }
    }

    fn grid(&mut self, grid: &Grid) {
        for (place, line) in grid.lines(self.sheet.width).iter().enumerate() {
            self.sheet.paint(line, if place == 0 { Style::new().dimmed() } else { Style::new() });
            self.sheet.end_line();
        }
    }
}

/// The figures of the first `most` programs.
pub(crate) fn programs_grid(profile: &Profile, most: usize) -> Grid {
    let total = profile.figures.total.median;
    let unknown = |time: Option<i64>| time.map_or_else(|| "–".to_owned(), duration);
    let mut grid = Grid::new(&["program", "on path", "share", "waiting", "CPU", "processes", "alive"]);
    grid.rows.extend(profile.figures.programs.iter().take(most).map(|program| {
        let Program { name, processes, path, waiting, cpu, alive } = program;
        let processes = human::count(processes.unsigned_abs());
        let name = printable(name).into_owned();
        vec![
            name,
            duration(*path),
            share(*path, total),
            unknown(*waiting),
            unknown(*cpu),
            processes,
            duration(*alive),
        ]
    }));
    grid
}

/// The figures of phases; empty where the command named none.
pub(crate) fn phases_grid(profile: &Profile) -> Grid {
    let figures = &profile.figures;
    let mut grid = Grid::new(&["phase", "time", "share"]);
    if figures.phases.iter().all(|(name, _)| name == "other") {
        return grid;
    }
    grid.rows.extend(figures.phases.iter().map(|(name, time)| {
        vec![printable(name).into_owned(), duration(*time), share(*time, figures.total.median)]
    }));
    grid
}
