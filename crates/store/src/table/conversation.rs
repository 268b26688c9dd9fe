//! Conversations, each with everything its row in the list shows.

use std::cmp::Reverse;

use model::{
    AccountId, AgentId, Change, ConversationId, ConversationKind, MarkRead, Millis, Origin, PersonId, ReplyWindow,
    SendBudget, SendLedger, Snippet, SnippetKind, Status, Tab, WINDOW_MS,
};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row, named_params, params_from_iter};

use super::agent::Agent;
use super::{cursor, gap, message};
use crate::rows::columns;
use crate::rows::only;
use crate::stored::Word;
use crate::{StoreError, Tx, readable};

const TABLE: &str = "conversation";

/// The `update_time` of a new conversation where TikTok says none: earlier than any, and not the 0 of one never read.
const UNKNOWN_UPDATE_MS: Millis = 1;
/// Rows of a list that are passed over faster than days are counted.
const OFFSET_SCAN_LIMIT: u32 = 500;
const DAY_MS: Millis = 86_400_000;

/// What a listing says about a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedConversation {
    /// TikTok's `conversation_id`.
    pub remote_id: String,
    /// `STRANGER` or `SINGLE`.
    pub kind: ConversationKind,
    /// TikTok's `update_time`, ms since the epoch. Where it is not said, the conversation counts as moved.
    pub updated_ms: Option<Millis>,
    /// Where the customer came from, if said.
    pub origin: Option<Origin>,
}

/// A conversation that the engine works on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation {
    /// Its id.
    pub id: ConversationId,
    /// Its account.
    pub account: AccountId,
    /// TikTok's `conversation_id`.
    pub remote_id: String,
    /// TikTok's `update_time` of the newest listing.
    pub remote_updated_ms: Millis,
    /// The `update_time` as of the newest fetch; 0 before the first.
    pub fetched_updated_ms: Millis,
    /// Up to when the customer has read.
    pub read_up_to_ms: Millis,
    /// The customer's newest message.
    pub window_opened_at_ms: Option<Millis>,
    /// What was sent since.
    pub ledger: SendLedger,
    /// Request or chat.
    pub kind: ConversationKind,
    /// Whether TikTok takes pictures here, and when it was asked.
    pub images: Option<(bool, Millis)>,
    /// Open or done.
    pub status: Status,
    /// The customer, once known.
    pub person: Option<PersonId>,
}

/// A row of the list with its person.
#[derive(Debug, Clone)]
pub struct ListRow {
    /// Its id.
    pub id: ConversationId,
    /// Its account.
    pub account: AccountId,
    /// Request or chat.
    pub kind: ConversationKind,
    /// Open or done.
    pub status: Status,
    /// When something last happened.
    pub last_at_ms: Millis,
    /// The last line.
    pub snippet: Option<Snippet>,
    /// Whether the last line is ours.
    pub snippet_out: bool,
    /// Whether TikTok itself or a rule said it.
    pub snippet_auto: bool,
    /// Whether a customer's message is unanswered.
    pub waiting: bool,
    /// Messages the agent has not seen.
    pub unread: u32,
    /// The reply window.
    pub window: Option<ReplyWindow>,
    /// How many replies are left.
    pub budget: Option<SendBudget>,
    /// How many replies are to go out later.
    pub scheduled: u32,
    /// How many replies TikTok does not have: in the outbox or scheduled.
    pub unsent: u32,
    /// Refused or unconfirmed messages of ours.
    pub trouble: bool,
    /// Whether there is a hole in it.
    pub has_gap: bool,
    /// Whether TikTok lists it and refuses to show it.
    pub unreadable: bool,
    /// Until when it is put away.
    pub snoozed_until_ms: Option<Millis>,
    /// Whose it is.
    pub assignee: Option<Agent>,
    /// The draft's first line.
    pub draft_line: Option<String>,
    /// Where the customer came from.
    pub origin: Option<Origin>,
    /// The customer.
    pub person: RowPerson,
}

/// The person columns of a row.
#[derive(Debug, Clone)]
pub struct RowPerson {
    /// Their id; 0 while unknown.
    pub id: PersonId,
    /// TikTok's `unique_identifier`; the conversation's id while unknown.
    pub remote_id: String,
    /// The display name, or nothing.
    pub name: String,
    /// The @handle without the @.
    pub handle: Option<String>,
    /// The avatar's key in the media vault.
    pub avatar: Option<String>,
    /// Whether they follow the business.
    pub is_follower: Option<bool>,
    /// When they first wrote.
    pub first_contact_ms: Option<Millis>,
}

