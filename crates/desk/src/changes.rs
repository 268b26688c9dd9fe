//! Changes on their way to the page: one frame's worth gathered, doubles merged, and `Everything` when it falls behind.

use std::collections::BTreeSet;
use std::time::Duration;

use model::{AccountId, Change, CommentId, ConversationId};
use serde::Serialize;
use tokio::sync::broadcast;
use ts_rs::TS;

use crate::host::Place;

/// How long changes are gathered before the page hears of them: about one frame.
const FRAME: Duration = Duration::from_millis(16);
/// More distinct changes than this in one frame are told as `Everything`.
const MOST: usize = 64;

/// What the page hears without asking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "event", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Event {
    /// These things are stale: a frame's worth, each once.
    Stale {
        /// What is stale.
        changes: Vec<Change>,
    },
    /// The agent asked from outside the page, by clicking a notification, to see this conversation.
    Open {
        /// Whose conversation.
        account: AccountId,
        /// Which one.
        conversation: ConversationId,
    },
    /// The same of a comment.
    OpenComment {
        /// On whose video.
        account: AccountId,
        /// Which one.
        comment: CommentId,
    },
}

/// What travels to the listeners inside the desk.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Signal {
    Change(Change),
    Open(AccountId, Place),
}

/// One listener's share of the events.
#[derive(Debug)]
pub struct Subscription {
    receiver: broadcast::Receiver<Signal>,
    /// Heard while gathering changes, or before anybody listened; told next.
    open: Option<(AccountId, Place)>,
}

impl Subscription {
    /// `open` is told first.
    pub(crate) fn new(receiver: broadcast::Receiver<Signal>, open: Option<(AccountId, Place)>) -> Self {
        Self { receiver, open }
    }

    /// Waits for the next event; `None` once the desk is gone.
    pub async fn next(&mut self) -> Option<Event> {
        let mut gathered = BTreeSet::new();
        if self.open.is_none() {
            let first = self.receiver.recv().await;
            self.take(first, &mut gathered)?;
        }
        match self.open.take() {
            Some((account, Place::Conversation(conversation))) => return Some(Event::Open { account, conversation }),
            Some((account, Place::Comment(comment))) => return Some(Event::OpenComment { account, comment }),
            None => {}
        }
        let frame = tokio::time::sleep(FRAME);
        tokio::pin!(frame);
        loop {
            tokio::select! {
                () = &mut frame => break,
                received = self.receiver.recv() => if self.take(received, &mut gathered).is_none() || self.open.is_some() { break },
            }
        }
        if gathered.len() > MOST || gathered.contains(&Change::Everything) {
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
            Ok(Signal::Open(account, place)) => self.open = Some((account, place)),
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
