"""The question of pm-aggregate, put to DuckDB: python aggregate_duckdb.py FILE [hour]

Writes one JSON object a command, or a command and hour. Only the columns that are needed are named, so that
DuckDB reads no others, and the hour is cut from the text, which is quicker than making a time of it.
"""

import json
import sys

import duckdb

hourly = sys.argv[2:] == ["hour"]
by = "command, hour" if hourly else "command"

# What is summed, by the object that it stands in.
SUMMED = {
    "duration.phases": dict.fromkeys(
        (
            "initialization_ms",
            "authentication_ms",
            "data_fetching_ms",
            "processing_ms",
            "output_generation_ms",
        ),
        "DOUBLE",
    ),
    "resource_usage": {
        "peak_memory_mb": "DOUBLE",
        "average_memory_mb": "DOUBLE",
        "cpu_time_ms": "DOUBLE",
        "io_operations": "BIGINT",
    },
    "github_api": dict.fromkeys(
        ("requests_made", "rate_limit_consumed", "cache_hits", "cache_misses"), "BIGINT"
    ),
}
sums = ", ".join(f"sum(run.{outer}.{name}) AS {name}" for outer, fields in SUMMED.items() for name in fields)
columns = {
    outer: ", ".join(f"{name} {kind}" for name, kind in fields.items()) for outer, fields in SUMMED.items()
}

QUERY = f"""
SELECT run.command AS command,
       {"run.timestamp[:13] AS hour," if hourly else ""}
       count(*) AS count,
       avg(run.duration.total_ms) AS mean,
       stddev_samp(run.duration.total_ms) AS std_deviation,
       min(run.duration.total_ms) AS min,
       max(run.duration.total_ms) AS max,
       quantile_disc(run.duration.total_ms, [0.5, 0.9, 0.95, 0.99]) AS quantiles,
       {sums}
FROM (
    SELECT performance_metrics AS run
    FROM read_json(?, format = 'newline_delimited', columns = {{
        performance_metrics: 'STRUCT(
            command VARCHAR,
            {"timestamp VARCHAR," if hourly else ""}
            duration STRUCT(total_ms DOUBLE, phases STRUCT({columns["duration.phases"]})),
            resource_usage STRUCT({columns["resource_usage"]}),
            github_api STRUCT({columns["github_api"]})
        )'
    }})
)
GROUP BY {by}
ORDER BY {by}
"""

rows = duckdb.execute(QUERY, [sys.argv[1]])
names = [column[0] for column in rows.description]
for row in rows.fetchall():
    answer = dict(zip(names, row))
    answer.update(zip(("p50", "p90", "p95", "p99"), answer.pop("quantiles")))
    print(json.dumps(answer, separators=(",", ":"), default=int))
