//! The list of conversations, read a window at a time.

use std::cmp::Reverse;

use model::{
    AccountId, AgentId, ConversationId, ConversationKind, Millis, Origin, PersonId, ReplyWindow, SendBudget,
    SendLedger, Snippet, SnippetKind, Status, Tab,
};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, params_from_iter};

use crate::rows::columns;
use crate::stored::Word;
use crate::table::agent::Agent;
use crate::{StoreError, readable};

const TABLE: &str = "conversation";

/// Rows of a list that are passed over faster than days are counted.
const OFFSET_SCAN_LIMIT: u32 = 500;

const DAY_MS: Millis = 86_400_000;

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
