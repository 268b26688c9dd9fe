//! Adding and removing reactions (§4.4). A reaction is no message and moves no time; a listing shows the current ones,
//! a webhook tells of each that is added or removed.

use super::{World, conversation::Reaction, event::WorldEvent};

impl World {
    /// Adds a reaction to a message; the same one twice is one. Returns whether there is such a message.
    pub(crate) fn react(&mut self, conversation: usize, message_id: &str, reaction: Reaction) -> bool {
        let there = self.conversations.get_mut(conversation);
        let Some(message) = there.and_then(|there| there.message_mut(message_id)) else {
            return false;
        };
        let same = |earlier: &Reaction| (earlier.by_customer, &earlier.kind) == (reaction.by_customer, &reaction.kind);
        if !message.reactions.iter().any(same) {
            message.reactions.push(reaction.clone());
            let message_id = message_id.to_owned();
            self.events.push(WorldEvent::Reaction { conversation, message_id, reaction, given: true });
        }
        true
    }

    /// Removes a reaction; its time is that of the removal. Returns whether there was one.
    pub(crate) fn take_reaction_back(&mut self, conversation: usize, message_id: &str, reaction: Reaction) -> bool {
        let there = self.conversations.get_mut(conversation);
        let Some(message) = there.and_then(|there| there.message_mut(message_id)) else {
            return false;
        };
        let given = message.reactions.len();
        message
            .reactions
            .retain(|earlier| (earlier.by_customer, &earlier.kind) != (reaction.by_customer, &reaction.kind));
        let taken = message.reactions.len() < given;
        if taken {
            let message_id = message_id.to_owned();
            self.events.push(WorldEvent::Reaction { conversation, message_id, reaction, given: false });
        }
        taken
    }
}
