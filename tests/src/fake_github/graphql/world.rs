//! Finds what a field of an object stands for.
//!
//! Objects are JSON with all their fields, a connection being the list of all its nodes. Only what would
//! be large, or what depends on arguments, is found here by name.

use super::object;
use super::plan::Cost;
use super::schema::Schema;
use crate::fake_github::clock::iso_date;
use crate::fake_github::data::Data;
use crate::fake_github::origin::Origin;
use crate::fake_github::quota::Quota;
use serde_json::{Map, Value, json};

/// Everything a query can see.
pub(super) struct World<'a> {
    pub(super) data: &'a Data,
    pub(super) viewer: &'a str,
    pub(super) origin: &'a Origin,
    pub(super) cost: Cost,
    /// What is left after the query was paid for.
    pub(super) quota: Option<Quota>,
}

/// What a field stands for.
pub(super) enum Found<'a> {
    Value(Value),
    /// The nodes of a connection, made one by one so that a page costs no more than its size.
    Nodes {
        total: usize,
        node: Box<dyn Fn(usize) -> Value + 'a>,
    },
}

/// Why a field stands for nothing: GitHub's word for it, and a sentence.
pub(super) type Problem = (&'static str, String);

impl World<'_> {
    /// Finds a field that the schema has.
    pub(super) fn find<'a>(
        &'a self,
        of: &str,
        object: &'a Value,
        name: &str,
        arguments: &Map<String, Value>,
    ) -> Result<Found<'a>, Problem> {
        let text = |name: &str| arguments.get(name).and_then(Value::as_str).unwrap_or_default();
        let value = match (of, name) {
            ("Query", "viewer") => self.user("User", self.viewer),
            ("Query", "user") => self.owner("User", text("login"))?,
            ("Query", "organization") => self.owner("Organization", text("login"))?,
            ("Query", "repositoryOwner") => self.owner("User", text("login")).unwrap_or_default(),
            ("Query", "repository") => self.repository(text("owner"), text("name"))?,
            ("Query", "rateLimit") => self.rate_limit(),
            ("Query", "__type") => described(text("name")),
            ("User" | "Organization", "projectV2") => self.project(object, arguments)?,
            ("User" | "Organization", "projectsV2") => return Ok(self.projects(object)),
            ("Repository", "issue" | "issueOrPullRequest") => self.issue(name, arguments)?,
            ("Repository", "issues") => return self.issues(arguments),
            ("ProjectV2", "items") => return Ok(self.items()),
            ("ProjectV2Item", "fieldValueByName") => object::field_value_named(object, text("name")),
            _ => return Ok(plain(&object[name])),
        };
        Ok(Found::Value(value))
    }

    fn user(&self, kind: &str, login: &str) -> Value {
        object::user(kind, login, self.origin)
    }

    fn owner(&self, kind: &str, login: &str) -> Result<Value, Problem> {
        let missing = || ("NOT_FOUND", format!("Could not resolve to a {kind} with the login of '{login}'."));
        self.data.is_owner(login).then(|| self.user(kind, &self.data.set.owner)).ok_or_else(missing)
    }

    fn repository(&self, owner: &str, name: &str) -> Result<Value, Problem> {
        let missing =
            || ("NOT_FOUND", format!("Could not resolve to a Repository with the name '{owner}/{name}'."));
        let is_known = self.data.is_repository(owner, name);
        is_known.then(|| object::repository(&self.data.set, self.origin)).ok_or_else(missing)
    }

    fn issue(&self, field: &str, arguments: &Map<String, Value>) -> Result<Value, Problem> {
        let number = integer(arguments, "number");
        let kind = if field == "issue" { "an Issue" } else { "an issue or pull request" };
        let missing = || ("NOT_FOUND", format!("Could not resolve to {kind} with the number of {number}."));
        let issue = u32::try_from(number).ok().and_then(|number| self.data.issue(number));
        Ok(object::issue(&self.data.set, &issue.ok_or_else(missing)?, self.origin))
    }

    fn issues(&self, arguments: &Map<String, Value>) -> Result<Found<'_>, Problem> {
        let mut filters = arguments.get("filterBy").and_then(Value::as_object).into_iter().flatten();
        if let Some((name, _)) = filters.find(|(_, value)| !value.is_null()) {
            return Err(("UNPROCESSABLE", format!("The fake GitHub does not filter issues by `{name}`.")));
        }
        let wanted = |open: bool| match arguments.get("states") {
            Some(Value::Array(states)) => states.contains(&json!(if open { "OPEN" } else { "CLOSED" })),
            Some(Value::String(state)) => state == if open { "OPEN" } else { "CLOSED" },
            _ => true,
        };
        let mut numbers: Vec<u32> =
            self.data.numbers().filter(|&number| wanted(self.data.is_open(number))).collect();
        if arguments.get("orderBy").is_some_and(|order| order["direction"] == "DESC") {
            numbers.reverse();
        }
        let total = numbers.len();
        let node = move |index: usize| {
            let issue = self.data.issue(numbers[index]);
            issue.map(|issue| object::issue(&self.data.set, &issue, self.origin)).unwrap_or_default()
        };
        Ok(Found::Nodes { total, node: Box::new(node) })
    }

    fn project(&self, owner: &Value, arguments: &Map<String, Value>) -> Result<Value, Problem> {
        let number = integer(arguments, "number");
        let missing = || ("NOT_FOUND", format!("Could not resolve to a ProjectV2 with the number {number}."));
        let is_known = number == i64::from(self.data.set.project_number) && self.owns_project(owner);
        is_known.then(|| object::project(&self.data.set, self.origin)).ok_or_else(missing)
    }

    fn projects(&self, owner: &Value) -> Found<'_> {
        let total = usize::from(self.owns_project(owner));
        Found::Nodes { total, node: Box::new(|_| object::project(&self.data.set, self.origin)) }
    }

    fn owns_project(&self, owner: &Value) -> bool {
        owner["login"].as_str().is_some_and(|login| self.data.is_owner(login))
    }

    fn items(&self) -> Found<'_> {
        let node = |index: usize| {
            let item = u32::try_from(index + 1).ok().and_then(|number| self.data.item(number));
            item.map(|item| object::item(&self.data.set, &item, self.origin)).unwrap_or_default()
        };
        Found::Nodes { total: self.data.set.project_items as usize, node: Box::new(node) }
    }

    fn rate_limit(&self) -> Value {
        let Some(quota) = self.quota else { return Value::Null };
        json!({
            "cost": self.cost.points,
            "nodeCount": self.cost.nodes,
            "limit": quota.limit,
            "used": quota.used,
            "remaining": quota.remaining,
            "resetAt": iso_date(quota.reset),
        })
    }
}

/// A list may be the nodes of a connection or a plain list; the schema tells them apart later.
fn plain(value: &Value) -> Found<'_> {
    match value {
        Value::Array(nodes) => {
            Found::Nodes { total: nodes.len(), node: Box::new(|index| nodes[index].clone()) }
        }
        value => Found::Value(value.clone()),
    }
}

/// What introspection says about a type: the names of its fields, which is all that `gh` asks.
fn described(name: &str) -> Value {
    let fields = Schema::get().field_names(name);
    let named = |fields: Vec<&str>| fields.iter().map(|field| json!({"name": field})).collect::<Value>();
    fields.map(|fields| json!({"name": name, "fields": named(fields)})).unwrap_or_default()
}

fn integer(arguments: &Map<String, Value>, name: &str) -> i64 {
    arguments.get(name).and_then(Value::as_i64).unwrap_or_default()
}
