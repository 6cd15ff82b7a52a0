//! An entry of the `errors` array.

use graphql_parser::Pos;
use serde_json::{Value, json};

/// What is wrong with a query, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Error {
    /// GitHub's own word for errors found while running, such as `NOT_FOUND`.
    pub(super) kind: Option<&'static str>,
    /// The same for errors found before, such as `undefinedField`.
    pub(super) code: Option<&'static str>,
    pub(super) message: String,
    pub(super) position: Option<Pos>,
    pub(super) path: Vec<Value>,
}

impl Error {
    /// An error that no single place of the query is to blame for.
    pub(super) fn plain(message: impl Into<String>) -> Self {
        Error { kind: None, code: None, message: message.into(), position: None, path: Vec::new() }
    }

    /// An error found before anything ran.
    pub(super) fn invalid(code: &'static str, message: String, position: Pos, path: &[Value]) -> Self {
        Error { kind: None, code: Some(code), message, position: Some(position), path: path.to_vec() }
    }

    /// An error found while running, or for which nothing can run.
    pub(super) fn of_kind(kind: &'static str, message: String, position: Pos, path: &[Value]) -> Self {
        Error { kind: Some(kind), code: None, message, position: Some(position), path: path.to_vec() }
    }

    pub(super) fn to_json(&self) -> Value {
        let mut entry = json!({"message": self.message});
        if let Some(kind) = self.kind {
            entry["type"] = json!(kind);
        }
        if let Some(code) = self.code {
            entry["extensions"] = json!({"code": code});
        }
        if let Some(position) = self.position {
            entry["locations"] = json!([{"line": position.line, "column": position.column}]);
        }
        if !self.path.is_empty() {
            entry["path"] = json!(self.path);
        }
        entry
    }
}
