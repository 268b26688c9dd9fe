//! A reply on its way out as it is stored, and how lanes are read.

use model::{
    AccountId, ConversationId, Delivery, MessageId, Millis, Outgoing, Refusal, StopReason, UnconfirmedStage, WaitReason,
};
use rusqlite::{Connection, Row};

use crate::rows::only;
use crate::stored::{Word, stored_enum};
use crate::table::message;
use crate::{StoreError, Tx, readable};

pub(super) const TABLE: &str = "outbox";

/// The state of a reply that TikTok does not have yet (ARCHITECTURE, "A reply goes out").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OutboxState {
    /// Can be undone until its time.
    Held,
    /// Waits for its turn, the network, or a time.
    Queued,
    /// The call is under way, or we died in it.
    Sending,
    /// TikTok said no. It does not hold up its lane.
    Refused,
    /// The agent should look before it goes. It does not hold up its lane.
    Stopped,
    /// The answer was lost, and we are looking for the message.
    Checking,
    /// It was not found in time: the agent decides.
    Undecided,
}

stored_enum!(OutboxState {
    Held => "held",
    Queued => "queued",
    Sending => "sending",
    Refused => "refused",
    Stopped => "stopped",
    Checking => "checking",
    Undecided => "undecided",
});

/// A reply on its way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxReply {
    /// Its message.
    pub message: MessageId,
    /// Its conversation, which is its lane.
    pub conversation: ConversationId,
    /// Its account.
    pub account: AccountId,
    /// What is sent.
    pub outgoing: Outgoing,
    /// The message it quotes.
    pub quoted_remote_id: Option<String>,
    /// Where it stands.
    pub state: OutboxState,
    /// How often it was tried.
    pub attempt: u32,
    /// When the newest attempt began, by TikTok's clock.
    pub started_at_ms: Option<Millis>,
    /// Not to be tried before this; while held, when it is queued.
    pub not_before_ms: Millis,
    /// What it waits for.
    pub waiting: Option<WaitReason>,
    /// Why TikTok said no.
    pub refusal: Option<Refusal>,
    /// Why it was stopped.
    pub stopped: Option<StopReason>,
    /// Listings read since the attempt began without finding it.
    pub checks: u32,
    /// The newest listed message on screen when the agent pressed Send.
    pub seen_up_to_ms: Millis,
    /// Its conversation is to be read at or after this before it goes out, by TikTok's clock.
    pub read_from_ms: Millis,
}

impl OutboxReply {
    /// How the page is told where it stands.
    #[must_use]
    pub fn delivery(&self) -> Delivery {
        match self.state {
            OutboxState::Held => Delivery::Held { until_ms: self.not_before_ms },
            OutboxState::Queued => Delivery::Queued { waiting: self.waiting.clone() },
            OutboxState::Sending => Delivery::Sending,
            OutboxState::Refused => self.refusal.clone().map_or(Delivery::Queued { waiting: None }, Delivery::Refused),
            OutboxState::Stopped => Delivery::Stopped { why: self.stopped.unwrap_or(StopReason::ColleagueReplied) },
            OutboxState::Checking => Delivery::Unconfirmed { stage: UnconfirmedStage::Checking },
            OutboxState::Undecided => Delivery::Unconfirmed { stage: UnconfirmedStage::Undecided },
        }
    }
}

/// The conversations that have something to send, to settle, or to tell TikTok.
///
/// # Errors
/// [`StoreError`]
pub fn lanes(sql: &Connection) -> Result<Vec<(AccountId, ConversationId)>, StoreError> {
    let mut query = sql.prepare_cached(
        "SELECT account_id, conversation_id FROM outbox WHERE state IN ('held', 'queued', 'sending', 'checking')
         UNION SELECT account_id, id FROM conversation WHERE read_owed = 1",
    )?;
    Ok(query
        .query_map([], |row| Ok((AccountId(row.get("account_id")?), ConversationId(row.get("conversation_id")?))))?
        .collect::<Result<_, _>>()?)
}

