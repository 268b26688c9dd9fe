//! What a file says of a saved reply, whichever its format.

use std::collections::HashMap;

use model::{Millis, SavedReplyText};
use store::table::media::StoredImage;

use crate::view::ImportRefusal;

/// One saved reply in a file.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) place: u32,
    pub(super) text: SavedReplyText,
    pub(super) uses: u32,
    pub(super) used_at_ms: Option<Millis>,
    pub(super) picture: Picture,
}

/// What a file says of a picture.
#[derive(Debug)]
pub(super) enum Picture {
    /// Nothing: files of this kind have none.
    Unsaid,
    /// There is none, or it is in the vault and its key in the text.
    None,
    /// This one.
    Bytes(Vec<u8>),
}

/// What a file says, entry by entry.
pub(super) type Read = Vec<Result<Entry, ImportRefusal>>;

/// The pictures of an export, by their keys.
pub(crate) type Pictures = HashMap<String, (StoredImage, Vec<u8>)>;
