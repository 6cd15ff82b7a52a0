//! Runs of commands as metrics, as fast as they can be read: what a run adds to is looked up once for each group.

use foldhash::HashMap;
use pm_record::{Field, Label, Run, Wanted};

use crate::catalog::{
    COMMAND_CACHE, COMMAND_DURATION, COMMAND_POINTS, COMMAND_QUOTA, COMMAND_REQUESTS, COMMAND_RETRIES,
    COMMAND_WAIT, COMMANDS, CONTEXT_SWITCHES, CPU_TIME, Family, IO_BYTES, IO_OPERATIONS, LAST_RUN, MEMORY,
    PAGE_FAULTS, PEAK_MEMORY, PHASE_TIME, PROCESSES_STARTED,
};
use crate::model::{Model, OVERFLOW, Slot};
use crate::spread::Exemplar;

/// A number of a run that is added to a counter, and the label that it has there beside those of the group.
struct Counted {
    field: &'static str,
    family: &'static Family,
    label: Option<(&'static str, &'static str)>,
}

const fn counted(field: &'static str, family: &'static Family) -> Counted {
    Counted { field, family, label: None }
}

const fn labeled(
    field: &'static str,
    family: &'static Family,
    name: &'static str,
    value: &'static str,
) -> Counted {
    Counted { field, family, label: Some((name, value)) }
}

/// Their places are those of the wanted numbers.
const COUNTED: [Counted; 17] = [
    labeled("resource_usage.user_ms", CPU_TIME, "mode", "user"),
    labeled("resource_usage.system_ms", CPU_TIME, "mode", "system"),
    // Only where the two above are not known, or time would count twice.
    labeled("resource_usage.cpu_time_ms", CPU_TIME, "mode", "unknown"),
    counted("resource_usage.io_operations", IO_OPERATIONS),
    labeled("resource_usage.read_bytes", IO_BYTES, "direction", "read"),
    labeled("resource_usage.written_bytes", IO_BYTES, "direction", "write"),
    counted("resource_usage.page_faults", PAGE_FAULTS),
    counted("resource_usage.context_switches", CONTEXT_SWITCHES),
    counted("resource_usage.processes", PROCESSES_STARTED),
    counted("github_api.requests_made", COMMAND_REQUESTS),
    counted("github_api.rate_limit_consumed", COMMAND_QUOTA),
    counted("github_api.graphql_points", COMMAND_POINTS),
    labeled("github_api.cache_hits", COMMAND_CACHE, "result", "hit"),
    labeled("github_api.cache_misses", COMMAND_CACHE, "result", "miss"),
    counted("github_api.retries", COMMAND_RETRIES),
    counted("github_api.waited_ms", COMMAND_WAIT),
    // Memory, which is no counter, follows.
    counted("resource_usage.peak_memory_mb", PEAK_MEMORY),
];
const USER: usize = 0;
const SYSTEM: usize = 1;
const CPU_ALONE: usize = 2;
const PEAK: usize = 16;
const AVERAGE: usize = 17;

/// How runs end, as a label.
const STATUSES: [&str; 6] = ["success", "failure", "signaled", "timeout", "not_started", "unknown"];

/// Labels that families have of their own, which no field may take the name of.
const TAKEN: [&str; 11] = [
    "le",
    "quantile",
    "status",
    "phase",
    "mode",
    "direction",
    "result",
    "type",
    "endpoint",
    "resource",
    "job",
];

/// The places of the labels that are read beside those of groups.
const OWN_LABELS: [&str; 3] = ["status", "trace.trace_id", "context.purpose"];

/// Reads runs into a model.
#[derive(Debug)]
pub(crate) struct Commands {
    fields: Vec<Field>,
    /// What the labels are called.
    names: Vec<String>,
    groups: HashMap<Box<[u8]>, Group>,
    /// What is too many.
    others: Option<Group>,
    memory: Memory,
    key: Vec<u8>,
    include_deliberate: bool,
    /// Runs of benchmarks and profiles that were left out.
    pub(crate) deliberate: u64,
}

