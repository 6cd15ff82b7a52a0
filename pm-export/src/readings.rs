//! Every other kind of record as metrics.

use pm_record::{
    AlertState, ApiMonitoring, ApiRequest, CacheState, LimitHit, PerformanceAlert, Record, Severity,
    SystemMetrics, Thousandths,
};

use crate::catalog::{
    ALERT_FIRING, ALERTS, CONNECTIONS, CORES, CPU, DISK, DISK_AVAILABLE, Family, LIMIT_HITS, LOAD, MEMORY,
    NETWORK, PRESSURE, PROCESSES, RATE_LIMIT, RATE_REMAINING, RATE_RESET, RATE_USED, REQUEST_BYTES,
    REQUEST_CACHE, REQUEST_COST, REQUEST_DURATION, REQUESTS,
};
use crate::model::{Label, Model};

/// Over how many minutes load averages are.
const LOADS: [&str; 3] = ["1m", "5m", "15m"];

/// Adds a record of any kind but runs, which are read faster in another way.
pub(crate) fn take(record: &Record, model: &mut Model) {
    match record {
        Record::System(tick) => system(tick, model),
        Record::Api(reading) => limits(reading, model),
        Record::Request(asked) => request(asked, model),
        Record::Alert(told) => alert(told, model),
        _ => {}
    }
}

fn gauge(model: &mut Model, family: &Family, labels: &[Label<'_>], at: i64, value: Option<Thousandths>) {
    if let Some(value) = value {
        let slot = model.slot(family.place(), labels);
        model.set(slot, at, value.0);
    }
}

fn count(model: &mut Model, family: &Family, labels: &[Label<'_>], amount: Option<Thousandths>) {
    if let Some(amount) = amount {
        let slot = model.slot(family.place(), labels);
        model.add_to(slot, amount.0);
    }
}

fn system(tick: &SystemMetrics, model: &mut Model) {
    let at = tick.timestamp.as_millis();
    let memory = &tick.memory;
    gauge(model, MEMORY, &[("type", "process")], at, memory.process_memory_mb);
    gauge(model, MEMORY, &[("type", "available")], at, memory.system_memory_available_mb);
    gauge(model, CPU, &[("scope", "process")], at, tick.cpu.process_cpu_percentage);
    gauge(model, CPU, &[("scope", "system")], at, tick.cpu.system_cpu_percentage);
    gauge(model, CORES, &[], at, tick.cpu.cpu_cores);
    gauge(model, PROCESSES, &[], at, tick.processes);
    gauge(model, DISK, &[("type", "records")], at, tick.disk.log_file_size_mb);
    gauge(model, DISK, &[("type", "cache")], at, tick.disk.cache_size_mb);
    gauge(model, DISK_AVAILABLE, &[], at, tick.disk.available_space_gb);
    count(model, NETWORK, &[("direction", "sent")], tick.network.bytes_sent);
    count(model, NETWORK, &[("direction", "received")], tick.network.bytes_received);
    gauge(model, CONNECTIONS, &[], at, tick.network.active_connections);
    for (period, load) in LOADS.iter().zip(tick.load_average.iter().flatten()) {
        gauge(model, LOAD, &[("period", period)], at, Some(*load));
    }
    for (resource, share) in tick.pressure.iter().flatten() {
        gauge(model, PRESSURE, &[("resource", resource)], at, Some(*share));
    }
}

fn limits(reading: &ApiMonitoring, model: &mut Model) {
    let at = reading.timestamp.map_or(i64::MIN, pm_record::Timestamp::as_millis);
    let credential = reading.credential.as_deref().unwrap_or_default();
    for (resource, limit) in &reading.resources {
        let labels = [("resource", resource.as_str()), ("credential", credential)];
        gauge(model, RATE_LIMIT, &labels, at, limit.limit);
        gauge(model, RATE_REMAINING, &labels, at, limit.remaining);
        gauge(model, RATE_USED, &labels, at, limit.used);
        gauge(
            model,
            RATE_RESET,
            &labels,
            at,
            limit.reset_time.map(|time| Thousandths::from_units(time.as_millis())),
        );
    }
    if reading.resources.is_empty() {
        let tracking = &reading.rate_limit_tracking;
        let labels = [("resource", "core"), ("credential", credential)];
        gauge(model, RATE_LIMIT, &labels, at, tracking.current_limit);
        gauge(model, RATE_REMAINING, &labels, at, tracking.remaining);
        let reset = tracking.reset_time.map(|time| Thousandths::from_units(time.as_millis()));
        gauge(model, RATE_RESET, &labels, at, reset);
    }
}

fn request(asked: &ApiRequest, model: &mut Model) {
    let endpoint = ("endpoint", asked.endpoint.as_str());
    let status = asked.status.map_or_else(|| "none".to_owned(), |status| status.to_string());
    let labels = [endpoint, ("method", asked.method.as_str()), ("status", status.as_str())];
    count(model, REQUESTS, &labels, Some(Thousandths(1_000)));
    let slot = model.slot(REQUEST_DURATION.place(), &[endpoint]);
    model.observe(slot, asked.duration_ms.0, || None);
    count(model, REQUEST_BYTES, &[endpoint, ("direction", "sent")], asked.bytes_sent);
    count(model, REQUEST_BYTES, &[endpoint, ("direction", "received")], asked.bytes_received);
    let resource = ("resource", asked.rate_limit.resource.as_deref().unwrap_or_default());
    count(model, REQUEST_COST, &[endpoint, resource], asked.cost);
    if let Some(cache) = asked.cache {
        count(model, REQUEST_CACHE, &[("result", cache_word(cache))], Some(Thousandths(1_000)));
    }
    if let Some(hit) = asked.limit_hit {
        count(model, LIMIT_HITS, &[("limit", limit_word(hit))], Some(Thousandths(1_000)));
    }
}

fn cache_word(cache: CacheState) -> &'static str {
    match cache {
        CacheState::Hit => "hit",
        CacheState::Revalidated => "revalidated",
        CacheState::Miss => "miss",
        CacheState::Uncacheable => "uncacheable",
        CacheState::Other => "other",
    }
}

fn limit_word(hit: LimitHit) -> &'static str {
    match hit {
        LimitHit::Primary => "primary",
        LimitHit::Secondary => "secondary",
        LimitHit::Other => "other",
    }
}

fn alert(told: &PerformanceAlert, model: &mut Model) {
    let command = ("command", told.command.as_deref().unwrap_or_default());
    let kind = ("type", told.kind.as_str());
    let severity = match told.severity {
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::Critical => "critical",
    };
    let fired = told.times_fired();
    if fired > 0 {
        count(model, ALERTS, &[kind, command, ("severity", severity)], Some(Thousandths::from_count(fired)));
    }
    let at = told.timestamp.map_or(i64::MIN, pm_record::Timestamp::as_millis);
    let firing = i64::from(told.state == AlertState::Firing);
    gauge(model, ALERT_FIRING, &[kind, command], at, Some(Thousandths::from_units(firing)));
}
