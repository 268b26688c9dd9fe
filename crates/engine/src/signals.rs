//! Wake signals: how one part of the engine tells another that there is something to do, without knowing it.
//!
//! A signal carries no data that could be lost: the receiver looks into the database. Raised before anybody waits for
//! it, it is kept; raised twice, it wakes once.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use model::{AccountId, ConversationId};
use tokio::sync::{Notify, mpsc};

use crate::lock::lock;

/// One signal for each account.
#[derive(Debug, Default)]
pub(crate) struct PerAccount(Mutex<HashMap<AccountId, Arc<Notify>>>);

impl PerAccount {
    /// The signal of an account, to wait for.
    pub(crate) fn of(&self, account: AccountId) -> Arc<Notify> {
        Arc::clone(lock(&self.0).entry(account).or_default())
    }

    /// Raises the signal of one account.
    pub(crate) fn notify(&self, account: AccountId) {
        self.of(account).notify_one();
    }

    /// Raises the signals of all accounts that have one.
    pub(crate) fn notify_all(&self) {
        for signal in lock(&self.0).values() {
            signal.notify_one();
        }
    }
}

/// All wake signals of the engine.
#[derive(Debug)]
pub(crate) struct Signals {
    /// The account's loop asks TikTok at once.
    pub(crate) account_sync: PerAccount,
    /// The account's pictures on order are looked at again.
    pub(crate) pictures: PerAccount,
    /// The account's automatic messages are read soon.
    pub(crate) auto_messages: PerAccount,
    /// A message is due for the rules, or the rules have changed.
    pub(crate) rules: Notify,
    /// A snooze has begun or ended.
    pub(crate) snooze: Notify,
    /// The scheduled replies have changed.
    pub(crate) scheduled: Notify,
    /// TikTok answers again after it could not be reached.
    pub(crate) network_is_back: Notify,
    lanes: mpsc::UnboundedSender<ConversationId>,
    /// How often the computer had slept, changed its network or had its clock set.
    resumes: AtomicU64,
    index_merge_due: AtomicBool,
    /// Whether the stream of the shop's relay is live.
    stream_live: AtomicBool,
}

impl Signals {
    /// The signals, and the queue of conversations whose lane is to look again; the outbox reads it.
    pub(crate) fn new() -> (Self, mpsc::UnboundedReceiver<ConversationId>) {
        let (lanes, woken) = mpsc::unbounded_channel();
        let signals = Self {
            account_sync: PerAccount::default(),
            pictures: PerAccount::default(),
            auto_messages: PerAccount::default(),
            rules: Notify::new(),
            snooze: Notify::new(),
            scheduled: Notify::new(),
            network_is_back: Notify::new(),
            lanes,
            resumes: AtomicU64::new(0),
            index_merge_due: AtomicBool::new(false),
            stream_live: AtomicBool::new(false),
        };
        (signals, woken)
    }

    /// Something changed in a conversation that its lane may wait for.
    pub(crate) fn wake_lane(&self, conversation: ConversationId) {
        // Without an outbox the engine is closing, and the lane looks at the next start.
        let _ = self.lanes.send(conversation);
    }

    /// Counts one more sleep, change of network or setting of the clock: the lists are read to their end after it.
    pub(crate) fn count_resume(&self) {
        self.resumes.fetch_add(1, Ordering::Relaxed);
    }

    /// How often the computer had slept, changed its network or had its clock set so far.
    pub(crate) fn resumes(&self) -> u64 {
        self.resumes.load(Ordering::Relaxed)
    }

    /// Says whether the stream of the shop's relay is live.
    pub(crate) fn set_stream_live(&self, is_live: bool) {
        self.stream_live.store(is_live, Ordering::SeqCst);
    }

    /// Whether the stream of the shop's relay is live: what happens comes by it.
    pub(crate) fn is_stream_live(&self) -> bool {
        self.stream_live.load(Ordering::SeqCst)
    }

    /// Asks for the search index to be merged: much was written to it at once.
    pub(crate) fn request_index_merge(&self) {
        self.index_merge_due.store(true, Ordering::Relaxed);
    }

    /// Takes the request to merge the search index, if there is one.
    pub(crate) fn take_index_merge_request(&self) -> bool {
        self.index_merge_due.swap(false, Ordering::Relaxed)
    }
}