/// The conversations with a reply that was left to the agent because it was not found.
///
/// # Errors
/// [`StoreError`]
pub fn with_undecided(sql: &Connection) -> Result<Vec<ConversationId>, StoreError> {
    let mut query = sql.prepare_cached("SELECT DISTINCT conversation_id FROM outbox WHERE state = 'undecided'")?;
    Ok(query.query_map([], |row| only(row).map(ConversationId))?.collect::<Result<_, _>>()?)
}

/// How many replies could go out now: queued, waiting for nothing, nothing before them.
///
/// # Errors
/// [`StoreError`]
pub fn count_ready(sql: &Connection) -> Result<u32, StoreError> {
    Ok(sql
        .prepare_cached(
            "SELECT count(*) FROM outbox o WHERE state = 'queued' AND wait_reason IS NULL AND not_before_ms = 0 AND NOT EXISTS (
                 SELECT 1 FROM outbox e WHERE e.conversation_id = o.conversation_id AND e.position < o.position
                 AND (e.state IN ('checking', 'undecided') OR e.state = 'queued' AND e.wait_reason IS NOT NULL))",
        )?
        .query_row([], only)?)
}

/// The reply at the head of a lane. Refused and stopped ones are out of the way; an undecided one is not: order matters.
///
/// # Errors
/// [`StoreError`]
pub fn head(sql: &Connection, conversation: ConversationId) -> Result<Option<OutboxReply>, StoreError> {
    let mut query = sql.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM outbox WHERE conversation_id = ?1 AND state NOT IN ('refused', 'stopped') ORDER BY position"
    ))?;
    let mut rows = query.query([conversation.0])?;
    while let Some(row) = rows.next()? {
        let reply = read(row)?;
        // One that cannot be read is stopped, whatever its row says.
        if reply.state != OutboxState::Stopped {
            return Ok(Some(reply));
        }
    }
    Ok(None)
}

/// The outbox row of a message; none once TikTok confirmed it.
///
/// # Errors
/// [`StoreError`]
pub fn get(sql: &Connection, id: MessageId) -> Result<Option<OutboxReply>, StoreError> {
    let mut query = sql.prepare_cached(&format!("SELECT {COLUMNS} FROM outbox WHERE message_id = ?1"))?;
    let mut rows = query.query([id.0])?;
    rows.next()?.map(read).transpose()
}

/// All of a conversation's rows, in lane order.
///
/// # Errors
/// [`StoreError`]
pub fn of_conversation(sql: &Connection, conversation: ConversationId) -> Result<Vec<OutboxReply>, StoreError> {
    let mut query =
        sql.prepare_cached(&format!("SELECT {COLUMNS} FROM outbox WHERE conversation_id = ?1 ORDER BY position"))?;
    let mut rows = query.query([conversation.0])?;
    let mut replies = Vec::new();
    while let Some(row) = rows.next()? {
        replies.push(read(row)?);
    }
    Ok(replies)
}

/// When the first of a lane's held replies is to be queued.
///
/// # Errors
/// [`StoreError`]
pub fn held_until(sql: &Connection, conversation: ConversationId) -> Result<Option<Millis>, StoreError> {
    Ok(sql
        .prepare_cached("SELECT min(not_before_ms) FROM outbox WHERE conversation_id = ?1 AND state = 'held'")?
        .query_row([conversation.0], only)?)
}

/// Takes a message and its row out.
pub(super) fn delete_with_message(tx: &Tx<'_>, id: MessageId) -> Result<(), StoreError> {
    remove_row(tx, id)?;
    message::remove(tx, id)
}

pub(super) fn remove_row(tx: &Tx<'_>, id: MessageId) -> Result<ConversationId, StoreError> {
    Ok(tx.query_row("DELETE FROM outbox WHERE message_id = ?1 RETURNING conversation_id", [id.0], |row| {
        only(row).map(ConversationId)
    })?)
}

