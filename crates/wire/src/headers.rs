//! The headers of the protocol, in lower case.

/// On a call through the gateway that sends a message: the desktop's own name of this send, 1 to 64 characters of
/// `A-Z a-z 0-9 - _`. The same key again gives the same outcome and sends nothing again.
pub const SEND_KEY: &str = "deskbell-send-key";
/// On a send: the id of the newest event that the desktop had stored when the agent pressed Send
/// ([`crate::EventId`]). The relay refuses the send if a colleague has answered since.
pub const SEEN: &str = "deskbell-seen";
/// On a call through the gateway: which kind of work it is for, `send`, `open` or `background`. People's sends go
/// first.
pub const PRIORITY: &str = "deskbell-priority";
/// On an answer that is the relay's own and not TikTok's: the [`crate::FailureCode`] of the [`crate::Failure`] in the
/// body. An answer of TikTok's does not have it.
pub const FAILURE: &str = "deskbell-failure";
