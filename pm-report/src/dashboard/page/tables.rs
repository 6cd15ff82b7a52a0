//! What is told row by row: commands, distributions, phases, operations, verdicts, alerts, tips.

use std::fmt::Write as _;

use indexmap::IndexMap;
use pm_cli::human;
use pm_record::{ComparisonStatus, MetricSummary, Severity, Thousandths};

use super::chart::{Ink, bar, key};
use super::section;
use super::table::{Cell, Row, Table};
use crate::dashboard::Dashboard;
use crate::dashboard::commands::{Command, DURATION};
use crate::findings::{Finding, Findings, Tone};
use crate::markup::text;
use crate::report::{LONGEST_LABEL, kept};
use crate::tips::Tip;
use crate::verdicts::Verdict;

/// How many commands have a row of their own; what is beyond is counted.
const ROWS: usize = 200;

/// How many tips are shown at once.
const TIPS: usize = 8;

/// What phases are drawn with, those that take most time first; the others share the last.
const PHASES: [Ink; 5] = [Ink::Middle, Ink::High, Ink::Third, Ink::Good, Ink::Band];

/// What the fields of phases begin with.
const PHASE: &str = "duration.phases.";

/// Adds every command with its figures, those that took most time first.
pub(super) fn commands(page: &mut String, dashboard: &Dashboard) {
    let all = dashboard.commands.sorted();
    if all.is_empty() {
        return;
    }
    let total: i64 = all.iter().fold(0, |sum, (_, command)| sum.saturating_add(command.own_time()));
    let rows = all.iter().take(ROWS).map(|(name, command)| Row {
        command: Some((*name).to_owned()),
        at: None,
        cells: figures(name, command, dashboard, total),
    });
    let headings = [
        "command",
        "runs",
        "failed",
        "total",
        "share",
        "p50",
        "p95",
        "max",
        "vs before",
        "memory",
        "CPU",
        "requests",
        "quota",
        "cache hits",
    ];
    let table = Table { caption: "Commands".to_owned(), headings: headings.to_vec(), rows: rows.collect() };
    let mut content = String::from(
        "<p class=\"filter\" hidden><label>Show <select id=\"command\"><option value=\"\">all commands</option></select></label> \
         <label>Time <select id=\"stretch\"><option value=\"1\">all of it</option><option value=\"0.5\">the last half</option>\
         <option value=\"0.25\">the last quarter</option><option value=\"0.1\">the last tenth</option></select></label> \
         <button type=\"button\" id=\"whole\" hidden>Show all of the time</button></p>\n",
    );
    content.push_str(&table.write());
    let left_out = all.len().saturating_sub(ROWS);
    if left_out > 0 {
        let _ =
            writeln!(content, "<p class=\"note\">Commands not shown: {}</p>", human::count(left_out as u64));
    }
    if dashboard.commands.left_out() > 0 {
        let _ = writeln!(
            content,
            "<p class=\"note\">Runs of further commands: {}</p>",
            human::count(dashboard.commands.left_out())
        );
    }
    section(page, "commands", "Commands", &content);
}

fn figures(name: &str, command: &Command, dashboard: &Dashboard, total: i64) -> Vec<Cell> {
    let duration = command.metric(DURATION);
    let time =
        |of: fn(&MetricSummary) -> Option<Thousandths>| Cell::of(duration.and_then(of).map(self::time));
    let whole = command.whole.as_ref();
    let sum = |field: &str| {
        let sum = whole.and_then(|whole| whole.api_totals.get(field));
        sum.map(|sum| human::count(u64::try_from(sum.0 / 1000).unwrap_or(0)))
    };
    let failures = command.failures();
    vec![
        Cell::Text(name.to_owned()),
        Cell::Text(human::count(command.runs())),
        if failures > 0 { Cell::Bad(human::count(failures)) } else { Cell::Text("0".to_owned()) },
        Cell::Text(human::duration(command.time() as f64 / 1000.0)),
        Cell::Text(human::percentage(command.own_time() as f64 / total.max(1) as f64)),
        time(|duration| duration.p50),
        time(|duration| duration.p95),
        time(|duration| duration.max),
        dashboard.verdicts.of(name).map_or(Cell::Text(String::new()), verdict),
        Cell::of(
            command
                .metric("resource_usage.peak_memory_mb")
                .and_then(|memory| memory.max)
                .map(|memory| human::mebibytes(memory.to_f64())),
        ),
        Cell::of(command.metric("resource_usage.cpu_time_ms").and_then(|cpu| cpu.mean).map(self::time)),
        Cell::of(sum("requests_made")),
        Cell::of(sum("rate_limit_consumed").or_else(|| sum("graphql_points"))),
        Cell::of(whole.and_then(|whole| whole.cache_hit_rate).map(|rate| human::percentage(rate.to_f64()))),
    ]
}

