//! The commands, by the screen that asks them.

mod account;
mod automatic;
mod composer;
mod history;
mod inbox;
mod later;
mod leaving;
mod link;
mod media;
mod overview;
mod relay;
mod relay_admin;
mod rules;
mod saved;
mod search;
mod tags;
mod thread;
mod triage;

pub use account::*;
pub use automatic::*;
pub use composer::*;
pub use history::*;
pub use inbox::*;
pub use later::*;
pub use leaving::*;
pub use link::*;
pub use media::*;
pub use overview::*;
pub use relay::*;
pub use relay_admin::*;
pub use rules::*;
pub use saved::*;
pub use search::*;
pub use tags::*;
pub use thread::*;
pub use triage::*;

pub use crate::command::Done;
