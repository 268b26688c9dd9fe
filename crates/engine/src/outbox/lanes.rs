//! Which lanes are running, and what they work with.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use futures_util::FutureExt;
use model::ConversationId;
use tokio::sync::Notify;

use crate::context::Context;
use crate::conversation_fetch::ConversationFetch;
use crate::lock::lock;
use crate::media::MediaCache;

/// The lanes that are running. Clones share them.
#[derive(Debug, Clone)]
pub(super) struct Lanes {
    pub(super) context: Context,
    pub(super) fetcher: ConversationFetch,
    pub(super) media: MediaCache,
    running: Arc<Mutex<HashMap<ConversationId, Arc<Notify>>>>,
}

impl Lanes {
    pub(super) fn new(context: Context, fetcher: ConversationFetch, media: MediaCache) -> Self {
        Self { context, fetcher, media, running: Arc::default() }
    }

    /// Wakes a lane that is running; otherwise puts it on the list, and the caller runs it with the signal returned.
    pub(super) fn wake(&self, conversation: ConversationId) -> Option<Arc<Notify>> {
        let mut running = lock(&self.running);
        if let Some(woken) = running.get(&conversation) {
            woken.notify_one();
            return None;
        }
        let woken = Arc::new(Notify::new());
        running.insert(conversation, Arc::clone(&woken));
        Some(woken)
    }

    /// Takes a lane off the list, unless it was woken meanwhile.
    pub(super) fn leave(&self, conversation: ConversationId, woken: &Notify) -> bool {
        let mut running = lock(&self.running);
        // Under the lock nothing can wake it between this look and its removal.
        if woken.notified().now_or_never().is_some() {
            return false;
        }
        running.remove(&conversation);
        true
    }
}
