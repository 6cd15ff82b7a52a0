"""The question of pm-aggregate, put to polars: python aggregate_polars.py FILE

Writes one JSON object a command. Only the columns that are needed are named.
"""

import sys

import polars as pl

COUNTERS = ("requests_made", "rate_limit_consumed", "cache_hits", "cache_misses")
QUANTILES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}

SCHEMA = {
    "performance_metrics": pl.Struct(
        {
            "command": pl.String,
            "duration": pl.Struct({"total_ms": pl.Float64}),
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
        *(pl.col(name).sum() for name in COUNTERS),
    )
    .sort("command")
    .collect()
)
answer.write_ndjson(sys.stdout.buffer)
