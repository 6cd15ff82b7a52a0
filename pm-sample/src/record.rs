//! The record of a tick.

use std::time::Duration;

use pm_record::{Record, Schema, SystemMetrics, Thousandths, Timestamp};

use crate::folders::Space;
use crate::reading::{Reading, Traffic};
use crate::schedule::Tick;

const MIB: f64 = (1_u64 << 20) as f64;
const GIB: f64 = (1_u64 << 30) as f64;

/// What is true of every record of a run.
#[derive(Debug, Clone, Default)]
pub(crate) struct Identity {
    pub(crate) host: Option<String>,
    pub(crate) machine: Option<String>,
}

/// What a record is made of, beside the reading.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Circumstances<'a> {
    pub(crate) identity: &'a Identity,
    pub(crate) timestamp: Timestamp,
    pub(crate) tick: Tick,
    /// How long the machine was awake since the reading before.
    pub(crate) elapsed: Duration,
    pub(crate) space: Space,
}

/// A tick as a line.
pub(crate) fn line(reading: &Reading, of: &Circumstances<'_>) -> Vec<u8> {
    Record::System(Box::new(tick(reading, of))).to_line()
}

fn tick(reading: &Reading, of: &Circumstances<'_>) -> SystemMetrics {
    let mut record = SystemMetrics::new(of.timestamp);
    record.schema = Schema;
    memory(&mut record, reading);
    cpu(&mut record, reading, of.elapsed);
    disk(&mut record, of.space);
    if let Some(traffic) = reading.traffic {
        network(&mut record, traffic);
    }
    record.processes = reading.chosen.map(|chosen| Thousandths::from_count(chosen.processes));
    record.load_average =
        reading.load.map(|load| load.into_iter().filter_map(Thousandths::from_f64).collect());
    let pressure = reading.pressure.iter();
    let pressure =
        pressure.filter_map(|(&name, &share)| Some((name.to_owned(), Thousandths::from_f64(share)?)));
    record.pressure =
        Some(pressure.collect()).filter(|resources: &indexmap::IndexMap<_, _>| !resources.is_empty());
    record.late_ms = late(of.tick.late);
    record.missed = Some(of.tick.missed)
        .filter(|&missed| missed > 0)
        .map(|missed| Thousandths::from_count(u64::try_from(missed).unwrap_or(u64::MAX)));
    record.host.clone_from(&of.identity.host);
    record.machine.clone_from(&of.identity.machine);
    record
}

/// Every timer is late by some microseconds, which says nothing.
fn late(late: Duration) -> Option<Thousandths> {
    (late >= Duration::from_millis(1)).then(|| {
        let micros = i64::try_from(late.as_micros()).unwrap_or(i64::MAX);
        Thousandths(micros)
    })
}

fn memory(record: &mut SystemMetrics, reading: &Reading) {
    let held = reading.chosen.map(|chosen| chosen.memory_bytes as f64);
    let available = reading.available_bytes.map(|bytes| bytes as f64);
    record.memory.process_memory_mb = held.and_then(|bytes| Thousandths::from_f64(bytes / MIB));
    record.memory.system_memory_available_mb = available.and_then(|bytes| Thousandths::from_f64(bytes / MIB));
    record.memory.memory_usage_percentage = held
        .zip(available.filter(|&bytes| bytes > 0.0))
        .and_then(|(held, available)| Thousandths::from_f64(held / available * 100.0));
}

fn cpu(record: &mut SystemMetrics, reading: &Reading, elapsed: Duration) {
    let share = |used: Duration| used.as_secs_f64() / elapsed.as_secs_f64();
    let used = reading.chosen.filter(|_| !elapsed.is_zero()).map(|chosen| share(chosen.cpu));
    record.cpu.process_cpu_percentage = used.and_then(percentage);
    record.cpu.system_cpu_percentage = reading.system_share.and_then(percentage);
    record.cpu.cpu_cores = reading.cores.and_then(Thousandths::from_f64);
}

fn percentage(share: f64) -> Option<Thousandths> {
    Thousandths::from_f64(share * 100.0)
}

fn disk(record: &mut SystemMetrics, space: Space) {
    let mebibytes = |bytes: u64| Thousandths::from_f64(bytes as f64 / MIB);
    record.disk.log_file_size_mb = space.records.and_then(mebibytes);
    record.disk.cache_size_mb = space.cache.and_then(mebibytes);
    record.disk.available_space_gb =
        space.available.and_then(|bytes| Thousandths::from_f64(bytes as f64 / GIB));
}

fn network(record: &mut SystemMetrics, traffic: Traffic) {
    record.network.bytes_sent = Some(Thousandths::from_count(traffic.sent));
    record.network.bytes_received = Some(Thousandths::from_count(traffic.received));
    record.network.active_connections = traffic.connections.map(Thousandths::from_count);
    record.network_scope = Some(traffic.scope.name().to_owned());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::{Chosen, Scope};

    const QUIET: Tick = Tick { late: Duration::from_micros(999), missed: 0 };

    #[track_caller]
    fn check(reading: &Reading, tick: Tick, space: Space, expected: &str) {
        let of = Circumstances {
            identity: &Identity::default(),
            timestamp: Timestamp::parse("2024-12-06T10:30:15.123Z").expect("a time"),
            tick,
            elapsed: Duration::from_millis(500),
            space,
        };
        let line = String::from_utf8(line(reading, &of)).expect("text");
        let expected = format!(
            "{{\"system_metrics\":{{\"schema\":1,\"timestamp\":\"2024-12-06T10:30:15.123Z\"{expected}}}}}\n"
        );
        assert_eq!(line, expected);
    }

    #[test]
    fn what_was_not_measured_is_absent() {
        check(&Reading::default(), QUIET, Space::default(), "");
    }

    #[test]
    fn memory_is_in_mebibytes_and_its_share_is_of_what_is_available() {
        let chosen = Chosen { processes: 2, memory_bytes: 45 << 20, cpu: Duration::from_millis(750) };
        let reading =
            Reading { chosen: Some(chosen), available_bytes: Some(8192 << 20), ..Reading::default() };
        check(
            &reading,
            QUIET,
            Space::default(),
            ",\"memory\":{\"process_memory_mb\":45,\"system_memory_available_mb\":8192,\"memory_usage_percentage\":0.549},\"cpu\":{\"process_cpu_percentage\":150},\"processes\":2",
        );
    }

    #[test]
    fn the_system_s_figures_stand_beside_them() {
        let traffic = Traffic { scope: Scope::System, sent: 7, received: 9, connections: None };
        let reading = Reading {
            system_share: Some(0.5),
            cores: Some(1.5),
            load: Some([0.25, 1.0, 2.0]),
            pressure: [("cpu", 20.22)].into(),
            traffic: Some(traffic),
            ..Reading::default()
        };
        let space = Space { records: Some(5 << 19), cache: Some(0), available: Some(125 << 30) };
        check(
            &reading,
            QUIET,
            space,
            ",\"cpu\":{\"system_cpu_percentage\":50,\"cpu_cores\":1.5},\"disk\":{\"log_file_size_mb\":2.5,\"cache_size_mb\":0,\"available_space_gb\":125},\"network\":{\"bytes_sent\":7,\"bytes_received\":9},\"load_average\":[0.25,1,2],\"pressure\":{\"cpu\":20.22},\"network_scope\":\"system\"",
        );
    }

    #[test]
    fn a_late_tick_says_so_and_so_do_missed_ones() {
        let late = Tick { late: Duration::from_micros(12_345), missed: 3 };
        check(&Reading::default(), late, Space::default(), ",\"late_ms\":12.345,\"missed\":3");
    }
}