/// Keeps what a listing says; whether the conversation must be fetched shows in [`due`].
///
/// # Errors
/// [`StoreError`]
pub fn upsert_listed(tx: &mut Tx<'_>, account: AccountId, listed: &ListedConversation) -> Result<bool, StoreError> {
    let origin = listed.origin.as_ref().map(serde_json::to_string).transpose()?;
    let known: Option<(i64, Word<ConversationKind>, Millis, Option<String>)> = tx
        .prepare_cached(
            "SELECT id, kind, remote_updated_ms, origin FROM conversation WHERE account_id = ?1 AND remote_id = ?2",
        )?
        .query_row((account.0, &listed.remote_id), |row| row.try_into())
        .optional()?;
    match known {
        None => {
            let updated_ms = listed.updated_ms.unwrap_or(UNKNOWN_UPDATE_MS);
            tx.prepare_cached(
                "INSERT INTO conversation (account_id, remote_id, kind, last_at_ms, origin, remote_updated_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?4)",
            )?
            .execute((account.0, &listed.remote_id, Word(listed.kind), updated_ms, origin))?;
            tx.touch(Change::Inbox { account });
            Ok(true)
        }
        Some((id, kind, updated_ms, known_origin)) => {
            // A conversation never goes back to being a request, and a page read late must not undo a newer one.
            let kind = if kind.0 == ConversationKind::Chat { ConversationKind::Chat } else { listed.kind };
            // Later than the last time and no later: a time of our own might be ahead of TikTok's, and hide what it says next.
            let now_ms = listed.updated_ms.unwrap_or(updated_ms.saturating_add(1));
            let newer = now_ms > updated_ms;
            let origin = origin.or(known_origin);
            let changed = tx
                .prepare_cached(
                    "UPDATE conversation SET kind = :kind, origin = :origin, remote_updated_ms = max(remote_updated_ms, :updated)
                     WHERE id = :id AND (kind <> :kind OR origin IS NOT :origin OR remote_updated_ms < :updated)",
                )?
                .execute(named_params! { ":id": id, ":kind": Word(kind), ":origin": origin, ":updated": now_ms })?;
            // News of messages shows once they are fetched; the rest shows now.
            if changed > 0 && !newer {
                touch(tx, account, ConversationId(id));
            }
            Ok(newer)
        }
    }
}

/// Conversations that have news TikTok has not been asked for yet, newest first.
///
/// # Errors
/// [`StoreError`]
pub fn due(sql: &Connection, account: AccountId, limit: u32) -> Result<Vec<Conversation>, StoreError> {
    // What happened before the account was linked is old, and waits while the first fetch is paused.
    let mut query = sql.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM conversation WHERE account_id = ?1 AND fetched_updated_ms < remote_updated_ms
         AND (fetched_updated_ms > 0 OR remote_updated_ms > (SELECT CASE backfill_paused WHEN 0 THEN 0 ELSE linked_at_ms END FROM account WHERE id = ?1))
         ORDER BY remote_updated_ms DESC LIMIT ?2"
    ))?;
    Ok(query.query_map((account.0, limit), read_conversation)?.collect::<Result<_, _>>()?)
}

/// Whether a conversation was listed and never fetched.
///
/// # Errors
/// [`StoreError`]
pub fn has_unfetched(sql: &Connection, account: AccountId) -> Result<bool, StoreError> {
    let mut query = sql.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM conversation WHERE account_id = ?1 AND fetched_updated_ms = 0 AND fetched_updated_ms < remote_updated_ms)",
    )?;
    Ok(query.query_row([account.0], only)?)
}

/// One conversation.
///
/// # Errors
/// [`StoreError::NotFound`]
pub fn get(sql: &Connection, id: ConversationId) -> Result<Conversation, StoreError> {
    let mut query = sql.prepare_cached(&format!("SELECT {COLUMNS} FROM conversation WHERE id = ?1"))?;
    Ok(query.query_row([id.0], read_conversation)?)
}

/// The newest other conversation that was read and has no news, to see whether TikTok shows any.
///
/// # Errors
/// [`StoreError`]
pub fn newest_readable_except(
    sql: &Connection,
    account: AccountId,
    id: ConversationId,
) -> Result<Option<ConversationId>, StoreError> {
    let mut query = sql.prepare_cached(
        "SELECT id FROM conversation WHERE account_id = ?1 AND id <> ?2 AND unreadable = 0 AND fetched_updated_ms >= remote_updated_ms
         ORDER BY remote_updated_ms DESC LIMIT 1",
    )?;
    Ok(query.query_row((account.0, id.0), |row| only(row).map(ConversationId)).optional()?)
}

