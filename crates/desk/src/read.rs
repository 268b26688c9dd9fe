//! From the database's rows to what the page is shown.

pub(crate) mod automatic;
pub(crate) mod rules;

use engine::Engine;
use engine::health::SyncHealth;
use model::{
    Content, ConversationId, Delivery, Direction, MessageId, Snippet, SnippetKind, Surface, UnconfirmedStage,
    WaitReason,
};
use store::recovery::{Losses, Report};
use store::search::{self, Found, Problem, ProblemKind, ThreadFound};
use store::table::account::{self, Account};
use store::table::agent::Agent;
use store::table::attempt::{self, Outcome};
use store::table::conversation::{self, ListRow};
use store::table::draft::{self, Draft};
use store::table::firing;
use store::table::gap;
use store::table::media::{self, StoredImage};
use store::table::message::{self, Message, PageAnchor};
use store::table::outbox::{self, OutboxReply};
use store::table::post::{self, Post};
use store::table::scheduled::{self, Scheduled};
use store::table::tag::{self, Tag};
use store::table::token_event::{self, TokenEvent};
use store::table::unsent::{self, Unsent};
use store::{Connection, StoreError};

use crate::view::{
    AccessView, AccountView, AgentView, Attachment, AttemptOutcome, AttemptView, Backfill, ConversationRow,
    ConversationView, DraftView, GapView, Health, HistoryView, Mark, MessageHit, MessagePage, MessageView, PersonHit,
    PersonView, PostView, Quoted, RepairView, Resume, ScheduledView, SearchProblem, SearchProblemKind, SearchResults,
    SendDetails, TagView, ThreadHits, TokenEventKind, TokenEventView, UnsentView,
};

pub(crate) fn account_view(sql: &Connection, engine: &Engine, account: &Account) -> Result<AccountView, StoreError> {
    let (health, synced_at_ms) = engine.health().of(account.id);
    let health = match (&account.relink, health) {
        _ if account.unlinked_at_ms.is_some() => {
            Health::Unlinked { since_ms: account.unlinked_at_ms.unwrap_or_default() }
        }
        (Some(detail), _) => Health::Relink { detail: detail.clone() },
        (None, SyncHealth::Starting) => Health::Starting,
        (None, SyncHealth::Live) => Health::Live,
        (None, SyncHealth::Offline { since_ms, retry_at_ms }) => Health::Offline { since_ms, retry_at_ms },
        (None, SyncHealth::RateLimited { until_ms }) => Health::RateLimited { until_ms },
        (None, SyncHealth::Unwell { since_ms, retry_at_ms, detail }) => {
            Health::Unwell { since_ms, retry_at_ms, detail }
        }
    };
    let backfill = if account.backfilled {
        None
    } else {
        let (done, total) = account::backfill_progress(sql, account.id)?;
        Some(Backfill { done, total, paused: account.backfill_paused })
    };
    let (gaps, unreadable) = account::count_doubtful(sql, account.id)?;
    Ok(AccountView {
        id: account.id,
        handle: account.handle.clone(),
        display_name: account.display_name.clone(),
        avatar: account.avatar.clone(),
        health,
        synced_at_ms: synced_at_ms.or(account.synced_at_ms),
        backfill,
        waiting: account::tab_counts(sql, account.id)?.waiting,
        mark_read: account.mark_read,
        unsent: unsent::count_of(sql, account.id)?,
        scheduled: scheduled::count_of(sql, account.id)?,
        history: HistoryView { complete_to_ms: account.complete_to_ms, gaps, unreadable },
        access: AccessView {
            access_ends_ms: account.tokens.access_expires_at_ms,
            refresh_ends_ms: account.tokens.refresh_expires_at_ms,
            warn_days: warning(account.tokens.refresh_expires_at_ms.saturating_sub(engine.clock().now_ms())),
        },
        via_relay: account.via_relay,
    })
}

