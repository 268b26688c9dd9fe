//! From the database's rows to what the page is shown.

use engine::Engine;
use engine::health::Health as EngineHealth;
use model::{Content, ConversationId, Delivery, Direction, MessageId, UnconfirmedStage, WaitReason};
use store::table::account::{self, Account};
use store::table::attempt::{self, Outcome};
use store::table::conversation::{self, ListRow};
use store::table::draft::{self, Draft};
use store::table::gap;
use store::table::media::{self, Held};
use store::table::message::{self, Message, Stretch};
use store::table::outbox::{self, Reply};
use store::table::post::{self, Post};
use store::table::scheduled::{self, Scheduled};
use store::{Connection, StoreError};

use crate::view::{
    AccountView, Attachment, AttemptOutcome, AttemptView, Backfill, ConversationRow, ConversationView, DraftView,
    GapView, Health, MessagePage, MessageView, PersonView, PostView, Quoted, ScheduledView, WhyView,
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
        mark_read: account.mark_read,
        scheduled: scheduled::count_of(sql, account.id)?,
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
        budget: row.budget,
        scheduled: row.scheduled,
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
        draft: draft_view(sql, &draft::get(sql, id)?)?,
        card: draft::card(sql, id)?,
        scheduled: scheduled::of_conversation(sql, id)?
            .into_iter()
            .map(|one| scheduled_view(sql, one))
            .collect::<Result<_, _>>()?,
        images: conversation::get(sql, id)?.images.map(|(images, _)| images),
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
        Some(remote_id) => Some(quoted(message::find(sql, account, remote_id)?)),
    };
    let post = match &message.content {
        Content::SharePost { item_id: Some(item_id), .. } => post::find(sql, account, item_id)?.map(post_view),
        _ => None,
    };
    Ok(MessageView {
        id: message.id,
        direction: direction(message),
        sent_at_ms: message.sent_at_ms,
        surface: message.surface,
        auto: message.auto,
        content: message.content.clone(),
        post,
        quoted,
        delivery: message.outgoing.then(|| delivery(message, replies, read_up_to_ms)),
        reactions: message.reactions.clone(),
    })
}

fn quoted(held: Option<Message>) -> Quoted {
    Quoted {
        id: held.as_ref().map(|held| held.id),
        from: held.as_ref().map(direction),
        snippet: held.as_ref().map(|held| held.content.snippet()),
    }
}

fn draft_view(sql: &Connection, draft: &Draft) -> Result<DraftView, StoreError> {
    let quoted = match draft.quoted {
        None => None,
        Some(id) => match message::get(sql, id) {
            Ok(held) => Some(quoted(Some(held))),
            // It was taken back; the words stay.
            Err(StoreError::NotFound) => None,
            Err(error) => return Err(error),
        },
    };
    let attachment = match &draft.attachment {
        None => None,
        Some(key) => media::get(sql, key)?.map(|held| attachment(&held, false)),
    };
    Ok(DraftView { body: draft.body.clone(), quoted, attachment })
}

pub(crate) fn attachment(held: &Held, first_frame: bool) -> Attachment {
    Attachment {
        key: held.key.clone(),
        width: held.width,
        height: held.height,
        size: u32::try_from(held.size).unwrap_or(u32::MAX),
        first_frame,
    }
}

pub(crate) fn scheduled_view(sql: &Connection, one: Scheduled) -> Result<ScheduledView, StoreError> {
    let name = conversation::row(sql, one.conversation)?.person.name;
    let DraftView { body, quoted, attachment } = draft_view(sql, &one.reply)?;
    Ok(ScheduledView {
        id: one.id,
        conversation: one.conversation,
        name,
        body,
        quoted,
        attachment,
        at_ms: one.due_at_ms,
        stopped: one.stopped,
    })
}

pub(crate) fn post_view(post: Post) -> PostView {
    PostView { item_id: post.item_id, caption: post.caption, cover: post.cover, posted_at_ms: post.posted_at_ms }
}

pub(crate) fn why(sql: &Connection, id: MessageId) -> Result<WhyView, StoreError> {
    let message = message::get(sql, id)?;
    let known = conversation::get(sql, message.conversation)?;
    let replies = outbox::of_conversation(sql, message.conversation)?;
    let reply = replies.iter().find(|reply| reply.message == id);
    let attempts = attempt::of_message(sql, id)?
        .into_iter()
        .map(|attempt| AttemptView {
            started_at_ms: attempt.started_at_ms,
            ended_at_ms: attempt.ended_at_ms,
            outcome: match attempt.end.outcome {
                Outcome::Interrupted => AttemptOutcome::Interrupted,
                Outcome::Sent => AttemptOutcome::Sent,
                Outcome::NotTaken => AttemptOutcome::NotTaken,
                Outcome::Refused => AttemptOutcome::Refused,
                Outcome::Unknown => AttemptOutcome::Unknown,
            },
            code: attempt.end.code,
            message: attempt.end.message,
            request_id: attempt.end.request_id,
            answer: attempt.end.answer,
        })
        .collect();
    Ok(WhyView {
        delivery: delivery(&message, &replies, known.read_up_to_ms),
        refusal: reply.and_then(|reply| reply.refusal.clone()),
        attempts,
        checks: reply.map_or(0, |reply| reply.checks),
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
