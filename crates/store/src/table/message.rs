//! Messages, clustered by conversation and ordered by TikTok's time, then TikTok's id; never by arrival.

mod derived;
mod merge;
mod order;
mod page;
mod row;
mod write;

pub use self::page::{PageAnchor, around, exists_beyond, page};
pub(crate) use self::row::content_of;
pub use self::row::{
    IncomingMessage, Message, between, count, find, find_elsewhere, find_in, first_id, get, newest_listed, raw,
    time_of, unlisted_between,
};
pub use self::write::{
    Updated, assign_remote_id, clear_remote_id, insert, insert_own, mark_pushed, move_to_end, remove, set_content,
    set_reactions, set_time, update,
};
