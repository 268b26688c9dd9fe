//! Changes on their way to the page: one frame's worth gathered, doubles merged, and `Everything` when it falls behind.

use std::collections::BTreeSet;
use std::time::Duration;

use model::{AccountId, Change, CommentId, ConversationId, Delivery};
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;
use ts_rs::TS;

use crate::host::Place;

/// How long changes are gathered before the page hears of them: about one frame.
const GATHER_TIME: Duration = Duration::from_millis(16);
/// More distinct changes than this in one frame are told as `Everything`.
const MAX_CHANGES_PER_EVENT: usize = 64;

/// What the page hears without asking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "event", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Event {
    /// These things are stale: a frame's worth, each once.
    Stale {
        /// What is stale.
        changes: Vec<Change>,
    },
    /// The agent asked from outside the page, by clicking a notification, to see this conversation.
    Open {
        /// The account.
        account: AccountId,
        /// The conversation.
        conversation: ConversationId,
    },
    /// A reply of the agent's came to rest without being sent, or without being known to be, wherever they are by now.
    NotSent {
        /// The account.
        account: AccountId,
        /// The conversation.
        conversation: ConversationId,
        /// The customer's name; may be empty.
        name: String,
        /// How the reply stands: stopped, refused, or never confirmed.
        delivery: Delivery,
    },
    /// The agent clicked on the notification of a comment: its account's comments are to be shown.
    OpenComment {
        /// The account.
        account: AccountId,
        /// The comment.
        comment: CommentId,
    },
}

/// What travels to the listeners inside the desk.
#[derive(Debug, Clone)]
pub(crate) enum Signal {
    Change(Change),
    Open(AccountId, Place),
    NotSent { account: AccountId, conversation: ConversationId, name: String, delivery: Delivery },
}

/// The event that brings the agent to a place.
fn opened(account: AccountId, place: Place) -> Event {
    match place {
        Place::Conversation(conversation) => Event::Open { account, conversation },
        Place::Comment(comment) => Event::OpenComment { account, comment },
    }
}

/// One listener's share of the events.
#[derive(Debug)]
pub struct Subscription {
    receiver: broadcast::Receiver<Signal>,
    /// Heard while gathering changes, or before anybody listened; told next.
    heard: Option<Event>,
}

impl Subscription {
    /// `open` is told first.
    pub(crate) fn new(receiver: broadcast::Receiver<Signal>, open: Option<(AccountId, Place)>) -> Self {
        Self { receiver, heard: open.map(|(account, place)| opened(account, place)) }
    }

    /// Waits for the next event; `None` once the desk is gone.
    pub async fn next(&mut self) -> Option<Event> {
        let mut gathered = BTreeSet::new();
        if self.heard.is_none() {
            let first = self.receiver.recv().await;
            self.take(first, &mut gathered)?;
        }
        if let Some(heard) = self.heard.take() {
            return Some(heard);
        }
        let frame = tokio::time::sleep(GATHER_TIME);
        tokio::pin!(frame);
        loop {
            tokio::select! {
                () = &mut frame => break,
                received = self.receiver.recv() => if self.take(received, &mut gathered).is_none() || self.heard.is_some() { break },
            }
        }
        if gathered.len() > MAX_CHANGES_PER_EVENT || gathered.contains(&Change::Everything) {
            gathered = BTreeSet::from([Change::Everything]);
        }
        Some(Event::Stale { changes: gathered.into_iter().collect() })
    }

    /// Notes what was received; `None` once nothing more can come.
    fn take(
        &mut self,
        received: Result<Signal, broadcast::error::RecvError>,
        gathered: &mut BTreeSet<Change>,
    ) -> Option<()> {
        match received {
            Ok(Signal::Change(change)) => {
                gathered.insert(change);
            }
            Ok(Signal::Open(account, place)) => self.heard = Some(opened(account, place)),
            Ok(Signal::NotSent { account, conversation, name, delivery }) => {
                self.heard = Some(Event::NotSent { account, conversation, name, delivery });
            }
            Err(broadcast::error::RecvError::Lagged(_)) => {
                gathered.insert(Change::Everything);
            }
            Err(broadcast::error::RecvError::Closed) => return None,
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stale(changes: &[Change]) -> Option<Event> {
        Some(Event::Stale { changes: changes.to_vec() })
    }

    #[tokio::test(start_paused = true)]
    async fn a_frames_worth_of_changes_is_told_once_each() {
        let (sender, receiver) = broadcast::channel(1024);
        let mut subscription = Subscription::new(receiver, None);
        let inbox = Change::Inbox { account: AccountId(1) };
        for _ in 0..100 {
            sender.send(Signal::Change(inbox)).unwrap();
        }
        assert_eq!(subscription.next().await, stale(&[inbox]));
    }

    #[tokio::test(start_paused = true)]
    async fn a_listener_that_falls_behind_hears_everything() {
        let (sender, receiver) = broadcast::channel(4);
        let mut subscription = Subscription::new(receiver, None);
        for id in 0..50 {
            sender.send(Signal::Change(Change::Conversation { conversation: ConversationId(id) })).unwrap();
        }
        drop(sender);
        assert_eq!(subscription.next().await, stale(&[Change::Everything]));
        assert_eq!(subscription.next().await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn each_reply_that_was_not_sent_is_told_of() {
        let (sender, receiver) = broadcast::channel(16);
        let mut subscription = Subscription::new(receiver, None);
        for (id, name) in [(1, "Ana"), (2, "Ben")] {
            let (account, conversation) = (AccountId(1), ConversationId(id));
            let delivery = Delivery::Stopped { why: model::StopReason::ColleagueReplied };
            sender.send(Signal::Change(Change::Conversation { conversation })).unwrap();
            sender.send(Signal::NotSent { account, conversation, name: name.to_owned(), delivery }).unwrap();
        }
        let mut told = Vec::new();
        while told.len() < 2 {
            if let Some(Event::NotSent { name, .. }) = subscription.next().await {
                told.push(name);
            }
        }
        assert_eq!(told, ["Ana", "Ben"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_click_on_a_notification_is_told_after_the_changes_before_it() {
        let (sender, receiver) = broadcast::channel(16);
        let mut subscription = Subscription::new(receiver, None);
        sender.send(Signal::Change(Change::Accounts)).unwrap();
        sender.send(Signal::Open(AccountId(1), Place::Conversation(ConversationId(2)))).unwrap();
        assert_eq!(subscription.next().await, stale(&[Change::Accounts]));
        assert_eq!(
            subscription.next().await,
            Some(Event::Open { account: AccountId(1), conversation: ConversationId(2) })
        );
    }
}
