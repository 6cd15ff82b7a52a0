//! The values of arguments, with variables filled in.

use graphql_parser::query::Value as Literal;
use serde_json::{Map, Value, json};

/// The arguments that have a value; an argument whose variable has none is left out.
pub(super) fn fill(
    arguments: &[(String, Literal<'static, String>)],
    variables: &Map<String, Value>,
) -> Map<String, Value> {
    let given = arguments.iter().filter(|(_, literal)| match literal {
        Literal::Variable(name) => variables.contains_key(name),
        _ => true,
    });
    given.map(|(name, literal)| (name.clone(), value(literal, variables))).collect()
}

/// One literal as JSON; enum values become their names.
pub(super) fn value(literal: &Literal<'static, String>, variables: &Map<String, Value>) -> Value {
    match literal {
        Literal::Variable(name) => variables.get(name).cloned().unwrap_or_default(),
        Literal::Int(number) => json!(number.as_i64()),
        Literal::Float(number) => json!(number),
        Literal::String(text) => json!(text),
        Literal::Boolean(flag) => json!(flag),
        Literal::Null => Value::Null,
        Literal::Enum(name) => json!(name),
        Literal::List(items) => items.iter().map(|item| value(item, variables)).collect(),
        Literal::Object(fields) => {
            fields.iter().map(|(name, field)| (name.clone(), value(field, variables))).collect()
        }
    }
}
