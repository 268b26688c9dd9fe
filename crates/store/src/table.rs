//! One file for each table: its rows as types, the questions asked of it, the changes made to it.

pub mod account;
pub mod agent;
mod answer;
pub mod attempt;
pub mod auto_message;
pub mod auto_version;
pub mod comment;
pub mod conversation;
pub mod cursor;
pub mod draft;
pub mod firing;
pub mod gap;
pub mod media;
pub mod message;
pub mod outbox;
pub mod person;
pub mod picture;
pub mod post;
pub mod relay;
pub mod rule;
pub mod saved_reply;
pub mod scheduled;
pub mod setting;
pub mod tag;
pub mod token_event;
pub mod triage;
pub mod unreadable;
pub mod unsent;
pub mod upload;

#[cfg(test)]
mod tests;
