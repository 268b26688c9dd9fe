//! TikTok API for Business: a business account's direct messages.
//!
//! Everything but [`oauth`] is an [`crate::Endpoint`] for [`crate::Client::call`]. `business_id` is the account's
//! `open_id` from [`oauth::BusinessTokens`]; every id is TikTok's own text and is never computed with.

pub mod auto_message;
pub mod capability;
pub mod conversation;
pub mod direct_reply;
pub mod media;
pub mod message;
pub mod oauth;
pub mod profile;
pub mod video;
pub mod webhook;