/// The conversations that were read before and in which something happened after this time, each with its `update_time`.
/// Reads them all: not for every listing.
///
/// # Errors
/// [`StoreError`]
pub fn active_since(
    sql: &Connection,
    account: AccountId,
    after_ms: Millis,
) -> Result<Vec<(ConversationId, Millis)>, StoreError> {
    let mut query = sql.prepare_cached(
        "SELECT id, remote_updated_ms FROM conversation WHERE account_id = ?1 AND remote_updated_ms > ?2 AND fetched_updated_ms > 0 AND unreadable = 0",
    )?;
    Ok(query
        .query_map((account.0, after_ms), |row| Ok((ConversationId(row.get("id")?), row.get("remote_updated_ms")?)))?
        .collect::<Result<_, _>>()?)
}

/// Notes that a conversation was fetched as of this `update_time`, and whether it showed what happened then.
///
/// # Errors
/// [`StoreError`]
pub fn mark_fetched(tx: &mut Tx<'_>, id: ConversationId, updated_ms: Millis, shown: bool) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE conversation SET fetched_updated_ms = max(fetched_updated_ms, ?2) WHERE id = ?1")?
        .execute((id.0, updated_ms))?;
    if !shown {
        return Ok(());
    }
    let readable: Option<i64> = tx
        .prepare_cached("UPDATE conversation SET unreadable = 0 WHERE id = ?1 AND unreadable = 1 RETURNING account_id")?
        .query_row([id.0], only)
        .optional()?;
    if let Some(account) = readable {
        touch(tx, AccountId(account), id);
    }
    Ok(())
}

/// Something happened in a conversation that its `update_time` does not tell: it is due again, if it was ever read.
///
/// # Errors
/// [`StoreError`]
pub fn mark_due_if_fetched(tx: &Tx<'_>, id: ConversationId) -> Result<(), StoreError> {
    // 0 is for one that was never read.
    tx.prepare_cached(
        "UPDATE conversation SET fetched_updated_ms = remote_updated_ms - 1
         WHERE id = ?1 AND fetched_updated_ms >= remote_updated_ms AND remote_updated_ms > 1",
    )?
    .execute([id.0])?;
    Ok(())
}

/// The conversations that TikTok refused to show are due again, at most so many, by turns.
///
/// # Errors
/// [`StoreError`]
pub fn mark_refused_due(tx: &Tx<'_>, account: AccountId, limit: u32) -> Result<(), StoreError> {
    const NAME: &str = "refused_tried_to";
    let tried: i64 = cursor::get(tx, account, NAME)?.and_then(|id| id.parse().ok()).unwrap_or(0);
    let ids: Vec<i64> = tx
        .prepare_cached(
            "SELECT id FROM conversation WHERE account_id = ?1 AND unreadable = 1 ORDER BY id <= ?2, id LIMIT ?3",
        )?
        .query_map((account.0, tried, limit), only)?
        .collect::<Result<_, _>>()?;
    for id in &ids {
        mark_due(tx, ConversationId(*id))?;
    }
    match ids.last() {
        Some(last) => cursor::set(tx, account, NAME, &last.to_string()),
        None => Ok(()),
    }
}

/// A conversation is due again, whatever was read of it.
///
/// # Errors
/// [`StoreError`]
pub fn mark_due(tx: &Tx<'_>, id: ConversationId) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE conversation SET fetched_updated_ms = min(fetched_updated_ms, remote_updated_ms - 1) WHERE id = ?1",
        [id.0],
    )?;
    Ok(())
}

/// TikTok lists a conversation and refuses to show it: it is not asked for again until it moves, or [`mark_refused_due`].
///
/// # Errors
/// [`StoreError`]
pub fn mark_refused(tx: &mut Tx<'_>, id: ConversationId, updated_ms: Millis) -> Result<(), StoreError> {
    let account = tx.query_row(
        "UPDATE conversation SET fetched_updated_ms = max(fetched_updated_ms, ?2), unreadable = 1 WHERE id = ?1 RETURNING account_id",
        (id.0, updated_ms),
        |row| only(row).map(AccountId),
    )?;
    touch(tx, account, id);
    Ok(())
}

/// The customer has read everything up to this time; it never goes back.
///
/// # Errors
/// [`StoreError`]
pub fn mark_read_by_customer(tx: &mut Tx<'_>, id: ConversationId, up_to_ms: Millis) -> Result<(), StoreError> {
    let account: Option<i64> = tx
        .query_row(
            "UPDATE conversation SET read_up_to_ms = ?2 WHERE id = ?1 AND read_up_to_ms < ?2 RETURNING account_id",
            (id.0, up_to_ms),
            only,
        )
        .optional()?;
    if let Some(account) = account {
        touch(tx, AccountId(account), id);
    }
    Ok(())
}

