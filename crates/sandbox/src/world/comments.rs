//! Comment-to-Message (§4.8): comments in which TikTok sees an intention to buy, and answering one by message, the only
//! way a business may begin a conversation. In life TikTok decides which comments those are; here every comment is one,
//! even where no answer is allowed, so that each refusal can be tried.

use super::{
    NewMessage, OutgoingMessage, Side, World,
    conversation::{Content, Conversation, Source},
    event::WorldEvent,
    posted_comment::PostedComment,
};
use crate::{
    clock::{DAY_MS, ms},
    comment::Comment,
    ids,
    refusal::Refusal,
};

/// The countries a business must be registered in.
const OFFERED_IN: [&str; 3] = ["VN", "ID", "TH"];
/// How old a comment may be.
const MAX_COMMENT_AGE_MS: i64 = 2 * DAY_MS;
/// How long the two must not have exchanged messages.
const MIN_SILENCE_MS: i64 = DAY_MS;

impl World {
    /// Whether the account may have Comment-to-Message at all.
    pub(crate) fn offers_comments(&self, account: usize) -> bool {
        self.accounts.get(account).is_some_and(|shop| OFFERED_IN.contains(&shop.country.as_str()))
    }

    /// Whether it has it on.
    pub(crate) fn answers_comments(&self, account: usize) -> bool {
        self.offers_comments(account) && self.accounts.get(account).is_some_and(|shop| shop.answers_comments)
    }

    /// Turns it on or off. No webhook tells of it.
    pub(crate) fn switch_comments(&mut self, account: usize, on: bool) {
        if let Some(shop) = self.accounts.get_mut(account) {
            shop.answers_comments = on;
        }
    }

    /// Adds a comment. A webhook tells of it while the account has Comment-to-Message on. Gives back the comment's id.
    pub(crate) fn comment(&mut self, conversation: usize, comment: Comment, now: i64) -> String {
        let Some(there) = self.conversations.get(conversation) else {
            return String::new();
        };
        let account = there.account;
        let id = ids::digits(self.seed, "comment", &[&there.id, &self.comments.len().to_string()]);
        let at_ms = now.saturating_sub(ms(comment.ago));
        let made = PostedComment { id: id.clone(), conversation, comment, at_ms, answered: false };
        if self.answers_comments(account) {
            self.events.push(WorldEvent::Comment { made: Box::new(made.clone()) });
        }
        self.comments.push(made);
        id
    }

    /// The comment of that id that was made to this account, if it may be answered by message now.
    pub(crate) fn answerable(&self, account: usize, comment_id: &str, now: i64) -> Result<&PostedComment, Refusal> {
        if !self.offers_comments(account) {
            return Err(not_offered());
        }
        if !self.answers_comments(account) {
            return Err(Refusal::new(40002, "Comment-to-Message is not enabled for this Business Account"));
        }
        let made = self.comments.iter().find(|made| made.id == comment_id);
        let there = made.and_then(|made| self.conversations.get(made.conversation));
        let Some((made, there)) = made.zip(there).filter(|(_, there)| there.account == account) else {
            return Err(Refusal::new(40007, "The comment does not exist"));
        };
        match hindrance(made, there, now) {
            Some((code, why)) => Err(Refusal::new(code, why)),
            None => Ok(made),
        }
    }

    /// Accepts an answer to a comment through the API: it becomes a message in the conversation with the commenter, and
    /// the ledger names the comment.
    pub(crate) fn accept_answer(
        &mut self,
        conversation: usize,
        comment_id: &str,
        at_ms: i64,
        parcel: OutgoingMessage,
    ) -> String {
        let message_id = self.accept(conversation, at_ms, parcel, None);
        if let Some(accepted) = self.ledger.accepted.last_mut().filter(|sent| sent.message_id == message_id) {
            accepted.comment_id = Some(comment_id.to_owned());
        }
        self.settle_comment(comment_id);
        message_id
    }

    /// The owner answers a comment by message in the app, which asks for nothing but that it is there and unanswered.
    /// Gives back the message's id.
    pub(crate) fn answer_comment_in_app(&mut self, account: usize, comment_id: &str, text: &str, now: i64) -> String {
        let made = self.comments.iter().find(|made| made.id == comment_id && !made.answered);
        let at = made.map(|made| made.conversation);
        let of_this = |at: &usize| self.conversations.get(*at).is_some_and(|there| there.account == account);
        let Some(at) = at.filter(of_this) else {
            return String::new();
        };
        self.settle_comment(comment_id);
        let content = Content::Text(text.to_owned().into());
        let at_ms = self.after_last(at, now);
        self.write(at, Side::Business, at_ms, NewMessage { content, source: Source::App, ..NewMessage::default() })
    }

    fn settle_comment(&mut self, comment_id: &str) {
        for made in self.comments.iter_mut().filter(|made| made.id == comment_id) {
            made.answered = true;
        }
    }
}

/// The refusal for an account that cannot have it.
pub(crate) fn not_offered() -> Refusal {
    let why =
        "Comment-to-Message is only available for Business Accounts registered in Vietnam, Indonesia, and Thailand";
    Refusal::new(40118, why)
}

/// The first of the conditions that does not hold. A wrong comment is a wrong parameter, a wrong moment or person a
/// rule of direct messages; which code stands for which is not documented.
fn hindrance(made: &PostedComment, there: &Conversation, now: i64) -> Option<(i64, &'static str)> {
    let Comment { under_a_comment, on_another_account, by_a_minor, from_elsewhere, .. } = made.comment;
    if under_a_comment {
        return Some((40002, "Only a first-level comment can be replied to by direct message"));
    }
    if on_another_account {
        return Some((40002, "The comment is not on a video of this Business Account"));
    }
    if now - made.at_ms > MAX_COMMENT_AGE_MS {
        return Some((40064, "The comment was posted more than 48 hours ago"));
    }
    if made.answered {
        return Some((40064, "The comment has already been replied to by direct message"));
    }
    if there.messages.iter().any(|message| now - message.at_ms < MIN_SILENCE_MS) {
        return Some((40064, "You and this user have exchanged direct messages in the past 24 hours"));
    }
    if by_a_minor {
        return Some((40064, "The user who posted the comment is under 18"));
    }
    if from_elsewhere || there.person.in_europe {
        return Some((40064, "The user who posted the comment is in a region that cannot be messaged"));
    }
    there.blocked.then_some((40064, "This user does not accept messages from you."))
}
