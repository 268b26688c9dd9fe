//! Reactions: what people stick on a message (§4.4). They are no messages, move no times and count for nothing; a listing
//! shows those that stand, a webhook tells of each that is given and taken back.

use super::{World, conversation::Reaction, event::WorldEvent};

impl World {
    /// Somebody reacts to a message. The same reaction twice is one. Whether there is such a message.
    pub(crate) fn react(&mut self, conversation: usize, message_id: &str, reaction: Reaction) -> bool {
        let there = self.conversations.get_mut(conversation);
        let Some(message) = there.and_then(|there| there.message_mut(message_id)) else {
            return false;
        };
        let same =
            |earlier: &Reaction| (earlier.by_customer, &earlier.emotion) == (reaction.by_customer, &reaction.emotion);
        if !message.reactions.iter().any(same) {
            message.reactions.push(reaction.clone());
            let message_id = message_id.to_owned();
            self.events.push(WorldEvent::Reaction { conversation, message_id, reaction, given: true });
        }
        true
    }

    /// Somebody takes a reaction of theirs back, which is of this moment then. Whether there was one.
    pub(crate) fn take_reaction_back(&mut self, conversation: usize, message_id: &str, reaction: Reaction) -> bool {
        let there = self.conversations.get_mut(conversation);
        let Some(message) = there.and_then(|there| there.message_mut(message_id)) else {
            return false;
        };
        let given = message.reactions.len();
        message
            .reactions
            .retain(|earlier| (earlier.by_customer, &earlier.emotion) != (reaction.by_customer, &reaction.emotion));
        let taken = message.reactions.len() < given;
        if taken {
            let message_id = message_id.to_owned();
            self.events.push(WorldEvent::Reaction { conversation, message_id, reaction, given: false });
        }
        taken
    }
}
