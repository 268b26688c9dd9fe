//! TikTok by polling: both lists of conversations, and the newest 20 messages of one (TikTok API for Business).
//!
//! Translates TikTok's words into ours and nothing else. What has no word here stays in the raw message.

use std::collections::HashSet;
use std::time::Instant;

use model::{AccountId, AutoType, Content, ConversationKind, Direction, MediaState, Origin, Surface};
use store::table::account::Account;
use store::table::conversation::{Conversation, ListedConversation};
use store::table::message::IncomingMessage;
use store::table::person::PersonUpdate;
use tiktok::business::conversation::{self, ConversationPage, ListConversations, Referral};
use tiktok::business::message::{self, AutoMessageType, ListMessages, Message, MessagePage, MessageSource, Role};

use super::{Batch, ListPage, Source, Unreadable};
use crate::call::{CallError, Caller};
use crate::pace::Priority;

/// TikTok shows no more than this of a conversation, and no older page.
const PAGE: usize = 20;
const YEAR_MS: i64 = 365 * 86_400_000;

/// One account's conversations at TikTok.
#[derive(Debug, Clone)]
pub struct TikTok {
    caller: Caller,
    account: AccountId,
    business_id: String,
}

impl TikTok {
    /// The conversations of this account.
    #[must_use]
    pub fn of(caller: &Caller, account: &Account) -> Self {
        Self { caller: caller.clone(), account: account.id, business_id: account.remote_id.clone() }
    }

    /// Asks for messages. An account that may not read them any more has lost its permission: a user can take it away, and
    /// a refresh can come back with less ("Error codes", 40001).
    async fn ask<E: tiktok::Endpoint + Clone>(&self, priority: Priority, question: E) -> Result<E::Reply, CallError> {
        let link = self.caller.tokens().link_of(self.account);
        match self.caller.ask(self.account, priority, question).await {
            Err(CallError::Refused(tiktok::Error::Refused {
                reason: tiktok::Reason::NotPermitted, message, ..
            })) => Err(self.caller.relink(self.account, link, message.as_str()).await),
            answer => answer,
        }
    }
}

impl Source for TikTok {
    fn lists(&self) -> usize {
        conversation::ConversationKind::BOTH.len()
    }

    async fn list(&self, list: usize, cursor: Option<String>) -> Result<ListPage, CallError> {
        let Some(kind) = conversation::ConversationKind::BOTH.get(list).copied() else {
            return Ok(ListPage::default());
        };
        let question = ListConversations { business_id: self.business_id.clone(), kind, limit: 100, cursor };
        let began = Instant::now();
        let page = self.ask(Priority::Sweep, question).await?;
        let asked_at_ms = self.caller.asked_at_ms(began);
        Ok(list_page(self.account, page, kind, asked_at_ms))
    }

    async fn fetch(&self, conversation: &Conversation, priority: Priority) -> Result<Batch, CallError> {
        let began = Instant::now();
        let question =
            ListMessages { business_id: self.business_id.clone(), conversation_id: conversation.remote_id.clone() };
        let page = self.ask(priority, question).await?;
        let asked_at_ms = self.caller.asked_at_ms(began);
        Ok(batch(page, &self.business_id, conversation, asked_at_ms))
    }
}

/// A page of one of TikTok's lists, in our words.
pub(crate) fn list_page(
    account: AccountId,
    page: ConversationPage,
    kind: conversation::ConversationKind,
    asked_at_ms: i64,
) -> ListPage {
    if !page.unreadable.is_empty() {
        let count = page.unreadable.len();
        tracing::warn!(account = account.0, count, "TikTok listed conversations that cannot be read");
    }
    let sure = page.unreadable.is_empty() && (page.cursor.is_some() || !page.has_more);
    let listed = page.conversations.into_iter().map(|conversation| ListedConversation {
        remote_id: conversation.conversation_id,
        kind: match kind {
            conversation::ConversationKind::Stranger => ConversationKind::Request,
            conversation::ConversationKind::Single => ConversationKind::Chat,
        },
        updated_ms: conversation.updated_at.and_then(|at| at.ms_by(asked_at_ms)),
        origin: conversation.referral.and_then(|referral| origin(referral, asked_at_ms)),
    });
    ListPage { listed: listed.collect(), next: page.cursor.filter(|_| page.has_more), sure, asked_at_ms }
}

