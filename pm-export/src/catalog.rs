//! Every metric in one table: its name, unit, kind, labels and help.
//!
//! Names are those of OpenTelemetry, with dots and without units. Those of Prometheus follow from them by the rules of
//! OpenTelemetry's own compatibility specification, so that a metric is found under one name whichever way it went.

/// What a family's values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A sum that only grows.
    Counter,
    /// What was read last.
    Gauge,
    /// How values are distributed.
    Histogram,
}

/// The unit of a family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Seconds,
    Bytes,
    Ratio,
    /// Things that are counted.
    Things,
}

/// What one thousandth in a record is worth in the family's unit: `numerator / denominator`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scale {
    /// Thousandths of a unit.
    One,
    /// Thousandths of a millisecond.
    Millis,
    /// Thousandths of a MiB.
    Mebi,
    /// Thousandths of a GiB.
    Gibi,
    /// Thousandths of a percent.
    Percent,
}

/// One metric with all its series.
#[derive(Debug)]
pub(crate) struct Family {
    /// With dots: `github_pm.command.duration`.
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) unit: Unit,
    pub(crate) scale: Scale,
    pub(crate) help: &'static str,
}

impl Unit {
    /// Its code in UCUM, as OpenTelemetry has it.
    pub(crate) fn ucum(self) -> &'static str {
        match self {
            Self::Seconds => "s",
            Self::Bytes => "By",
            Self::Ratio => "1",
            Self::Things => "{count}",
        }
    }

    /// What a name of Prometheus ends with; nothing for things.
    pub(crate) fn suffix(self) -> &'static str {
        match self {
            Self::Seconds => "seconds",
            Self::Bytes => "bytes",
            Self::Ratio => "ratio",
            Self::Things => "",
        }
    }
}

impl Scale {
    /// A sum of thousandths in the family's unit; there are no parts of a byte.
    pub(crate) fn apply(self, thousandths: i128) -> f64 {
        let value = thousandths as f64;
        match self {
            Self::One => value / 1e3,
            Self::Millis => value / 1e6,
            Self::Mebi => (value * 1_048_576.0 / 1e3).round(),
            Self::Gibi => (value * 1_073_741_824.0 / 1e3).round(),
            Self::Percent => value / 1e5,
        }
    }

    /// The largest number of thousandths that is not more than `value` in the family's unit; none if it does not fit.
    #[expect(clippy::cast_possible_truncation, reason = "the range is checked on the same line")]
    pub(crate) fn invert(self, value: f64) -> Option<i64> {
        let thousandths = match self {
            Self::One => value * 1e3,
            Self::Millis => value * 1e6,
            Self::Mebi => value * 1e3 / 1_048_576.0,
            Self::Gibi => value * 1e3 / 1_073_741_824.0,
            Self::Percent => value * 1e5,
        };
        // Decimal fractions such as 0.005 are not exact in binary, and their multiples are a hair off.
        let nearest = thousandths.round();
        let whole = if (nearest - thousandths).abs() <= thousandths.abs() * 1e-12 {
            nearest
        } else {
            thousandths.floor()
        };
        (whole.abs() < 9.2e18).then_some(whole as i64)
    }
}

impl Family {
    /// Its place in the table.
    pub(crate) fn place(&self) -> usize {
        FAMILIES.iter().position(|family| family.name == self.name).unwrap_or_default()
    }

    /// The name of Prometheus without the `_total` of counters.
    pub(crate) fn base(&self) -> String {
        let name = self.name.replace('.', "_");
        let suffix = self.unit.suffix();
        if suffix.is_empty() || name.ends_with(suffix) { name } else { format!("{name}_{suffix}") }
    }
}

const fn counter(name: &'static str, unit: Unit, scale: Scale, help: &'static str) -> Family {
    Family { name, kind: Kind::Counter, unit, scale, help }
}