/// The conversation with TikTok's id, if it is known.
///
/// # Errors
/// [`StoreError`]
pub fn find(sql: &Connection, account: AccountId, remote_id: &str) -> Result<Option<ConversationId>, StoreError> {
    let mut query = sql.prepare_cached("SELECT id FROM conversation WHERE account_id = ?1 AND remote_id = ?2")?;
    Ok(query.query_row((account.0, remote_id), |row| only(row).map(ConversationId)).optional()?)
}

/// Gives the conversation its customer.
///
/// # Errors
/// [`StoreError`]
pub fn set_person(tx: &Tx<'_>, id: ConversationId, person: PersonId) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE conversation SET person_id = ?2 WHERE id = ?1 AND person_id IS NOT ?2")?
        .execute((id.0, person.0))?;
    Ok(())
}

/// Marks a conversation done, or opens it.
///
/// # Errors
/// [`StoreError::NotFound`]
pub fn set_status(tx: &mut Tx<'_>, id: ConversationId, status: Status) -> Result<(), StoreError> {
    let account = tx.query_row(
        "UPDATE conversation SET status = ?2, snoozed_until_ms = CASE ?2 WHEN 'done' THEN NULL ELSE snoozed_until_ms END WHERE id = ?1 RETURNING account_id",
        (id.0, Word(status)),
        |row| only(row).map(AccountId),
    )?;
    touch(tx, account, id);
    Ok(())
}

/// The customer wrote: what is done is opened again, and what was put away comes back.
///
/// # Errors
/// [`StoreError`]
pub fn reopen_for_customer(tx: &mut Tx<'_>, id: ConversationId) -> Result<(), StoreError> {
    let account: Option<i64> = tx
        .prepare_cached(
            "UPDATE conversation SET status = 'open', snoozed_until_ms = NULL WHERE id = ?1 AND (status <> 'open' OR snoozed_until_ms IS NOT NULL) RETURNING account_id",
        )?
        .query_row([id.0], only)
        .optional()?;
    if let Some(account) = account {
        touch(tx, AccountId(account), id);
    }
    Ok(())
}

/// The agent has seen everything in it so far.
///
/// # Errors
/// [`StoreError`]
pub fn mark_seen(tx: &mut Tx<'_>, id: ConversationId) -> Result<(), StoreError> {
    let account: Option<i64> = tx
        .query_row(
            "UPDATE conversation SET unread = 0, seen_up_to_ms = max(seen_up_to_ms, last_at_ms) WHERE id = ?1 AND unread > 0 RETURNING account_id",
            [id.0],
            only,
        )
        .optional()?;
    if let Some(account) = account {
        touch(tx, AccountId(account), id);
    }
    Ok(())
}

