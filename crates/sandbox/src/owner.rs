//! The owner of an account, who uses TikTok's own app: changes that did not come through the API.

use std::{fmt, sync::Arc};

use crate::{
    auto_message::{AuditStatus, AutoKind},
    stage::Stage,
    world::{World, auto_changes::Actor},
};

/// An account's owner with the app in hand. The app keeps to the API's rules, except that it counts no characters; what
/// it does is told by webhook as the API's changes are. Cheap to clone; it does not keep the sandbox running.
#[derive(Clone)]
pub struct Owner {
    stage: Arc<Stage>,
    account: usize,
}

impl fmt::Debug for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Owner").field("account", &self.account).finish_non_exhaustive()
    }
}

impl Owner {
    pub(crate) fn of_default_account(stage: &Arc<Stage>) -> Owner {
        let account = stage.world().default_account();
        Owner { stage: Arc::clone(stage), account }
    }

    /// Writes the welcome message, or another one in its place. Gives back its id; empty while one is under review.
    pub fn welcomes_with(&self, text: &str) -> String {
        let kind = AutoKind::WelcomeMessage;
        let words = || (String::new(), text.to_owned());
        self.act(|world, doing| {
            let there = world.automatic(doing.account).and_then(|automatic| automatic.of(kind).next());
            let there = there.filter(|kept| kept.audit != AuditStatus::Rejected);
            match there.map(|kept| kept.id.clone()) {
                Some(id) => world.update_auto(doing, kind, &id, words()),
                None => world.create_auto(doing, kind, words()),
            }
            .unwrap_or_default()
        })
    }

    /// Adds a suggested question. Gives back its id; empty if it is a duplicate or one too many.
    pub fn suggests(&self, question: &str, answer: &str) -> String {
        self.adds(AutoKind::SuggestedQuestion, question, answer)
    }

    /// Adds a chat prompt: what is on the button, and what tapping it makes the customer ask. Gives back its id; empty
    /// if it is a duplicate or one too many.
    pub fn prompts(&self, title: &str, content: &str) -> String {
        self.adds(AutoKind::ChatPrompt, title, content)
    }

    fn adds(&self, kind: AutoKind, title: &str, body: &str) -> String {
        self.act(|world, doing| world.create_auto(doing, kind, (title.to_owned(), body.to_owned())).unwrap_or_default())
    }

    /// Changes the text of a message; a welcome message has no title. Gives back the id it has from now on, which is
    /// empty if it cannot be edited, or is not there.
    pub fn edits(&self, id: &str, title: &str, body: &str) -> String {
        self.act(|world, doing| {
            let kind = kind_of(world, doing, id)?;
            world.update_auto(doing, kind, id, (title.to_owned(), body.to_owned())).ok()
        })
        .unwrap_or_default()
    }

    /// Deletes a message. Returns whether it could.
    pub fn deletes(&self, id: &str) -> bool {
        self.act(|world, doing| {
            let kind = kind_of(world, doing, id)?;
            world.delete_auto(doing, kind, id).ok()
        })
        .is_some()
    }

    /// Turns a kind on: as by the API, suggested questions and chat prompts that are there are switched off by it.
    pub fn turns_on(&self, kind: AutoKind) {
        self.switches(kind, true);
    }

    /// Turns a kind off.
    pub fn turns_off(&self, kind: AutoKind) {
        self.switches(kind, false);
    }

    fn switches(&self, kind: AutoKind, on: bool) {
        // The account is there, so nothing is refused.
        self.act(|world, doing| drop(world.switch_auto(doing, kind, on)));
    }

    /// Puts the chat prompts into this order. Returns whether these were all of them.
    pub fn sorts(&self, ids: &[&str]) -> bool {
        self.act(|world, doing| world.sort_auto(doing, AutoKind::ChatPrompt, ids).is_ok())
    }

    /// Turns Comment-to-Message on or off. No webhook tells of it (§4.8).
    pub fn answers_comments(&self, answers: bool) {
        self.act(|world, doing| world.switch_comments(doing.account, answers));
    }

    /// Answers a comment by message, in the app. Gives back the message's id; empty if there is no such comment or it
    /// is answered.
    pub fn answers_comment(&self, comment_id: &str, text: &str) -> String {
        self.act(|world, doing| world.answer_comment_in_app(doing.account, comment_id, text, doing.now))
    }

    /// Is registered in this country (ISO 3166-1 alpha-2) from now on: not in life, but a story may want it.
    pub fn registers_in(&self, country: &str) {
        self.act(|world, doing| {
            if let Some(shop) = world.accounts.get_mut(doing.account) {
                country.clone_into(&mut shop.country);
            }
        });
    }

    fn act<T>(&self, act: impl FnOnce(&mut World, Actor) -> T) -> T {
        let mut world = self.stage.world();
        let now = self.stage.now();
        act(&mut world, Actor { account: self.account, by_api: false, now })
    }
}

fn kind_of(world: &World, doing: Actor, id: &str) -> Option<AutoKind> {
    let automatic = world.automatic(doing.account)?;
    automatic.messages.iter().find(|kept| kept.id == id).map(|kept| kept.kind)
}