const fn gauge(name: &'static str, unit: Unit, scale: Scale, help: &'static str) -> Family {
    Family { name, kind: Kind::Gauge, unit, scale, help }
}

const fn histogram(name: &'static str, unit: Unit, scale: Scale, help: &'static str) -> Family {
    Family { name, kind: Kind::Histogram, unit, scale, help }
}

macro_rules! families {
    ($($id:ident = $family:expr;)*) => {
        $(pub(crate) const $id: &Family = &$family;)*

        /// All of them, in the order in which they are written.
        pub(crate) const FAMILIES: &[&Family] = &[$($id),*];
    };
}

families! {
    COMMAND_DURATION = histogram("github_pm.command.duration", Unit::Seconds, Scale::Millis, "Wall time of commands.");
    COMMANDS = counter("github_pm.commands", Unit::Things, Scale::One, "Commands that ran, by how they ended.");
    LAST_RUN = gauge("github_pm.command.last_run_timestamp", Unit::Seconds, Scale::Millis, "When the command last began.");
    PHASE_TIME = counter("github_pm.command.phase.time", Unit::Seconds, Scale::Millis, "Wall time of the phases of commands.");
    CPU_TIME = counter("github_pm.command.cpu.time", Unit::Seconds, Scale::Millis, "Processor time of commands, by mode.");
    PEAK_MEMORY = histogram("github_pm.command.memory.peak", Unit::Bytes, Scale::Mebi, "The most memory that a run of the command held at once.");
    MEMORY = gauge("github_pm.memory.usage", Unit::Bytes, Scale::Mebi, "Memory: held by the sampled processes, available on the machine, and the peak and average of the last command.");
    IO_OPERATIONS = counter("github_pm.command.io.operations", Unit::Things, Scale::One, "Read and write system calls of commands.");
    IO_BYTES = counter("github_pm.command.io", Unit::Bytes, Scale::One, "Bytes that commands read and wrote.");
    PAGE_FAULTS = counter("github_pm.command.page_faults", Unit::Things, Scale::One, "Page faults of commands.");
    CONTEXT_SWITCHES = counter("github_pm.command.context_switches", Unit::Things, Scale::One, "Context switches of commands.");
    PROCESSES_STARTED = counter("github_pm.command.processes", Unit::Things, Scale::One, "Processes that commands had.");
    COMMAND_REQUESTS = counter("github_pm.command.api.requests", Unit::Things, Scale::One, "Requests of commands to GitHub's API.");
    COMMAND_QUOTA = counter("github_pm.command.api.quota", Unit::Things, Scale::One, "Quota of GitHub's API that commands used.");
    COMMAND_POINTS = counter("github_pm.command.api.points", Unit::Things, Scale::One, "GraphQL points that commands used.");
    COMMAND_CACHE = counter("github_pm.command.api.cache.requests", Unit::Things, Scale::One, "Requests of commands that a cache answered, or could have.");
    COMMAND_RETRIES = counter("github_pm.command.api.retries", Unit::Things, Scale::One, "Requests of commands that repeated a failed one.");
    COMMAND_WAIT = counter("github_pm.command.api.wait.time", Unit::Seconds, Scale::Millis, "Time that commands waited for limits.");
    REQUESTS = counter("github_pm.api.requests", Unit::Things, Scale::One, "Requests to GitHub's API.");
    REQUEST_DURATION = histogram("github_pm.api.request.duration", Unit::Seconds, Scale::Millis, "How long requests to GitHub's API took.");
    REQUEST_BYTES = counter("github_pm.api.io", Unit::Bytes, Scale::One, "Bytes of the bodies of requests to GitHub's API and of their answers.");
    REQUEST_COST = counter("github_pm.api.cost", Unit::Things, Scale::One, "What requests took of their limits.");
    REQUEST_CACHE = counter("github_pm.api.cache.requests", Unit::Things, Scale::One, "What a cache had to do with answers.");
    LIMIT_HITS = counter("github_pm.api.limit_hits", Unit::Things, Scale::One, "Requests that ran into a limit.");
    RATE_LIMIT = gauge("github_pm.api.rate_limit.limit", Unit::Things, Scale::One, "Requests or points allowed in a window.");
    RATE_REMAINING = gauge("github_pm.api.rate_limit.remaining", Unit::Things, Scale::One, "What is left in this window.");
    RATE_USED = gauge("github_pm.api.rate_limit.used", Unit::Things, Scale::One, "What was used in this window.");
    RATE_RESET = gauge("github_pm.api.rate_limit.reset_timestamp", Unit::Seconds, Scale::Millis, "When the next window begins.");
    CPU = gauge("github_pm.cpu.usage", Unit::Ratio, Scale::Percent, "Processor use: of the sampled processes, where 1 is one core, and of the system, where 1 is all of them.");
    CORES = gauge("github_pm.cpu.cores", Unit::Things, Scale::One, "Cores that there are to use.");
    PROCESSES = gauge("github_pm.processes", Unit::Things, Scale::One, "Sampled processes that live.");
    DISK = gauge("github_pm.disk.usage", Unit::Bytes, Scale::Mebi, "Size of the store, by what it holds.");
    DISK_AVAILABLE = gauge("github_pm.disk.available", Unit::Bytes, Scale::Gibi, "What is free on the store's file system.");
    NETWORK = counter("github_pm.network.io", Unit::Bytes, Scale::One, "Bytes over the network, by direction.");
    CONNECTIONS = gauge("github_pm.network.connections", Unit::Things, Scale::One, "Open connections.");
    LOAD = gauge("github_pm.load_average", Unit::Things, Scale::One, "Load average over so many minutes.");
    PRESSURE = gauge("github_pm.pressure", Unit::Ratio, Scale::Percent, "Share of the last ten seconds in which something waited for the resource.");
    ALERTS = counter("github_pm.alerts", Unit::Things, Scale::One, "Alerts that fired.");
    ALERT_FIRING = gauge("github_pm.alert.firing", Unit::Things, Scale::One, "Whether the latest word about it is that it fires.");
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_follow_from_those_of_opentelemetry() {
        assert_eq!(COMMAND_DURATION.base(), "github_pm_command_duration_seconds");
        assert_eq!(MEMORY.base(), "github_pm_memory_usage_bytes");
        assert_eq!(REQUESTS.base(), "github_pm_api_requests");
        assert_eq!(RATE_RESET.base(), "github_pm_api_rate_limit_reset_timestamp_seconds");
    }

    #[test]
    fn no_name_is_another_s_with_a_suffix_that_formats_add() {
        let names: BTreeSet<_> = FAMILIES.iter().map(|family| family.base()).collect();
        assert_eq!(names.len(), FAMILIES.len());
        for name in &names {
            for suffix in ["_total", "_count", "_sum", "_bucket", "_created", "_info"] {
                assert!(!names.contains(&format!("{name}{suffix}")), "{name}{suffix}");
            }
        }
    }

    #[test]
    fn bounds_in_units_are_exact_in_thousandths() {
        assert_eq!(Scale::Millis.invert(0.005), Some(5_000));
        assert_eq!(Scale::Millis.invert(2.5), Some(2_500_000));
        assert_eq!(Scale::Mebi.invert(1_048_576.0), Some(1_000));
        let written =
            [Scale::Millis.apply(235_000), Scale::Mebi.apply(45_000)].map(|value| value.to_string());
        assert_eq!(written, ["0.235", "47185920"]);
    }

    #[test]
    fn bytes_are_whole() {
        // 38.561 MiB are 40434139.136 bytes.
        let written = [Scale::Mebi.apply(38_561), Scale::Gibi.apply(1)].map(|value| value.to_string());
        assert_eq!(written, ["40434139", "1073742"]);
    }
}
