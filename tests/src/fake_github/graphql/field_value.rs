//! The four fields of the project, and their values for an item.

use crate::fake_github::clock::iso_date;
use crate::fake_github::data::{Item, statuses};
use serde_json::{Value, json};

/// The fields of the project, in the order shown.
pub(super) fn fields() -> [Value; 4] {
    [title(), status(), estimate(), due()]
}

/// The values of an item, in the order of the fields.
pub(super) fn values(item: &Item, title_text: &Value) -> [Value; 4] {
    let due_day = iso_date(item.due)[..10].to_owned();
    [
        value("Text", title(), item, "text", title_text.clone()),
        value("SingleSelect", status(), item, "name", item.status.into()),
        value("Number", estimate(), item, "number", item.estimate.into()),
        value("Date", due(), item, "date", due_day.into()),
    ]
}

/// The value of the field of that name, or null.
pub(super) fn named(item: &Value, name: &str) -> Value {
    let values = item["fieldValues"].as_array().into_iter().flatten();
    let mut named = values.filter(|value| value["field"]["name"] == name);
    named.next().cloned().unwrap_or_default()
}

fn value(kind: &str, field: Value, item: &Item, holds: &str, held: Value) -> Value {
    let mut value = json!({
        "__typename": format!("ProjectV2ItemField{kind}Value"),
        "id": format!("PVTFV_{:08}_{}", item.number, kind.to_lowercase()),
        "updatedAt": iso_date(item.updated),
    });
    if kind == "SingleSelect" {
        value["optionId"] = option_id(item.status).into();
    }
    value[holds] = held;
    value["field"] = field;
    value
}

fn title() -> Value {
    field("ProjectV2Field", "Title", "TITLE")
}

fn status() -> Value {
    let mut field = field("ProjectV2SingleSelectField", "Status", "SINGLE_SELECT");
    field["options"] = statuses().iter().map(|name| json!({"id": option_id(name), "name": name})).collect();
    field
}

fn estimate() -> Value {
    field("ProjectV2Field", "Estimate", "NUMBER")
}

fn due() -> Value {
    field("ProjectV2Field", "Due", "DATE")
}

fn field(kind: &str, name: &str, data_type: &str) -> Value {
    json!({"__typename": kind, "id": format!("PVTF_{name}"), "name": name, "dataType": data_type})
}

fn option_id(status: &str) -> String {
    format!("option_{}", status.to_lowercase().replace(' ', "_"))
}
