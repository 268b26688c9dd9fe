//! What the engine tells its host while it works, and what the host tells it of the agent's screen.

use model::{AccountId, CommentId, ConversationId, Delivery, MessageId};
use store::table::account::Account;
use store::table::message;
use tokio::sync::{broadcast, watch};

/// How many events a slow listener may lag behind. Beyond that it misses notifications and nothing else.
const EVENTS_CAPACITY: usize = 256;

/// What the agent looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ActiveView {
    /// The conversation on screen.
    pub conversation: Option<ConversationId>,
    /// Whether the window has the focus.
    pub focused: bool,
}

/// A customer's message arrived. Messages of an account's first fetch are history and not announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// The account that received it.
    pub account: AccountId,
    /// Its conversation.
    pub conversation: ConversationId,
    /// The message.
    pub message: MessageId,
}

/// A rule wants the agent to be notified of a customer's message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alert {
    /// The message.
    pub arrival: Arrival,
    /// Whether the reason is that the message has waited for an answer, and not that it has just arrived.
    pub waited: bool,
}

/// A reply came to rest without having been sent, or without being known to have been. The agent may be looking elsewhere
/// by now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotSent {
    /// The account it was to be sent from.
    pub account: AccountId,
    /// Its conversation.
    pub conversation: ConversationId,
    /// Its state: stopped, refused, or never confirmed.
    pub delivery: Delivery,
}

/// The channels between the engine and its host.
#[derive(Debug)]
pub struct Events {
    active_view: watch::Sender<ActiveView>,
    arrivals: broadcast::Sender<Arrival>,
    alerts: broadcast::Sender<Alert>,
    not_sent: broadcast::Sender<NotSent>,
    comments: broadcast::Sender<(AccountId, CommentId)>,
}

impl Default for Events {
    fn default() -> Self {
        Self {
            active_view: watch::Sender::new(ActiveView::default()),
            arrivals: broadcast::channel(EVENTS_CAPACITY).0,
            alerts: broadcast::channel(EVENTS_CAPACITY).0,
            not_sent: broadcast::channel(EVENTS_CAPACITY).0,
            comments: broadcast::channel(EVENTS_CAPACITY).0,
        }
    }
}

impl Events {
    /// Sets what the agent looks at: the conversation on screen is read more often, and its pictures come first.
    pub fn set_active_view(&self, view: ActiveView) {
        self.active_view.send_if_modified(|known| {
            let changed = *known != view;
            *known = view;
            changed
        });
    }

    /// Follows what the agent looks at.
    #[must_use]
    pub fn active_view(&self) -> watch::Receiver<ActiveView> {
        self.active_view.subscribe()
    }

    /// Subscribes to customers' messages as they arrive.
    #[must_use]
    pub fn arrivals(&self) -> broadcast::Receiver<Arrival> {
        self.arrivals.subscribe()
    }

    /// Subscribes to what rules want the agent to be notified of.
    #[must_use]
    pub fn alerts(&self) -> broadcast::Receiver<Alert> {
        self.alerts.subscribe()
    }

    /// Subscribes to replies that came to rest unsent.
    #[must_use]
    pub fn not_sent(&self) -> broadcast::Receiver<NotSent> {
        self.not_sent.subscribe()
    }

    /// Subscribes to comments as they arrive, each with its account.
    #[must_use]
    pub fn comments(&self) -> broadcast::Receiver<(AccountId, CommentId)> {
        self.comments.subscribe()
    }

    // A send without listeners is an error of the channel's and fine here.

    pub(crate) fn announce_arrival(&self, arrival: Arrival) {
        let _ = self.arrivals.send(arrival);
    }

    pub(crate) fn announce_alert(&self, alert: Alert) {
        let _ = self.alerts.send(alert);
    }

    pub(crate) fn announce_not_sent(&self, not_sent: NotSent) {
        let _ = self.not_sent.send(not_sent);
    }

    pub(crate) fn announce_comment(&self, account: AccountId, comment: CommentId) {
        let _ = self.comments.send((account, comment));
    }
}

/// Whether a message that was just stored is announced. An account's first fetch brings history, however recent; a message
/// written since the account was linked is news even while that first fetch is paused.
pub(crate) fn is_news(account: &Account, message: MessageId) -> bool {
    account.backfilled || message::time_of(message) > account.linked_at_ms
}
