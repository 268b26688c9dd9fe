//! The world: everything this TikTok knows, and what can happen to it. One lock guards it all (`crate::stage`), so each
//! call sees one moment, as it would behind TikTok's own front door.
//!
//! The nouns lie at the bottom ([`conversation`], [`auto_message`], [`post`], …), [`state`] holds them, and the other
//! files are what people and the API do to it.
//!
//! Invariant: nothing in here knows HTTP, webhooks or the scripted customers; they import the world.

pub(crate) mod agenda;
pub(crate) mod auto_changes;
pub(crate) mod auto_message;
pub(crate) mod catalogue;
pub(crate) mod comments;
pub(crate) mod conversation;
pub(crate) mod event;
pub(crate) mod grants;
mod outgoing;
mod post;
pub(crate) mod posted_comment;
mod posts;
mod reactions;
mod serving;
mod state;
pub(crate) mod uploads;
pub(crate) mod voice;
pub(crate) mod window;

pub(crate) use outgoing::OutgoingMessage;
pub(crate) use post::Post;
pub(crate) use state::{Account, NewMessage, Side, World};