/// Works out a conversation's row anew from its messages, its outbox and its gaps. Idempotent, and the only place that
/// does: whatever changed, the row follows. The first answer makes a request a chat; TikTok's lists say so a moment later.
///
/// # Errors
/// [`StoreError`]
pub fn refresh(tx: &mut Tx<'_>, id: ConversationId) -> Result<(), StoreError> {
    let newest = |filter: &str| -> Result<Option<LastLine>, StoreError> {
        Ok(tx
            .prepare_cached(&format!(
                "SELECT sent_at_ms, outgoing, content, auto_type IS NOT NULL OR EXISTS (SELECT 1 FROM rule_reply r WHERE r.message_id = message.id) AS is_automatic
                 FROM message WHERE conversation_id = ?1{filter} ORDER BY sent_at_ms DESC, tie DESC, id DESC LIMIT 1"
            ))?
            .query_row([id.0], |row| {
                Ok(LastLine { at_ms: row.get("sent_at_ms")?, is_ours: row.get("outgoing")?, content: row.get_ref("content")?.as_bytes()?.to_vec(), is_automatic: row.get("is_automatic")? })
            })
            .optional()?)
    };
    let last = newest("")?;
    let last_at = last.as_ref().map(|line| line.at_ms);
    let question = newest(" AND outgoing = 0")?;
    let inbound_at = question.as_ref().map(|line| line.at_ms);
    let answered_at = answered_at(tx, id)?;
    let received_at = answer_received_at(tx, id)?;
    let waiting = inbound_at.is_some_and(|asked| received_at.is_none_or(|received| received < asked));
    // Whoever looks for work reads what is asked, not what was said after it without answering.
    let line = if waiting { question } else { last };
    let snippet = line.as_ref().map(LastLine::snippet);
    // A badge past 99 says nothing more, so counting stops there.
    let unread: u32 = tx
        .prepare_cached(
            "SELECT count(*) FROM (SELECT 1 FROM message WHERE conversation_id = ?1 AND outgoing = 0
             AND sent_at_ms > (SELECT max(seen_up_to_ms, coalesce(?2, 0)) FROM conversation WHERE id = ?1) LIMIT 100)",
        )?
        .query_row((id.0, answered_at), only)?;
    let (sent, late) = spent(tx, id, inbound_at)?;
    let account = tx
        .prepare_cached(&format!(
            "UPDATE conversation SET last_at_ms = coalesce(:last_at, remote_updated_ms), snippet_kind = :kind, snippet = :snippet, snippet_out = :out, snippet_auto = :auto,
                 kind = CASE WHEN kind = 'request' AND EXISTS (SELECT 1 FROM message INDEXED BY message_answer WHERE conversation_id = :id AND outgoing = 1 AND auto_type IS NULL AND remote_id IS NOT NULL) THEN 'chat' ELSE kind END,
                 waiting = :waiting, unread = :unread, window_opened_at_ms = :inbound_at,
                 sent = :sent, sent_late = :late,
                 engaged = engaged OR EXISTS (SELECT 1 FROM message INDEXED BY message_answer WHERE conversation_id = :id AND sent_at_ms < :inbound_at AND outgoing = 1 AND auto_type IS NULL AND listed = 1),
                 scheduled = (SELECT count(*) FROM scheduled WHERE conversation_id = :id),
                 unsent = (SELECT count(*) FROM outbox WHERE conversation_id = :id) + (SELECT count(*) FROM scheduled WHERE conversation_id = :id),
                 trouble = (SELECT count(*) FROM outbox WHERE conversation_id = :id AND state IN ('refused', 'stopped', 'checking', 'undecided'))
                     + (SELECT count(*) FROM scheduled WHERE conversation_id = :id AND stopped IS NOT NULL),
                 gaps = (SELECT count(*) FROM gap g JOIN account a ON a.id = conversation.account_id WHERE g.conversation_id = :id AND {hole})
             WHERE id = :id RETURNING account_id",
            hole = gap::IS_HOLE
        ))?
        .query_row(
            named_params! {
                ":id": id.0, ":last_at": last_at, ":kind": snippet.as_ref().map(|snippet| Word(snippet.kind)),
                ":snippet": snippet.as_ref().map_or("", |snippet| &snippet.text),
                ":out": line.as_ref().is_some_and(|line| line.is_ours), ":auto": line.as_ref().is_some_and(|line| line.is_automatic),
                ":waiting": waiting, ":unread": unread, ":inbound_at": inbound_at, ":sent": sent, ":late": late,
            },
            |row| only(row).map(AccountId),
        )?;
    touch(tx, account, id);
    Ok(())
}

/// A message that a conversation's row may show.
struct LastLine {
    at_ms: Millis,
    is_ours: bool,
    content: Vec<u8>,
    is_automatic: bool,
}

impl LastLine {
    fn snippet(&self) -> Snippet {
        message::content_of(&self.content).snippet()
    }
}

/// When TikTok took the business's newest answer. A reply that is still on its way, or was stopped there, answers nobody yet.
fn answer_received_at(sql: &Connection, id: ConversationId) -> Result<Option<Millis>, StoreError> {
    let mut query = sql.prepare_cached(
        "SELECT sent_at_ms FROM message INDEXED BY message_answer WHERE conversation_id = ?1 AND outgoing = 1 AND auto_type IS NULL
         AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.message_id = message.id)
         ORDER BY sent_at_ms DESC LIMIT 1",
    )?;
    Ok(query.query_row([id.0], only).optional()?)
}

/// When the business last pressed Send or answered elsewhere, whether TikTok has it yet or not: what an agent has read, and
/// what a rule must not answer beside. An automatic message answers nobody, and a refused or stopped one reached nobody.
pub(super) fn answered_at(sql: &Connection, id: ConversationId) -> Result<Option<Millis>, StoreError> {
    // Left alone, the planner walks all that was said.
    let mut query = sql.prepare_cached(
        "SELECT sent_at_ms FROM message INDEXED BY message_answer WHERE conversation_id = ?1 AND outgoing = 1 AND auto_type IS NULL
         AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.message_id = message.id AND outbox.state IN ('refused', 'stopped'))
         ORDER BY sent_at_ms DESC LIMIT 1",
    )?;
    Ok(query.query_row([id.0], only).optional()?)
}

