//! What a GraphQL request asks, as far as its beginning tells: the operation's name or its fields at the top, whether
//! it asks for its own cost, and what it will cost by GitHub's documentation.
//!
//! Only a bounded beginning of the body is looked at, which may end anywhere, even inside of the query. What can be
//! told from there is told, and a body that is no JSON tells nothing.

mod cost;
mod members;
mod query;

use serde_json::Value;

use query::Document;

/// What is asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Operation {
    /// The operation's name, or its fields at the top; aliases, arguments and values never.
    pub name: Option<String>,
    /// Whether the answer will tell what it cost.
    pub asks_cost: bool,
    /// What it should cost, in points. Only a query that was read to its end can be estimated.
    pub estimate: Option<u64>,
    /// Whether it goes on with a list from a place that an earlier answer gave.
    pub next_page: bool,
}

/// The longest name: names are for grouping, and a generated one has no end.
const LONGEST: usize = 100;

impl Operation {
    /// Reads the beginning of a request's body; `is_whole` says whether it is all of it.
    #[must_use]
    pub fn read(beginning: &[u8], is_whole: bool) -> Self {
        let mut query = None;
        let mut chosen = None;
        let mut variables = Value::Null;
        members::each(beginning, |key, value| match key {
            "query" => query = value.text(),
            "operationName" => chosen = value.text().filter(|text| text.is_whole).map(|text| text.text),
            "variables" => variables = value.json().unwrap_or_default(),
            _ => {}
        });
        let Some(query) = query else { return Self::default() };
        let document = Document::read(&query.text);
        let Some(operation) = document.operation(chosen.as_deref()) else { return Self::default() };
        let fields = || operation.selection.fields().collect::<Vec<_>>();
        let name = operation.name.map_or_else(|| joined(fields()), |name| shortened(&without_numbers(name)));
        let is_complete = is_whole && query.is_whole && document.is_whole;
        Self {
            name: (!name.is_empty()).then_some(name),
            asks_cost: operation.selection.fields().any(|field| field == "rateLimit"),
            next_page: document.continues
                || document.cursors.iter().any(|name| variables.get(name).is_some_and(Value::is_string)),
            estimate: is_complete.then(|| cost::points(&document, operation, &variables)).flatten(),
        }
    }
}

/// Each field once, in their order, as many as fit.
fn joined(mut fields: Vec<&str>) -> String {
    if fields.iter().any(|field| *field != "rateLimit") {
        // Asking what it costs is not what it is about.
        fields.retain(|field| *field != "rateLimit");
    }
    let mut name = String::new();
    let mut seen = std::collections::HashSet::new();
    for field in fields.into_iter().filter(|field| seen.insert(*field)) {
        if name.is_empty() {
            name.push_str(&shortened(field));
        } else if name.len() + field.len() < LONGEST {
            name.push(',');
            name.push_str(field);
        } else {
            // A name that is cut says so once.
            name.push_str(if name.ends_with('…') { "" } else { ",…" });
            break;
        }
    }
    name
}

/// A program that makes up operations may number them or put a thing's number into their names.
fn without_numbers(name: &str) -> String {
    let mut kept = String::with_capacity(name.len());
    let mut digits = String::new();
    for character in name.chars().chain(['\0']) {
        if character.is_ascii_digit() {
            digits.push(character);
            continue;
        }
        // One digit is a version, as in `projectV2`.
        kept.push_str(if digits.len() > 1 { "N" } else { &digits });
        digits.clear();
        kept.push(character);
    }
    kept.pop();
    kept
}

