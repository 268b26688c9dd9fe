//! Replies that TikTok does not have: those in the outbox and those scheduled for later. How many there are of a conversation
//! and of an account is kept in their rows.

use model::{AccountId, ConversationId, Millis};
use rusqlite::Connection;

use super::outbox::{self, OutboxReply, OutboxState};
use super::scheduled::{self, Scheduled};
use crate::StoreError;
use crate::rows::only;

/// A reply that TikTok does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unsent {
    /// It is in the outbox.
    Reply(OutboxReply),
    /// It is scheduled for later.
    Scheduled(Scheduled),
}

impl Unsent {
    /// Its place among a conversation's: what the agent must decide comes first, then what is on its way, then what is for later.
    fn rank(&self) -> u8 {
        match self {
            Self::Reply(reply) => match reply.state {
                OutboxState::Refused | OutboxState::Stopped | OutboxState::Undecided => 0,
                OutboxState::Checking => 2,
                OutboxState::Held | OutboxState::Queued | OutboxState::Sending => 3,
            },
            Self::Scheduled(scheduled) if scheduled.stopped.is_some() => 1,
            Self::Scheduled(_) => 4,
        }
    }
}

/// A conversation's, what needs the agent first.
///
/// # Errors
/// [`StoreError`]
pub fn of_conversation(sql: &Connection, conversation: ConversationId) -> Result<Vec<Unsent>, StoreError> {
    let replies = outbox::of_conversation(sql, conversation)?.into_iter().map(Unsent::Reply);
    let scheduled = scheduled::of_conversation(sql, conversation)?.into_iter().map(Unsent::Scheduled);
    let mut unsent: Vec<Unsent> = replies.chain(scheduled).collect();
    unsent.sort_by_key(Unsent::rank);
    Ok(unsent)
}

/// What leaving Deskbell would hold up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UnsentCounts {
    /// Replies that can still be undone: closing sends them without their five seconds.
    pub held: u32,
    /// Replies that wait for their turn, the network or TikTok, are being sent, or are being looked for.
    pub on_the_way: u32,
    /// Replies that wait for the agent's decision.
    pub to_decide: u32,
    /// Replies scheduled for later.
    pub scheduled: u32,
    /// When the first of those is due, ms since the epoch.
    pub next_scheduled_ms: Option<Millis>,
}

impl UnsentCounts {
    /// Whether something goes out by itself that does not while Deskbell is closed.
    #[must_use]
    pub fn needs_deskbell(&self) -> bool {
        self.held + self.on_the_way + self.scheduled > 0
    }
}

/// Counts what has not gone out, over all accounts.
///
/// # Errors
/// [`StoreError`]
pub fn counts(sql: &Connection) -> Result<UnsentCounts, StoreError> {
    let (held, on_the_way, to_decide): (u32, u32, u32) = sql
        .prepare_cached(
            "SELECT count(*) FILTER (WHERE state = 'held'), count(*) FILTER (WHERE state IN ('queued', 'sending', 'checking')),
                 count(*) FILTER (WHERE state IN ('refused', 'stopped', 'undecided')) FROM outbox",
        )?
        .query_row([], |row| row.try_into())?;
    let (scheduled, stopped, next_scheduled_ms): (u32, u32, Option<Millis>) = sql
        .prepare_cached(
            "SELECT count(*) FILTER (WHERE stopped IS NULL), count(*) FILTER (WHERE stopped IS NOT NULL), min(due_at_ms) FILTER (WHERE stopped IS NULL) FROM scheduled",
        )?
        .query_row([], |row| row.try_into())?;
    Ok(UnsentCounts { held, on_the_way, to_decide: stopped + to_decide, scheduled, next_scheduled_ms })
}

/// How many replies TikTok does not have of an account; a stored number.
///
/// # Errors
/// [`StoreError::NotFound`]
pub fn count_of(sql: &Connection, account: AccountId) -> Result<u32, StoreError> {
    let mut query = sql.prepare_cached("SELECT unsent_reply_count FROM account WHERE id = ?1")?;
    Ok(query.query_row([account.0], only)?)
}
