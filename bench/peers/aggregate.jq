# The question of pm-aggregate, put to jq: jq -nc -f aggregate.jq FILE writes one JSON object a command.
# Count and mean only; quantiles would need every value in memory.
reduce (inputs.performance_metrics) as $run ({};
  .[$run.command] |= {count: (.count + 1), sum: (.sum + $run.duration.total_ms)}
) | to_entries[] | {command: .key, count: .value.count, mean: (.value.sum / .value.count)}
