//! Runs a query that has been checked and paid for.

use super::connection;
use super::document::{Document, QueryField, Set, Step};
use super::error::Error;
use super::schema::Schema;
use super::world::{Found, World};
use serde_json::{Map, Value, json};

/// The data, and the errors of fields that stand for nothing and are null.
pub(super) fn run(document: &Document, schema: &Schema, world: &World) -> (Value, Vec<Error>) {
    let mut run = Run { document, schema, world, errors: Vec::new(), path: Vec::new() };
    let data = run.object("Query", &json!({}), &[&document.selection]);
    (data, run.errors)
}

struct Run<'a> {
    document: &'a Document,
    schema: &'a Schema,
    world: &'a World<'a>,
    errors: Vec<Error>,
    path: Vec<Value>,
}

/// One name in the answer and all fields of the query that give it, whose selections are merged.
struct Entry<'a> {
    name: &'a str,
    fields: Vec<&'a QueryField>,
}

impl<'a> Run<'a> {
    fn object(&mut self, of: &str, object: &Value, sets: &[&'a Set]) -> Value {
        let kind = object["__typename"].as_str().unwrap_or(of).to_owned();
        let mut entries = Vec::new();
        for set in sets {
            self.collect(&kind, set, &mut entries);
        }
        let mut data = Map::new();
        for entry in entries {
            self.path.push(json!(entry.name));
            data.insert(entry.name.to_owned(), self.field(&kind, object, &entry.fields));
            self.path.pop();
        }
        Value::Object(data)
    }

    fn collect(&self, kind: &str, set: &'a Set, entries: &mut Vec<Entry<'a>>) {
        for step in self.document.steps(set) {
            match step {
                Step::Field(field) => {
                    let name = field.alias.as_ref().unwrap_or(&field.name);
                    match entries.iter_mut().find(|entry| entry.name == name) {
                        Some(entry) => entry.fields.push(field),
                        None => entries.push(Entry { name, fields: vec![field] }),
                    }
                }
                Step::Group(condition, set) => {
                    if condition.is_none_or(|condition| self.schema.matches(kind, condition)) {
                        self.collect(kind, set, entries);
                    }
                }
                Step::Missing(_) => {}
            }
        }
    }

    fn field(&mut self, kind: &str, object: &Value, fields: &[&'a QueryField]) -> Value {
        let field = fields[0];
        if field.name == "__typename" {
            return json!(kind);
        }
        let Some(known) = self.schema.field(kind, &field.name) else { return Value::Null };
        if self.document.is_dry_run() && kind == "Query" && field.name != "rateLimit" {
            return Value::Null;
        }
        let arguments = self.document.arguments(field);
        let found = self.world.find(kind, object, &field.name, &arguments).and_then(|found| match found {
            Found::Value(value) => Ok(value),
            Found::Nodes { total, node } if known.is_connection() => {
                connection::page(total, &node, &arguments)
            }
            Found::Nodes { total, node } => Ok((0..total).map(node).collect()),
        });
        match found {
            Ok(value) => {
                let sets: Vec<&Set> = fields.iter().map(|field| &field.selection_set).collect();
                self.complete(&known.of, value, &sets)
            }
            Err((kind, message)) => {
                self.errors.push(Error::of_kind(kind, message, field.position, &self.path));
                Value::Null
            }
        }
    }

    /// Takes from a value what was selected.
    fn complete(&mut self, of: &str, value: Value, sets: &[&'a Set]) -> Value {
        match value {
            Value::Array(items) => {
                let mut list = Vec::with_capacity(items.len());
                for (index, item) in items.into_iter().enumerate() {
                    self.path.push(json!(index));
                    list.push(self.complete(of, item, sets));
                    self.path.pop();
                }
                Value::Array(list)
            }
            Value::Object(_) if self.schema.is_composite(of) => self.object(of, &value, sets),
            value => value,
        }
    }
}
