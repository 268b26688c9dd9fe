//! A typed client for TikTok's APIs: sign in, list conversations, read them, reply, fetch images and videos.
//!
//! TikTok is two platforms with two apps: **Login Kit** (who is this person?) in [`login_kit`] and **TikTok API for
//! Business** (a business's direct messages) in [`business`]. This crate knows both and nothing else: no database, no
//! retries, no schedule. It makes one call when asked and says what came of it, and it reads what TikTok tells unasked
//! ([`business::webhook`]).
//!
//! The invariant is in the error: [`Error`] has one variant for each thing a caller can do next, and a call that *may*
//! have been carried out is never reported as one that was not ([`Error::Unknown`]). A send has no idempotency key, so
//! nothing in here repeats a request: redirects, protocol retries and connection reuse for [`Safety::Once`] calls are
//! off.
//!
//! Every answer is read with suspicion. One malformed message does not lose the page it came on, identifiers stay
//! strings to the last digit, an enum's unknown value is kept as text, and what is kept for the agent's "why?" has had
//! its tokens taken out.
//!
//! Section titles in these docs ("Send", "Token endpoints", …) are those of TikTok's documentation as of November 2026.

pub mod business;
mod client;
mod endpoint;
mod endpoints;
mod error;
mod gateway;
mod lenient;
pub mod login_kit;
mod media_fetch;
mod secret;
mod timestamp;
mod transport;
mod words;

pub use client::{Client, read_answer, read_data};
pub use endpoint::Endpoint;
pub use endpoints::{Endpoints, EndpointsError};
pub use error::{Error, LaterWhy, RateLimit, RawAnswer, Reason, UnknownWhy, UnreachableWhy, Words, business_data};
pub use gateway::Gateway;
pub use media_fetch::{MediaBody, MediaError, NotAllowed, VideoError, expires_at_s};
pub use reqwest::Method;
pub use secret::{AccessToken, ClientSecret, RefreshToken};
pub use timestamp::Timestamp;
pub use transport::{FilePart, Form, Safety, Timeouts};
