"""The question of pm-aggregate, put to DuckDB: python aggregate_duckdb.py FILE [hour]

Writes one JSON object a command, or a command and hour. Only the columns that are needed are named, so that
DuckDB reads no others, and the hour is cut from the text, which is quicker than making a time of it.
"""

import json
import sys

import duckdb

hourly = sys.argv[2:] == ["hour"]
by = "command, hour" if hourly else "command"

QUERY = f"""
SELECT run.command AS command,
       {"run.timestamp[:13] AS hour," if hourly else ""}
       count(*) AS count,
       avg(run.duration.total_ms) AS mean,
       stddev_samp(run.duration.total_ms) AS std_deviation,
       min(run.duration.total_ms) AS min,
       max(run.duration.total_ms) AS max,
       quantile_disc(run.duration.total_ms, [0.5, 0.9, 0.95, 0.99]) AS quantiles,
       sum(run.github_api.requests_made) AS requests_made,
       sum(run.github_api.rate_limit_consumed) AS rate_limit_consumed,
       sum(run.github_api.cache_hits) AS cache_hits,
       sum(run.github_api.cache_misses) AS cache_misses
FROM (
    SELECT performance_metrics AS run
    FROM read_json(?, format = 'newline_delimited', columns = {{
        performance_metrics: 'STRUCT(
            command VARCHAR,
            {"timestamp VARCHAR," if hourly else ""}
            duration STRUCT(total_ms DOUBLE),
            github_api STRUCT(
                requests_made BIGINT, rate_limit_consumed BIGINT, cache_hits BIGINT, cache_misses BIGINT
            )
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
