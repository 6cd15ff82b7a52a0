//! Records in, advice out.

use pm_record::{
    ApiMonitoring, OptimizationTip, PerformanceMetrics, Record, RequestPatterns, Thousandths, Timestamp,
    Window,
};

use crate::execution::{Execution, Purpose};
use crate::history::History;
use crate::join::Join;
use crate::labels::Labels;
use crate::names;
use crate::rule::{Rule, RuleName, Topic};
use crate::rules::{self, ExpensiveOperations};
use crate::totals::Totals;

/// How many operations are named as expensive.
const EXPENSIVE: usize = 5;

/// Takes in records; see the crate.
#[derive(Debug)]
pub struct Advisor {
    whose: Whose,
    labels: Labels,
    join: Join,
    history: History,
    rules: Vec<Box<dyn Rule>>,
    expensive: ExpensiveOperations,
    totals: Totals,
    seen: Seen,
}

/// Whose requests are looked at.
#[derive(Debug, Default, PartialEq, Eq)]
enum Whose {
    #[default]
    Everybody,
    /// Those with this credential, as records have it; none is without one.
    With(Option<String>),
}

/// How much was looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seen {
    /// Runs of commands.
    pub runs: u64,
    /// Requests to the API.
    pub requests: u64,
    /// How many of these say what was asked and answered, without which some rules are silent.
    pub named: u64,
    /// Processes.
    pub processes: u64,
    /// Ticks of resource use.
    pub ticks: u64,
    /// When the first record was made, and the last.
    pub first: Option<Timestamp>,
    /// As above.
    pub last: Option<Timestamp>,
}

/// What there is to say.
#[derive(Debug, Clone, PartialEq)]
pub struct Advice {
    /// The tips, that which saves most first.
    pub tips: Vec<OptimizationTip>,
    /// What was looked at.
    pub seen: Seen,
    /// What holds things up, the worst first, each once.
    pub bottleneck_areas: Vec<&'static str>,
    /// What could be done about it, in the same order.
    pub optimization_opportunities: Vec<&'static str>,
    /// What was seen of the requests, with the suggestions about them; none if there were none.
    pub monitoring: Option<ApiMonitoring>,
}

impl Default for Advisor {
    fn default() -> Self {
        Self::about(&[])
    }
}

impl Advisor {
    /// One that looks at some topics only; with none, at everything.
    #[must_use]
    pub fn about(topics: &[Topic]) -> Self {
        let is_wanted =
            |rule: &RuleName| topics.is_empty() || topics.iter().any(|&topic| rule.is_about(topic));
        Self::of(&RuleName::ALL.into_iter().filter(is_wanted).collect::<Vec<_>>())
    }

    /// One that asks these rules only.
    #[must_use]
    pub fn of(rules: &[RuleName]) -> Self {
        Self {
            whose: Whose::default(),
            labels: Labels::default(),
            join: Join::default(),
            history: History::default(),
            rules: rules.iter().copied().map(rules::make).collect(),
            expensive: ExpensiveOperations::default(),
            totals: Totals::default(),
            seen: Seen::default(),
        }
    }

    /// The same for the requests with one credential, or with none. A run that made others only is left out; one
    /// whose requests are not recorded one by one is not, for nobody knows with which it made them.
    #[must_use]
    pub fn with_credential(self, credential: Option<&str>) -> Self {
        Self { whose: Whose::With(credential.map(str::to_owned)), ..self }
    }

    /// Takes in one record; kinds that say nothing here are passed over.
    pub fn push(&mut self, record: Record) {
        match record {
            Record::Performance(run) => self.push_run(run),
            Record::Request(request) if !self.whose.is(request.credential.as_deref()) => {
                self.join.request_of_others(&request);
            }
            Record::Request(request) => {
                self.seen.requests += 1;
                self.seen.named += u64::from(request.target.is_some());
                self.seen.at(request.timestamp);
                self.join.request(&request, &mut self.labels);
            }
            Record::Process(process) => {
                self.seen.processes += 1;
                self.join.process(&process, &mut self.labels);
            }
            Record::System(tick) => {
                self.seen.ticks += 1;
                self.seen.at(tick.timestamp);
                self.totals.memory(tick.memory.process_memory_mb);
                self.rules.iter_mut().for_each(|rule| rule.tick(&tick));
            }
            _ => return,
        }
        for execution in self.join.done() {
            self.take(execution);
        }
    }

