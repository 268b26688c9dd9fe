//! What rules do with customers' messages: sent or not, once, and never in a circle.

mod crashes;
mod lots;
mod replay;
mod shop;
mod stories;