/// A conversation's newest messages, in our words.
pub(crate) fn batch(page: MessagePage, business_id: &str, conversation: &Conversation, asked_at_ms: i64) -> Batch {
    let id = conversation.id.0;
    if !page.unreadable.is_empty() {
        tracing::warn!(conversation = id, count = page.unreadable.len(), "TikTok listed messages that cannot be read");
    }
    let person = person(&page);
    // A page that names some of its messages twice is not fuller for it.
    let distinct: HashSet<&str> = page.messages.iter().map(|message| message.message_id.as_str()).collect();
    let full = distinct.len() + page.unreadable.len() >= PAGE;
    let (told, untold) = times(&page.messages, conversation.remote_updated_ms, asked_at_ms);
    if untold > 0 {
        tracing::warn!(conversation = id, count = untold, "TikTok did not say when messages were sent");
    }
    let messages = page.messages.iter().zip(told);
    let messages = messages.map(|(message, sent_at)| news(message, business_id, sent_at)).collect();
    let unreadable = page.unreadable.into_iter().zip(page.unreadable_at);
    let unreadable = unreadable.map(|(raw, at)| Unreadable { at_ms: at.and_then(|at| at.ms_by(asked_at_ms)), raw });
    Batch { person, messages, unreadable: unreadable.collect(), full, asked_at_ms }
}

/// When a message was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SentAt {
    /// TikTok said so, ms since the epoch.
    Said(i64),
    /// TikTok said no time that can be; about then, ms since the epoch.
    Guessed(i64),
}

/// When each message of a page was sent, and of how many TikTok does not say so. Such a message stands between its
/// neighbours on the page; the newest one was sent when something last happened there.
fn times(messages: &[Message], updated_ms: i64, now_ms: i64) -> (Vec<SentAt>, usize) {
    let said: Vec<Option<i64>> =
        messages.iter().map(|message| message.timestamp.and_then(|at| at.ms_by(now_ms))).collect();
    let mut timed = said.iter().flatten();
    // TikTok promises no order; as a rule the newest comes first.
    let newest_first = timed.next().is_none_or(|first| timed.next_back().is_none_or(|last| first >= last));
    let times = said.iter().enumerate().map(|(place, at)| {
        let (before, after) = (said.get(..place).unwrap_or_default(), said.get(place + 1..).unwrap_or_default());
        let (before, after) = (before.iter().flatten().next_back(), after.iter().flatten().next());
        let (older, newer) = if newest_first { (after, before) } else { (before, after) };
        match (at, older, newer) {
            (Some(at), ..) => SentAt::Said(*at),
            (None, Some(older), Some(newer)) => SentAt::Guessed(older.saturating_add(1).min(*newer)),
            (None, None, Some(newer)) => SentAt::Guessed(newer.saturating_sub(1)),
            (None, Some(older), None) => SentAt::Guessed(updated_ms.min(now_ms).max(older.saturating_add(1))),
            // A conversation whose last activity is not known counts from 1.
            (None, None, None) => SentAt::Guessed(if updated_ms > YEAR_MS { updated_ms.min(now_ms) } else { now_ms }),
        }
    });
    (times.collect(), said.iter().filter(|at| at.is_none()).count())
}

pub(crate) fn origin(referral: Referral, now_ms: i64) -> Option<Origin> {
    let ad = referral.ads.into_iter().next().map(|ad| Origin::Ad {
        name: ad.ad_name.or(ad.ad_id).unwrap_or_default(),
        at_ms: ad.at.and_then(|at| at.ms_by(now_ms)),
    });
    ad.or_else(|| {
        let link = referral.short_links.into_iter().next();
        link.map(|link| Origin::ShortLink { reference: link.reference.unwrap_or_default() })
    })
}

