//! One funnel in: whatever a source read of a conversation ends in [`apply`], and applying it twice changes nothing.
//!
//! One transaction for each batch: the customer, the messages, the gap where what we got does not meet what we had, the
//! replies it confirms, the conversation's row, and how far the source has come.

pub mod pushed;

use std::borrow::Cow;

use model::{AccountId, Content, ConversationId, MessageId, Millis, Surface};
use store::table::gap::{self, Gap};
use store::table::media::{self, Wanted};
use store::table::message::{self, News};
use store::table::person::PersonNews;
use store::table::{account, conversation, outbox, person, unreadable};
use store::{StoreError, Tx};
use unicode_normalization::UnicodeNormalization;

use crate::source::Batch;

/// A send's own clock and TikTok's may differ by this much.
const CLAIM_BEFORE_MS: i64 = 30_000;
/// How long after its beginning a send may still have arrived, beyond the call's own timeout.
const CLAIM_AFTER_MS: i64 = 60_000;
/// TikTok forgets what is older.
const REMEMBERED_MS: i64 = 90 * 86_400_000;
/// So many listings without it are enough to stop looking, if the last is late enough.
const CHECKS: u32 = 3;

/// What applying a batch did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Applied {
    /// Messages of the customer that were not known before.
    pub arrived: Vec<MessageId>,
    /// Replies of ours that were found in it.
    pub confirmed: Vec<MessageId>,
    /// Replies of ours that were not found in time.
    pub undecided: Vec<MessageId>,
    /// Whether pictures were ordered.
    pub pictures: bool,
    /// Whether it ends before TikTok says something last happened, and is to be read again.
    pub behind: bool,
    /// Whether anything the page shows has changed.
    pub news: bool,
}

/// How a batch is judged.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// By TikTok's clock.
    pub now_ms: Millis,
    /// How long one call may take.
    pub call_ms: i64,
    /// How long after its attempt a reply that was not found is left to the agent.
    pub undecided_after_ms: i64,
    /// TikTok's `update_time` that this batch answers.
    pub updated_ms: Millis,
    /// Whether a batch that ends before that time leaves the conversation to be read again: the two listings are not always
    /// of one moment. What the first reading of an old conversation lacks comes with its next activity.
    pub patient: bool,
}

/// Takes a batch in.
///
/// # Errors
/// [`StoreError`]; then nothing of it was kept.
pub fn apply(
    tx: &mut Tx<'_>,
    conversation: ConversationId,
    batch: &Batch,
    rules: Rules,
) -> Result<Applied, StoreError> {
    let known = conversation::get(tx, conversation)?;
    let mut applied = Applied::default();
    let mut changed = known.fetched_updated_ms == 0;

    if let Some(news) = &batch.person {
        changed |= meet(tx, known.account, conversation, news, &mut applied)?;
    }

    let placed = placed(tx, known.account, &batch.messages)?;
    let mut messages: Vec<&News> = placed.iter().collect();
    messages.sort_by(|one, other| (one.sent_at_ms, &one.remote_id).cmp(&(other.sent_at_ms, &other.remote_id)));
    // A message that is named twice does not meet itself.
    messages.dedup_by(|one, other| one.remote_id == other.remote_id);
    let mut first_meets = false;
    for (place, news) in messages.iter().enumerate() {
        let taken = take(tx, known.account, conversation, news, rules, true, &mut applied)?;
        first_meets |= place == 0 && taken.meets;
        changed |= taken.changed;
    }
    // One that does not even say when it was sent may stand anywhere.
    let nameless: Vec<Option<Millis>> = batch.unreadable.iter().map(|message| message.at_ms).collect();
    let unplaced = nameless.contains(&None);
    let open = !first_meets && (batch.full || unplaced || lacks_older(tx, conversation, &messages, rules.now_ms)?);
    changed |= note_gaps(tx, known.account, conversation, &messages, &nameless, open, rules.now_ms)?;
    for message in &batch.unreadable {
        unreadable::keep(tx, conversation, message.at_ms, &message.raw, rules.now_ms)?;
    }
    settle_missing(tx, conversation, batch, rules, &mut applied)?;

    if !applied.arrived.is_empty() && known.fetched_updated_ms > 0 {
        conversation::customer_wrote(tx, conversation)?;
    }
    due_for_rules(tx, known.account, conversation, &applied, rules.now_ms)?;
    if let Some(first) = messages.iter().find(|news| !news.outgoing)
        && let Some(person) = conversation::get(tx, conversation)?.person
    {
        person::contacted(tx, person, first.sent_at_ms)?;
    }
    let newest_ms = messages.last().map_or(0, |news| news.sent_at_ms);
    applied.behind = rules.patient && newest_ms < rules.updated_ms;
    let fetched_ms = if applied.behind { rules.updated_ms.saturating_sub(1) } else { rules.updated_ms };
    conversation::fetched(tx, conversation, fetched_ms, !applied.behind)?;
    applied.news = changed || !applied.undecided.is_empty();
    if applied.news {
        conversation::refresh(tx, conversation)?;
    }
    Ok(applied)
}

