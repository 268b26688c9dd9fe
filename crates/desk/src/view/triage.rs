//! Whose a conversation is, and who answers.

use model::AgentId;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Somebody who answers customers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct AgentView {
    /// Their id.
    pub id: AgentId,
    /// Their name; empty until whoever sits here has said theirs.
    pub name: String,
    /// A hue for the stand-in avatar, 0 to 359.
    pub hue: u16,
    /// Whether it is whoever sits at this computer.
    pub me: bool,
    /// Whether they are away: rules and assignment pass them over.
    pub away: bool,
}