/// The word of a [`WaitReason`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WaitWord {
    Offline,
    RateLimited,
    Relink,
    EarlierUnconfirmed,
    Uploading,
    MayHaveArrived,
}

stored_enum!(WaitWord {
    Offline => "offline",
    RateLimited => "rateLimited",
    Relink => "relink",
    EarlierUnconfirmed => "earlierUnconfirmed",
    Uploading => "uploading",
    MayHaveArrived => "mayHaveArrived",
});

impl WaitWord {
    pub(super) fn of(reason: &WaitReason) -> Self {
        match reason {
            WaitReason::Offline => Self::Offline,
            WaitReason::RateLimited { .. } => Self::RateLimited,
            WaitReason::Relink => Self::Relink,
            WaitReason::EarlierUnconfirmed => Self::EarlierUnconfirmed,
            WaitReason::Uploading => Self::Uploading,
            WaitReason::MayHaveArrived => Self::MayHaveArrived,
        }
    }

    fn reason(self, until_ms: Option<Millis>) -> WaitReason {
        match self {
            Self::Offline => WaitReason::Offline,
            Self::RateLimited => WaitReason::RateLimited { until_ms: until_ms.unwrap_or(0) },
            Self::Relink => WaitReason::Relink,
            Self::EarlierUnconfirmed => WaitReason::EarlierUnconfirmed,
            Self::Uploading => WaitReason::Uploading,
            Self::MayHaveArrived => WaitReason::MayHaveArrived,
        }
    }
}

/// When what a reply waits for is over, if that is known.
pub(super) fn wait_until(reason: &WaitReason) -> Option<Millis> {
    match reason {
        WaitReason::RateLimited { until_ms } => Some(*until_ms),
        WaitReason::Offline
        | WaitReason::Relink
        | WaitReason::EarlierUnconfirmed
        | WaitReason::Uploading
        | WaitReason::MayHaveArrived => None,
    }
}

const COLUMNS: &str = "message_id, conversation_id, account_id, outgoing, quoted_remote_id, state, attempt, started_at_ms, not_before_ms, wait_reason, wait_until_ms, refusal, checks, stopped, seen_up_to_ms, read_from_ms";

fn read(row: &Row<'_>) -> Result<OutboxReply, StoreError> {
    let outgoing: Option<Outgoing> = readable::column(TABLE, row, "outgoing")?;
    let mut stopped: Option<StopReason> = readable::column(TABLE, row, "stopped")?;
    let mut state = row.get::<_, Word<OutboxState>>("state")?.0;
    // What cannot be read is not sent. What may have been sent is still looked for.
    if outgoing.is_none() && matches!(state, OutboxState::Held | OutboxState::Queued)
        || state == OutboxState::Stopped && stopped.is_none()
    {
        (state, stopped) = (OutboxState::Stopped, Some(StopReason::Unreadable));
    }
    let until_ms = row.get("wait_until_ms")?;
    Ok(OutboxReply {
        message: MessageId(row.get("message_id")?),
        conversation: ConversationId(row.get("conversation_id")?),
        account: AccountId(row.get("account_id")?),
        outgoing: outgoing.unwrap_or(Outgoing::Text { body: String::new() }),
        quoted_remote_id: row.get("quoted_remote_id")?,
        state,
        attempt: row.get("attempt")?,
        started_at_ms: row.get("started_at_ms")?,
        not_before_ms: row.get("not_before_ms")?,
        waiting: readable::word::<WaitWord>(TABLE, row, "wait_reason")?.map(|word| word.reason(until_ms)),
        refusal: readable::column(TABLE, row, "refusal")?,
        checks: row.get("checks")?,
        stopped,
        seen_up_to_ms: row.get("seen_up_to_ms")?,
        read_from_ms: row.get("read_from_ms")?,
    })
}
