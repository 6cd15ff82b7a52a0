"""The traces of pm-export, made with the published definitions of OpenTelemetry: python export_otlp.py FILE URL

A span a run and one a phase, 5,000 spans a request, posted one request after the other. Prints how many spans they were.
"""

import hashlib
import http.client
import json
import sys
import urllib.parse
from datetime import datetime

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

MOST = 5000

url = urllib.parse.urlsplit(sys.argv[2])
client = http.client.HTTPConnection(url.netloc)
count = 0


def begin():
    request = ExportTraceServiceRequest()
    resource = request.resource_spans.add()
    resource.resource.attributes.add(key="service.name").value.string_value = "github-pm"
    scope = resource.scope_spans.add()
    scope.scope.name = "peer"
    return request, scope.spans


def send(request):
    client.request("POST", "/v1/traces", request.SerializeToString(), {"Content-Type": "application/x-protobuf"})
    client.getresponse().read()


request, spans = begin()
for line in open(sys.argv[1], "rb"):
    run = json.loads(line).get("performance_metrics")
    if run is None:
        continue
    used, api = run.get("resource_usage", {}), run.get("github_api", {})
    digest = hashlib.sha256(run["execution_id"].encode()).digest()
    trace, place = digest[:16], digest[16:24]
    start = int(datetime.fromisoformat(run["timestamp"]).timestamp() * 1000) * 1_000_000
    span = spans.add(trace_id=trace, span_id=place, name=run["command"], kind=3, start_time_unix_nano=start)
    span.end_time_unix_nano = start + int(run["duration"]["total_ms"] * 1_000_000)
    for key, value in (
        ("process.executable.name", run.get("program", run["command"])),
        ("github_pm.command", run["command"]),
        ("github_pm.execution_id", run["execution_id"]),
        ("host.name", run.get("host")),
    ):
        if value is not None:
            span.attributes.add(key=key).value.string_value = value
    if "exit_code" in run:
        span.attributes.add(key="process.exit.code").value.int_value = run["exit_code"]
    if run.get("status") not in (None, "success"):
        span.attributes.add(key="error.type").value.string_value = "exit"
        span.status.code = 2
    for key, value in (
        ("github_pm.peak_memory_mb", used.get("peak_memory_mb")),
        ("github_pm.cpu_time_ms", used.get("cpu_time_ms")),
        ("github_pm.io_operations", used.get("io_operations")),
        ("github_pm.api.requests", api.get("requests_made")),
        ("github_pm.api.quota", api.get("rate_limit_consumed")),
    ):
        if value is not None:
            span.attributes.add(key=key).value.double_value = value
    begun = start
    for name, millis in run["duration"].get("phases", {}).items():
        identifier = hashlib.blake2b(place + name.encode(), digest_size=8).digest()
        phase = spans.add(trace_id=trace, span_id=identifier, parent_span_id=place, kind=1)
        phase.name = name.removesuffix("_ms")
        phase.start_time_unix_nano = begun
        begun += int(millis * 1_000_000)
        phase.end_time_unix_nano = begun
        phase.attributes.add(key="github_pm.laid_end_to_end").value.bool_value = True
    if len(spans) >= MOST:
        count += len(spans)
        send(request)
        request, spans = begin()
count += len(spans)
send(request)
print(count)
