//! What is appended, and what becomes of it.

use wire::{EventBody, EventId};

/// An event to append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// TikTok's `business_id`; empty if it is about the whole shop.
    pub account: String,
    /// What tells a repetition from another event, at most 200 bytes of ASCII. A known one is not stored again.
    pub dedup: String,
    /// The event.
    pub body: EventBody,
    /// If the shop said something in a conversation: what a later send must have seen.
    pub answer: Option<Answer>,
}

/// Something that the shop said in a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// TikTok's id of the conversation.
    pub conversation: String,
    /// The device that sent it through the gateway; empty if it came by another way.
    pub device: String,
    /// The device's name, or empty.
    pub answered_by: String,
    /// TikTok's id of the message, or empty.
    pub message: String,
}

/// What became of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Appended {
    /// It is in the log now.
    New(EventId),
    /// It was in the log before.
    Known,
}
