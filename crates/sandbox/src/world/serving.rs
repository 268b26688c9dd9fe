//! Sends automatic messages while customers write (§5): those that are approved, on and not switched off. They cost
//! nothing of the send budget, and leave a conversation unanswered in the sense of the list (§4.3).

use super::{
    NewMessage, Side, World,
    auto_message::StoredAutoMessage,
    conversation::{Content, Source},
};
use crate::auto_message::AutoKind;

/// The placeholder for a display name in a welcome message. The notes do not say whose; here it is the account's.
const DISPLAY_NAME: &str = "{{display_name}}";

impl World {
    /// A customer has just written `text`; `first` if there was nothing in the conversation before. A
    /// suggested question gets its answer also when it is typed word for word: nothing tells a tap from typing.
    pub(super) fn serve(&mut self, conversation: usize, first: bool, text: &str, at_ms: i64) {
        let Some(shop) = self.conversations.get(conversation).and_then(|there| self.accounts.get(there.account)) else {
            return;
        };
        let greeting = shop.automatic.served(AutoKind::WelcomeMessage).next().filter(|_| first);
        let greeting = greeting.map(|kept| kept.body.replace(DISPLAY_NAME, &shop.display_name));
        let asked = |kept: &&StoredAutoMessage| kept.title == text;
        let answer = shop.automatic.served(AutoKind::SuggestedQuestion).find(asked).map(|kept| kept.body.clone());
        for (kind, said) in [(AutoKind::WelcomeMessage, greeting), (AutoKind::SuggestedQuestion, answer)] {
            if let Some(said) = said {
                let (content, source) = (Content::Text(said.into()), Source::Others);
                let at_ms = self.after_last(conversation, at_ms);
                let new = NewMessage { content, source, auto: Some(kind.name()), ..NewMessage::default() };
                self.write(conversation, Side::Business, at_ms, new);
            }
        }
    }
}