/// How it came out beside the period before.
fn verdict(verdict: &Verdict) -> Cell {
    match verdict.status {
        ComparisonStatus::Regressed => Cell::Bad(verdict.words()),
        ComparisonStatus::Improved => Cell::Good(verdict.words()),
        ComparisonStatus::Unchanged | ComparisonStatus::Inconclusive => Cell::Text(verdict.words()),
    }
}

/// Adds how the durations of each command are spread, all on one scale of ratios.
pub(super) fn distributions(page: &mut String, dashboard: &Dashboard) {
    let all = dashboard.commands.sorted();
    let durations =
        || all.iter().take(ROWS).filter_map(|(name, command)| Some((*name, command.metric(DURATION)?)));
    let positive = |value: Option<Thousandths>| value.map(Thousandths::to_f64).filter(|value| *value > 0.0);
    let low = durations().filter_map(|(_, duration)| positive(duration.min)).fold(f64::INFINITY, f64::min);
    let high = durations().filter_map(|(_, duration)| positive(duration.max)).fold(0.0, f64::max);
    if !low.is_finite() || high <= low {
        return;
    }
    let place =
        |value: Option<Thousandths>| positive(value).map(|value| (value / low).ln() / (high / low).ln());
    let rows = durations().map(|(name, duration)| {
        let [min, p50, p90, p95, max] =
            [duration.min, duration.p50, duration.p90, duration.p95, duration.max].map(place);
        let parts = [(Ink::Grid, min, max), (Ink::Band, p50, p95), (Ink::Third, p50, p90)];
        let mut parts: Vec<_> =
            parts.into_iter().filter_map(|(ink, from, to)| Some((ink, from?, to?))).collect();
        parts.extend(p50.map(|middle| (Ink::Middle, (middle - 0.004).max(0.0), (middle + 0.004).min(1.0))));
        let quantile = |value: Option<Thousandths>| Cell::of(value.map(time));
        Row {
            command: Some(name.to_owned()),
            at: None,
            cells: vec![
                Cell::Text(name.to_owned()),
                Cell::Markup(bar(&parts)),
                quantile(duration.min),
                quantile(duration.p50),
                quantile(duration.p90),
                quantile(duration.p95),
                quantile(duration.p99),
                quantile(duration.max),
                Cell::of(duration.outliers.map(|outliers| human::count(outliers.low + outliers.high))),
            ],
        }
    });
    let headings = ["command", "spread", "min", "p50", "p90", "p95", "p99", "max", "outliers"];
    let table = Table {
        caption: "Distributions of durations".to_owned(),
        headings: headings.to_vec(),
        rows: rows.collect(),
    };
    let inks = [
        (Ink::Middle, "median"),
        (Ink::Third, "up to p90"),
        (Ink::Band, "up to p95"),
        (Ink::Grid, "from min to max"),
    ];
    section(page, "distributions", "Distribution of durations", &(key(&inks) + &table.write()));
}

/// Adds what the time of each command is made of. A phase has the same color in every command.
pub(super) fn phases(page: &mut String, dashboard: &Dashboard) {
    let all = dashboard.commands.sorted();
    let mut sums: IndexMap<&str, f64> = IndexMap::new();
    for (phase, sum) in all.iter().flat_map(|(_, command)| phases_of(command)) {
        *sums.entry(phase).or_default() += sum;
    }
    sums.sort_by(|_, one, _, other| other.total_cmp(one));
    let rank = |phase: &str| sums.get_index_of(phase).unwrap_or(usize::MAX).min(PHASES.len() - 1);
    let rows: Vec<_> =
        all.iter().take(ROWS).filter_map(|(name, command)| phase_row(name, command, rank)).collect();
    if rows.is_empty() {
        return;
    }
    let with_a_color = sums.keys().take(PHASES.len() - usize::from(sums.len() > PHASES.len()));
    let names: Vec<_> = with_a_color.map(|phase| phase_name(phase)).collect();
    let mut inks: Vec<_> = PHASES.into_iter().zip(names.iter().map(String::as_str)).collect();
    if sums.len() > PHASES.len() {
        inks.push((PHASES[PHASES.len() - 1], "all others"));
    }
    let table = Table { caption: "Phases".to_owned(), headings: vec!["command", "parts", "phases"], rows };
    section(page, "phases", "Where the time goes", &(key(&inks) + &table.write()));
}

