//! Checks a query against the schema and computes its price, before anything runs.
//!
//! The price is that of GitHub's documentation. Each connection counts the requests needed to fill it
//! if every parent connection is full, which is the product of the parents' `first` or `last`. The sum
//! is divided by 100 and rounded to the nearest, at least 1. The nodes are counted the same way with
//! the connection's own size included, and must not exceed 500,000.
//!
//! A connection of which only `totalCount` or `pageInfo` is asked needs no size and has no nodes.

use super::document::{Document, QueryField, Set, Step};
use super::error::Error;
use super::schema::{Field, Schema};
use graphql_parser::Pos;
use serde_json::{Value, json};

const MAX_NODES: u64 = 500_000;
const MAX_PAGE: i64 = 100;
/// Deeper and longer than any query that somebody meant; fragments can make a short text very long.
const MAX_DEPTH: usize = 60;
const MAX_STEPS: usize = 100_000;

/// What a query costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cost {
    pub(super) points: u64,
    pub(super) nodes: u64,
}

/// Prices a query, or finds everything that is wrong with it.
pub(super) fn price(document: &Document, schema: &Schema) -> Result<Cost, Vec<Error>> {
    let mut plan = Plan { document, schema, requests: 0, nodes: 0, steps: 0, errors: Vec::new() };
    plan.selection(&document.selection, "Query", &At { parents: 1, depth: 0, path: vec![json!("query")] });
    if plan.nodes > MAX_NODES {
        let message = format!(
            "This query requests up to {} possible nodes which exceeds the maximum limit of {MAX_NODES}.",
            plan.nodes
        );
        plan.errors.push(Error { kind: Some("MAX_NODE_LIMIT_EXCEEDED"), ..Error::plain(message) });
    }
    if plan.errors.is_empty() {
        Ok(Cost { points: ((plan.requests + 50) / 100).max(1), nodes: plan.nodes })
    } else {
        Err(plan.errors)
    }
}

struct Plan<'a> {
    document: &'a Document,
    schema: &'a Schema,
    requests: u64,
    nodes: u64,
    steps: usize,
    errors: Vec<Error>,
}

/// Where in a query the plan is.
struct At {
    /// How many objects are selected from here, if every connection above is full.
    parents: u64,
    depth: usize,
    path: Vec<Value>,
}

