//! Checks the content of a message to be sent (§4.2, §7.2): each type's block, checked to its last limit.

use serde_json::Value;

use super::request::text;
use crate::world::{OutgoingMessage, World, conversation::Conversation};
use crate::{config::PictureQuotes, refusal::Refusal};

/// The longest text, in characters.
const MAX_TEXT_CHARS: usize = 6000;
/// The longest title of a card, in characters; also of a link card's button and of a button's id.
const CARD_TITLE: usize = 40;
/// The longest title of a button card's button.
const BUTTON_TITLE: usize = 20;

/// The message that the call wants to send.
pub(crate) fn parcel(
    world: &World,
    account: usize,
    there: &Conversation,
    body: &Value,
    now: i64,
) -> Result<OutgoingMessage, Refusal> {
    if present(body, "text").is_some() && present(body, "image").is_some() {
        return Err(Refusal::new(40002, "text and image cannot be sent in the same message"));
    }
    match text(body, "message_type")? {
        "TEXT" => words(body),
        "IMAGE" => image(world, account, there, body, now),
        "SHARE_POST" => {
            let item_id = within(body, "share_post", "item_id")?;
            if !world.owns_post(account, item_id) {
                return Err(Refusal::param("share_post.item_id"));
            }
            Ok(OutgoingMessage::SharePost(item_id.to_owned()))
        }
        "TEMPLATE" => card(present(body, "template").ok_or_else(|| Refusal::missing("template"))?),
        _ => Err(Refusal::param("message_type")),
    }
}

/// The quoted message: only a text quotes (§4.2), and perhaps a picture; what it quotes must be there and of a kind
/// that can be quoted.
pub(crate) fn quoted(there: &Conversation, body: &Value, pictures: PictureQuotes) -> Result<Option<String>, Refusal> {
    let Some(info) = present(body, "referenced_message_info") else {
        return Ok(None);
    };
    match (body.get("message_type").and_then(Value::as_str), pictures) {
        (Some("TEXT"), _) | (Some("IMAGE"), PictureQuotes::Taken) => {}
        (Some("IMAGE"), PictureQuotes::Dropped) => return Ok(None),
        _ => {
            return Err(Refusal::new(40002, "Param referenced_message_info is invalid: only TEXT can quote a message"));
        }
    }
    let id = text(info, "referenced_message_id")?;
    match there.message(id) {
        Some(message) if message.content.quotable() => Ok(Some(id.to_owned())),
        _ => Err(Refusal::param("referenced_message_id")),
    }
}

fn words(body: &Value) -> Result<OutgoingMessage, Refusal> {
    let words = body.pointer("/text/body").and_then(Value::as_str).ok_or_else(|| Refusal::missing("text.body"))?;
    if words.trim().is_empty() || words.chars().count() > MAX_TEXT_CHARS {
        return Err(Refusal::param("text.body"));
    }
    Ok(OutgoingMessage::Text(words.to_owned()))
}

fn image(
    world: &World,
    account: usize,
    there: &Conversation,
    body: &Value,
    now: i64,
) -> Result<OutgoingMessage, Refusal> {
    let media_id = within(body, "image", "media_id")?;
    let upload = world.uploads.sendable(account, media_id, now).ok_or_else(|| Refusal::param("image.media_id"))?;
    if !there.takes_images {
        return Err(Refusal::new(40002, "Media messages are not supported for this conversation"));
    }
    Ok(OutgoingMessage::Image(upload.sent.clone()))
}

/// A card, as strictly as its documentation reads: a field it does not know is as wrong as a title too long.
fn card(template: &Value) -> Result<OutgoingMessage, Refusal> {
    only(template, "template", &["type", "title", "buttons"])?;
    let longest = match within_text(template, "template.type", "type")? {
        "QA_BUTTON_CARD" => BUTTON_TITLE,
        "QA_LINK_CARD" => CARD_TITLE,
        _ => return Err(Refusal::param("template.type")),
    };
    short(template, "template.title", "title", CARD_TITLE)?;
    let buttons = template.get("buttons").ok_or_else(|| Refusal::missing("template.buttons"))?;
    let buttons = buttons.as_array().filter(|all| (1..=3).contains(&all.len()));
    for (at, button) in buttons.ok_or_else(|| Refusal::param("template.buttons"))?.iter().enumerate() {
        let name = |field: &str| format!("template.buttons[{at}].{field}");
        only(button, &format!("template.buttons[{at}]"), &["type", "title", "id"])?;
        if within_text(button, &name("type"), "type")? != "REPLY" {
            return Err(Refusal::param(&name("type")));
        }
        short(button, &name("title"), "title", longest)?;
        if button.get("id").is_some() && within_text(button, &name("id"), "id")?.chars().count() > CARD_TITLE {
            return Err(Refusal::param(&name("id")));
        }
    }
    Ok(OutgoingMessage::Template(template.clone()))
}

/// Refuses anything but an object of these fields.
pub(crate) fn only(value: &Value, name: &str, fields: &[&str]) -> Result<(), Refusal> {
    let object = value.as_object().ok_or_else(|| Refusal::param(name))?;
    match object.keys().find(|key| !fields.contains(&key.as_str())) {
        Some(unknown) => Err(Refusal::param(&format!("{name}.{unknown}"))),
        None => Ok(()),
    }
}

/// A text of one to `longest` characters that is not just blanks.
pub(crate) fn short<'a>(value: &'a Value, name: &str, field: &str, longest: usize) -> Result<&'a str, Refusal> {
    let text = within_text(value, name, field)?;
    if text.trim().is_empty() || text.chars().count() > longest {
        return Err(Refusal::param(name));
    }
    Ok(text)
}

fn within_text<'a>(value: &'a Value, name: &str, field: &str) -> Result<&'a str, Refusal> {
    let found = value.get(field).ok_or_else(|| Refusal::missing(name))?;
    found.as_str().ok_or_else(|| Refusal::param(name))
}

/// A required text in a message type's block.
pub(crate) fn within<'a>(body: &'a Value, block: &str, field: &str) -> Result<&'a str, Refusal> {
    let found = body.get(block).and_then(|block| block.get(field)).and_then(Value::as_str);
    found.filter(|text| !text.is_empty()).ok_or_else(|| Refusal::missing(&format!("{block}.{field}")))
}

/// A field that is there; null is not.
pub(crate) fn present<'a>(body: &'a Value, name: &str) -> Option<&'a Value> {
    body.get(name).filter(|value| !value.is_null())
}
