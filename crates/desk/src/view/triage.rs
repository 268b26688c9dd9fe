//! Whose a conversation is, and who answers.

use model::AgentId;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// An agent: a person who answers customers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct AgentView {
    /// Their id.
    pub id: AgentId,
    /// Their name; empty until the agent at this computer has given one.
    pub name: String,
    /// A hue for the stand-in avatar, 0 to 359.
    pub hue: u16,
    /// Whether it is the agent at this computer.
    pub me: bool,
    /// Whether they are away: rules and assignment pass them over.
    pub away: bool,
}
