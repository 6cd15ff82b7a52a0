//! `POST /graphql`: reads the query, prices it, charges for it, runs it.
//!
//! The schema is real schema text, read by a real parser, so that an unknown field or argument is
//! refused as GitHub refuses it: before anything runs, with 200 and an `errors` array.

mod arguments;
mod connection;
mod cycle;
mod document;
mod error;
mod execute;
mod field_value;
mod object;
mod plan;
mod schema;
mod world;

use super::answer::Answer;
use super::api::{self, Call};
use super::faulty;
use super::state::State;
use document::Document;
use error::Error;
use schema::Schema;
use serde_json::{Value, json};
use world::World;

const NO_LOGIN: &str = "This endpoint requires you to be authenticated.";
const NO_QUERY: &str = "A query attribute must be specified and must be a string.";

/// Answers a GraphQL request.
pub(super) fn answer(state: &mut State, call: &Call) -> Answer {
    if call.request.method != "POST" {
        return Answer::not_found();
    }
    if call.is_anonymous() {
        return Answer::error(401, NO_LOGIN);
    }
    let Ok(body) = serde_json::from_slice::<Value>(&call.request.body) else {
        return Answer::error(400, "Problems parsing JSON");
    };
    if !body["query"].is_string() {
        return Answer::error(400, NO_QUERY);
    }
    if api::is_exhausted(state, call, "graphql") {
        return faulty::graphql_limit(&call.whom());
    }
    match run(state, call, &body) {
        Ok((data, errors)) if errors.is_empty() => Answer::json(200, &json!({"data": data})),
        Ok((data, errors)) => Answer::json(200, &json!({"data": data, "errors": render(&errors)})),
        Err(errors) => Answer::json(200, &json!({"errors": render(&errors)})),
    }
}

fn render(errors: &[Error]) -> Vec<Value> {
    errors.iter().map(Error::to_json).collect()
}

/// The data and what went wrong in places, or the errors for which nothing was run and nothing charged.
fn run(state: &mut State, call: &Call, body: &Value) -> Result<(Value, Vec<Error>), Vec<Error>> {
    let schema = Schema::get();
    let document = Document::read(body).map_err(|error| vec![error])?;
    let cost = plan::price(&document, schema)?;
    let points = if document.is_dry_run() || !state.setup.limits_enabled { 0 } else { cost.points };
    let quota = state.quotas.charge(call.login(), "graphql", points, call.now);
    let world = World { data: &state.data, viewer: call.login(), origin: &call.origin, cost, quota };
    Ok(execute::run(&document, schema, &world))
}
