//! The background tasks of each linked account: its loop, its pictures, its automatic messages, its comments.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex};

use model::AccountId;
use store::StoreError;
use store::table::account::Account;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use crate::automatic::AutoMessages;
use crate::automatic::comments::Comments;
use crate::context::Context;
use crate::conversation_fetch::ConversationFetch;
use crate::lock::lock;
use crate::media::MediaCache;
use crate::outbox::Outbox;
use crate::source::tiktok::TikTok;
use crate::sync::AccountSync;

/// Starts and ends what works for an account. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct AccountTasks {
    context: Context,
    fetcher: ConversationFetch,
    media: MediaCache,
    outbox: Outbox,
    auto_messages: AutoMessages,
    comments: Comments,
    running: Arc<Mutex<HashMap<AccountId, Running>>>,
}

/// The tasks of one account.
#[derive(Debug)]
struct Running {
    tasks: Vec<AbortHandle>,
    /// Closed when the last of them has ended.
    ended: mpsc::Receiver<()>,
}

impl AccountTasks {
    pub(crate) fn new(
        context: Context,
        fetcher: ConversationFetch,
        media: MediaCache,
        outbox: Outbox,
        auto_messages: AutoMessages,
        comments: Comments,
    ) -> Self {
        Self { context, fetcher, media, outbox, auto_messages, comments, running: Arc::default() }
    }

    /// Begins to follow an account, unless it is followed already.
    pub(crate) fn follow(&self, account: &Account) {
        let id = account.id;
        let mut running = lock(&self.running);
        if running.contains_key(&id) {
            return;
        }
        let (alive, ended) = mpsc::channel(1);
        let source = TikTok::of(self.context.caller(), account);
        let sync = AccountSync::new(self.context.clone(), self.fetcher.clone(), account, source);
        let tasks = [
            self.spawn_while(&alive, sync.run()),
            self.spawn_while(&alive, self.media.clone().run(id)),
            self.spawn_while(&alive, self.auto_messages.clone().run(id)),
            self.spawn_while(&alive, self.comments.clone().run(id)),
        ];
        running.insert(id, Running { tasks: tasks.into_iter().flatten().collect(), ended });
    }

    /// Runs a task that holds `alive` until nothing of it is left.
    fn spawn_while(
        &self,
        alive: &mpsc::Sender<()>,
        task: impl Future<Output = ()> + Send + 'static,
    ) -> Option<AbortHandle> {
        let alive = alive.clone();
        self.context.tasks().spawn(async move {
            let _alive = alive;
            task.await;
        })
    }

    /// Ends what works for an account. When this returns nothing of it is left, nor does it hold a picture.
    pub(crate) async fn unfollow(&self, id: AccountId) {
        let running = lock(&self.running).remove(&id);
        let Some(mut running) = running else { return };
        for task in running.tasks {
            task.abort();
        }
        // Nothing is ever sent: it ends with the last of them.
        let _ = running.ended.recv().await;
    }

    /// Resumes all work that waited for access to an account.
    ///
    /// # Errors
    /// [`StoreError`]
    pub(crate) async fn resume_access(&self, id: AccountId) -> Result<(), StoreError> {
        self.context.signals().account_sync.notify(id);
        self.context.signals().auto_messages.notify(id);
        self.media.retry_waiting().await;
        self.outbox.wake_all().await
    }
}
