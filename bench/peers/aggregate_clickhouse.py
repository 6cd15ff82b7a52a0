"""The question of pm-aggregate, put to ClickHouse (chdb): python aggregate_clickhouse.py FILE

Writes one JSON object a command. The fields are searched for in the text of each line, unchecked: that is the
quickest form ClickHouse has, ahead of `JSONEachRow` and `JSONExtract`.
"""

import sys

import chdb

SUMMED = {
    "Float": (
        "initialization_ms",
        "authentication_ms",
        "data_fetching_ms",
        "processing_ms",
        "output_generation_ms",
        "peak_memory_mb",
        "average_memory_mb",
        "cpu_time_ms",
    ),
    "Int": ("io_operations", "requests_made", "rate_limit_consumed", "cache_hits", "cache_misses"),
}
SUMS = ", ".join(
    f"sum(simpleJSONExtract{kind}(line, '{name}')) AS {name}" for kind, names in SUMMED.items() for name in names
)

# An exact quantile is the element at level * n, counted from 0; a level that is less by a trifle makes that
# the nearest rank.
QUERY = """
SELECT simpleJSONExtractString(line, 'command') AS command,
       count() AS count,
       avg(total_ms) AS mean,
       if(count > 1, stddevSamp(total_ms), NULL) AS std_deviation,
       min(total_ms) AS min,
       max(total_ms) AS max,
       quantilesExact(0.4999999999, 0.8999999999, 0.9499999999, 0.9899999999)(
           simpleJSONExtractFloat(line, 'total_ms') AS total_ms
       ) AS quantiles,
       quantiles[1] AS p50,
       quantiles[2] AS p90,
       quantiles[3] AS p95,
       quantiles[4] AS p99,
       {sums}
FROM file({path}, 'LineAsString', 'line String')
GROUP BY command
ORDER BY command
SETTINGS output_format_json_quote_64bit_integers = 0
"""

path = "'" + sys.argv[1].replace("\\", "\\\\").replace("'", "\\'") + "'"
answer = chdb.query(f"SELECT * EXCEPT quantiles FROM ({QUERY.format(path=path, sums=SUMS)})", "JSONEachRow")
sys.stdout.buffer.write(answer.bytes())