    fn push_run(&mut self, run: Box<PerformanceMetrics>) {
        self.seen.runs += 1;
        self.seen.at(run.timestamp);
        self.join.run(run, &mut self.labels);
    }

    fn take(&mut self, mut execution: Execution) {
        if execution.is_of_others() {
            return;
        }
        self.totals.any_run(&execution);
        self.rules.iter_mut().for_each(|rule| rule.any_run(&execution));
        if execution.purpose() == Purpose::None && execution.is_nested() {
            self.rules.iter_mut().for_each(|rule| rule.nested(&execution));
        }
        if !execution.counts() {
            return;
        }
        execution.calls.iter_mut().for_each(|call| self.history.see(call));
        self.totals.run(&execution);
        self.expensive.run(&execution);
        self.rules.iter_mut().for_each(|rule| rule.run(&execution));
    }

    /// What there is to say of all that came.
    #[must_use]
    pub fn finish(mut self) -> Advice {
        for execution in std::mem::take(&mut self.join).finish() {
            self.take(execution);
        }
        let window = self.seen.first.zip(self.seen.last).map(|(start, end)| Window { start, end });
        let mut drafts: Vec<_> = self.rules.iter().flat_map(|rule| rule.tips(&self.labels)).collect();
        for draft in &mut drafts {
            let share = self.totals.share(&draft.tip.estimated_saving);
            draft.tip.estimated_saving.share = Thousandths::from_f64(share);
            draft.tip.window = window;
        }
        // Rules come in one order, and so does what each of them says; what saves as much keeps it.
        drafts.sort_by_key(|draft| std::cmp::Reverse(draft.tip.estimated_saving.share));
        let once = |of: fn(RuleName) -> &'static str| {
            let names: indexmap::IndexSet<_> = drafts.iter().map(|draft| of(draft.rule)).collect();
            names.into_iter().collect::<Vec<_>>()
        };
        let (bottleneck_areas, optimization_opportunities) =
            (once(RuleName::bottleneck), once(RuleName::opportunity));
        let is_of_api = |rule: RuleName| rule.is_about(Topic::ApiUsage) || rule.is_about(Topic::Cache);
        let suggestions = drafts.iter().filter(|draft| is_of_api(draft.rule));
        let suggestions: indexmap::IndexSet<_> =
            suggestions.filter_map(|draft| draft.tip.suggestion.clone()).collect();
        Advice {
            monitoring: (self.seen.requests > 0)
                .then(|| self.monitoring(window, suggestions.into_iter().collect())),
            tips: drafts.into_iter().map(|draft| draft.tip).collect(),
            seen: self.seen,
            bottleneck_areas,
            optimization_opportunities,
        }
    }

    fn monitoring(&self, window: Option<Window>, suggestions: Vec<String>) -> ApiMonitoring {
        let minutes = window.map_or(0, |window| window.end.as_millis() - window.start.as_millis());
        let minutes = minutes as f64 / 60_000.0;
        let per_minute = self.totals.requests() as f64 / minutes;
        let answers = self.totals.hits + self.totals.misses;
        let hit_rate = self.totals.hits as f64 / answers as f64;
        let operations = self.expensive.sorted(&self.labels);
        // What cost nothing is not expensive.
        let expensive = operations.iter().filter(|operation| operation.cost > 0).take(EXPENSIVE);
        ApiMonitoring {
            timestamp: window.map(|window| window.end),
            request_patterns: RequestPatterns {
                requests_per_minute: Thousandths::from_f64(per_minute),
                cache_hit_rate: Thousandths::from_f64(hit_rate),
                most_expensive_operations: expensive.map(|dear| names::word(&dear.operation)).collect(),
                operations,
            },
            optimization_suggestions: suggestions,
            ..ApiMonitoring::default()
        }
    }
}

impl Whose {
    fn is(&self, credential: Option<&str>) -> bool {
        match self {
            Self::Everybody => true,
            Self::With(wanted) => wanted.as_deref() == credential,
        }
    }
}

impl Seen {
    fn at(&mut self, time: Timestamp) {
        self.first = Some(self.first.map_or(time, |first| first.min(time)));
        self.last = self.last.max(Some(time));
    }
}
