//! The schema: which type has which fields, and what they take and give.

use graphql_parser::schema::{Definition, Field as SchemaField, Type, TypeDefinition, parse_schema};
use std::collections::BTreeMap;
use std::sync::LazyLock;

static SCHEMA: LazyLock<Schema> = LazyLock::new(|| Schema::read(include_str!("schema.graphql")));

/// All types that have fields or members, by name; what is not here is a leaf.
#[derive(Debug)]
pub(super) struct Schema {
    types: BTreeMap<String, Entry>,
}

/// A type with a selection of its own.
#[derive(Debug, Default)]
struct Entry {
    fields: BTreeMap<String, Field>,
    /// The interfaces of an object.
    implements: Vec<String>,
    /// The members of a union.
    members: Vec<String>,
}

/// A field of a type.
#[derive(Debug)]
pub(super) struct Field {
    /// The type it gives, without `!` and `[]`.
    pub(super) of: String,
    /// The arguments it takes, and whether each must be given.
    pub(super) arguments: BTreeMap<String, bool>,
}

impl Field {
    pub(super) fn is_connection(&self) -> bool {
        self.of.ends_with("Connection")
    }
}

impl Schema {
    pub(super) fn get() -> &'static Self {
        &SCHEMA
    }

    fn read(text: &str) -> Self {
        let document = parse_schema::<String>(text).expect("our own schema is well formed");
        let mut types = BTreeMap::new();
        for definition in document.definitions {
            let Definition::TypeDefinition(definition) = definition else { continue };
            match definition {
                TypeDefinition::Object(object) => types.insert(
                    object.name,
                    Entry {
                        fields: fields(object.fields),
                        implements: object.implements_interfaces,
                        members: Vec::new(),
                    },
                ),
                TypeDefinition::Interface(interface) => types
                    .insert(interface.name, Entry { fields: fields(interface.fields), ..Entry::default() }),
                TypeDefinition::Union(union) => {
                    types.insert(union.name, Entry { members: union.types, ..Entry::default() })
                }
                TypeDefinition::Scalar(_) | TypeDefinition::Enum(_) | TypeDefinition::InputObject(_) => None,
            };
        }
        Schema { types }
    }

    /// Whether a field of this type needs a selection.
    pub(super) fn is_composite(&self, name: &str) -> bool {
        self.types.contains_key(name)
    }

    pub(super) fn field(&self, of: &str, name: &str) -> Option<&Field> {
        self.types.get(of)?.fields.get(name)
    }

    pub(super) fn field_names(&self, of: &str) -> Option<Vec<&str>> {
        Some(self.types.get(of)?.fields.keys().map(String::as_str).collect())
    }

    /// Whether an object of this type is meant by `... on condition`.
    pub(super) fn matches(&self, object: &str, condition: &str) -> bool {
        let is_member =
            self.types.get(condition).is_some_and(|entry| entry.members.iter().any(|m| m == object));
        let implements =
            self.types.get(object).is_some_and(|entry| entry.implements.iter().any(|i| i == condition));
        object == condition || is_member || implements
    }
}

fn fields(fields: Vec<SchemaField<'_, String>>) -> BTreeMap<String, Field> {
    let read = |field: SchemaField<'_, String>| {
        let required = |kind: &Type<'_, String>| matches!(kind, Type::NonNullType(_));
        let arguments =
            field.arguments.iter().map(|input| (input.name.clone(), required(&input.value_type))).collect();
        (field.name, Field { of: innermost(field.field_type), arguments })
    };
    fields.into_iter().map(read).collect()
}

fn innermost(kind: Type<'_, String>) -> String {
    match kind {
        Type::NamedType(name) => name,
        Type::ListType(inner) | Type::NonNullType(inner) => innermost(*inner),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_that_the_schema_names_exists() {
        let leaves = ["Boolean", "Date", "DateTime", "Float", "ID", "Int", "IssueState", "String", "URI"];
        let schema = Schema::get();
        for (name, entry) in &schema.types {
            let named =
                entry.fields.values().map(|field| &field.of).chain(&entry.members).chain(&entry.implements);
            for other in named {
                assert!(
                    schema.is_composite(other) || leaves.contains(&other.as_str()),
                    "{name} names {other}"
                );
            }
        }
    }

    #[test]
    fn an_object_is_meant_by_its_name_its_interface_and_its_union() {
        let schema = Schema::get();
        assert!(schema.matches("User", "User"));
        assert!(schema.matches("User", "Actor"));
        assert!(schema.matches("Issue", "ProjectV2ItemContent"));
        assert!(!schema.matches("Issue", "Actor"));
    }
}