/// Within how many days the refresh token ends, in the steps that are worth a warning.
fn warning(left_ms: i64) -> Option<u8> {
    const DAY_MS: i64 = 24 * 3_600_000;
    [1, 3, 7].into_iter().find(|days| left_ms <= i64::from(*days) * DAY_MS)
}

pub(crate) fn token_event_view(event: TokenEvent) -> TokenEventView {
    TokenEventView {
        at_ms: event.at_ms,
        kind: match event.kind {
            token_event::TokenEventKind::Linked => TokenEventKind::Linked,
            token_event::TokenEventKind::Refreshed => TokenEventKind::Refreshed,
            token_event::TokenEventKind::Postponed => TokenEventKind::Postponed,
            token_event::TokenEventKind::Refused => TokenEventKind::Refused,
            token_event::TokenEventKind::Unlinked => TokenEventKind::Unlinked,
        },
        detail: event.detail,
    }
}

/// What the agent is told of a mended database: what is there, and whether anything is not.
pub(crate) fn repair_view(report: Report) -> RepairView {
    let Losses { accounts, conversations, messages, drafts, replies, scheduled } = report.lost;
    let known = [accounts, conversations, messages, drafts, replies, scheduled].into_iter();
    RepairView {
        at_ms: report.at_ms,
        set_aside: report.set_aside,
        conversations: report.kept.conversations,
        messages: report.kept.messages,
        drafts: report.kept.drafts,
        beginnings: report.rebuilt.drafts,
        replies: report.kept.replies.saturating_add(report.kept.scheduled),
        lost: report.stale || known.chain(report.others.into_values()).any(|count| count != Some(0)),
    }
}

pub(crate) fn tag_view(tag: Tag) -> TagView {
    TagView { id: tag.id, hue: hue(&tag.name.to_lowercase()), name: tag.name }
}

pub(crate) fn agent_view(agent: Agent) -> AgentView {
    AgentView { id: agent.id, hue: hue(&agent.name.to_lowercase()), name: agent.name, me: agent.me, away: agent.away }
}

pub(crate) fn person_view(person: conversation::RowPerson) -> PersonView {
    PersonView {
        id: person.id,
        name: person.name,
        handle: person.handle,
        hue: hue(&person.remote_id),
        avatar: person.avatar,
        is_follower: person.is_follower,
        first_contact_ms: person.first_contact_ms,
    }
}

/// Rows of the list, with the tags of their customers.
pub(crate) fn conversation_rows(sql: &Connection, rows: Vec<ListRow>) -> Result<Vec<ConversationRow>, StoreError> {
    let tags = tag::of_people(sql, rows.iter().map(|row| row.person.id))?;
    // A customer may have several conversations.
    let of = |person| tags.get(&person).cloned().unwrap_or_default();
    rows.into_iter()
        .map(|row| {
            // Most have none, and cost nothing.
            let unsent = if row.unsent > 0 { unsent::of_conversation(sql, row.id)? } else { Vec::new() };
            Ok(conversation_row(of(row.person.id), unsent, row))
        })
        .collect()
}

/// The row shows at most this many unsent replies of a conversation; the thread shows them all.
const MAX_UNSENT_IN_ROW: usize = 5;

fn unsent_view(unsent: Unsent) -> UnsentView {
    match unsent {
        Unsent::Reply(reply) => UnsentView::Reply {
            message: reply.message,
            snippet: reply.outgoing.content().snippet(),
            delivery: reply.delivery(),
        },
        Unsent::Scheduled(Scheduled { id, reply, due_at_ms, stopped, .. }) => {
            let kind = if reply.attachment.is_some() && reply.body.is_empty() {
                SnippetKind::Image
            } else {
                SnippetKind::Text
            };
            let text = Content::Text { body: reply.body }.snippet().text;
            UnsentView::Scheduled { scheduled: id, snippet: Snippet { kind, text }, at_ms: due_at_ms, stopped }
        }
    }
}