/// The replies since the customer's newest message, within the 48 hours and after, and those that wait: they will be said
/// after it, whenever Send was pressed. Automatic ones cost nothing, and one that was refused or stopped did not go.
/// Counting stops where nothing more would change.
fn spent(tx: &Tx<'_>, id: ConversationId, inbound_at: Option<Millis>) -> Result<(u32, u32), StoreError> {
    let Some(inbound_at) = inbound_at else { return Ok((0, 0)) };
    Ok(tx
        .prepare_cached(
            "SELECT count(*) FILTER (WHERE sent_at_ms < ?3) + (
                 SELECT count(*) FROM outbox o JOIN message m ON m.id = o.message_id
                 WHERE o.conversation_id = ?1 AND o.state IN ('held', 'queued') AND m.sent_at_ms <= ?2),
                 count(*) FILTER (WHERE sent_at_ms >= ?3) FROM (
                 SELECT sent_at_ms FROM message WHERE conversation_id = ?1 AND sent_at_ms > ?2 AND outgoing = 1 AND auto_type IS NULL
                 AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.message_id = message.id AND outbox.state IN ('refused', 'stopped')) LIMIT 1000)",
        )?
        .query_row((id.0, inbound_at, inbound_at.saturating_add(WINDOW_MS)), |row| row.try_into())?)
}

/// Notes whether TikTok takes pictures in a conversation.
///
/// # Errors
/// [`StoreError`]
pub fn set_images_allowed(tx: &mut Tx<'_>, id: ConversationId, images: bool, now_ms: Millis) -> Result<(), StoreError> {
    tx.execute("UPDATE conversation SET images = ?2, images_asked_ms = ?3 WHERE id = ?1", (id.0, images, now_ms))?;
    tx.touch(Change::Conversation { conversation: id });
    Ok(())
}

/// What TikTok said about pictures turned out to be wrong: it is asked again.
///
/// # Errors
/// [`StoreError`]
pub fn forget_images_allowed(tx: &Tx<'_>, id: ConversationId) -> Result<(), StoreError> {
    tx.execute("UPDATE conversation SET images = NULL, images_asked_ms = 0 WHERE id = ?1", [id.0])?;
    Ok(())
}

/// The customer is to be told that their messages were read, if the account tells them on this occasion; by hand it
/// always does. Whether anything was owed.
///
/// # Errors
/// [`StoreError`]
pub fn owe_read(tx: &Tx<'_>, id: ConversationId, occasion: MarkRead) -> Result<bool, StoreError> {
    // An account that tells on opening has told by the time of a reply; telling again costs a call and says nothing new.
    let changed = tx
        .prepare_cached(
            "UPDATE conversation SET read_owed = 1 WHERE id = ?1 AND window_opened_at_ms IS NOT NULL
                 AND (?2 = 'byHand' OR EXISTS (SELECT 1 FROM account a WHERE a.id = account_id AND a.mark_read = ?2))",
        )?
        .execute((id.0, Word(occasion)))?;
    Ok(changed > 0)
}

/// Whether TikTok is still to be told that a conversation was read.
///
/// # Errors
/// [`StoreError`]
pub fn owes_read(sql: &Connection, id: ConversationId) -> Result<bool, StoreError> {
    Ok(sql.prepare_cached("SELECT read_owed FROM conversation WHERE id = ?1")?.query_row([id.0], only)?)
}

/// TikTok was told, or never will be.
///
/// # Errors
/// [`StoreError`]
pub fn clear_read_owed(tx: &Tx<'_>, id: ConversationId) -> Result<(), StoreError> {
    tx.execute("UPDATE conversation SET read_owed = 0 WHERE id = ?1", [id.0])?;
    Ok(())
}