fn shortened(name: &str) -> String {
    match name.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &name[..at]),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read(query: &str) -> Operation {
        Operation::read(json!({ "query": query }).to_string().as_bytes(), true)
    }

    #[track_caller]
    fn check(query: &str, name: &str) {
        assert_eq!(read(query).name.as_deref(), Some(name), "{query}");
    }

    #[test]
    fn an_operation_is_called_by_its_name_or_by_its_fields_at_the_top() {
        check("query Issues($n: Int!) { repository { issues(first: $n) { nodes { id } } } }", "Issues");
        check("{ viewer { login } }", "viewer");
        check(
            "query { a: node(id: \"x\") { id } b: node(id: \"y\") { id } viewer { login } }",
            "node,viewer",
        );
        check(
            "mutation($id: ID!) { addProjectV2ItemById(input: {x: $id}) { item { id } } }",
            "addProjectV2ItemById",
        );
        check("query @live { viewer { login } }", "viewer");
        check("# a comment\nfragment F on User { login }\nquery Second { viewer { ...F } }", "Second");
        check("query batch_1742 { viewer { login } }", "batch_N");
        check("{ ... on Query { viewer { login } } ...More }", "viewer");
        check("{ rateLimit { cost } }", "rateLimit");
    }

    #[test]
    fn of_several_operations_the_one_that_is_asked_for_counts() {
        let body =
            json!({"query": "query A { viewer { id } } query B { node { id } }", "operationName": "B"});
        assert_eq!(Operation::read(body.to_string().as_bytes(), true).name.as_deref(), Some("B"));
        check("query A { viewer { id } } query B { node { id } }", "A");
    }

    #[test]
    fn the_order_of_keys_and_escapes_do_not_matter() {
        let body = br#"{ "variables" : {"a":[1,{"query":"no"}]}, "extra": "\"}", "query":"{\n  vi\u0065wer { login } }" }"#;
        assert_eq!(Operation::read(body, true).name.as_deref(), Some("viewer"));
    }

    #[test]
    fn a_query_that_breaks_off_is_still_known_by_its_beginning() {
        let body = json!({"query": format!("mutation {{ addStar(x: \"{}\") {{ id }} }}", "x".repeat(500))})
            .to_string();
        let operation = Operation::read(&body.as_bytes()[..200], false);
        assert_eq!((operation.name.as_deref(), operation.estimate), (Some("addStar"), None));
    }

    #[test]
    fn whether_the_cost_is_asked_for_is_known() {
        assert!(read("{ viewer { login } rateLimit { cost } }").asks_cost);
        assert!(read("query X { limits: rateLimit { cost remaining } viewer { login } }").asks_cost);
        assert!(!read("{ viewer { rateLimitOfMine } }").asks_cost);
    }

    #[test]
    fn a_page_after_the_first_is_known_by_where_it_begins() {
        let paged = |query: &str, variables| {
            let body = json!({"query": query, "variables": variables});
            Operation::read(body.to_string().as_bytes(), true).next_page
        };
        let query =
            "query($endCursor: String) { viewer { issues(first: 100, after: $endCursor) { nodes { id } } } }";
        assert!(!paged(query, json!({})) && !paged(query, json!({ "endCursor": null })));
        assert!(paged(query, json!({"endCursor": "Y3Vyc29yOjEwMA=="})));
        assert!(paged("{ viewer { issues(last: 9, before: \"Y3\") { nodes { id } } } }", json!({})));
        assert!(!paged("query($id: ID!) { node(id: $id) { id } }", json!({"id": "after"})));
    }

    #[test]
    fn what_is_no_query_has_no_name() {
        for body in
            ["", "{", "[]", "{}", "null", "{\"query\":7}", "{\"query\":\"\"}", "{\"query\":\"}}\"}", "\u{0}"]
        {
            assert_eq!(Operation::read(body.as_bytes(), true), Operation::default(), "{body}");
        }
    }

    #[test]
    fn names_have_an_end() {
        let many =
            (0..400).map(|at| format!("field{}{at}", "x".repeat(at % 7))).collect::<Vec<_>>().join(" ");
        let long = "x".repeat(5000);
        let queries = [format!("{{ {many} }}"), format!("query {long} {{ a }}"), format!("{{ {long} a b }}")];
        for query in queries {
            let name = read(&query).name.expect("a name");
            assert!(name.chars().count() <= LONGEST + 2 && name.matches('…').count() == 1, "{name}");
        }
        assert!(read(&"{a".repeat(20_000)).name.is_some());
    }

    proptest! {
        #[test]
        fn no_body_is_too_odd(body in prop::collection::vec(any::<u8>(), 0..300), is_whole: bool) {
            let _ = Operation::read(&body, is_whole);
        }

        #[test]
        fn no_query_is_too_odd(query in "[ a-z{}()\"#:$!.@,\\[\\]0-9\n]{0,200}") {
            let operation = read(&query);
            prop_assert!(operation.name.is_none_or(|name| !name.is_empty()));
        }
    }
}
