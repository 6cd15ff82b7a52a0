//! A profile as one page that needs nothing else: no script, no font, no picture from anywhere.
//!
//! Its policy allows the one style by hash, and forbids everything else. Whatever came from a record is escaped.

use std::fmt::Write as _;

use pm_cli::printable;

use crate::markup::{escape, hash};
use crate::profile::costs::costs;
use crate::profile::grid::Grid;
use crate::profile::page::{COSTS, phases_grid, programs_grid};
use crate::profile::svg::picture;
use crate::profile::words::{self, duration, share};
use crate::profile::{Profile, path_list};

/// How many programs and stretches of the path are listed.
const PROGRAMS: usize = 200;
const STRETCHES: usize = 100;

const STYLE: &str = "\
:root{color-scheme:light dark}\
body{font:15px/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem}\
h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem}\
svg{max-width:100%;height:auto}\
table{border-collapse:collapse;font-variant-numeric:tabular-nums}\
th,td{padding:.15rem .8rem .15rem 0;text-align:right;overflow-wrap:anywhere}\
th:first-child,td:first-child{text-align:left}\
th{border-bottom:1px solid}\
.bad{color:#dc2626}.note{opacity:.75}";

/// Renders `profile` as a page.
pub(crate) fn render(profile: &Profile) -> String {
    let run = profile.shown();
    let title = escape(&printable(&profile.title));
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src '{}'; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n",
        hash(STYLE)
    );
    let facts = words::facts(profile).into_iter().map(|(fact, is_bad)| {
        let fact = escape(&printable(&fact));
        if is_bad { format!("<span class=\"bad\">{fact}</span>") } else { fact }
    });
    let _ = writeln!(page, "<p>{}</p>", facts.collect::<Vec<_>>().join(" · "));
    heading(&mut page, "What took the time");
    page.push_str("<ol>\n");
    for cost in costs(run).iter().take(COSTS) {
        let _ = writeln!(page, "<li>{}</li>", escape(&words::cost(cost, run.total)));
    }
    page.push_str("</ol>\n");
    heading(&mut page, "Timeline");
    page.push_str(&picture(profile));
    page.push_str(
        "<p class=\"note\">Orange: on the critical path. Blue: alive beside it. Green: API requests.</p>\n",
    );
    let path = path_list::longest(run, STRETCHES);
    heading(&mut page, &path.title());
    let mut grid = Grid::new(&["process", "from", "for", "share"]);
    grid.rows.extend(path.stretches.iter().map(|stretch| {
        let [from, length] = [duration(stretch.span.start), duration(stretch.span.length())];
        vec![printable(&stretch.chain).into_owned(), from, length, share(stretch.span.length(), run.total)]
    }));
    table(&mut page, &grid);
    heading(&mut page, "By program");
    table(&mut page, &programs_grid(profile, PROGRAMS));
    let phases = phases_grid(profile);
    if !phases.rows.is_empty() {
        heading(&mut page, "By phase");
        table(&mut page, &phases);
    }
    for note in words::which(profile).iter().chain(&profile.notes) {
        let _ = writeln!(page, "<p class=\"note\">{}</p>", escape(&printable(note)));
    }
    page.push_str("</body>\n</html>\n");
    page
}

fn heading(page: &mut String, text: &str) {
    let _ = writeln!(page, "<h2>{}</h2>", escape(text));
}

fn table(page: &mut String, grid: &Grid) {
    let row = |cells: &[String], tag: &str| {
        let cells = cells.iter().map(|cell| format!("<{tag}>{}</{tag}>", escape(cell)));
        format!("<tr>{}</tr>\n", cells.collect::<String>())
    };
    page.push_str("<table>\n");
    page.push_str(&row(&grid.heading, "th"));
    for cells in &grid.rows {
        page.push_str(&row(cells, "td"));
    }
    page.push_str("</table>\n");
}