/// A window of the list, newest first; of what was put away, what comes back next first.
///
/// # Errors
/// [`StoreError`]
pub fn window(
    sql: &Connection,
    account: AccountId,
    tab: Tab,
    offset: u32,
    limit: u32,
) -> Result<Vec<ListRow>, StoreError> {
    // The inner query walks a covering index only; rows and people are read for the window alone.
    let filter = match tab {
        Tab::Waiting => "waiting = 1 AND status = 'open' AND snoozed_until_ms IS NULL",
        Tab::Requests => "kind = 'request' AND status = 'open' AND snoozed_until_ms IS NULL",
        Tab::All => "status = 'open' AND snoozed_until_ms IS NULL",
        Tab::Mine => {
            "assignee_id = (SELECT id FROM agent WHERE me = 1) AND status = 'open' AND snoozed_until_ms IS NULL"
        }
        Tab::Snoozed => "snoozed_until_ms IS NOT NULL",
        Tab::Unsent => "unsent > 0",
        Tab::Done => "status = 'done' AND snoozed_until_ms IS NULL",
    };
    // Each row that is passed over costs a little; in a long list whole days are passed over instead. The others are what
    // agents have yet to do, and stay short.
    let long = match tab {
        Tab::All => Some("open"),
        Tab::Done => Some("done"),
        Tab::Waiting | Tab::Requests | Tab::Mine | Tab::Snoozed | Tab::Unsent => None,
    };
    let (bound, before_ms, skip) = match long {
        Some(list) if offset > OFFSET_SCAN_LIMIT => {
            let (before_ms, rest) = day_of(sql, account, list, offset)?;
            ("AND last_at_ms < ?4", Some(before_ms), rest)
        }
        _ => ("", None, offset),
    };
    // What comes back next stands first; everything else the newest first.
    let order = match tab {
        Tab::Snoozed => "snoozed_until_ms, id",
        _ => "last_at_ms DESC, id DESC",
    };
    let mut query = sql.prepare_cached(&format!(
        "SELECT {columns} FROM (
             SELECT id AS wanted FROM conversation WHERE account_id = ?1 AND {filter} {bound} ORDER BY {order} LIMIT ?3 OFFSET ?2
         ) CROSS JOIN conversation c ON c.id = wanted LEFT JOIN person p ON p.id = c.person_id LEFT JOIN agent a ON a.id = c.assignee_id",
        columns = ListColumns::SQL
    ))?;
    let asked = [account.0, i64::from(skip), i64::from(limit)];
    let mut rows = query.query(params_from_iter(asked.into_iter().chain(before_ms)))?;
    let mut list = Vec::new();
    while let Some(row) = rows.next()? {
        list.push(read_row(row)?);
    }
    // SQLite would sort whole rows, and column by column.
    match tab {
        Tab::Snoozed => list.sort_unstable_by_key(|row| (row.snoozed_until_ms, row.id)),
        _ => list.sort_unstable_by_key(|row| Reverse((row.last_at_ms, row.id))),
    }
    Ok(list)
}

/// The end of the day on which this place of a long list falls, and how many rows of that day stand before it.
fn day_of(sql: &Connection, account: AccountId, list: &str, place: u32) -> Result<(Millis, u32), StoreError> {
    let mut query = sql.prepare_cached(
        "SELECT day, conversations FROM list_day WHERE account_id = ?1 AND list = ?2 ORDER BY day DESC",
    )?;
    let mut days = query.query((account.0, list))?;
    let mut rest = place;
    while let Some(day) = days.next()? {
        let conversations: u32 = day.get("conversations")?;
        if rest < conversations {
            return Ok(((day.get::<_, Millis>("day")? + 1) * DAY_MS, rest));
        }
        rest -= conversations;
    }
    // Beyond the end.
    Ok((Millis::MIN, 0))
}

/// One row of the list.
///
/// # Errors
/// [`StoreError::NotFound`]
pub fn row(sql: &Connection, id: ConversationId) -> Result<ListRow, StoreError> {
    let mut query = sql.prepare_cached(&format!(
        "SELECT {columns} FROM conversation c LEFT JOIN person p ON p.id = c.person_id LEFT JOIN agent a ON a.id = c.assignee_id WHERE c.id = ?1",
        columns = ListColumns::SQL
    ))?;
    let mut rows = query.query([id.0])?;
    rows.next()?.ok_or(StoreError::NotFound).and_then(read_row)
}

/// Says that a conversation and its place in the list are stale.
pub fn touch(tx: &mut Tx<'_>, account: AccountId, conversation: ConversationId) {
    tx.touch(Change::Conversation { conversation });
    tx.touch(Change::Inbox { account });
    // The rail shows how many wait.
    tx.touch(Change::Accounts);
}

const COLUMNS: &str = "id, account_id, remote_id, remote_updated_ms, fetched_updated_ms, read_up_to_ms, window_opened_at_ms, status, person_id, sent, sent_late, engaged, kind, images, images_asked_ms";

fn read_conversation(row: &Row<'_>) -> rusqlite::Result<Conversation> {
    Ok(Conversation {
        id: ConversationId(row.get("id")?),
        account: AccountId(row.get("account_id")?),
        remote_id: row.get("remote_id")?,
        remote_updated_ms: row.get("remote_updated_ms")?,
        fetched_updated_ms: row.get("fetched_updated_ms")?,
        read_up_to_ms: row.get("read_up_to_ms")?,
        window_opened_at_ms: row.get("window_opened_at_ms")?,
        ledger: SendLedger::of(
            row.get("window_opened_at_ms")?,
            row.get("sent")?,
            row.get("sent_late")?,
            row.get("engaged")?,
        ),
        kind: row.get::<_, Word<ConversationKind>>("kind")?.0,
        images: row
            .get::<_, Option<bool>>("images")?
            .map(|images| row.get("images_asked_ms").map(|asked| (images, asked)))
            .transpose()?,
        status: row.get::<_, Word<Status>>("status")?.0,
        person: row.get::<_, Option<i64>>("person_id")?.map(PersonId),
    })
}

