//! What was meant: the command line, and what is known of the terminal.

use pm_advice::Topic;
use pm_cli::{Environment, Output, Period, Source, Usage};
use pm_record::Timestamp;
use std::path::PathBuf;

use crate::advice;
use crate::args::{AdviceArgs, Args, BenchmarkArgs, Focus, Form, NARROWEST};
use crate::serving::Serving;
use crate::{dashboard, profile};

/// What to do, with nothing left to default.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) source: Source,
    /// Of advice: records of another time are left out.
    pub(crate) period: Period,
    /// Of advice: what it is about, everything if nothing is said.
    pub(crate) topics: Vec<Topic>,
    /// Whether the first line that is no record ends the run.
    pub(crate) strict: bool,
    /// In place of the one that the page would have.
    pub(crate) title: Option<String>,
    pub(crate) medium: Medium,
    /// What is replaced with the page; standard output if nothing is said.
    pub(crate) output: Option<PathBuf>,
    /// Of a report: how many tips are shown, all if nothing is said.
    pub(crate) most_tips: Option<usize>,
    /// Of evidence: about how many bytes of the store's newest records are read, all if nothing is said.
    pub(crate) newest: Option<u64>,
    /// Of evidence: whether limits and resource use are read of what is older too.
    pub(crate) all_readings: bool,
    /// Where the page is served, if it is.
    pub(crate) serving: Option<Serving>,
    /// What runs are held against where a benchmark is made of them.
    pub(crate) benchmark: BenchmarkArgs,
}

/// What is made of the records, and how it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Medium {
    Report(Page),
    Analysis { focus: Focus, width: usize, color: bool },
    Advice(advice::Form),
    Dashboard(dashboard::Form),
    Profile(profile::Form),
    Benchmark,
    Hyperfine,
}

/// How a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Page {
    Terminal { width: usize, color: bool },
    Markdown,
    Json,
}

/// How wide a page is that no terminal and no variable bounds.
const WIDTH: u16 = 100;

impl Config {
    /// Checks each flag, and the flags against each other, at the time `now`.
    pub(crate) fn new(
        args: Args,
        environment: &Environment,
        output: &Output,
        now: i64,
    ) -> Result<Self, Usage> {
        let AdviceArgs { store, period, topic, newest, all_readings } = args.advice;
        let is_advice =
            matches!(args.form, Form::Advice | Form::AdviceMarkdown | Form::AdviceJson | Form::Evidence);
        if let Some(named) = store.as_ref().filter(|_| !is_advice) {
            let store = named
                .as_ref()
                .map_or_else(|| "--store".to_owned(), |folder| format!("--store={}", folder.display()));
            let hint = format!("try `pm-aggregate {store} | pm-report`");
            return Err(Usage::new("a store holds records, and this shows summaries of them", hint));
        }
        let chooses = period.since.is_some() || period.until.is_some() || !topic.is_empty();
        if chooses && !is_advice {
            let message = "--since, --until and --topic are about advice";
            return Err(Usage::new(message, "add `--as advice`, or choose with `pm-aggregate --since TIME`"));
        }
        if let Some(address) = args.serve {
            if args.form != Form::Html {
                return Err(Usage::new("--serve is about a page of HTML", "add `--as html`"));
            }
            if !address.ip().is_loopback() {
                let message = format!(
                    "{address} can be reached from other machines, and whoever reaches it reads everything"
                );
                let hint =
                    format!("serve it as `--serve 127.0.0.1:{}`, and reach it with `ssh -L`", address.port());
                return Err(Usage::new(message, hint));
            }
        }
        if args.tips.is_some() && !matches!(args.form, Form::Terminal | Form::Markdown | Form::Json) {
            let hint = "leave --tips out, or add `--as terminal`, `--as markdown` or `--as json`";
            return Err(Usage::new("--tips is about a report", hint));
        }
        let BenchmarkArgs { limits, against, across_machines, exit_code } = &args.benchmark;
        let asks = limits.is_some() || against.is_some() || *across_machines || *exit_code;
        if asks && !matches!(args.form, Form::Benchmark | Form::Hyperfine) {
            let message = "--limits, --against, --across-machines and --exit-code are about a benchmark";
            return Err(Usage::new(message, "add `--as benchmark`"));
        }
        let width = || {
            let variable = || environment.text("COLUMNS").and_then(|columns| columns.parse().ok());
            args.width.or_else(|| output.columns()).or_else(variable).unwrap_or(WIDTH).max(NARROWEST)
        };
        let (width, color) =
            (|| usize::from(width()), || args.color.decide(environment, output.is_terminal()));
        let medium = match args.form {
            Form::Terminal => Medium::Report(Page::Terminal { width: width(), color: color() }),
            Form::Markdown => Medium::Report(Page::Markdown),
            Form::Json => Medium::Report(Page::Json),
            Form::Analysis => Medium::Analysis { focus: args.focus, width: width(), color: color() },
            Form::Advice => Medium::Advice(advice::Form::Terminal { width: width(), color: color() }),
            Form::AdviceMarkdown => Medium::Advice(advice::Form::Markdown),
            Form::AdviceJson => Medium::Advice(advice::Form::Records),
            Form::Evidence => Medium::Advice(advice::Form::Evidence),
            Form::Dashboard => Medium::Dashboard(dashboard::Form::Document),
            Form::Html => Medium::Dashboard(dashboard::Form::Page(Timestamp::from_millis(now))),
            Form::Profile => Medium::Profile(profile::Form::Terminal { width: width(), color: color() }),
            Form::ProfileHtml => Medium::Profile(profile::Form::Html),
            Form::ProfileSvg => Medium::Profile(profile::Form::Svg),
            Form::ChromeTrace => Medium::Profile(profile::Form::ChromeTrace),
            Form::Speedscope => Medium::Profile(profile::Form::Speedscope),
            Form::Benchmark => Medium::Benchmark,
            Form::Hyperfine => Medium::Hyperfine,
        };
        Ok(Self {
            medium,
            source: store.map_or(Source::Named(args.files), Source::Store),
            period: period.check(now)?,
            topics: topic.into_iter().map(Topic::from).collect(),
            strict: args.strict,
            title: args.title,
            output: args.output,
            most_tips: args.tips,
            newest: newest.map(|mebibytes| u64::from(mebibytes) << 20),
            all_readings,
            serving: args.serve.map(|address| Serving {
                address,
                command: args.command,
                watched: args.watch,
            }),
            benchmark: args.benchmark,
        })
    }
}
