//! What agents have typed and not sent: one draft for each account, conversation and mode.

use model::{Card, ConversationId, MessageId, Millis};
use rusqlite::{Connection, OptionalExtension};

use super::conversation;
use crate::{StoreError, Tx, readable};

/// What the list shows of a picture without a word.
pub(crate) const PICTURE_LINE: &str = "🖼";

/// A reply in the making.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Draft {
    /// The text.
    pub body: String,
    /// The message it quotes.
    pub quoted: Option<MessageId>,
    /// The key of the picture that goes with it.
    pub attachment: Option<String>,
}

impl Draft {
    /// Whether there is nothing in it: no visible character, no quote, no picture.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.body.trim().is_empty() && self.quoted.is_none() && self.attachment.is_none()
    }

    /// Puts a reply that comes back in front of this one: texts are parted by an empty line, and what is quoted here stays
    /// quoted. None if both have a picture and not the same.
    #[must_use]
    pub fn prepend(self, before: Self) -> Option<Self> {
        if let (Some(before), Some(here)) = (&before.attachment, &self.attachment)
            && before != here
        {
            return None;
        }
        let body = match (before.body.trim().is_empty(), self.body.trim().is_empty()) {
            (true, _) => self.body,
            (false, true) => before.body,
            (false, false) => format!("{}\n\n{}", before.body, self.body),
        };
        Some(Self { body, quoted: self.quoted.or(before.quoted), attachment: self.attachment.or(before.attachment) })
    }
}

/// The reply in the making; empty if there is none.
///
/// # Errors
/// [`StoreError`]
pub fn get(sql: &Connection, conversation: ConversationId) -> Result<Draft, StoreError> {
    let account = conversation::get(sql, conversation)?.account;
    let mut query = sql.prepare_cached(
        "SELECT body, quoted_id, attachment FROM draft WHERE account_id = ?1 AND conversation_id = ?2 AND mode = 'reply'",
    )?;
    let draft = query.query_row((account.0, conversation.0), |row| {
        Ok(Draft {
            body: row.get("body")?,
            quoted: row.get::<_, Option<i64>>("quoted_id")?.map(MessageId),
            attachment: row.get("attachment")?,
        })
    });
    Ok(draft.optional()?.unwrap_or_default())
}

/// Keeps a reply in the making.
///
/// # Errors
/// [`StoreError::NotFound`] if there is no such conversation.
pub fn save(tx: &mut Tx<'_>, conversation: ConversationId, draft: &Draft, now_ms: Millis) -> Result<(), StoreError> {
    let account = conversation::get(tx, conversation)?.account;
    if draft.is_empty() {
        tx.execute(
            "DELETE FROM draft WHERE account_id = ?1 AND conversation_id = ?2 AND mode = 'reply'",
            (account.0, conversation.0),
        )?;
    } else {
        tx.execute(
            "INSERT INTO draft (account_id, conversation_id, mode, body, quoted_id, attachment, updated_at_ms) VALUES (?1, ?2, 'reply', ?3, ?4, ?5, ?6)
             ON CONFLICT (account_id, conversation_id, mode) DO UPDATE SET body = excluded.body, quoted_id = excluded.quoted_id,
                 attachment = excluded.attachment, updated_at_ms = excluded.updated_at_ms",
            (account.0, conversation.0, &draft.body, draft.quoted.map(|id| id.0), &draft.attachment, now_ms),
        )?;
    }
    let line: String = draft.body.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(160).collect();
    // A picture without a word still shows that something is begun.
    let line = Some(line)
        .filter(|line| !line.is_empty())
        .or_else(|| draft.attachment.as_ref().map(|_| PICTURE_LINE.to_owned()));
    let changed = tx.execute(
        "UPDATE conversation SET draft_line = ?2 WHERE id = ?1 AND draft_line IS NOT ?2",
        (conversation.0, line),
    )?;
    if changed > 0 {
        // Only the row shows it: the composer that typed it must not be asked to load it again.
        tx.touch(model::Change::Inbox { account });
    }
    Ok(())
}

/// Keeps the text and the quote; the picture stays as it is.
///
/// # Errors
/// As [`save`].
pub fn write(
    tx: &mut Tx<'_>,
    conversation: ConversationId,
    body: &str,
    quoted: Option<MessageId>,
    now_ms: Millis,
) -> Result<(), StoreError> {
    let attachment = get(tx, conversation)?.attachment;
    save(tx, conversation, &Draft { body: body.to_owned(), quoted, attachment }, now_ms)
}

/// Puts a picture on the draft, or takes it off.
///
/// # Errors
/// As [`save`].
pub fn attach(
    tx: &mut Tx<'_>,
    conversation: ConversationId,
    attachment: Option<String>,
    now_ms: Millis,
) -> Result<(), StoreError> {
    let draft = get(tx, conversation)?;
    save(tx, conversation, &Draft { attachment, ..draft }, now_ms)
}

/// Removes the reply in the making.
///
/// # Errors
/// [`StoreError`]
pub fn clear(tx: &mut Tx<'_>, conversation: ConversationId) -> Result<(), StoreError> {
    save(tx, conversation, &Draft::default(), 0)
}

/// The card in the making.
///
/// # Errors
/// [`StoreError`]
pub fn card(sql: &Connection, conversation: ConversationId) -> Result<Option<Card>, StoreError> {
    let account = conversation::get(sql, conversation)?.account;
    let mut query =
        sql.prepare_cached("SELECT body FROM draft WHERE account_id = ?1 AND conversation_id = ?2 AND mode = 'card'")?;
    let card = query.query_row((account.0, conversation.0), |row| readable::column("draft", row, "body")).optional()?;
    Ok(card.flatten())
}

/// Keeps the card in the making; an empty one is none.
///
/// # Errors
/// [`StoreError::NotFound`] if there is no such conversation.
pub fn save_card(
    tx: &mut Tx<'_>,
    conversation: ConversationId,
    card: Option<&Card>,
    now_ms: Millis,
) -> Result<(), StoreError> {
    let account = conversation::get(tx, conversation)?.account;
    match card.filter(|card| !card.is_empty()) {
        None => tx.execute(
            "DELETE FROM draft WHERE account_id = ?1 AND conversation_id = ?2 AND mode = 'card'",
            (account.0, conversation.0),
        )?,
        Some(card) => tx.execute(
            "INSERT INTO draft (account_id, conversation_id, mode, body, updated_at_ms) VALUES (?1, ?2, 'card', ?3, ?4)
             ON CONFLICT (account_id, conversation_id, mode) DO UPDATE SET body = excluded.body, updated_at_ms = excluded.updated_at_ms",
            (account.0, conversation.0, serde_json::to_string(card)?, now_ms),
        )?,
    };
    Ok(())
}
