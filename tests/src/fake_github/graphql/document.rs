//! A query as it was sent: one operation, its fragments and its variables.

use super::arguments;
use super::cycle;
use super::error::Error;
use graphql_parser::query::{
    self, Definition, Directive, Field, FragmentDefinition, OperationDefinition, Selection, SelectionSet,
    TypeCondition, VariableDefinition, parse_query,
};
use graphql_parser::schema::Type;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

pub(super) type Set = SelectionSet<'static, String>;
pub(super) type QueryField = Field<'static, String>;
type Operation = query::Query<'static, String>;

/// A query that is ready to be priced and run.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) selection: Set,
    pub(super) fragments: BTreeMap<String, FragmentDefinition<'static, String>>,
    pub(super) variables: Map<String, Value>,
}

/// One step into a selection: a field, or a group of selections for some type.
pub(super) enum Step<'a> {
    Field(&'a QueryField),
    /// `None` is a group for whatever type the outer selection is for.
    Group(Option<&'a str>, &'a Set),
    /// A fragment that nobody defined.
    Missing(&'a query::FragmentSpread<'static, String>),
}

impl Document {
    /// Reads the `query`, `operationName` and `variables` of a request's body.
    pub(super) fn read(body: &Value) -> Result<Self, Error> {
        let text = body["query"].as_str().unwrap_or_default();
        let parsed = parse_query::<String>(text).map_err(|error| Error::plain(error.to_string()))?;
        let mut fragments = BTreeMap::new();
        let mut operations = Vec::new();
        for definition in parsed.into_static().definitions {
            match definition {
                Definition::Fragment(fragment) => {
                    fragments.insert(fragment.name.clone(), fragment);
                }
                Definition::Operation(operation) => operations.push(query_of(operation)?),
            }
        }
        cycle::refuse(&fragments)?;
        let operation = choose(operations, body["operationName"].as_str())?;
        let variables = variables(&operation.variable_definitions, &body["variables"])?;
        Ok(Document { selection: operation.selection_set, fragments, variables })
    }

    /// The parts of a selection that `@include` and `@skip` leave in.
    pub(super) fn steps<'a>(&'a self, set: &'a Set) -> impl Iterator<Item = Step<'a>> {
        set.items.iter().filter_map(move |selection| match selection {
            Selection::Field(field) => self.is_included(&field.directives).then_some(Step::Field(field)),
            Selection::InlineFragment(inline) => self.is_included(&inline.directives).then(|| {
                let condition = inline.type_condition.as_ref().map(|TypeCondition::On(name)| name.as_str());
                Step::Group(condition, &inline.selection_set)
            }),
            Selection::FragmentSpread(spread) => self.is_included(&spread.directives).then(|| {
                let fragment = self.fragments.get(&spread.fragment_name);
                fragment.map_or(Step::Missing(spread), |fragment| {
                    let TypeCondition::On(name) = &fragment.type_condition;
                    Step::Group(Some(name), &fragment.selection_set)
                })
            }),
        })
    }

    /// The arguments of a field, variables filled in. A variable without a value leaves its argument out.
    pub(super) fn arguments(&self, field: &QueryField) -> Map<String, Value> {
        arguments::fill(&field.arguments, &self.variables)
    }

    /// Whether `rateLimit(dryRun: true)` asks for the price alone.
    pub(super) fn is_dry_run(&self) -> bool {
        self.steps(&self.selection).any(|step| match step {
            Step::Field(field) => {
                field.name == "rateLimit" && self.arguments(field).get("dryRun") == Some(&Value::Bool(true))
            }
            Step::Group(..) | Step::Missing(_) => false,
        })
    }

    fn is_included(&self, directives: &[Directive<'static, String>]) -> bool {
        directives.iter().all(|directive| {
            let arguments = arguments::fill(&directive.arguments, &self.variables);
            let condition = arguments.get("if") == Some(&Value::Bool(true));
            match directive.name.as_str() {
                "skip" => !condition,
                "include" => condition,
                _ => true,
            }
        })
    }
}

fn query_of(operation: OperationDefinition<'static, String>) -> Result<Operation, Error> {
    match operation {
        OperationDefinition::Query(query) => Ok(query),
        OperationDefinition::SelectionSet(selection_set) => Ok(Operation {
            position: selection_set.span.0,
            name: None,
            variable_definitions: Vec::new(),
            directives: Vec::new(),
            selection_set,
        }),
        OperationDefinition::Mutation(_) => Err(Error::plain("The fake GitHub has no mutations")),
        OperationDefinition::Subscription(_) => {
            Err(Error::plain("Schema is not configured for subscriptions"))
        }
    }
}

fn choose(operations: Vec<Operation>, name: Option<&str>) -> Result<Operation, Error> {
    let count = operations.len();
    let wanted = |operation: &Operation| name.is_none_or(|name| operation.name.as_deref() == Some(name));
    match operations.into_iter().find(wanted) {
        Some(_) if name.is_none() && count > 1 => Err(Error::plain("An operation name is required")),
        Some(operation) => Ok(operation),
        None => Err(Error::plain(format!("No operation named \"{}\"", name.unwrap_or_default()))),
    }
}

/// The value of every variable: what was sent, else its default, else none.
fn variables(
    definitions: &[VariableDefinition<'static, String>],
    sent: &Value,
) -> Result<Map<String, Value>, Error> {
    let mut values = Map::new();
    for definition in definitions {
        let default = definition.default_value.as_ref();
        let value = match sent.get(&definition.name) {
            Some(value) => Some(value.clone()),
            None => default.map(|value| arguments::value(value, &Map::new())),
        };
        let is_absent = value.as_ref().is_none_or(Value::is_null);
        if is_absent && matches!(definition.var_type, Type::NonNullType(_)) {
            let message = format!(
                "Variable ${} of type {} was provided invalid value",
                definition.name, definition.var_type
            );
            return Err(Error { position: Some(definition.position), ..Error::plain(message) });
        }
        values.extend(value.map(|value| (definition.name.clone(), value)));
    }
    Ok(values)
}
