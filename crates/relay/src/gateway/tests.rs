//! The gateway over real HTTP, with a small TikTok that writes down what it was asked and fails on demand.

pub(crate) mod fake;
mod files;
mod passing;
mod secrets;
mod sending;
pub(crate) mod shop;
mod storm;
mod trouble;