/// The series that the runs of one group add to, found when first needed.
#[derive(Debug, Default)]
struct Group {
    labels: Vec<(String, String)>,
    duration: Option<Slot>,
    last_run: Option<Slot>,
    numbers: [Option<Slot>; COUNTED.len()],
    statuses: [Option<Slot>; STATUSES.len()],
    phases: Vec<(Box<str>, Slot)>,
    /// The series of the phases whose names have these numbers.
    numbered: Vec<Option<Slot>>,
}

/// The gauges of memory, which all groups share, once they are known.
#[derive(Debug, Default)]
struct Memory([Option<Slot>; MEMORY_KINDS.len()]);

const MEMORY_KINDS: [&str; 2] = ["command_peak", "command_average"];
const PEAK_KIND: usize = 0;
const AVERAGE_KIND: usize = 1;

/// A field that cannot be a label.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' cannot be a label here: it would be called '{1}', which metrics have already")]
pub(crate) struct TakenName(pub(crate) String, pub(crate) String);

/// What a field is called as a label.
pub(crate) fn label_name(field: &str) -> String {
    let allowed = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '_' };
    let name: String = field.chars().map(allowed).collect();
    let name = name.trim_start_matches('_');
    if name.starts_with(|first: char| first.is_ascii_digit()) { format!("x{name}") } else { name.to_owned() }
}

/// The names of fields as labels.
pub(crate) fn label_names(fields: &[Field]) -> Result<Vec<String>, TakenName> {
    let mut names: Vec<String> = Vec::new();
    for field in fields {
        let name = label_name(field.as_str());
        if name.is_empty() || TAKEN.contains(&name.as_str()) || names.contains(&name) {
            return Err(TakenName(field.to_string(), name));
        }
        names.push(name);
    }
    Ok(names)
}

impl Commands {
    /// Groups by `fields`, called `names`.
    pub(crate) fn new(fields: Vec<Field>, names: Vec<String>, include_deliberate: bool) -> Self {
        Self {
            fields,
            names,
            groups: HashMap::default(),
            others: None,
            memory: Memory::default(),
            key: Vec::new(),
            include_deliberate,
            deliberate: 0,
        }
    }

    /// What has to be read of runs.
    pub(crate) fn wanted(&self) -> Wanted {
        let field = |name: &str| name.parse::<Field>().ok();
        let numbers = COUNTED.iter().map(|counted| counted.field).chain(["resource_usage.average_memory_mb"]);
        let labels = OWN_LABELS.into_iter().filter_map(field).chain(self.fields.iter().cloned());
        Wanted { numbers: numbers.filter_map(field).collect(), labels: labels.collect(), partials: false }
    }

    /// Adds one run.
    pub(crate) fn take(&mut self, run: &Run<'_>, model: &mut Model) {
        if !self.include_deliberate && !matches!(run.label(2), Label::Null) {
            self.deliberate += 1;
            return;
        }
        let mut key = std::mem::take(&mut self.key);
        self.write_key(run, &mut key);
        let group = if self.groups.contains_key(key.as_slice()) {
            self.groups.get_mut(key.as_slice())
        } else if let labels = labels(&self.names, run)
            && model.has_room(COMMAND_DURATION.place(), &labels)
        {
            Some(self.groups.entry(key.as_slice().into()).or_insert(Group { labels, ..Group::default() }))
        } else {
            model.note_overflow(COMMAND_DURATION.place());
            let labels = || self.names.iter().map(|name| (name.clone(), OVERFLOW.to_owned())).collect();
            Some(self.others.get_or_insert_with(|| Group { labels: labels(), ..Group::default() }))
        };
        if let Some(group) = group {
            group.take(run, &mut self.memory, model);
        }
        self.key = key;
    }

