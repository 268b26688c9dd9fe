//! From the database's rows to what the page is shown.

use engine::Engine;
use engine::health::Health as EngineHealth;
use model::{ConversationId, Delivery, Direction, MessageId, UnconfirmedStage, WaitReason};
use store::table::account::{self, Account};
use store::table::conversation::{self, ListRow};
use store::table::message::{self, Message, Stretch};
use store::table::outbox::{self, Reply};
use store::table::{draft, gap};
use store::{Connection, StoreError};

use crate::view::{
    AccountView, Backfill, ConversationRow, ConversationView, GapView, Health, MessagePage, MessageView, PersonView,
    Quoted,
};

pub(crate) fn account_view(sql: &Connection, engine: &Engine, account: &Account) -> Result<AccountView, StoreError> {
    let (health, synced_at_ms) = engine.health().of(account.id);
    let health = match (&account.relink, health) {
        (Some(detail), _) => Health::Relink { detail: detail.clone() },
        (None, EngineHealth::Starting) => Health::Starting,
        (None, EngineHealth::Live) => Health::Live,
        (None, EngineHealth::Offline { since_ms, retry_at_ms }) => Health::Offline { since_ms, retry_at_ms },
        (None, EngineHealth::RateLimited { until_ms }) => Health::RateLimited { until_ms },
        (None, EngineHealth::Unwell { since_ms, retry_at_ms, detail }) => {
            Health::Unwell { since_ms, retry_at_ms, detail }
        }
    };
    let backfill = if account.backfilled {
        None
    } else {
        let (done, total) = account::backfill(sql, account.id)?;
        Some(Backfill { done, total })
    };
    Ok(AccountView {
        id: account.id,
        handle: account.handle.clone(),
        display_name: account.display_name.clone(),
        avatar: account.avatar.clone(),
        health,
        synced_at_ms: synced_at_ms.or(account.synced_at_ms),
        backfill,
        waiting: account::counts(sql, account.id)?.waiting,
    })
}

pub(crate) fn conversation_row(row: ListRow) -> ConversationRow {
    let person = row.person;
    ConversationRow {
        id: row.id,
        person: PersonView {
            id: person.id,
            name: person.name,
            handle: person.handle,
            hue: hue(&person.remote_id),
            avatar: person.avatar,
            is_follower: person.is_follower,
            first_contact_ms: person.first_contact_ms,
        },
        snippet: row.snippet,
        snippet_from: if row.snippet_out { Direction::Out } else { Direction::In },
        last_at_ms: row.last_at_ms,
        unread: row.unread,
        waiting: row.waiting,
        window: row.window,
        kind: row.kind,
        status: row.status,
        draft: row.draft_line,
        trouble: row.trouble,
        has_gap: row.has_gap,
    }
}

pub(crate) fn conversation_view(sql: &Connection, id: ConversationId) -> Result<ConversationView, StoreError> {
    let row = conversation::row(sql, id)?;
    Ok(ConversationView {
        account: row.account,
        origin: row.origin.clone(),
        draft: draft::get(sql, id)?,
        row: conversation_row(row),
    })
}

pub(crate) fn message_page(
    sql: &Connection,
    id: ConversationId,
    stretch: Stretch,
    limit: u32,
) -> Result<MessagePage, StoreError> {
    let known = conversation::get(sql, id)?;
    let (messages, more) = message::page(sql, id, stretch, limit)?;
    let edge = |at: Option<&Message>, beyond: fn(MessageId) -> Stretch| {
        at.map_or(Ok(false), |message| message::exists_beyond(sql, id, beyond(message.id)))
    };
    let (has_older, has_newer) = match stretch {
        Stretch::Newest => (more, false),
        Stretch::Before(_) => (more, edge(messages.last(), Stretch::After)?),
        Stretch::After(_) => (edge(messages.first(), Stretch::Before)?, more),
    };
    let replies = outbox::of_conversation(sql, id)?;
    let gaps = gap::of_conversation(sql, id)?
        .into_iter()
        .filter(|gap| messages.iter().any(|message| message.id == gap.before))
        .map(|gap| GapView { before: gap.before, at_start: gap.after.is_none() })
        .collect();
    let messages = messages
        .iter()
        .map(|message| message_view(sql, known.account, message, &replies, known.read_up_to_ms))
        .collect::<Result<_, _>>()?;
    Ok(MessagePage { messages, gaps, has_older, has_newer })
}

fn message_view(
    sql: &Connection,
    account: model::AccountId,
    message: &Message,
    replies: &[Reply],
    read_up_to_ms: i64,
) -> Result<MessageView, StoreError> {
    let quoted = match &message.quoted_remote_id {
        None => None,
        Some(remote_id) => {
            let held = message::find(sql, account, remote_id)?;
            Some(Quoted {
                id: held.as_ref().map(|held| held.id),
                from: held.as_ref().map(direction),
                snippet: held.as_ref().map(|held| held.content.snippet()),
            })
        }
    };
    Ok(MessageView {
        id: message.id,
        direction: direction(message),
        sent_at_ms: message.sent_at_ms,
        surface: message.surface,
        auto: message.auto,
        content: message.content.clone(),
        quoted,
        delivery: message.outgoing.then(|| delivery(message, replies, read_up_to_ms)),
        reactions: message.reactions.clone(),
    })
}

fn direction(message: &Message) -> Direction {
    if message.outgoing { Direction::Out } else { Direction::In }
}

/// How far a message of ours has come. A confirmed one has no outbox row; whether it was read is a high-water mark.
fn delivery(message: &Message, replies: &[Reply], read_up_to_ms: i64) -> Delivery {
    let Some(at) = replies.iter().position(|reply| reply.message == message.id) else {
        return if message.sent_at_ms <= read_up_to_ms { Delivery::Read } else { Delivery::Sent };
    };
    let (before, from) = replies.split_at(at);
    let delivery = from.first().map_or(Delivery::Sent, Reply::delivery);
    let held_up = before.iter().any(|reply| {
        matches!(
            reply.delivery(),
            Delivery::Unconfirmed { stage: UnconfirmedStage::Checking | UnconfirmedStage::Undecided }
        )
    });
    match delivery {
        Delivery::Queued { .. } if held_up => Delivery::Queued { waiting: Some(WaitReason::EarlierUnconfirmed) },
        delivery => delivery,
    }
}

/// A hue that stays with a person: FNV-1a over TikTok's id for them.
fn hue(remote_id: &str) -> u16 {
    let hash = remote_id
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    u16::try_from(hash % 360).unwrap_or(0)
}
