//! GraphQL: the data that comes, and the ways to ask for it.

use super::at_rest;
use super::client::{post, query};
use pm_e2e::fake_github::FakeGithub;
use serde_json::{Value, json};

fn data(github: &FakeGithub, text: &str, variables: &Value) -> Value {
    let reply = post(github, "/graphql", &json!({"query": text, "variables": variables})).json();
    assert_eq!(reply.get("errors"), None, "{text}");
    reply["data"].clone()
}

#[test]
fn issues_are_paged_by_cursor_in_both_directions() {
    let github = at_rest();
    let text = "query($first: Int, $last: Int, $after: String, $before: String) {
        repository(owner: \"octo\", name: \"tools\") {
            issues(first: $first, last: $last, after: $after, before: $before, states: OPEN,
                   orderBy: {field: CREATED_AT, direction: DESC}) {
                totalCount nodes { number } edges { cursor node { number } }
                pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }";
    let page = |variables: Value| data(&github, text, &variables)["repository"]["issues"].clone();
    let first = page(json!({"first": 2}));
    assert_eq!(first["totalCount"], 45);
    assert_eq!(first["nodes"], json!([{"number": 50}, {"number": 49}]));
    assert_eq!(first["edges"][1]["cursor"], first["pageInfo"]["endCursor"]);
    assert_eq!(first["pageInfo"]["hasPreviousPage"], false);
    let second = page(json!({"first": 2, "after": first["pageInfo"]["endCursor"]}));
    assert_eq!(second["nodes"], json!([{"number": 48}, {"number": 47}]));
    assert_eq!(second["pageInfo"]["hasPreviousPage"], true);
    let last = page(json!({"last": 2}));
    assert_eq!(last["nodes"], json!([{"number": 7}, {"number": 6}]));
    assert_eq!(last["pageInfo"]["hasNextPage"], false);
    let before = page(json!({"last": 1, "before": last["pageInfo"]["startCursor"]}));
    assert_eq!(before["nodes"], json!([{"number": 8}]));
}

#[test]
fn a_cursor_that_was_never_given_is_refused() {
    let text = "{ repository(owner: \"octo\", name: \"tools\") { issues(first: 1, after: \"x\") { nodes { id } } } }";
    let reply = query(&at_rest(), text).json();
    assert_eq!(reply["errors"][0]["type"], "INVALID_CURSOR_ARGUMENTS");
    assert_eq!(reply["data"]["repository"]["issues"], Value::Null);
}

#[test]
fn aliases_variables_fragments_and_directives_work_together() {
    let text = "query Two($owner: String!, $name: String = \"tools\", $skip: Boolean!) {
        one: repository(owner: $owner, name: $name) { ...issue issue(number: 1) { title } }
        two: repository(owner: $owner, name: $name) { name @skip(if: $skip) owner { login ... on User { id } } }
    }
    fragment issue on Repository { issue(number: 1) { number author { login ... on Organization { id } } } }";
    let reply = data(&at_rest(), text, &json!({"owner": "octo", "skip": true}));
    assert_eq!(reply["one"]["issue"]["number"], 1);
    assert_eq!(reply["one"]["issue"]["title"], "Issue 1 is slow");
    assert_eq!(reply["one"]["issue"]["author"].as_object().expect("an author").len(), 1);
    assert_eq!(reply["two"], json!({"owner": {"login": "octo", "id": "U_octo"}}));
}

#[test]
fn one_of_several_operations_is_chosen_by_name() {
    let github = at_rest();
    let text = "query A { viewer { login } } query B { viewer { id } }";
    let reply = post(&github, "/graphql", &json!({"query": text, "operationName": "B"})).json();
    assert_eq!(reply["data"], json!({"viewer": {"id": "U_octo"}}));
    let reply = query(&github, text).json();
    assert_eq!(reply["errors"][0]["message"], "An operation name is required");
}

#[test]
fn project_items_come_with_their_fields_for_users_and_organizations() {
    let github = at_rest();
    for owner in ["user", "organization"] {
        let text = format!(
            "{{ {owner}(login: \"octo\") {{ projectV2(number: 1) {{ title
                fields(first: 10) {{ nodes {{ ... on ProjectV2FieldCommon {{ name dataType }} }} }}
                items(first: 10) {{ totalCount nodes {{ id type
                    content {{ __typename ... on Issue {{ number }} ... on DraftIssue {{ title }} }}
                    fieldValueByName(name: \"Status\") {{ ... on ProjectV2ItemFieldSingleSelectValue {{ name }} }}
                    fieldValues(first: 10) {{ nodes {{ __typename
                        ... on ProjectV2ItemFieldSingleSelectValue {{ name optionId }}
                        ... on ProjectV2ItemFieldNumberValue {{ number }}
                        ... on ProjectV2ItemFieldDateValue {{ date }}
                        ... on ProjectV2ItemFieldTextValue {{ text field {{ ... on ProjectV2FieldCommon {{ name }} }} }}
                    }} }} }} }} }} }} }}"
        );
        let project = data(&github, &text, &Value::Null)[owner]["projectV2"].clone();
        assert_eq!(project["fields"]["nodes"][1], json!({"name": "Status", "dataType": "SINGLE_SELECT"}));
        let items = &project["items"];
        assert_eq!(items["totalCount"], 30);
        assert_eq!(items["nodes"][0]["content"], json!({"__typename": "Issue", "number": 1}));
        assert_eq!(items["nodes"][6]["content"], json!({"__typename": "DraftIssue", "title": "Draft 7"}));
        let values = &items["nodes"][0]["fieldValues"]["nodes"];
        let title = json!({
            "__typename": "ProjectV2ItemFieldTextValue", "text": "Issue 1 is slow", "field": {"name": "Title"},
        });
        assert_eq!(values[0], title);
        assert_eq!(values[1]["name"], items["nodes"][0]["fieldValueByName"]["name"]);
        assert!(values[2]["number"].is_u64());
        assert_eq!(values[3]["date"], "2023-11-28");
    }
}

#[test]
fn introspection_names_the_fields_of_a_type() {
    let text = "{ Issue: __type(name: \"Issue\") { fields(includeDeprecated: true) { name } } }";
    let fields = data(&at_rest(), text, &Value::Null)["Issue"]["fields"].clone();
    assert!(fields.as_array().expect("a list").contains(&json!({"name": "stateReason"})));
}
