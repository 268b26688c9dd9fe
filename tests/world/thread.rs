//! A thread as text: one line for each message, without times, so that it can be compared.

use std::fmt::Write;

use desk::view::ConversationView;
use serde_json::Value;

pub(crate) fn print(header: &ConversationView, page: &Value) -> String {
    let name = header.row.person.name.as_str();
    let (kind, status) = (serde_json::json!(header.row.kind), serde_json::json!(header.row.status));
    let mut text = format!("{name} ({}, {})\n", word(&kind), word(&status));
    let empty = Vec::new();
    let gaps = page["gaps"].as_array().unwrap_or(&empty);
    for message in page["messages"].as_array().unwrap_or(&empty) {
        if let Some(gap) = gaps.iter().find(|gap| gap["before"] == message["id"]) {
            let line =
                if gap["atStart"] == true { "earlier messages are not here" } else { "messages may be missing here" };
            let _ = writeln!(text, "  ~ {line} ~");
        }
        let who = if message["direction"] == "in" { name } else { "Maison Bloom" };
        let _ = write!(text, "  {who}: {}", content(&message["content"]));
        if message["direction"] == "out" {
            let _ = write!(text, " [{}{}]", word(&message["surface"]), delivery(&message["delivery"]));
        }
        if let Some(auto) = message["auto"].as_str() {
            let _ = write!(text, " (automatic: {auto})");
        }
        if let Some(quoted) = message["quoted"]["snippet"]["text"].as_str() {
            let _ = write!(text, " (quotes: {quoted})");
        }
        text.push('\n');
    }
    text
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or("?")
}

fn content(content: &Value) -> String {
    match word(&content["type"]) {
        "text" => word(&content["body"]).replace('\n', "⏎"),
        "image" | "sticker" => format!("<{} {}>", word(&content["type"]), word(&content["media"]["state"])),
        "card" => {
            let buttons = content["buttons"].as_array().map(Vec::as_slice).unwrap_or_default();
            let titles: Vec<&str> = std::iter::once(&content["title"]).chain(buttons).map(word).collect();
            format!("<card {}>", titles.join(" | "))
        }
        other => format!("<{other}>"),
    }
}

fn delivery(delivery: &Value) -> String {
    let mut text = format!(", {}", word(&delivery["state"]));
    let why = [&delivery["waiting"]["reason"], &delivery["reason"], &delivery["stage"], &delivery["why"]];
    if let Some(reason) = why.into_iter().find_map(Value::as_str) {
        let _ = write!(text, " {reason}");
    }
    text
}
