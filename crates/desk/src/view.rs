//! What the page is shown: screenfuls, never tables. By screen.

mod automatic;
mod composer;
mod frame;
mod inbox;
mod link;
mod media;
mod posts;
mod relay;
mod relay_admin;
mod rules;
mod saved;
mod search;
mod thread;
mod triage;

pub use automatic::*;
pub use composer::*;
pub use frame::*;
pub use inbox::*;
pub use link::*;
pub use media::*;
pub use posts::*;
pub use relay::*;
pub use relay_admin::*;
pub use rules::*;
pub use saved::*;
pub use search::*;
pub use thread::*;
pub use triage::*;
