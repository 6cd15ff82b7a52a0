//! What receivers are sent, each in the form that it takes.

use pm_store::Format;
use serde_json::{Value, json};

use super::message::Message;

/// Slack cuts a text at 40,000 characters.
const SLACK_MOST: usize = 39_000;

/// Discord refuses a text of more than 2,000 characters; each is a byte or more.
const DISCORD_MOST: usize = 1_990;

/// So much text is enough for anybody.
const TEXT_MOST: usize = 64 * 1024;

/// A message as a receiver takes it.
pub(super) fn of(message: &Message, format: Format) -> Value {
    match format {
        Format::Json => generic(message),
        Format::Slack => json!({ "text": for_slack(&message.text(SLACK_MOST / 5)) }),
        Format::Discord => {
            json!({ "content": message.text(DISCORD_MOST), "allowed_mentions": { "parse": [] } })
        }
    }
}

fn generic(message: &Message) -> Value {
    let alert = |part: &super::message::Part| {
        let mut alert = serde_json::to_value(&part.alert).unwrap_or_default();
        if let Value::Object(fields) = &mut alert {
            fields.insert("id".to_owned(), json!(part.id));
            fields.insert("text".to_owned(), json!(part.text));
        }
        alert
    };
    json!({
        "version": 1,
        "id": message.id(),
        "rule": message.rule,
        "status": if message.is_resolved() { "resolved" } else { "firing" },
        "severity": message.severity(),
        "text": message.text(TEXT_MOST),
        "alerts": message.parts.iter().map(alert).collect::<Vec<_>>(),
    })
}

/// Three characters mean something to Slack. Each becomes five at most.
fn for_slack(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
