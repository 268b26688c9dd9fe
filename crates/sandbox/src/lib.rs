//! A fake TikTok for practice and tests: both platforms as their documentation describes them, over loopback HTTP, with
//! customers who write, a ledger of what truly arrived and a dial for everything that can go wrong.
//!
//! It depends on no crate of this workspace: a mistake about TikTok in the client meets another reading of the facts
//! here instead of cancelling itself out. Nothing is kept; when the last [`Sandbox`] is dropped, this TikTok is gone.
//! What happens in a conversation is also pushed, signed as TikTok signs it: to [`Sandbox::webhooks`] in this process
//! and to the address the app registers.
//! "§" in these pages is a section of the project's notes on TikTok's API.
//!
//! Dropped: answering from recorded responses. A recording cannot say whether a message whose answer got lost was
//! taken, and that is the question this client is built around.

mod auto_message;
mod clock;
mod comment;
mod config;
mod customer;
mod customers;
mod drawing;
mod faults;
mod ids;
mod ledger;
mod limits;
mod links;
mod owner;
mod push;
mod refusal;
mod routes;
mod sandbox;
mod server;
mod site;
mod stage;
mod video;
mod world;

pub use auto_message::{AuditStatus, AutoChange, AutoKind, AutoMessage};
pub use comment::Comment;
pub use config::{Apps, Config, Crowd, Lifetimes, Limits, PictureQuotes, Populate, WindowRule};
pub use customer::Customer;
pub use faults::{Fault, PagingFault, Rewrite, Times};
pub use ledger::{
    Accepted, Attempt, Ledger, Platform, SentImage, Sign, TokenCall, Upload, Verdict, WebhookTally, Written,
};
pub use owner::Owner;
pub use push::{Delivery, WebhookFaults};
pub use sandbox::Sandbox;