/// The rules are to look at the customers' messages that have just come in.
fn due_for_rules(
    tx: &Tx<'_>,
    account: AccountId,
    conversation: ConversationId,
    applied: &Applied,
    now_ms: Millis,
) -> Result<(), StoreError> {
    if applied.arrived.is_empty() {
        return Ok(());
    }
    crate::rules::arrived(tx, &account::get(tx, account)?, conversation, &applied.arrived, now_ms)
}

/// Keeps what was learned of a conversation's customer; whether anything shown has changed.
fn meet(
    tx: &Tx<'_>,
    account: AccountId,
    conversation: ConversationId,
    news: &PersonNews,
    applied: &mut Applied,
) -> Result<bool, StoreError> {
    let upserted = person::upsert(tx, account, news)?;
    conversation::set_person(tx, conversation, upserted.id)?;
    if upserted.new_avatar {
        media::want(tx, account, Wanted::Avatar(upserted.id))?;
        applied.pictures = true;
    }
    Ok(upserted.changed)
}

/// The messages, each where it stands in the thread: one that does not say when it was sent stays where it was put.
fn placed<'a>(tx: &Tx<'_>, account: AccountId, messages: &'a [News]) -> Result<Cow<'a, [News]>, StoreError> {
    let mut placed = Cow::Borrowed(messages);
    for (at, news) in messages.iter().enumerate().filter(|(_, news)| !news.is_timed) {
        if let Some(held) = message::find(tx, account, &news.remote_id)?
            && let Some(news) = placed.to_mut().get_mut(at)
        {
            news.sent_at_ms = held.sent_at_ms;
        }
    }
    Ok(placed)
}

/// What came of taking one message in.
#[derive(Debug, Clone, Copy)]
struct Taken {
    /// Whether it was listed before: what came before it is here.
    meets: bool,
    /// Whether anything shown has changed.
    changed: bool,
}

/// Takes one message in. `listed` says that it came with all that TikTok lists beside it, and not alone.
fn take(
    tx: &mut Tx<'_>,
    account: AccountId,
    conversation: ConversationId,
    news: &News,
    rules: Rules,
    listed: bool,
    applied: &mut Applied,
) -> Result<Taken, StoreError> {
    if let Some(held) = message::find(tx, account, &news.remote_id)? {
        if held.conversation != conversation {
            return Ok(Taken { meets: false, changed: false });
        }
        // A message we only know because we sent it, or because it was pushed, proves nothing about what came before it.
        let updated = if listed {
            message::update(tx, &held, news, true)?
        } else {
            // What is pushed says nothing of the emoji on it: those are told of by themselves.
            let news = News { reactions: held.reactions.clone(), ..news.clone() };
            message::update(tx, &held, &news, false)?
        };
        if updated.picture {
            // Another picture than the one that may have been given up.
            media::want_again(tx, account, held.id)?;
            applied.pictures = true;
        }
        return Ok(Taken { meets: held.listed, changed: updated.changed });
    }
    if let Some(reply) = claim(tx, conversation, news, rules)? {
        message::bind(tx, reply, &news.remote_id, Some(news), listed)?;
        if outbox::get(tx, reply)?.is_some() {
            outbox::sent(tx, reply)?;
        }
        applied.confirmed.push(reply);
    } else {
        let id = message::insert(tx, account, conversation, news, listed)?;
        if matches!(news.content, Content::Image { .. } | Content::Sticker { .. }) {
            media::want(tx, account, Wanted::Message(id))?;
            applied.pictures = true;
        }
        if !news.outgoing {
            applied.arrived.push(id);
        }
    }
    Ok(Taken { meets: false, changed: true })
}

