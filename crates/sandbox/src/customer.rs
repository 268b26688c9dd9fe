//! A customer, as tests, demos and the control addresses act as one.

use std::{fmt, sync::Arc};

use crate::{
    ids,
    ledger::Written,
    stage::Stage,
    world::{
        NewMessage, Side, World,
        conversation::{Content, Conversation, Message},
    },
};

mod acting;
mod writing;

/// A person with a conversation of their own. Cheap to clone; it does not keep the sandbox running.
#[derive(Clone)]
pub struct Customer {
    stage: Arc<Stage>,
    at: usize,
}

impl fmt::Debug for Customer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Customer").field("conversation", &self.at).finish_non_exhaustive()
    }
}

impl Customer {
    pub(crate) fn new(stage: Arc<Stage>, at: usize) -> Customer {
        Customer { stage, at }
    }

    /// The person of that display name who talks to the default account; a new one if there is none.
    pub(crate) fn named(stage: &Arc<Stage>, name: &str) -> Customer {
        let at = {
            let mut world = stage.world();
            let account = world.default_account();
            world.conversation_with(account, name)
        };
        Customer::new(Arc::clone(stage), at)
    }

    /// The conversation's id at TikTok; it is there before the first message.
    #[must_use]
    pub fn conversation_id(&self) -> String {
        self.with(|_, there| there.id.clone())
    }

    /// The display name.
    #[must_use]
    pub fn name(&self) -> String {
        self.with(|_, there| there.person.display_name.clone())
    }

    /// The handle, without `@`.
    #[must_use]
    pub fn username(&self) -> String {
        self.with(|_, there| there.person.username.clone())
    }

    /// The id that is the same across TikTok's APIs (§4.4).
    #[must_use]
    pub fn unique_identifier(&self) -> String {
        self.with(|_, there| there.person.unique_identifier.clone())
    }

    /// Everything in the conversation, oldest first, however long ago: what a client that lost nothing would hold.
    #[must_use]
    pub fn thread(&self) -> Vec<Written> {
        self.with(|_, there| {
            let line = |message: &Message| Written {
                conversation_id: there.id.clone(),
                customer: there.person.display_name.clone(),
                by_customer: message.by_customer,
                text: message.content.text().to_owned(),
                message_id: message.id.clone(),
                at_ms: message.at_ms,
            };
            there.messages.iter().map(line).collect()
        })
    }

    fn writes(&self, content: Content) -> String {
        self.put(Side::Customer, NewMessage::of(content))
    }

    fn put(&self, side: Side, new: NewMessage) -> String {
        let mut world = self.stage.world();
        let at_ms = world.after_last(self.at, self.stage.now());
        world.write(self.at, side, at_ms, new)
    }

    /// An id that this conversation has not had yet.
    fn fresh(&self, label: &str) -> String {
        self.with(|seed, there| ids::digits(seed, label, &[&there.id, &there.minted.to_string()]))
    }

    /// Conversations are never taken away, so a customer always has theirs.
    fn with<T: Default>(&self, act: impl FnOnce(u64, &mut Conversation) -> T) -> T {
        let mut world = self.stage.world();
        let seed = world.seed;
        let World { conversations, .. } = &mut *world;
        conversations.get_mut(self.at).map(|there| act(seed, there)).unwrap_or_default()
    }
}
