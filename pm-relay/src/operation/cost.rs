//! What a query costs by GitHub's documentation.
//!
//! For every connection, the requests that would be needed to fill it if each of its parents gave all that was asked
//! for; added up, divided by a hundred, rounded to the nearest, and one at least. Fifty repositories with twenty pull
//! requests each, with ten reviews each: 1 + 50 + 1000 = 1051 requests, which is 11 points.

use std::collections::HashMap;

use serde_json::Value;

use super::query::{Count, Document, Operation, Selected, Selection};

/// The points of an operation; none if a number is a variable that nobody gave.
pub(super) fn points(document: &Document<'_>, operation: &Operation<'_>, variables: &Value) -> Option<u64> {
    let mut counter = Counter { document, operation, variables, fragments: HashMap::new() };
    let requests = counter.requests(&operation.selection)?;
    Some((requests.saturating_add(50) / 100).max(1))
}

struct Counter<'a, 'd> {
    document: &'d Document<'a>,
    operation: &'d Operation<'a>,
    variables: &'d Value,
    /// The requests of each fragment below one parent; none while it is being counted, as inside of itself.
    fragments: HashMap<&'a str, Option<u64>>,
}

impl<'a> Counter<'a, '_> {
    /// The requests below one parent.
    fn requests(&mut self, selection: &Selection<'a>) -> Option<u64> {
        let mut sum = 0_u64;
        for selected in &selection.0 {
            let requests = match selected {
                Selected::Field { first: None, inside, .. } | Selected::Inline(inside) => {
                    self.requests(inside)?
                }
                Selected::Field { first: Some(count), inside, .. } => {
                    let each = self.requests(inside)?;
                    self.count(*count)?.saturating_mul(each).saturating_add(1)
                }
                Selected::Spread(name) => self.fragment(name)?,
            };
            sum = sum.saturating_add(requests);
        }
        Some(sum)
    }

    fn fragment(&mut self, name: &'a str) -> Option<u64> {
        if let Some(known) = self.fragments.get(name) {
            return *known;
        }
        self.fragments.insert(name, None);
        let document = self.document;
        let requests = document.fragments.get(name).and_then(|selection| self.requests(selection));
        self.fragments.insert(name, requests);
        requests
    }

    fn count(&self, count: Count<'a>) -> Option<u64> {
        match count {
            Count::Number(number) => Some(number),
            Count::Variable(name) => match self.variables.get(name) {
                Some(value) => value.as_u64(),
                None => self.operation.defaults.get(name).copied(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[track_caller]
    fn check(query: &str, variables: &serde_json::Value, expected: Option<u64>) {
        let body = json!({"query": query, "variables": variables}).to_string();
        assert_eq!(crate::operation::Operation::read(body.as_bytes(), true).estimate, expected, "{query}");
    }

    #[test]
    fn the_documented_example_costs_eleven_points() {
        let query = "query($n: Int!, $m: Int = 10) { viewer { repositories(first: $n) { nodes { pullRequests(last: 20, states: [OPEN]) { nodes { reviews(first: $m) { nodes { id } } } } } } } }";
        check(query, &json!({"n": 50}), Some(11));
        check(query, &json!({}), None);
    }

    #[test]
    fn a_query_without_connections_costs_one_point() {
        check("{ viewer { login } }", &json!(null), Some(1));
        check(
            "mutation { addStar(input: {starrableId: \"x\", first: 500}) { clientMutationId } }",
            &json!(null),
            Some(1),
        );
    }

    #[test]
    fn fragments_count_wherever_they_are_spread_and_not_inside_of_themselves() {
        let query = "query { a: user(login: \"a\") { ...R } b: user(login: \"b\") { ... on User { ...R } } } fragment R on User { repositories(first: 100) { nodes { issues(first: 1) { nodes { id } } } } }";
        check(query, &json!(null), Some(2));
        check("{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }", &json!(null), None);
        check("{ ...Missing }", &json!(null), None);
    }

    #[test]
    fn numbers_without_end_stay_numbers() {
        let deep = "a(first: 18446744073709551615) { ".repeat(60) + "id" + &" }".repeat(60);
        check(&format!("{{ {deep} }}"), &json!(null), Some(u64::MAX / 100));
    }
}