/// The reply of ours that this unknown outgoing message is: sent through the API, the same in kind and words, at the time
/// of its attempt; the earliest first, each message once. A colleague's message from the phone or the web never is.
fn claim(
    tx: &Tx<'_>,
    conversation: ConversationId,
    news: &News,
    rules: Rules,
) -> Result<Option<MessageId>, StoreError> {
    if !news.outgoing || news.auto.is_some() || !matches!(news.surface, Surface::Api | Surface::Other) {
        return Ok(None);
    }
    let latest = rules.call_ms + CLAIM_AFTER_MS;
    let mut ours = outbox::claimable(tx, conversation)?;
    ours.retain(|(_, sent, began_ms)| {
        let since = news.sent_at_ms.saturating_sub(*began_ms);
        // Of a message that does not say when it was sent the words decide.
        (!news.is_timed || (-CLAIM_BEFORE_MS..=latest).contains(&since)) && same(sent, &news.content)
    });
    if !matches!(news.content, Content::Image { .. }) {
        return Ok(ours.first().map(|(id, ..)| *id));
    }
    // Two pictures cannot be told apart, and taking the wrong one would hide that the other is missing. One that the agent
    // says arrived is not in flight any more; between it and another the time decides.
    let mut in_flight = 0;
    for (id, ..) in &ours {
        in_flight += usize::from(outbox::get(tx, *id)?.is_some());
    }
    if in_flight > 1 {
        return Ok(None);
    }
    let nearest = ours.iter().min_by_key(|(_, _, began_ms)| news.sent_at_ms.abs_diff(*began_ms));
    Ok(nearest.map(|(id, ..)| *id))
}

/// Whether a listed message may be what we sent, as far as a listing shows it.
fn same(sent: &Content, listed: &Content) -> bool {
    match (sent, listed) {
        (Content::Text { body: sent }, Content::Text { body: listed }) => comparable(sent) == comparable(listed),
        (Content::Image { .. }, Content::Image { .. }) => true,
        (Content::Card { title, buttons, .. }, Content::Card { title: listed, buttons: listed_buttons, .. }) => {
            comparable(title) == comparable(listed)
                && buttons.len() == listed_buttons.len()
                && buttons.iter().zip(listed_buttons).all(|(sent, listed)| comparable(sent) == comparable(listed))
        }
        (Content::SharePost { item_id: sent, .. }, Content::SharePost { item_id: listed, embed_url }) => {
            match (sent, listed) {
                (Some(sent), Some(listed)) => sent == listed,
                (Some(sent), None) => embed_url.contains(sent.as_str()),
                (None, _) => false,
            }
        }
        _ => false,
    }
}

/// TikTok may tidy a text on its way.
fn comparable(text: &str) -> String {
    text.replace("\r\n", "\n").trim().nfc().collect()
}

/// Whether a page that is not full, and begins with a message that was never listed, still is not the whole conversation:
/// we hold an older one that TikTok listed and has not had to forget.
fn lacks_older(
    tx: &Tx<'_>,
    conversation: ConversationId,
    messages: &[&News],
    now_ms: Millis,
) -> Result<bool, StoreError> {
    let Some(first) = messages.first() else { return Ok(false) };
    let Some(older) = message::newest_listed(tx, conversation, first.sent_at_ms)? else { return Ok(false) };
    Ok(message::get(tx, older)?.sent_at_ms > now_ms.saturating_sub(REMEMBERED_MS))
}

/// A page has no omissions, so there is no gap inside it, but where a message of it came without an id. What comes before
/// its first message is open, unless that was listed before or the page shows the whole conversation. So is then what
/// comes before each message in between that was never listed, because we sent it or it was pushed.
fn note_gaps(
    tx: &Tx<'_>,
    account: AccountId,
    conversation: ConversationId,
    messages: &[&News],
    nameless: &[Option<Millis>],
    open: bool,
    now_ms: Millis,
) -> Result<bool, StoreError> {
    let mut changed = false;
    let Some(first) = messages.first() else { return Ok(false) };
    if !nameless.is_empty() || gap::any(tx, conversation)? {
        for (earlier, later) in messages.iter().zip(messages.iter().skip(1)) {
            let Some(held) = message::find(tx, account, &later.remote_id)? else { continue };
            if nameless.iter().flatten().any(|at_ms| earlier.sent_at_ms < *at_ms && *at_ms <= later.sent_at_ms) {
                let after = message::find(tx, account, &earlier.remote_id)?.map(|earlier| earlier.id);
                changed |= gap::notice(tx, conversation, Gap { before: held.id, after }, now_ms)?;
            } else {
                changed |= gap::close(tx, conversation, held.id)?;
            }
        }
    }
    let open = open || nameless.iter().flatten().any(|at_ms| *at_ms <= first.sent_at_ms);
    let Some(first) = message::find(tx, account, &first.remote_id)?.filter(|_| open) else { return Ok(changed) };
    let mut after = message::newest_listed(tx, conversation, first.sent_at_ms)?;
    let unlisted = message::unlisted_between(tx, conversation, after, first.sent_at_ms)?;
    for before in unlisted.into_iter().chain([first.id]) {
        changed |= gap::notice(tx, conversation, Gap { before, after }, now_ms)?;
        after = Some(before);
    }
    Ok(changed)
}

