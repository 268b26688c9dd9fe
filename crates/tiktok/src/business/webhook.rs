//! Webhooks ("Webhooks"): reads and verifies the events that TikTok pushes. Receiving them over HTTP happens elsewhere.
//!
//! A webhook needs a public address, so it comes to a relay and from there to the desks. This module is what both need
//! of TikTok's side: whether a body is TikTok's ([`verify`]), what it says ([`Envelope`]), and where TikTok is to send
//! it ([`set_callback`]). It stores nothing and answers no request.
//!
//! TikTok repeats a delivery for up to 72 hours, promises no order and gives no delivery an id: the receiver recognises
//! a repetition by its content. A message is the same in a webhook and in a list, and both are read to the same
//! [`super::message::Message`].

mod auto_message;
mod callback;
mod event;
mod person;
mod reaction_event;
mod signature;
#[cfg(test)]
mod tests;

pub use auto_message::{AutoMessageAction, AutoMessageAudit, AutoMessageConfig};
pub use callback::{callback, clear_callback, set_callback};
pub use event::{Event, HighIntentComment, MessageEvent, ReferralSource, RemovalReason};
pub use person::Person;
pub use reaction_event::{ReactionChange, ReactionEvent, ReactionOperation};
pub use signature::{SignatureError, Verified, sign, verify};

use crate::Timestamp;
use crate::lenient::{self, Fields};
use serde_json::value::RawValue;
use std::fmt;

/// One delivery ("Webhooks", envelope). `Debug` leaves its content out.
#[derive(Clone)]
pub struct Envelope {
    /// The app's id, as [`super::oauth::BusinessApp::app_id`].
    pub client_key: Option<String>,
    /// TikTok's name of the event: `im_receive_msg`.
    pub name: String,
    /// When TikTok made the event. It writes **seconds** here; converted. The times within the
    /// event are the ones to order by.
    pub created_at: Option<Timestamp>,
    /// The account it is about (`user_openid`): one address serves all accounts of an app. For an event of Login Kit it
    /// is that platform's `open_id`.
    pub business_id: String,
    /// The event.
    pub event: Event,
    /// The event's own JSON (`content`) as it came, or whatever stood in its place; empty if nothing did.
    pub raw: String,
}

/// Why a body is no event. It is answered with 200 all the same: TikTok would repeat it for three days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum EnvelopeError {
    /// Not a JSON object in UTF-8.
    #[error("the body is no JSON object")]
    NotAnObject,
    /// No `event`.
    #[error("the body names no event")]
    NoEvent,
    /// No `user_openid`: the account is missing.
    #[error("the body names no account")]
    NoAccount,
}

impl Envelope {
    /// Reads a body; [`verify`] it first. How long a body may be is for the receiver to say.
    ///
    /// Whatever can be read is: numbers may come as text and text as numbers, and ids keep every digit. What cannot be
    /// told from its `content` is an [`Event::Unknown`], so that an event's odd field never costs the delivery.
    ///
    /// # Errors
    /// [`EnvelopeError`], for a body that is no event.
    pub fn read(body: &[u8]) -> Result<Self, EnvelopeError> {
        let body: &RawValue = serde_json::from_slice(body).map_err(|_| EnvelopeError::NotAnObject)?;
        let fields = Fields::read(body).ok_or(EnvelopeError::NotAnObject)?;
        let name = fields.id("event").ok_or(EnvelopeError::NoEvent)?;
        let business_id = fields.id("user_openid").ok_or(EnvelopeError::NoAccount)?;
        // JSON within a string is the documented form; the object itself would be the obvious one.
        let content = fields.get("content");
        let raw = content.map(|content| lenient::text(content).unwrap_or_else(|| content.get().to_owned()));
        let raw = raw.unwrap_or_default();
        let event = serde_json::from_str(&raw).ok().and_then(|content| Event::read(&name, content, &business_id));
        Ok(Self {
            client_key: fields.id("client_key"),
            created_at: fields.timestamp("create_time"),
            event: event.unwrap_or_else(|| Event::Unknown { name: name.clone() }),
            name,
            business_id,
            raw,
        })
    }
}

impl fmt::Debug for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Envelope")
            .field("name", &self.name)
            .field("created_at", &self.created_at)
            .field("business_id", &self.business_id)
            .field("event", &self.event)
            .finish_non_exhaustive()
    }
}
