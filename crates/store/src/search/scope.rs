//! Where to look, and words of which one is enough.

use model::{AccountId, ConversationId};

/// Limits a search to an account or to one conversation; without either it covers everything.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Scope {
    /// In this account only.
    pub account: Option<AccountId>,
    /// In this conversation only.
    pub conversation: Option<ConversationId>,
}

/// Any of these words.
pub(super) fn any(words: impl Iterator<Item = String>) -> String {
    let words: Vec<String> = words.map(|word| format!("\"{word}\"")).collect();
    if words.len() == 1 { words.concat() } else { format!("({})", words.join(" OR ")) }
}
