//! The commands, by the screen that asks them.

mod account;
mod composer;
mod inbox;
mod later;
mod link;
mod overview;
mod thread;

pub use account::*;
pub use composer::*;
pub use inbox::*;
pub use later::*;
pub use link::*;
pub use overview::*;
pub use thread::*;

use serde::Serialize;
use ts_rs::TS;

/// The answer of a command that has nothing to tell.
#[derive(Debug, Clone, Copy, Default, Serialize, TS)]
pub struct Done {}
