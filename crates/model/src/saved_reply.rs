//! Saved replies: texts an agent writes once and uses often, with blanks that are filled in for each customer.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A saved reply as the agent edits it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SavedReplyText {
    /// What the agent finds it by.
    pub name: String,
    /// What is typed after `/` to insert it at once; empty for none. No spaces, unique among all.
    pub shortcut: String,
    /// Under what it is listed; empty for none.
    pub category: String,
    /// The text, with variables such as `{{customer|there}}`: a name, and after the bar what stands there if it is not known.
    pub body: String,
    /// The key of its picture in the media vault.
    pub attachment: Option<String>,
}

/// What a variable of a saved reply stands for. Any other name in braces is a blank that the agent fills in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Variable {
    /// `{{customer}}`: the customer's name.
    Customer,
    /// `{{agent}}`: the agent's name.
    Agent,
    /// `{{account}}`: the account's display name.
    Account,
    /// `{{date}}`: today, in the account's time zone.
    Date,
}

/// What was wrong with a saved reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum SavedReplyProblem {
    /// It has no name.
    NoName,
    /// It has neither text nor picture.
    Empty,
    /// Its text is longer than TikTok takes.
    TooLong,
    /// Its shortcut has spaces in it.
    ShortcutInvalid,
    /// Another one has this shortcut.
    ShortcutTaken,
    /// A variable's braces are not closed.
    BracesOpen,
}