/// Every phase of a command and its sum, in milliseconds.
fn phases_of(command: &Command) -> impl Iterator<Item = (&str, f64)> {
    let metrics = command.whole.iter().flat_map(|whole| &whole.metrics);
    metrics.filter_map(|(field, metric)| {
        Some((field.strip_prefix(PHASE)?, metric.sum.to_f64())).filter(|(_, sum)| *sum > 0.0)
    })
}

fn phase_name(phase: &str) -> String {
    kept(phase.strip_suffix("_ms").unwrap_or(phase), LONGEST_LABEL).replace('_', " ")
}

fn phase_row(name: &str, command: &Command, rank: impl Fn(&str) -> usize) -> Option<Row> {
    let total = command.metric(DURATION)?.sum.to_f64();
    let mut phases: Vec<_> = phases_of(command).collect();
    // What was timed apart may be more than the whole.
    let total = total.max(phases.iter().map(|(_, sum)| sum).sum());
    phases.sort_by(|one, other| rank(one.0).cmp(&rank(other.0)).then(other.1.total_cmp(&one.1)));
    if phases.is_empty() || total <= 0.0 {
        return None;
    }
    let (mut parts, mut from) = (Vec::new(), 0.0);
    for (phase, sum) in &phases {
        let to = from + sum / total;
        parts.push((PHASES[rank(phase)], from, to.min(1.0)));
        from = to;
    }
    phases.sort_by(|one, other| other.1.total_cmp(&one.1));
    let words = phases.iter().take(PHASES.len());
    let words = words.map(|(phase, sum)| format!("{} {}", phase_name(phase), human::percentage(sum / total)));
    Some(Row {
        command: Some(name.to_owned()),
        at: None,
        cells: vec![
            Cell::Text(name.to_owned()),
            Cell::Markup(bar(&parts)),
            Cell::Text(words.collect::<Vec<_>>().join(" · ")),
        ],
    })
}

/// Adds what each kind of request cost.
pub(super) fn operations(page: &mut String, dashboard: &Dashboard) {
    let Some(seen) = &dashboard.requests else { return };
    let operations = &seen.request_patterns.operations;
    let cost: u64 = operations.iter().map(|operation| operation.cost).sum();
    let rows = operations.iter().map(|operation| Row {
        command: None,
        at: None,
        cells: vec![
            Cell::Text(operation.operation.clone()),
            Cell::Text(human::count(operation.requests)),
            Cell::Text(human::count(operation.cost)),
            Cell::Text(human::percentage(operation.cost as f64 / cost.max(1) as f64)),
            Cell::of(operation.time_ms.map(time)),
        ],
    });
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        return;
    }
    let headings = vec!["request", "requests", "cost", "share", "time"];
    let table = Table { caption: "What requests cost".to_owned(), headings, rows };
    section(page, "operations", "What requests cost", &table.write());
}

/// Adds verdicts: what became worse first.
pub(super) fn findings(page: &mut String, dashboard: &Dashboard) {
    let findings = &dashboard.findings;
    if findings.is_empty() {
        return;
    }
    let counts: Vec<_> = findings.counts().into_iter().map(|(text, _)| text).collect();
    let mut content = String::new();
    if !counts.is_empty() {
        let _ = writeln!(content, "<p>Compared with before: {}</p>", text(&counts.join(" · ")));
    }
    let (open, decided): (Vec<_>, Vec<_>) =
        findings.sorted(true).into_iter().partition(|finding| finding.tone == Tone::Unknown);
    if !decided.is_empty() {
        content.push_str(&verdicts("Changes and comparisons", &decided, findings));
    }
    if !open.is_empty() {
        // Whoever asks what became slower is not helped by what nobody can tell.
        let _ = write!(
            content,
            "<details><summary>What nobody can tell yet</summary>\n{}</details>\n",
            verdicts("What nobody can tell yet", &open, findings)
        );
    }
    let unchanged = findings.unchanged();
    if !unchanged.is_empty() {
        let names: Vec<_> = unchanged.iter().map(|(command, what)| format!("{command} ({what})")).collect();
        let _ = writeln!(content, "<p>Unchanged: {}</p>", text(&names.join(", ")));
    }
    section(page, "findings", "Slower or faster?", &content);
}