    /// What tells the groups of runs apart.
    fn write_key(&self, run: &Run<'_>, key: &mut Vec<u8>) {
        key.clear();
        for at in 0..self.names.len() {
            if let Some(text) = run.text(OWN_LABELS.len() + at) {
                key.extend_from_slice(&(text.len() as u64).to_le_bytes());
                key.extend_from_slice(text);
            } else {
                // No text is as long as this.
                key.extend_from_slice(&u64::MAX.to_le_bytes());
                key.extend_from_slice(value_of(run.label(OWN_LABELS.len() + at)).as_bytes());
                key.push(0);
            }
        }
    }
}

fn labels(names: &[String], run: &Run<'_>) -> Vec<(String, String)> {
    let value = |(at, name): (usize, &String)| (name.clone(), value_of(run.label(OWN_LABELS.len() + at)));
    names.iter().enumerate().map(value).collect()
}

/// A label's value as text; nothing where there is none.
fn value_of(label: Label<'_>) -> String {
    match label {
        Label::Null => String::new(),
        Label::Bool(truth) => truth.to_string(),
        Label::Number(number) => number.to_string(),
        Label::Text(text) => text.to_owned(),
    }
}

impl Group {
    #[inline]
    fn take(&mut self, run: &Run<'_>, memory: &mut Memory, model: &mut Model) {
        let (start, total) = (run.timestamp().as_millis(), run.total().0);
        let slot =
            *self.duration.get_or_insert_with(|| series_of(&self.labels, COMMAND_DURATION, None, model));
        model.observe(slot, total, || Exemplar::new(run.text(1)?, total, run.end().as_millis()));
        let at = status(run);
        let slot_of = || series_of(&self.labels, COMMANDS, Some(("status", STATUSES[at])), model);
        let status = *self.statuses[at].get_or_insert_with(slot_of);
        model.add_to(status, 1_000);
        let last_run = *self.last_run.get_or_insert_with(|| series_of(&self.labels, LAST_RUN, None, model));
        model.set(last_run, start, start.saturating_mul(1_000));
        let knows_modes = run.number(USER).is_some() || run.number(SYSTEM).is_some();
        for (place, value) in run.numbers() {
            match place {
                CPU_ALONE if knows_modes => {}
                PEAK => {
                    let peak = *self.numbers[PEAK]
                        .get_or_insert_with(|| series_of(&self.labels, PEAK_MEMORY, None, model));
                    model.observe(peak, value, || None);
                    memory.set(PEAK_KIND, run.end().as_millis(), value, model);
                }
                AVERAGE => memory.set(AVERAGE_KIND, run.end().as_millis(), value, model),
                // Others may want to have more read.
                _ => {
                    let Some(Counted { family, label, .. }) = COUNTED.get(place) else { continue };
                    let counter = *self.numbers[place]
                        .get_or_insert_with(|| series_of(&self.labels, family, *label, model));
                    model.add_to(counter, value);
                }
            }
        }
        for (at, (number, value)) in run.numbered_phases().enumerate() {
            let known = number.and_then(|number| *self.numbered.get(usize::from(number))?);
            let slot = known
                .unwrap_or_else(|| self.find_phase(run.phase_name(at).unwrap_or_default(), number, model));
            model.add_to(slot, value);
        }
    }

    /// The series of a phase, remembered by its number. Each value of a phase that is too many is counted, and so such
    /// a one is looked up again.
    fn find_phase(&mut self, name: &str, number: Option<u8>, model: &mut Model) -> Slot {
        let slot = self.phase(name, model);
        let is_kept = self.phases.iter().any(|(kept, _)| **kept == *name);
        if let Some(number) = number.map(usize::from).filter(|_| is_kept) {
            self.numbered.resize(self.numbered.len().max(number + 1), None);
            self.numbered[number] = Some(slot);
        }
        slot
    }

    fn phase(&mut self, name: &str, model: &mut Model) -> Slot {
        if let Some((_, slot)) = self.phases.iter().find(|(known, _)| **known == *name) {
            return *slot;
        }
        let short = name.strip_suffix("_ms").unwrap_or(name);
        if !model.has_room(PHASE_TIME.place(), &with_phase(&self.labels, short)) {
            model.note_overflow(PHASE_TIME.place());
            return series_of(&self.labels, PHASE_TIME, Some(("phase", OVERFLOW)), model);
        }
        let slot = series_of(&self.labels, PHASE_TIME, Some(("phase", short)), model);
        self.phases.push((name.into(), slot));
        slot
    }
}

