//! The lists of conversations: ids and times of the last activity, no text, no names ("Conversation list").
//!
//! TikTok lists the last 90 days, in two lists: a conversation is a `STRANGER` until the business has replied and
//! `SINGLE` from then on. Only the two together are complete.

use crate::{
    Endpoint, Safety, Timestamp,
    lenient::{self, Fields},
};
use reqwest::Method;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::fmt;

/// Lists conversations of one kind. TikTok promises no order.
#[derive(Debug, Clone)]
pub struct ListConversations {
    /// The account.
    pub business_id: String,
    /// The list to read.
    pub kind: ConversationKind,
    /// How many at most, 1 to 100.
    pub limit: u8,
    /// Where to go on: the last page's `cursor`; `None` for the beginning.
    pub cursor: Option<String>,
}

/// The two lists a conversation can be on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConversationKind {
    /// The customer wrote, the business has not replied yet.
    Stranger,
    /// The business has replied.
    Single,
}

impl ConversationKind {
    /// Both lists.
    pub const BOTH: [Self; 2] = [Self::Stranger, Self::Single];

    /// TikTok's name for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stranger => "STRANGER",
            Self::Single => "SINGLE",
        }
    }
}

/// A page of conversations.
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "ConversationPageWire")]
pub struct ConversationPage {
    /// The entries that could be read.
    pub conversations: Vec<Conversation>,
    /// Entries without a usable id, as they came.
    pub unreadable: Vec<String>,
    /// Whether another page follows.
    pub has_more: bool,
    /// For [`ListConversations::cursor`]; TikTok sends a number, kept as text.
    pub cursor: Option<String>,
}

/// A conversation, as far as the list tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation {
    /// TikTok's id, base64-like (`+ / =`).
    pub conversation_id: String,
    /// Last activity (`update_time`; `up_time` in some answers).
    pub updated_at: Option<Timestamp>,
    /// How the customer got here, if from an advertisement or a link.
    pub referral: Option<Referral>,
}

/// How a customer came to write.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Referral {
    /// Advertisements.
    pub ads: Vec<AdReferral>,
    /// `m.tiktok.me`-style links to the conversation.
    pub short_links: Vec<ShortLinkReferral>,
}

/// An advertisement that led here. `Debug` leaves its name and address out.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct AdReferral {
    /// The advertiser's id.
    pub advertiser_id: Option<String>,
    /// The advertisement's id.
    pub ad_id: Option<String>,
    /// Its name.
    pub ad_name: Option<String>,
    /// When the customer came by it. TikTok writes **seconds** in this list and ms in its webhooks.
    pub at: Option<Timestamp>,
    /// The page showing it; not to be opened unasked.
    pub embed_url: Option<String>,
    /// The piece of advertising that asked for a message; told by webhooks only.
    pub message_material_id: Option<String>,
}

/// A link that led here. `Debug` leaves its words out.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct ShortLinkReferral {
    /// The business's own mark on the link.
    pub reference: Option<String>,
    /// The text the customer found already typed.
    pub prefilled_message: Option<String>,
    /// Whether TikTok has passed that text: `PASS` and others.
    pub prefilled_message_audit_status: Option<String>,
}

impl Endpoint for ListConversations {
    const METHOD: Method = Method::GET;
    const PATH: &'static str = "/business/message/conversation/list/";
    const SAFETY: Safety = Safety::Repeatable;
    type Reply = ConversationPage;

    fn query(&self) -> Vec<(&'static str, String)> {
        let mut query = vec![
            ("business_id", self.business_id.clone()),
            ("conversation_type", self.kind.as_str().to_owned()),
            ("limit", self.limit.clamp(1, 100).to_string()),
        ];
        query.extend(self.cursor.clone().map(|cursor| ("cursor", cursor)));
        query
    }
}

#[derive(Deserialize)]
struct ConversationPageWire {
    #[serde(default)]
    conversations: Option<Vec<Box<RawValue>>>,
    #[serde(default)]
    has_more: Option<Box<RawValue>>,
    #[serde(default)]
    cursor: Option<Box<RawValue>>,
}

impl From<ConversationPageWire> for ConversationPage {
    fn from(wire: ConversationPageWire) -> Self {
        let mut page = Self {
            conversations: Vec::new(),
            unreadable: Vec::new(),
            has_more: wire.has_more.as_deref().and_then(lenient::flag).unwrap_or(false),
            cursor: wire.cursor.as_deref().and_then(lenient::text).filter(|text| !text.is_empty()),
        };
        for raw in wire.conversations.unwrap_or_default() {
            match conversation(&raw) {
                Some(conversation) => page.conversations.push(conversation),
                None => page.unreadable.push(raw.get().to_owned()),
            }
        }
        page
    }
}

fn conversation(raw: &RawValue) -> Option<Conversation> {
    let fields = Fields::read(raw)?;
    Some(Conversation {
        conversation_id: fields.remote_id("conversation_id")?,
        updated_at: fields.timestamp("update_time").or_else(|| fields.timestamp("up_time")),
        referral: fields.object("referral").map(|referral| Referral::read(&referral)),
    })
}

impl Referral {
    /// The list has lists of both, a webhook has one of one.
    pub(crate) fn read(fields: &Fields<'_>) -> Self {
        let each = |key| fields.one_or_many(key).into_iter().filter_map(Fields::read);
        Self {
            ads: each("ad").map(|ad| ad_referral(&ad)).collect(),
            short_links: each("short_link").map(|link| short_link(&link)).collect(),
        }
    }
}

fn short_link(link: &Fields<'_>) -> ShortLinkReferral {
    ShortLinkReferral {
        reference: link.id("ref"),
        prefilled_message: link.text("prefilled_message"),
        prefilled_message_audit_status: link.id("prefilled_message_audit_status"),
    }
}

fn ad_referral(ad: &Fields<'_>) -> AdReferral {
    AdReferral {
        advertiser_id: ad.id("advertiser_id"),
        ad_id: ad.id("ad_id"),
        ad_name: ad.text("ad_name"),
        at: ad.timestamp("timestamp"),
        embed_url: ad.id("embed_url"),
        message_material_id: ad.id("message_material_id"),
    }
}

impl fmt::Debug for AdReferral {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AdReferral").field("ad_id", &self.ad_id).field("at", &self.at).finish_non_exhaustive()
    }
}

impl fmt::Debug for ShortLinkReferral {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShortLinkReferral").field("reference", &self.reference).finish_non_exhaustive()
    }
}
