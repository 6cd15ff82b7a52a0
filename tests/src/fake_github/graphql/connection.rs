//! Cuts the nodes of a connection into the page that a query asks for.

use super::world::Problem;
use serde_json::{Map, Value, json};

/// Cursors are to be opaque, so they look it.
const CURSOR: &str = "Y3Vyc29yOnYyOpHO";

/// The page as an object with all the fields of a connection.
pub(super) fn page(
    total: usize,
    node: &dyn Fn(usize) -> Value,
    arguments: &Map<String, Value>,
) -> Result<Value, Problem> {
    let mut start = position(arguments, "after")?.map_or(0, |index| index + 1).min(total);
    let mut end = position(arguments, "before")?.unwrap_or(total).clamp(start, total);
    if let Some(first) = size(arguments, "first") {
        end = end.min(start.saturating_add(first));
    } else {
        // Without a size only the count was asked for, or the query would have been refused.
        start = start.max(end.saturating_sub(size(arguments, "last").unwrap_or_default()));
    }
    let nodes: Vec<Value> = (start..end).map(node).collect();
    let edges: Vec<Value> = nodes
        .iter()
        .zip(start..)
        .map(|(node, index)| json!({"cursor": cursor(index), "node": node}))
        .collect();
    let is_empty = start == end;
    Ok(json!({
        "totalCount": total,
        "nodes": nodes,
        "edges": edges,
        "pageInfo": {
            "hasNextPage": end < total,
            "hasPreviousPage": start > 0,
            "startCursor": (!is_empty).then(|| cursor(start)),
            "endCursor": (!is_empty).then(|| cursor(end - 1)),
        },
    }))
}

fn size(arguments: &Map<String, Value>, name: &str) -> Option<usize> {
    arguments.get(name)?.as_u64().and_then(|size| usize::try_from(size).ok())
}

fn cursor(index: usize) -> String {
    format!("{CURSOR}{index:08X}")
}

/// The place that a cursor names; GitHub tells of one that it did not hand out.
fn position(arguments: &Map<String, Value>, name: &str) -> Result<Option<usize>, Problem> {
    let Some(text) = arguments.get(name).and_then(Value::as_str) else { return Ok(None) };
    let index = text.strip_prefix(CURSOR).and_then(|hex| usize::from_str_radix(hex, 16).ok());
    let bad = || ("INVALID_CURSOR_ARGUMENTS", format!("`{text}` does not appear to be a valid cursor."));
    index.map(Some).ok_or_else(bad)
}
