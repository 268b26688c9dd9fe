//! Deliveries as the documentation has them, and as nobody has.

mod events;
mod fixtures;
mod messages;
mod mutations;

use super::*;
use fixtures::SHOP;

/// A delivery with this content, the way TikTok wraps it.
fn body(event: &str, content: &str) -> String {
    let content = serde_json::to_string(content).unwrap();
    format!(
        r#"{{"client_key":"7000000000000000001","event":"{event}","create_time":1790000000,"user_openid":"{SHOP}","content":{content}}}"#
    )
}

fn envelope(event: &str, content: &str) -> Envelope {
    Envelope::read(body(event, content).as_bytes()).unwrap()
}

fn message(event: &str, content: &str) -> MessageEvent {
    match envelope(event, content).event {
        Event::Message(message) => *message,
        other => panic!("{other:?}"),
    }
}

/// One value of a JSON text replaced, whole and once.
fn with(json: &str, what: &str, instead: &str) -> String {
    assert_eq!(json.matches(what).count(), 1, "{what}");
    json.replacen(what, instead, 1)
}
