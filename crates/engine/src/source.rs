//! Sources of conversations and messages. TikTok by polling today; a relay's stream and respond.io fit the same trait.

pub mod tiktok;

use std::future::Future;

use model::Millis;
use store::table::conversation::{Conversation, ListedConversation};
use store::table::message::IncomingMessage;
use store::table::person::PersonUpdate;

use crate::call::CallError;
use crate::pace::Priority;

/// A part of the list of conversations.
#[derive(Debug, Clone, Default)]
pub struct ListPage {
    /// The conversations on it.
    pub listed: Vec<ListedConversation>,
    /// Where the next page begins; none after the last.
    pub next: Option<String>,
    /// Whether everything on it could be read, and where it goes on, if it does.
    pub sure: bool,
    /// When the source was asked, by TikTok's clock, and no later.
    pub asked_at_ms: Millis,
}

/// One reading of a conversation.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// The customer, if the source said who.
    pub person: Option<PersonUpdate>,
    /// The messages, in any order.
    pub messages: Vec<IncomingMessage>,
    /// Those that came without an id and cannot be shown, in any order.
    pub unreadable: Vec<Unreadable>,
    /// Whether there may be older messages that were not shown: the page was full.
    pub full: bool,
    /// When the source was asked, by TikTok's clock, and no later. Only a reading asked for
    /// after a send can tell that it is not there.
    pub asked_at_ms: Millis,
}

/// A message that cannot be read by this version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// When it was sent, ms since the epoch, as far as it says.
    pub at_ms: Option<Millis>,
    /// Its JSON as it came.
    pub raw: String,
}

/// A provider of conversations.
pub trait Source: Send + Sync {
    /// How many lists make up the whole; TikTok has two, requests and chats.
    fn lists(&self) -> usize;

    /// One page of one list.
    fn list(&self, list: usize, cursor: Option<String>) -> impl Future<Output = Result<ListPage, CallError>> + Send;

    /// The newest messages of one conversation.
    fn fetch(
        &self,
        conversation: &Conversation,
        priority: Priority,
    ) -> impl Future<Output = Result<Batch, CallError>> + Send;
}
