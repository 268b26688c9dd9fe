//! The errors of a call, sorted by what the caller can do next.
//!
//! Nothing here holds a token, a secret, an address with its query, or what we sent. TikTok's own words are kept, with
//! tokens taken out, because they are the only explanation an agent will get for a message that was not sent. They may
//! quote a customer, so they cannot be logged: `Display` and `Debug` of an error say its kind, its code and its request
//! id, and [`Words`] has no `Display` at all.

mod answer;
mod classify;
mod facts;
mod limit;
mod messages;
mod redact;
mod variants;

pub use answer::{RawAnswer, Words};
pub use classify::business_data;
pub(crate) use classify::{business, gateway, login_kit};
pub(crate) use facts::Facts;
pub use limit::RateLimit;
pub use variants::{Error, LaterWhy, Reason, UnknownWhy, UnreachableWhy};