fn conversation_row(tags: Vec<Tag>, unsent: Vec<Unsent>, row: ListRow) -> ConversationRow {
    ConversationRow {
        id: row.id,
        person: person_view(row.person),
        snippet: row.snippet,
        snippet_from: if row.snippet_out { Direction::Out } else { Direction::In },
        snippet_automatic: row.snippet_auto,
        last_at_ms: row.last_at_ms,
        unread: row.unread,
        waiting: row.waiting,
        window: row.window,
        budget: row.budget,
        scheduled: row.scheduled,
        unsent: row.unsent,
        unsent_replies: unsent.into_iter().take(MAX_UNSENT_IN_ROW).map(unsent_view).collect(),
        kind: row.kind,
        status: row.status,
        draft: row.draft_line,
        trouble: row.trouble,
        has_gap: row.has_gap,
        unreadable: row.unreadable,
        assignee: row.assignee.map(agent_view),
        snoozed_until_ms: row.snoozed_until_ms,
        tags: tags.into_iter().map(tag_view).collect(),
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
        row: conversation_rows(sql, vec![row])?.pop().ok_or(StoreError::NotFound)?,
    })
}

/// Which messages a page shows.
pub(crate) enum Part {
    /// From one end.
    PageAnchor(PageAnchor),
    /// A message in its place.
    Around(MessageId),
}

pub(crate) fn message_page(
    sql: &Connection,
    id: ConversationId,
    part: Part,
    limit: u32,
    find: Option<&str>,
) -> Result<MessagePage, StoreError> {
    let known = conversation::get(sql, id)?;
    let edge = |at: Option<&Message>, beyond: fn(MessageId) -> PageAnchor| {
        at.map_or(Ok(false), |message| message::exists_beyond(sql, id, beyond(message.id)))
    };
    let (messages, has_older, has_newer) = match part {
        Part::Around(message) => message::around(sql, id, message, limit)?,
        Part::PageAnchor(stretch) => {
            let (messages, more) = message::page(sql, id, stretch, limit)?;
            let (has_older, has_newer) = match stretch {
                PageAnchor::Newest => (more, false),
                PageAnchor::Oldest => (false, more),
                PageAnchor::Before(_) => (more, edge(messages.last(), PageAnchor::After)?),
                PageAnchor::After(_) => (edge(messages.first(), PageAnchor::Before)?, more),
            };
            (messages, has_older, has_newer)
        }
    };
    let replies = outbox::of_conversation(sql, id)?;
    let gaps = gap::of_conversation(sql, id)?
        .into_iter()
        .filter(|(gap, _)| messages.iter().any(|message| message.id == gap.before))
        .map(|(gap, hole)| GapView { before: gap.before, at_start: !hole })
        .collect();
    let mut messages: Vec<MessageView> = messages
        .iter()
        .map(|message| message_view(sql, message, &replies, known.read_up_to_ms, find))
        .collect::<Result<_, _>>()?;
    rules::put_firings(sql, id, &mut messages)?;
    Ok(MessagePage { messages, gaps, has_older, has_newer })
}

fn message_view(
    sql: &Connection,
    message: &Message,
    replies: &[OutboxReply],
    read_up_to_ms: i64,
    find: Option<&str>,
) -> Result<MessageView, StoreError> {
    let quoted = match &message.quoted_remote_id {
        None => None,
        Some(remote_id) => Some(quoted(message::find_in(sql, message.account, message.conversation, remote_id)?)),
    };
    let post = match &message.content {
        Content::SharePost { item_id: Some(item_id), .. } => post::find(sql, message.account, item_id)?.map(post_view),
        Content::SharePost { item_id: None, .. }
        | Content::Text { .. }
        | Content::Image { .. }
        | Content::Video { .. }
        | Content::Sticker { .. }
        | Content::Card { .. }
        | Content::Unsupported { .. }
        | Content::Unreadable => None,
    };
    Ok(MessageView {
        id: message.id,
        direction: direction(message),
        sent_at_ms: message.sent_at_ms,
        surface: message.surface,
        auto: message.auto,
        rule: if message.surface == Surface::Deskbell { firing::sender(sql, message.id)? } else { None },
        firings: Vec::new(),
        content: message.content.clone(),
        post,
        quoted,
        delivery: message.outgoing.then(|| delivery(message, replies, read_up_to_ms)),
        reactions: message.reactions.clone(),
        marks: find.map_or_else(Vec::new, |typed| marks(search::marks(typed, &message.content.searchable()))),
    })
}