/// The customer: who takes part and is not the business. Their handle stands only on messages they wrote.
fn person(page: &MessagePage) -> Option<PersonUpdate> {
    let customer = page.participants.iter().find(|participant| participant.role == Role::Personal)?;
    let handle = page
        .messages
        .iter()
        .filter(|message| message.from_user.as_ref().is_some_and(|from| from.id == customer.id))
        .max_by_key(|message| message.timestamp)
        .and_then(|message| message.sender.clone());
    Some(PersonUpdate {
        remote_id: customer.id.clone(),
        name: customer.display_name.clone(),
        handle,
        avatar_url: customer.profile_image.clone(),
        is_follower: customer.is_follower,
    })
}

pub(crate) fn news(message: &Message, business_id: &str, sent_at: SentAt) -> IncomingMessage {
    let (sent_at_ms, is_timed) = match sent_at {
        SentAt::Said(at_ms) => (at_ms, true),
        SentAt::Guessed(at_ms) => (at_ms, false),
    };
    let outgoing = message.is_from_business(business_id).unwrap_or(false);
    IncomingMessage {
        remote_id: message.message_id.clone(),
        sent_at_ms,
        is_timed,
        outgoing,
        surface: match message.source {
            Some(MessageSource::App) => Surface::Phone,
            Some(MessageSource::Web) => Surface::Web,
            Some(MessageSource::Api) => Surface::Api,
            _ => Surface::Other,
        },
        auto: message.auto_message_type.as_ref().map(|auto| match auto {
            AutoMessageType::WelcomeMessage => AutoType::Welcome,
            AutoMessageType::SuggestedQuestion => AutoType::SuggestedQuestion,
            AutoMessageType::AutoReply => AutoType::KeywordReply,
            _ => AutoType::Other,
        }),
        content: content(message),
        quoted_remote_id: message.referenced_message_id.clone(),
        reactions: message.reactions.iter().map(|reaction| self::reaction(reaction, business_id)).collect(),
        raw: message.raw.get().to_owned(),
    }
}

/// An emoji on a message. One of TikTok's own is known by its picture's path: the rest of the link changes with each answer.
/// Who does not say whose it is, is the customer: a business has no way to react through the API.
pub(crate) fn reaction(reaction: &message::Reaction, business_id: &str) -> model::Reaction {
    model::Reaction {
        emoji: reaction.emoji.clone().unwrap_or_default(),
        picture: reaction.ai_emoji_url.as_deref().map(|url| {
            let link = url.split(['?', '#']).next().unwrap_or_default();
            let place = link.split_once("://").map_or(link, |(_, place)| place);
            place.split_once('/').map_or(place, |(_, path)| path).to_owned()
        }),
        from: if reaction.is_from_business(business_id) == Some(true) { Direction::Out } else { Direction::In },
    }
}

fn card_kind(name: &str) -> Option<model::CardKind> {
    match name {
        "QA_BUTTON_CARD" => Some(model::CardKind::Button),
        "QA_LINK_CARD" => Some(model::CardKind::Link),
        _ => None,
    }
}

fn content(message: &Message) -> Content {
    match &message.content {
        message::Content::Text { body } => Content::Text { body: body.clone() },
        message::Content::Image { media_id } => {
            Content::Image { media_id: media_id.clone(), media: MediaState::Pending }
        }
        message::Content::Video { media_id } => Content::Video { media_id: media_id.clone() },
        message::Content::SharePost { embed_url, item_id, .. } => {
            Content::SharePost { embed_url: embed_url.clone().unwrap_or_default(), item_id: item_id.clone() }
        }
        message::Content::Sticker { url } | message::Content::Emoji { url } => {
            Content::Sticker { url: url.clone(), media: MediaState::Pending }
        }
        message::Content::Template(card) => Content::Card {
            kind: card.kind.as_deref().and_then(card_kind),
            title: card.title.clone(),
            buttons: card.buttons.iter().map(|button| button.title.clone()).collect(),
        },
        message::Content::Unsupported => Content::Unsupported { kind: message.kind.as_str().to_owned() },
    }
}
