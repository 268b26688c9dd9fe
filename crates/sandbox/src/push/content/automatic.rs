//! What is told of automatic messages (§6.4, §6.5). Whether the API or the owner in the app did it, it is told the
//! same.

use serde_json::{Map, Value, json};

use crate::{auto_message::AutoKind, world::auto_message::StoredAutoMessage};

/// `im_auto_message_config_update`: with the words as they are after it, or were before they were deleted. Where a
/// whole kind was switched and there is no message to tell it of, the id is empty and no words are there.
pub(super) fn changed(
    action: &str,
    kind: AutoKind,
    kept: Option<&StoredAutoMessage>,
    at_ms: i64,
) -> Map<String, Value> {
    let mut content = of(kept.map_or("", |kept| kept.id.as_str()), kind, at_ms);
    content.insert("auto_message_action".to_owned(), json!(action));
    if let Some((field, block)) = kept.map(StoredAutoMessage::block) {
        content.insert(field.to_owned(), block);
    }
    content
}

/// `im_auto_message_audit_update`.
pub(super) fn reviewed(kept: &StoredAutoMessage, at_ms: i64) -> Map<String, Value> {
    let mut content = of(&kept.id, kept.kind, at_ms);
    content.insert("audit_status".to_owned(), json!(kept.audit.name()));
    content
}

fn of(id: &str, kind: AutoKind, at_ms: i64) -> Map<String, Value> {
    let fields =
        [("auto_message_id", json!(id)), ("auto_message_type", json!(kind.name())), ("timestamp", json!(at_ms))];
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