columns!(
    /// What the list shows of a conversation, its customer and its assignee.
    ListColumns {
        ID: "c.id",
        ACCOUNT: "c.account_id",
        KIND: "c.kind",
        STATUS: "c.status",
        LAST_AT_MS: "c.last_at_ms",
        SNIPPET_KIND: "c.snippet_kind",
        SNIPPET: "c.snippet",
        SNIPPET_OUT: "c.snippet_out",
        SNIPPET_AUTO: "c.snippet_auto",
        WAITING: "c.waiting",
        UNREAD: "c.unread",
        WINDOW_OPENED_AT_MS: "c.window_opened_at_ms",
        SENT: "c.sent",
        SENT_LATE: "c.sent_late",
        ENGAGED: "c.engaged",
        SCHEDULED: "c.scheduled",
        UNSENT: "c.unsent",
        TROUBLE: "c.trouble",
        GAPS: "c.gaps",
        UNREADABLE: "c.unreadable",
        SNOOZED_UNTIL_MS: "c.snoozed_until_ms",
        DRAFT_LINE: "c.draft_line",
        ORIGIN: "c.origin",
        AGENT_ID: "a.id",
        AGENT_NAME: "a.name",
        AGENT_ME: "a.me",
        AGENT_AWAY: "a.away",
        PERSON_ID: "coalesce(p.id, 0)",
        PERSON_REMOTE_ID: "coalesce(p.remote_id, c.remote_id)",
        PERSON_NAME: "coalesce(p.name, '')",
        PERSON_HANDLE: "p.handle",
        PERSON_AVATAR: "p.avatar",
        PERSON_IS_FOLLOWER: "p.is_follower",
        PERSON_FIRST_CONTACT_MS: "p.first_contact_ms",
    }
);

fn read_row(row: &Row<'_>) -> Result<ListRow, StoreError> {
    use ListColumns as At;
    let snippet_kind = match row.get_ref(At::SNIPPET_KIND)? {
        ValueRef::Null => None,
        _ => Some(readable::word(TABLE, row, At::SNIPPET_KIND)?.unwrap_or(SnippetKind::Unsupported)),
    };
    let opened_at_ms = row.get(At::WINDOW_OPENED_AT_MS)?;
    let ledger = SendLedger::of(opened_at_ms, row.get(At::SENT)?, row.get(At::SENT_LATE)?, row.get(At::ENGAGED)?);
    Ok(ListRow {
        id: ConversationId(row.get(At::ID)?),
        account: AccountId(row.get(At::ACCOUNT)?),
        kind: row.get::<_, Word<ConversationKind>>(At::KIND)?.0,
        status: row.get::<_, Word<Status>>(At::STATUS)?.0,
        last_at_ms: row.get(At::LAST_AT_MS)?,
        snippet: match snippet_kind {
            None => None,
            Some(kind) => Some(Snippet { kind, text: row.get(At::SNIPPET)? }),
        },
        snippet_out: row.get(At::SNIPPET_OUT)?,
        snippet_auto: row.get(At::SNIPPET_AUTO)?,
        waiting: row.get(At::WAITING)?,
        unread: row.get(At::UNREAD)?,
        window: opened_at_ms.map(ReplyWindow::opened_by),
        budget: ledger.budget(),
        scheduled: row.get(At::SCHEDULED)?,
        unsent: row.get(At::UNSENT)?,
        trouble: row.get::<_, i64>(At::TROUBLE)? > 0,
        has_gap: row.get::<_, i64>(At::GAPS)? > 0,
        unreadable: row.get(At::UNREADABLE)?,
        snoozed_until_ms: row.get(At::SNOOZED_UNTIL_MS)?,
        assignee: match row.get::<_, Option<i64>>(At::AGENT_ID)? {
            None => None,
            Some(id) => Some(Agent {
                id: AgentId(id),
                name: row.get(At::AGENT_NAME)?,
                me: row.get(At::AGENT_ME)?,
                away: row.get(At::AGENT_AWAY)?,
            }),
        },
        draft_line: row.get(At::DRAFT_LINE)?,
        origin: readable::column(TABLE, row, At::ORIGIN)?,
        person: RowPerson {
            id: PersonId(row.get(At::PERSON_ID)?),
            remote_id: row.get(At::PERSON_REMOTE_ID)?,
            name: row.get(At::PERSON_NAME)?,
            handle: row.get(At::PERSON_HANDLE)?,
            avatar: row.get(At::PERSON_AVATAR)?,
            is_follower: row.get(At::PERSON_IS_FOLLOWER)?,
            first_contact_ms: row.get(At::PERSON_FIRST_CONTACT_MS)?,
        },
    })
}