fn marks(found: Vec<search::Mark>) -> Vec<Mark> {
    found.into_iter().map(|mark| Mark { start: mark.start, len: mark.len }).collect()
}

pub(crate) fn search_results(sql: &Connection, found: Found, searched: u32) -> Result<SearchResults, StoreError> {
    let person = |id| Ok::<_, StoreError>(person_view(conversation::row(sql, id)?.person));
    Ok(SearchResults {
        people: found
            .people
            .into_iter()
            .map(|hit| {
                Ok(PersonHit {
                    conversation: hit.conversation,
                    account: hit.account,
                    person: person(hit.conversation)?,
                    marks: marks(hit.marks),
                })
            })
            .collect::<Result<_, StoreError>>()?,
        messages: found
            .messages
            .into_iter()
            .map(|hit| {
                Ok(MessageHit {
                    id: hit.id,
                    conversation: hit.conversation,
                    account: hit.account,
                    person: person(hit.conversation)?,
                    direction: if hit.outgoing { Direction::Out } else { Direction::In },
                    sent_at_ms: hit.sent_at_ms,
                    kind: hit.kind,
                    excerpt: hit.excerpt,
                    marks: marks(hit.marks),
                })
            })
            .collect::<Result<_, StoreError>>()?,
        more: found.more,
        resume: found.resume.map(|below| Resume { below, back_to_ms: message::time_of(below) }),
        problems: problems(found.problems),
        searched,
        rebuilding: search::is_rebuilding(sql)?,
    })
}

pub(crate) fn thread_hits(found: ThreadFound) -> ThreadHits {
    ThreadHits { hits: found.messages, more: found.more, problems: problems(found.problems) }
}

fn problems(found: Vec<Problem>) -> Vec<SearchProblem> {
    found
        .into_iter()
        .map(|problem| SearchProblem {
            kind: match problem.kind {
                ProblemKind::UnknownPerson => SearchProblemKind::UnknownPerson,
                ProblemKind::UnknownTag => SearchProblemKind::UnknownTag,
                ProblemKind::BadDate => SearchProblemKind::BadDate,
                ProblemKind::BadHas => SearchProblemKind::BadHas,
            },
            value: problem.value,
        })
        .collect()
}

fn quoted(held: Option<Message>) -> Quoted {
    Quoted {
        id: held.as_ref().map(|held| held.id),
        from: held.as_ref().map(direction),
        snippet: held.as_ref().map(|held| held.content.snippet()),
    }
}

pub(crate) fn draft_view(sql: &Connection, draft: &Draft) -> Result<DraftView, StoreError> {
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

pub(crate) fn attachment(held: &StoredImage, first_frame: bool) -> Attachment {
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

pub(crate) fn why(sql: &Connection, id: MessageId) -> Result<SendDetails, StoreError> {
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
    Ok(SendDetails {
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
fn delivery(message: &Message, replies: &[OutboxReply], read_up_to_ms: i64) -> Delivery {
    let Some(at) = replies.iter().position(|reply| reply.message == message.id) else {
        return if message.sent_at_ms <= read_up_to_ms { Delivery::Read } else { Delivery::Sent };
    };
    let (before, from) = replies.split_at(at);
    let delivery = from.first().map_or(Delivery::Sent, OutboxReply::delivery);
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

/// A hue for a stand-in avatar or a tag: FNV-1a over TikTok's id or the name, so that it never changes.
fn hue(remote_id: &str) -> u16 {
    let hash = remote_id
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    u16::try_from(hash % 360).unwrap_or(0)
}
