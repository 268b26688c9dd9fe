//! Whose a conversation is, putting it away, and who answers.

use model::{AgentId, ConversationId, Millis};
use store::StoreError;
use store::table::{agent, triage};
use ts_rs::TS;

use crate::command::Command;
use crate::command::Done;
use crate::view::AgentView;
use crate::{Desk, Fault, FaultCode, read};

async fn agents(desk: &Desk) -> Result<Vec<AgentView>, Fault> {
    let all = desk.store().read(agent::all).await?;
    Ok(all.into_iter().map(read::agent_view).collect())
}

fn named(error: StoreError) -> Fault {
    match error {
        StoreError::WrongState => Fault::new(FaultCode::AgentNameInvalid),
        error => error.into(),
    }
}

/// All agents, the agent at this computer first.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListAgents {}

impl Command for ListAgents {
    type Reply = Vec<AgentView>;

    async fn run(self, desk: &Desk) -> Result<Vec<AgentView>, Fault> {
        agents(desk).await
    }
}

/// Adds an agent, or changes one's name.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SaveAgent {
    /// The agent; none for a new one.
    pub agent: Option<AgentId>,
    /// Their name; 60 characters are kept.
    pub name: String,
}

impl Command for SaveAgent {
    type Reply = Vec<AgentView>;

    async fn run(self, desk: &Desk) -> Result<Vec<AgentView>, Fault> {
        let Self { agent: id, name } = self;
        let saved = desk.store().write(move |tx| match id {
            Some(id) => agent::rename(tx, id, &name),
            None => agent::add(tx, &name).map(|_| ()),
        });
        saved.await.map_err(named)?;
        agents(desk).await
    }
}

/// Forgets an agent; their conversations are assigned to no one.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RemoveAgent {
    /// The agent; not the agent at this computer.
    pub agent: AgentId,
}

impl Command for RemoveAgent {
    type Reply = Vec<AgentView>;

    async fn run(self, desk: &Desk) -> Result<Vec<AgentView>, Fault> {
        let id = self.agent;
        desk.store().write(move |tx| agent::remove(tx, id)).await?;
        agents(desk).await
    }
}

/// Says whether an agent is away: rules and assignment pass them over.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetAgentAway {
    /// The agent.
    pub agent: AgentId,
    /// Whether the agent is away.
    pub away: bool,
}

impl Command for SetAgentAway {
    type Reply = Vec<AgentView>;

    async fn run(self, desk: &Desk) -> Result<Vec<AgentView>, Fault> {
        let Self { agent: id, away } = self;
        desk.store().write(move |tx| agent::set_away(tx, id, away)).await?;
        agents(desk).await
    }
}

/// Gives a conversation to an agent, or takes it from the agent who has it.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AssignConversation {
    /// The conversation.
    pub conversation: ConversationId,
    /// The agent.
    pub agent: Option<AgentId>,
}

impl Command for AssignConversation {
    type Reply = Done;

    async fn run(self, desk: &Desk) -> Result<Done, Fault> {
        let Self { conversation, agent } = self;
        desk.store().write(move |tx| triage::assign(tx, conversation, agent)).await?;
        Ok(Done {})
    }
}

/// Puts a conversation away until a time or until the customer writes, or brings it back.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SnoozeConversation {
    /// The conversation.
    pub conversation: ConversationId,
    /// Until when, ms since the epoch, later than now; none to bring it back.
    pub until_ms: Option<Millis>,
}

impl Command for SnoozeConversation {
    type Reply = Done;

    async fn run(self, desk: &Desk) -> Result<Done, Fault> {
        desk.engine().snooze().set(self.conversation, self.until_ms).await?;
        Ok(Done {})
    }
}
