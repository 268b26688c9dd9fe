//! Saved replies with everything, their pictures inside.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use model::{Millis, SavedReplyProblem, SavedReplyText};
use serde::{Deserialize, Serialize};
use store::table::saved_reply::SavedReply;

use super::entry::{Entry, Picture, Pictures, Read};
use crate::view::ImportRefusal;

/// What such a file says it is.
const FORMAT: &str = "deskbell saved replies";
/// The newest version of it we know.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct File<Reply> {
    format: String,
    version: u32,
    replies: Vec<Reply>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reply {
    name: String,
    #[serde(default)]
    shortcut: String,
    #[serde(default)]
    category: String,
    #[serde(default)]
    text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    picture: Option<Inside>,
    #[serde(default)]
    uses: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    used_at_ms: Option<Millis>,
}

#[derive(Serialize, Deserialize)]
struct Inside {
    mime: String,
    base64: String,
}

/// All of them as JSON. Those pictures are inside that are given.
///
/// # Errors
/// When JSON cannot be made, which would be our mistake.
pub(crate) fn write(replies: &[SavedReply], pictures: &Pictures) -> serde_json::Result<Vec<u8>> {
    let reply = |one: &SavedReply| Reply {
        name: one.name.clone(),
        shortcut: one.shortcut.clone(),
        category: one.category.clone(),
        text: one.body.clone(),
        picture: one
            .attachment
            .as_ref()
            .and_then(|key| pictures.get(key))
            .map(|(held, bytes)| Inside { mime: held.mime.clone(), base64: BASE64.encode(bytes) }),
        uses: one.uses,
        used_at_ms: one.used_at_ms,
    };
    let file = File { format: FORMAT.to_owned(), version: VERSION, replies: replies.iter().map(reply).collect() };
    let mut bytes = serde_json::to_vec_pretty(&file)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Reads such a file.
pub(super) fn read(text: &str) -> Result<Read, String> {
    let file: File<serde_json::Value> = serde_json::from_str(text)
        .map_err(|error| if error.is_data() { "format".to_owned() } else { format!("json:{}", error.line()) })?;
    if file.format != FORMAT || file.version > VERSION {
        return Err("format".to_owned());
    }
    Ok((1..).zip(file.replies).map(|(place, reply)| entry(place, reply)).collect())
}

fn entry(place: u32, reply: serde_json::Value) -> Result<Entry, ImportRefusal> {
    let name = reply.get("name").and_then(|name| name.as_str()).unwrap_or_default().chars().take(120).collect();
    let refused = |problem| ImportRefusal { place, name, problem };
    let Ok(reply) = serde_json::from_value::<Reply>(reply) else {
        return Err(refused(SavedReplyProblem::Unreadable));
    };
    let picture = match reply.picture.map(|inside| BASE64.decode(inside.base64)) {
        None => Picture::None,
        Some(Ok(bytes)) => Picture::Bytes(bytes),
        Some(Err(_)) => return Err(refused(SavedReplyProblem::PictureInvalid)),
    };
    let Reply { name, shortcut, category, text: body, uses, used_at_ms, .. } = reply;
    let text = SavedReplyText { name, shortcut, category, body, attachment: None };
    Ok(Entry { place, text, uses, used_at_ms, picture })
}