/// The labels of a group with its phase.
fn with_phase(labels: &[(String, String)], phase: &str) -> Vec<(String, String)> {
    let own = ("phase".to_owned(), phase.to_owned());
    labels.iter().cloned().chain([own]).collect()
}

impl Memory {
    fn set(&mut self, kind: usize, at: i64, value: i64, model: &mut Model) {
        if let Some(slot) = self.0[kind] {
            model.set(slot, at, value);
            return;
        }
        let label = ("type", MEMORY_KINDS[kind]);
        let is_own = model.has_room(MEMORY.place(), &[(label.0.to_owned(), label.1.to_owned())]);
        let slot = model.slot(MEMORY.place(), &[label]);
        model.set(slot, at, value);
        // Each value that goes where all go that are too many is counted.
        self.0[kind] = is_own.then_some(slot);
    }
}

fn status(run: &Run<'_>) -> usize {
    let known = run.text(0).and_then(|text| STATUSES.iter().position(|status| status.as_bytes() == text));
    known.unwrap_or(if run.failed() { 1 } else { STATUSES.len() - 1 })
}

/// The series of a family with the labels of a group, whose number is bounded, and one more.
fn series_of(
    group: &[(String, String)],
    family: &Family,
    label: Option<(&str, &str)>,
    model: &mut Model,
) -> Slot {
    let own = group.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let labels: Vec<_> = own.chain(label).collect();
    model.unbounded_slot(family.place(), &labels)
}

#[cfg(test)]
mod tests {
    use pm_record::{Reading, RunReader};

    use super::*;
    use crate::model::{Shape, Value};

    #[test]
    fn a_field_becomes_a_label_that_every_receiver_takes() {
        for (field, name) in [
            ("command", "command"),
            ("context.project_size", "context_project_size"),
            ("context.é-1", "context___1"),
            ("9x", "x9x"),
        ] {
            assert_eq!(label_name(field), name);
        }
    }

    #[test]
    fn every_value_of_a_phase_that_is_too_many_is_counted_and_a_known_one_is_none() {
        let mut commands = Commands::new(Vec::new(), Vec::new(), false);
        let mut model = Model::new(Shape { max_series: 2, ..Shape::default() });
        let mut reader = RunReader::new(&commands.wanted());
        for number in 0..5 {
            let line = format!(
                r#"{{"performance_metrics":{{"command":"x","timestamp":"2024-12-06T10:30:1{number}Z","duration":{{"total_ms":9,"phases":{{"a_ms":1,"b_ms":2,"c_ms":3,"d_ms":4}}}}}}}}"#
            );
            let Ok(Reading::Run(run)) = reader.read(line.as_bytes()) else { panic!("a run") };
            commands.take(&run, &mut model);
        }
        let overflows: Vec<_> =
            model.take_overflows().into_iter().map(|(family, count)| (family.base(), count)).collect();
        assert_eq!(overflows, [(PHASE_TIME.base(), 10)]);
        let sums = model.sorted().into_iter().filter_map(|series| match series.value {
            Value::Sum(sum) if series.family().base() == PHASE_TIME.base() => Some(sum),
            _ => None,
        });
        assert_eq!(sums.collect::<Vec<_>>(), [35_000, 5_000, 10_000]);
    }

    #[test]
    fn a_field_does_not_take_the_name_of_a_label_that_is_there() {
        let fields =
            |names: &[&str]| names.iter().filter_map(|name| name.parse().ok()).collect::<Vec<Field>>();
        assert!(label_names(&fields(&["command", "host"])).is_ok());
        for names in [&["status"][..], &["le"], &["a.b", "a-b"]] {
            assert!(label_names(&fields(names)).is_err(), "{names:?}");
        }
    }
}
