"""The question of pm-aggregate, put to polars: python aggregate_polars.py FILE

Writes one JSON object a command. Only the columns that are needed are named.
"""

import sys

import polars as pl

PHASES = (
    "initialization_ms",
    "authentication_ms",
    "data_fetching_ms",
    "processing_ms",
    "output_generation_ms",
)
USAGE = ("peak_memory_mb", "average_memory_mb", "cpu_time_ms", "io_operations")
COUNTERS = ("requests_made", "rate_limit_consumed", "cache_hits", "cache_misses")
QUANTILES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}

SCHEMA = {
    "performance_metrics": pl.Struct(
        {
            "command": pl.String,
            "duration": pl.Struct(
                {"total_ms": pl.Float64, "phases": pl.Struct({name: pl.Float64 for name in PHASES})}
            ),
            "resource_usage": pl.Struct({name: pl.Float64 for name in USAGE}),
            "github_api": pl.Struct({name: pl.Int64 for name in COUNTERS}),
        }
    )
}

run = pl.col("performance_metrics").struct
duration = pl.col("duration")
answer = (
    pl.scan_ndjson(sys.argv[1], schema=SCHEMA)
    .select(
        run.field("command"),
        run.field("duration").struct.field("total_ms").alias("duration"),
        *(run.field("duration").struct.field("phases").struct.field(name) for name in PHASES),
        *(run.field("resource_usage").struct.field(name) for name in USAGE),
        *(run.field("github_api").struct.field(name) for name in COUNTERS),
    )
    .group_by("command")
    .agg(
        pl.len().alias("count"),
        duration.mean().alias("mean"),
        duration.std().alias("std_deviation"),
        duration.min().alias("min"),
        duration.max().alias("max"),
        # The name that polars has for the nearest rank.
        *(duration.quantile(q, "equiprobable").alias(name) for name, q in QUANTILES.items()),
        *(pl.col(name).sum() for name in (*PHASES, *USAGE, *COUNTERS)),
    )
    .sort("command")
    .collect()
)
answer.write_ndjson(sys.stdout.buffer)
