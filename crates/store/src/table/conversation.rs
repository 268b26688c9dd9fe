//! Conversations, each with everything its row in the list shows.

mod list;
mod row;
mod summary;
mod sync;

pub use self::list::{ListRow, RowPerson, row, window};
pub use self::row::{
    Conversation, clear_read_owed, find, forget_images_allowed, get, mark_seen, owe_read, owes_read,
    reopen_for_customer, set_images_allowed, set_person, set_status, touch,
};
pub(super) use self::summary::answered_at;
pub use self::summary::refresh;
pub use self::sync::{
    ListedConversation, active_since, due, has_unfetched, mark_due, mark_due_if_fetched, mark_fetched,
    mark_read_by_customer, mark_refused, mark_refused_due, newest_readable_except, record_late_push, upsert_listed,
};
