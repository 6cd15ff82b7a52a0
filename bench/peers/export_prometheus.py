"""The exposition of pm-export, built by prometheus_client: python export_prometheus.py FILE

Reads runs and writes the same families with the same buckets to standard output. Only the fields that are needed are
looked at.
"""

import json
import sys

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

TIMES = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)
MEMORIES = tuple(mebi * 2**20 for mebi in (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 4096))

registry = CollectorRegistry()


def family(kind, name, *labels, **more):
    return kind("github_pm_" + name, "Help.", ("command", *labels), registry=registry, **more)


duration = family(Histogram, "command_duration_seconds", buckets=TIMES)
commands = family(Counter, "commands", "status")
last_run = family(Gauge, "command_last_run_timestamp_seconds")
phases = family(Counter, "command_phase_time_seconds", "phase")
cpu = family(Counter, "command_cpu_time_seconds", "mode")
memory = family(Histogram, "command_memory_peak_bytes", buckets=MEMORIES)
operations = family(Counter, "command_io_operations")
requests = family(Counter, "command_api_requests")
quota = family(Counter, "command_api_quota")
cache = family(Counter, "command_api_cache_requests", "result")
usage = Gauge("github_pm_memory_usage_bytes", "Help.", ("type",), registry=registry)

from datetime import datetime

for line in open(sys.argv[1], "rb"):
    run = json.loads(line).get("performance_metrics")
    if run is None:
        continue
    command, took, used, api = run["command"], run["duration"], run.get("resource_usage", {}), run.get("github_api", {})
    duration.labels(command).observe(took["total_ms"] / 1000)
    commands.labels(command, run.get("status", "unknown")).inc()
    last_run.labels(command).set(datetime.fromisoformat(run["timestamp"]).timestamp())
    for name, millis in took.get("phases", {}).items():
        phases.labels(command, name.removesuffix("_ms")).inc(millis / 1000)
    if "cpu_time_ms" in used:
        cpu.labels(command, "unknown").inc(used["cpu_time_ms"] / 1000)
    if "peak_memory_mb" in used:
        memory.labels(command).observe(used["peak_memory_mb"] * 2**20)
        usage.labels("command_peak").set(used["peak_memory_mb"] * 2**20)
    if "average_memory_mb" in used:
        usage.labels("command_average").set(used["average_memory_mb"] * 2**20)
    for counter, value in (
        (operations.labels(command), used.get("io_operations")),
        (requests.labels(command), api.get("requests_made")),
        (quota.labels(command), api.get("rate_limit_consumed")),
        (cache.labels(command, "hit"), api.get("cache_hits")),
        (cache.labels(command, "miss"), api.get("cache_misses")),
    ):
        if value is not None:
            counter.inc(value)
sys.stdout.buffer.write(generate_latest(registry))
