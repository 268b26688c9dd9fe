//! TikTok's ids as keys in our tables.

/// The longest id that is put into a table of ours.
const MAX_ID_BYTES: usize = 512;

/// Whether a text of TikTok's can be a key in a table of ours: PostgreSQL takes no NUL.
pub(super) fn is_storable(id: &str) -> bool {
    (1..=MAX_ID_BYTES).contains(&id.len()) && !id.chars().any(char::is_control)
}