fn verdicts(caption: &str, findings: &[&Finding], all: &Findings) -> String {
    let rows = findings.iter().map(|finding| {
        let statement = match finding.tone {
            Tone::Bad => Cell::Bad(finding.statement.clone()),
            Tone::Good => Cell::Good(finding.statement.clone()),
            Tone::Unknown | Tone::Same => Cell::Text(finding.statement.clone()),
        };
        let texts = [finding.command.clone(), all.subject(finding)].map(Cell::Text);
        let cells = texts.into_iter().chain([statement, Cell::Text(finding.detail.clone())]);
        Row { command: Some(finding.command.clone()), at: None, cells: cells.collect() }
    });
    let headings = vec!["command", "what", "verdict", "how sure"];
    Table { caption: caption.to_owned(), headings, rows: rows.collect() }.write()
}

/// Adds the alerts, those that fire first.
pub(super) fn alerts(page: &mut String, dashboard: &Dashboard) {
    let mut content = String::new();
    for alert in dashboard.alerts.sorted() {
        let class = match alert.severity {
            _ if alert.is_resolved() => "resolved",
            Severity::Critical => "critical",
            Severity::Warning | Severity::Info => "warning",
        };
        let subject =
            alert.command.as_ref().map(|command| format!("Command '{command}' ")).unwrap_or_default();
        let word = if alert.is_resolved() { "Resolved" } else { "Alert" };
        let figures: Vec<_> = alert.figures().map(|(name, value)| format!("{name}: {value}")).collect();
        let lines = [
            (!figures.is_empty()).then(|| figures.join(" | ")),
            alert.seen().map(|seen| format!("Seen: {seen}")),
            alert.recommendation.as_ref().map(|advice| format!("Recommendation: {advice}")),
        ];
        let lines = below(lines);
        let _ = writeln!(
            content,
            "<li class=\"{class}\"><b>{word}: {}</b>{lines}</li>",
            text(&format!("{subject}{}", alert.event()))
        );
    }
    if content.is_empty() {
        return;
    }
    let mut content = format!("<ul class=\"alerts\">\n{content}</ul>\n");
    if dashboard.alerts.left_out() > 0 {
        let _ = writeln!(
            content,
            "<p class=\"note\">Alerts not shown: {}</p>",
            human::count(dashboard.alerts.left_out())
        );
    }
    section(page, "alerts", "Alerts", &content);
}

/// Adds what would save something: what saves most at once, the rest for whoever wants it.
pub(super) fn tips(page: &mut String, dashboard: &Dashboard) {
    let (first, rest) = dashboard.tips.all().split_at(TIPS.min(dashboard.tips.all().len()));
    let list = |tips: &[Tip]| {
        let items: String = tips.iter().map(tip).collect();
        if items.is_empty() { items } else { format!("<ul class=\"tips\">\n{items}</ul>\n") }
    };
    let mut content = list(first);
    if !rest.is_empty() {
        let count = human::count(rest.len() as u64);
        let _ = write!(content, "<details><summary>{count} more</summary>\n{}</details>\n", list(rest));
    }
    section(page, "tips", "What would help", &content);
}

fn tip(tip: &Tip) -> String {
    let lines = [
        Some(format!("Recommendation: {}", tip.recommendation)),
        tip.saving.as_ref().map(|saving| format!("Would have saved: {saving}")),
        tip.evidence.as_ref().map(|evidence| format!("Evidence: {evidence}")),
    ];
    let lines = below(lines);
    format!("<li><b>{}</b>{lines}</li>\n", text(&tip.title))
}

/// Lines below a first one.
fn below(lines: [Option<String>; 3]) -> String {
    lines.into_iter().flatten().fold(String::new(), |all, line| all + "<br>" + &text(&line))
}

fn time(millis: Thousandths) -> String {
    human::duration(millis.to_f64())
}