/// Counts this listing against every unconfirmed reply it should have shown, and leaves to the agent what was not found.
fn settle_missing(
    tx: &mut Tx<'_>,
    conversation: ConversationId,
    batch: &Batch,
    rules: Rules,
    applied: &mut Applied,
) -> Result<(), StoreError> {
    for reply in outbox::of_conversation(tx, conversation)? {
        let Some(started_at_ms) = reply.started_at_ms.filter(|_| reply.state == outbox::State::Checking) else {
            continue;
        };
        if batch.asked_at_ms < started_at_ms {
            continue;
        }
        let checks = outbox::checked(tx, reply.message)?;
        if checks >= CHECKS && batch.asked_at_ms.saturating_sub(started_at_ms) >= rules.undecided_after_ms {
            outbox::give_up_checking(tx, reply.message)?;
            applied.undecided.push(reply.message);
        }
    }
    Ok(())
}

/// Binds a reply to the id that TikTok's own answer gave it. The answer is the authority: where a listing came first
/// and this reply was taken for another message of the same text, the two change places.
///
/// # Errors
/// [`StoreError`]
pub fn confirm(tx: &mut Tx<'_>, account: AccountId, reply: MessageId, remote_id: &str) -> Result<(), StoreError> {
    let ours = match message::get(tx, reply) {
        Ok(ours) => ours,
        // The agent discarded it meanwhile; the next listing brings it back as an ordinary message.
        Err(StoreError::NotFound) => return Ok(()),
        Err(error) => return Err(error),
    };
    let held = message::find(tx, account, remote_id)?.filter(|held| held.id != reply);
    match (ours.remote_id.as_deref(), held) {
        (Some(bound), _) if bound == remote_id => {}
        (None, None) => message::bind(tx, reply, remote_id, None, false)?,
        (None, Some(held)) => {
            let news = as_news(tx, &held)?;
            gap::follow(tx, held.conversation, held.id, reply)?;
            message::remove(tx, held.id)?;
            message::bind(tx, reply, remote_id, Some(&news), held.listed)?;
        }
        (Some(_), held) => {
            let others = as_news(tx, &ours)?;
            message::unbind(tx, reply)?;
            match held {
                Some(held) => {
                    let news = as_news(tx, &held)?;
                    message::unbind(tx, held.id)?;
                    message::bind(tx, reply, remote_id, Some(&news), held.listed)?;
                    message::bind(tx, held.id, &others.remote_id, Some(&others), true)?;
                    let nobody = MessageId(-1);
                    for (from, to) in [(reply, nobody), (held.id, reply), (nobody, held.id)] {
                        gap::follow(tx, ours.conversation, from, to)?;
                    }
                }
                None => {
                    message::bind(tx, reply, remote_id, None, false)?;
                    let other = message::insert(tx, account, ours.conversation, &others, true)?;
                    gap::follow(tx, ours.conversation, reply, other)?;
                }
            }
        }
    }
    if outbox::get(tx, reply)?.is_some() {
        outbox::sent(tx, reply)?;
    } else {
        conversation::refresh(tx, ours.conversation)?;
    }
    Ok(())
}

/// A stored message as the news it once was.
fn as_news(tx: &Tx<'_>, message: &message::Message) -> Result<News, StoreError> {
    Ok(News {
        remote_id: message.remote_id.clone().unwrap_or_default(),
        sent_at_ms: message.sent_at_ms,
        is_timed: true,
        outgoing: message.outgoing,
        surface: if message.surface == Surface::Deskbell { Surface::Api } else { message.surface },
        auto: message.auto,
        content: message.content.clone(),
        quoted_remote_id: message.quoted_remote_id.clone(),
        reactions: message.reactions.clone(),
        raw: message::raw(tx, message.id)?.unwrap_or_default(),
    })
}

/// The conversations whose replies were just left to the agent, or found: their lanes go on.
#[must_use]
pub fn settled(applied: &Applied) -> bool {
    !applied.confirmed.is_empty() || !applied.undecided.is_empty()
}