impl Plan<'_> {
    fn selection(&mut self, set: &Set, of: &str, at: &At) {
        for step in self.document.steps(set) {
            self.steps += 1;
            if at.depth > MAX_DEPTH || self.steps > MAX_STEPS {
                return self.give_up();
            }
            match step {
                Step::Field(field) if field.name == "__typename" => {}
                Step::Field(field) => self.field(field, of, at),
                Step::Group(condition, set) => self.group(condition.unwrap_or(of), set, at),
                Step::Missing(spread) => {
                    let message = format!("Fragment {} was used, but not defined", spread.fragment_name);
                    self.invalid("useAndDefineFragment", message, spread.position, &at.path);
                }
            }
        }
    }

    fn group(&mut self, condition: &str, set: &Set, at: &At) {
        if !self.schema.is_composite(condition) {
            let message = format!("No such type {condition}, so it can't be a fragment condition");
            return self.invalid("undefinedType", message, set.span.0, &at.path);
        }
        let inner = At { parents: at.parents, depth: at.depth + 1, path: at.path.clone() };
        self.selection(set, condition, &inner);
    }

    fn field(&mut self, field: &QueryField, of: &str, at: &At) {
        let mut path = at.path.clone();
        path.push(json!(field.alias.as_ref().unwrap_or(&field.name)));
        let Some(known) = self.schema.field(of, &field.name) else {
            let message = format!("Field '{}' doesn't exist on type '{of}'", field.name);
            return self.invalid("undefinedField", message, field.position, &path);
        };
        self.arguments(field, known, &path);
        let is_composite = self.schema.is_composite(&known.of);
        if is_composite == field.selection_set.items.is_empty() {
            let message = if is_composite {
                format!(
                    "Field must have selections (field '{}' returns {} but has no selections)",
                    field.name, known.of
                )
            } else {
                format!("Selections can't be made on scalars (field '{}' returns {})", field.name, known.of)
            };
            return self.invalid("selectionMismatch", message, field.position, &path);
        }
        let mut parents = at.parents;
        if known.is_connection() {
            self.requests = self.requests.saturating_add(at.parents);
            if self.asks_for_nodes(&field.selection_set, at.depth) {
                let Some(size) = self.size(field, &path) else { return };
                parents = parents.saturating_mul(size);
                self.nodes = self.nodes.saturating_add(parents);
            }
        }
        self.selection(&field.selection_set, &known.of, &At { parents, depth: at.depth + 1, path });
    }

    fn arguments(&mut self, field: &QueryField, known: &Field, path: &[Value]) {
        for (name, _) in &field.arguments {
            if !known.arguments.contains_key(name) {
                let message = format!("Field '{}' doesn't accept argument '{name}'", field.name);
                self.invalid("argumentNotAccepted", message, field.position, path);
            }
        }
        let given = self.document.arguments(field);
        for (name, _) in known.arguments.iter().filter(|(_, required)| **required) {
            if !given.contains_key(name) {
                let message = format!("Field '{}' is missing required arguments: {name}", field.name);
                self.invalid("missingRequiredArguments", message, field.position, path);
            }
        }
    }

    fn asks_for_nodes(&self, set: &Set, depth: usize) -> bool {
        depth <= MAX_DEPTH
            && self.document.steps(set).any(|step| match step {
                Step::Field(field) => field.name == "nodes" || field.name == "edges",
                Step::Group(_, set) => self.asks_for_nodes(set, depth + 1),
                Step::Missing(_) => false,
            })
    }

    /// The `first` or `last` of a connection, which GitHub demands and bounds.
    fn size(&mut self, field: &QueryField, path: &[Value]) -> Option<u64> {
        let given = self.document.arguments(field);
        let mut sizes =
            ["first", "last"].into_iter().filter_map(|side| Some((side, given.get(side)?.as_i64()?)));
        let name = &field.name;
        let (kind, message) = match sizes.next() {
            Some((_, count @ 1..=MAX_PAGE)) => return u64::try_from(count).ok(),
            Some((side, count)) if count > MAX_PAGE => (
                "EXCESSIVE_PAGINATION",
                format!(
                    "Requesting {count} records on the `{name}` connection exceeds the `{side}` limit of {MAX_PAGE} records."
                ),
            ),
            Some((side, _)) => {
                ("INVALID_PAGINATION", format!("`{side}` on the `{name}` connection must be at least 1."))
            }
            None => (
                "MISSING_PAGINATION_BOUNDARIES",
                format!(
                    "You must provide a `first` or `last` value to properly paginate the `{name}` connection."
                ),
            ),
        };
        self.errors.push(Error::of_kind(kind, message, field.position, &path[1..]));
        None
    }

    /// Says once that the query is not looked at any further.
    fn give_up(&mut self) {
        let error = Error::plain("Query is too deep or too long");
        if !self.errors.contains(&error) {
            self.errors.push(error);
        }
        self.steps = MAX_STEPS;
    }

    fn invalid(&mut self, code: &'static str, message: String, position: Pos, path: &[Value]) {
        self.errors.push(Error::invalid(code, message, position, path));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(query: &str, points: u64, nodes: u64) {
        let document = Document::read(&json!({"query": query})).expect("the query parses");
        assert_eq!(price(&document, Schema::get()), Ok(Cost { points, nodes }), "{query}");
    }

    fn refused(query: &str) -> Vec<String> {
        let document = Document::read(&json!({"query": query})).expect("the query parses");
        let errors = price(&document, Schema::get()).expect_err("the query is wrong");
        errors.into_iter().map(|error| error.message).collect()
    }

    #[test]
    fn a_query_without_connections_costs_one_point() {
        check("{ viewer { login } }", 1, 0);
    }

    /// The example of the documentation, with projects for its repositories: 1 + 50 + 1000 = 1051.
    #[test]
    fn three_levels_of_connections_cost_what_the_documentation_says() {
        check(
            "{ viewer { projectsV2(first: 50) { nodes { items(first: 20) { nodes {
               fieldValues(last: 10) { nodes { __typename } } } } } } } }",
            11,
            50 + 1000 + 10_000,
        );
    }

    #[test]
    fn half_a_point_is_rounded_up_and_less_is_not() {
        let with_items = |first: u32| {
            format!(
                "{{ viewer {{ projectsV2(first: {first}) {{ nodes {{ items(first: 1) {{ nodes {{ id }} }} }} }} }} }}"
            )
        };
        let two_levels =
            |first: u32| with_items(first).replace("id", "fieldValues(first: 1) { nodes { __typename } }");
        check(&two_levels(74), 1, 74 * 3);
        check(&two_levels(75), 2, 75 * 3);
    }

    #[test]
    fn aliases_are_priced_each() {
        let one = "projectsV2(first: 100) { nodes { items(first: 1) { totalCount } } }";
        check(&format!("{{ viewer {{ a: {one} b: {one} }} }}"), 2, 200);
    }

    #[test]
    fn a_count_alone_needs_no_page_size() {
        check("{ repository(owner: \"o\", name: \"r\") { issues { totalCount } } }", 1, 0);
    }

    #[test]
    fn more_than_half_a_million_nodes_are_refused() {
        let messages = refused(
            "{ viewer { projectsV2(first: 100) { nodes { items(first: 100) { nodes {
               fieldValues(first: 50) { nodes { __typename } } } } } } } }",
        );
        assert_eq!(messages.len(), 1, "{messages:?}");
        assert!(messages[0].contains("510100 possible nodes"), "{messages:?}");
    }

    #[test]
    fn a_fragment_that_spreads_itself_is_refused() {
        let error = Document::read(
            &json!({"query": "{ ...a } fragment a on Query { ...b ...b } fragment b on Query { ...a }"}),
        );
        assert_eq!(error.expect_err("it never ends").message, "Fragment a contains an infinite loop");
    }
}
