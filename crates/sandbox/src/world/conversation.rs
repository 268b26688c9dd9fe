//! A conversation between a customer and an account, and its messages.

use std::borrow::Cow;

use serde_json::Value;

use super::voice::Voice;

/// A TikTok user who writes to the shop.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    /// Stable across TikTok's APIs (§4.4); base64-like.
    pub(crate) unique_identifier: String,
    pub(crate) username: String,
    pub(crate) display_name: String,
    pub(crate) follower: bool,
    /// Registered in the EEA, Switzerland or the UK: what they write is pushed without content (§6.4).
    pub(crate) in_europe: bool,
    /// How many times they changed their picture.
    pub(crate) new_faces: u32,
}

impl Person {
    /// The name their picture is drawn from and linked under; another one with each new picture.
    pub(crate) fn face(&self) -> Cow<'_, str> {
        match self.new_faces {
            0 => Cow::Borrowed(self.username.as_str()),
            n => Cow::Owned(format!("{}-{n}", self.username)),
        }
    }
}

/// Where a message was written: `message_tag.source` (§4.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Source {
    #[default]
    App,
    Web,
    Api,
    Others,
}

impl Source {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Source::App => "APP",
            Source::Web => "WEB",
            Source::Api => "API",
            Source::Others => "OTHERS",
        }
    }

    /// The source of that name, whatever its case.
    pub(crate) fn named(name: &str) -> Source {
        match name.to_ascii_uppercase().as_str() {
            "WEB" => Source::Web,
            "API" => Source::Api,
            "OTHERS" => Source::Others,
            _ => Source::App,
        }
    }
}

/// The content of a message (§4.4). Pictures are drawn from the id or name when they are fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Content {
    Text(Cow<'static, str>),
    Image {
        media_id: String,
    },
    Video {
        media_id: String,
    },
    SharePost {
        item_id: String,
    },
    /// A card with buttons, as it was sent.
    Template(Value),
    Sticker {
        name: String,
    },
    Emoji {
        name: String,
    },
    /// Something the API does not give out.
    Other,
    /// A kind that no documentation names, with a block of its own: `VOICE_NOTE` and whatever else comes.
    New {
        kind: String,
        block: Value,
    },
}

impl Default for Content {
    fn default() -> Content {
        Content::Text("".into())
    }
}

impl Content {
    pub(crate) fn kind(&self) -> &str {
        match self {
            Content::Text(_) => "TEXT",
            Content::Image { .. } => "IMAGE",
            Content::Video { .. } => "VIDEO",
            Content::SharePost { .. } => "SHARE_POST",
            Content::Template(_) => "TEMPLATE",
            Content::Sticker { .. } => "STICKER",
            Content::Emoji { .. } => "EMOJI",
            Content::Other => "OTHER",
            Content::New { kind, .. } => kind,
        }
    }

    /// The text, empty where there is none.
    pub(crate) fn text(&self) -> &str {
        if let Content::Text(body) = self { body } else { "" }
    }

    /// The id of a card's button with this title; a button that was sent without one is known by its title.
    pub(crate) fn button(&self, title: &str) -> Option<String> {
        let Content::Template(card) = self else { return None };
        let button =
            card.get("buttons")?.as_array()?.iter().find(|button| button.get("title").is_some_and(|t| t == title))?;
        Some(button.get("id").and_then(Value::as_str).unwrap_or(title).to_owned())
    }

    /// Whether a reply may quote it (§4.2).
    pub(crate) fn quotable(&self) -> bool {
        matches!(self, Content::Text(_) | Content::Image { .. } | Content::SharePost { .. })
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) at_ms: i64,
    pub(crate) by_customer: bool,
    pub(crate) source: Source,
    pub(crate) content: Content,
    /// `auto_message_type`, where TikTok sent it by itself.
    pub(crate) auto: Option<&'static str>,
    pub(crate) referenced: Option<String>,
    /// Where it came about by tapping a card's button.
    pub(crate) tapped: Option<Tap>,
    /// In the order they were given.
    pub(crate) reactions: Vec<Reaction>,
}

/// A tapped button: the card's message and the button's id. Only the webhook tells (§6.5).
#[derive(Debug, Clone)]
pub(crate) struct Tap {
    pub(crate) message_id: String,
    pub(crate) button_id: String,
}

impl Message {
    /// Whether the business wrote it, and not TikTok for it.
    pub(crate) fn by_business(&self) -> bool {
        !self.by_customer && self.auto.is_none()
    }
}

/// The kinds of reactions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ReactionKind {
    Emoji(String),
    /// An image that TikTok made, by its name; its link dies after thirty days.
    AiEmoji(String),
}

/// A reaction to a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reaction {
    pub(crate) kind: ReactionKind,
    pub(crate) by_customer: bool,
    pub(crate) at_ms: i64,
}

/// How a person came to the shop (§4.3).
#[derive(Debug, Clone)]
pub(crate) enum Referral {
    Ad { ad_name: String, at_ms: i64 },
    ShortLink { reference: String, prefilled: String },
}

#[derive(Debug)]
pub(crate) struct Conversation {
    pub(crate) id: String,
    pub(crate) account: usize,
    pub(crate) person: Person,
    /// Whether the business has replied: `SINGLE`, before that `STRANGER` (§4.3).
    pub(crate) answered: bool,
    /// The customer blocked the shop: every send is refused as 40064.
    pub(crate) blocked: bool,
    /// Whether images may be sent here; it depends on both countries (§4.7).
    pub(crate) takes_images: bool,
    pub(crate) customer_read_at: Option<i64>,
    pub(crate) referral: Option<Referral>,
    /// Oldest first; equal times in the order they came.
    pub(crate) messages: Vec<Message>,
    /// How many messages ever got an id here.
    pub(crate) minted: u64,
    /// The lines that a scripted customer still has to say.
    pub(crate) voice: Option<Voice>,
}

impl Conversation {
    pub(crate) fn insert(&mut self, message: Message) {
        let place = self.messages.partition_point(|earlier| earlier.at_ms <= message.at_ms);
        self.messages.insert(place, message);
    }

    /// `update_time`: when the last message came, 0 before the first.
    pub(crate) fn updated_at(&self) -> i64 {
        self.messages.last().map_or(0, |message| message.at_ms)
    }

    pub(crate) fn message(&self, id: &str) -> Option<&Message> {
        // Newest first: what is asked for is mostly recent, and a thread may be long.
        self.messages.iter().rfind(|message| message.id == id)
    }

    pub(crate) fn message_mut(&mut self, id: &str) -> Option<&mut Message> {
        self.messages.iter_mut().rfind(|message| message.id == id)
    }

    /// The messages there were before the business wrote one at that moment; what a customer wrote in the same
    /// millisecond counts as before.
    pub(crate) fn before(&self, at_ms: i64) -> &[Message] {
        let end = self
            .messages
            .partition_point(|message| message.at_ms < at_ms || (message.at_ms == at_ms && !message.by_business()));
        self.messages.split_at(end).0
    }

    pub(crate) fn conversation_type(&self) -> &'static str {
        if self.answered { "SINGLE" } else { "STRANGER" }
    }
}
