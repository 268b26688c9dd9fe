//! What a rule does, put on disk.

use std::collections::HashMap;

use model::{
    ActionTaken, AgentId, AssignTo, ConversationId, Millis, NoReply, Outgoing, PlannedAction, RuleId, SavedReplyId,
    Status,
};
use store::table::agent::{self, Agent};
use store::table::firing::{self, NewFiring};
use store::table::message::Message;
use store::table::outbox::actions;
use store::table::{conversation, tag, triage};
use store::{Connection, StoreError, Tx};

use super::evaluated::Evaluated;
use super::prepare::Ready;

/// Does what one rule does with a message, and writes it down.
pub(super) fn act(
    tx: &mut Tx<'_>,
    evaluated: &mut Evaluated,
    message: &Message,
    (rule, name): (RuleId, &str),
    steps: &[PlannedAction],
    replies: &HashMap<SavedReplyId, Ready>,
    now_ms: Millis,
) -> Result<(), StoreError> {
    let id = message.conversation;
    let mut new = NewFiring {
        rule,
        name: name.to_owned(),
        account: message.account,
        conversation: id,
        message: message.id,
        at_ms: now_ms,
        no_reply: None,
        did: Vec::new(),
        replies: Vec::new(),
    };
    for step in steps {
        match step {
            PlannedAction::Reply(saved) => match replies.get(saved) {
                Some(ready) => {
                    new.replies = queue(tx, message, &ready.parts, now_ms)?;
                    new.did.push(ActionTaken::Replied { name: ready.name.clone() });
                    evaluated.replied = true;
                }
                None => new.no_reply = Some(NoReply::SavedReplyUnfit),
            },
            PlannedAction::NoReply(why) => new.no_reply = Some(*why),
            PlannedAction::Tag(name) => match tag::add(tx, id, name) {
                Ok(()) => new.did.push(ActionTaken::Tagged { name: name.clone() }),
                // There is no customer to put it on: TikTok has not said who it is.
                Err(StoreError::NotFound) => {}
                Err(error) => return Err(error),
            },
            PlannedAction::Assign(to) => new.did.extend(assign(tx, id, *to)?),
            PlannedAction::Snooze(until_ms) => {
                triage::snooze(tx, id, Some(*until_ms))?;
                evaluated.snoozed = true;
                new.did.push(ActionTaken::Snoozed { until_ms: *until_ms });
            }
            PlannedAction::Done => {
                conversation::set_status(tx, id, Status::Done)?;
                new.did.push(ActionTaken::Done);
            }
            PlannedAction::Notify => {
                evaluated.notify = true;
                new.did.push(ActionTaken::Notified);
            }
        }
    }
    firing::log(tx, &new)
}

/// Queues a reply. Whatever a person answers from the message on stops it.
fn queue(
    tx: &mut Tx<'_>,
    message: &Message,
    parts: &[Outgoing],
    now_ms: Millis,
) -> Result<Vec<model::MessageId>, StoreError> {
    actions::queue_all(tx, message.conversation, parts, None, message.sent_at_ms, None, now_ms)
}

/// Assigns a conversation to an agent who is not away. Its present agent keeps it if not away, unless the rule names one.
fn assign(tx: &mut Tx<'_>, id: ConversationId, to: AssignTo) -> Result<Option<ActionTaken>, StoreError> {
    let holder = conversation::row(tx, id)?.assignee;
    let chosen = match to {
        AssignTo::Agent { agent } => present(tx, agent)?,
        AssignTo::LeastBusy if holder.as_ref().is_some_and(|holder| !holder.away) => return Ok(None),
        AssignTo::LeastBusy => match agent::least_busy(tx)? {
            Some(agent) => present(tx, agent)?,
            None => None,
        },
    };
    let Some(chosen) = chosen else { return Ok(Some(ActionTaken::NobodyThere)) };
    if holder.is_some_and(|holder| holder.id == chosen.id) {
        return Ok(None);
    }
    triage::assign(tx, id, Some(chosen.id))?;
    Ok(Some(ActionTaken::Assigned { name: chosen.name }))
}

/// An agent who is there: neither gone nor away.
fn present(sql: &Connection, id: AgentId) -> Result<Option<Agent>, StoreError> {
    match agent::get(sql, id) {
        Ok(agent) => Ok(Some(agent).filter(|agent| !agent.away)),
        Err(StoreError::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}
