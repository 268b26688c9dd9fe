//! What every part of the engine works with, at the bottom of its import graph. A part owns a [`Context`] and its own
//! state; it never names another part that is above it, and nothing but `lib.rs` names `engine.rs`.

use std::future::Future;
use std::sync::Arc;

use model::{AccountId, Clock};
use store::table::relay;
use store::{Store, StoreError};
use tokio::sync::oneshot;
use wire::EventId;

use crate::call::Caller;
use crate::events::Events;
use crate::gateway::SendPass;
use crate::health::HealthBoard;
use crate::secrets::SecretStore;
use crate::signals::Signals;
use crate::tasks::TaskSet;
use crate::timing::Timing;

/// The database, TikTok, time, secrets, tasks, events and signals. Clones share everything.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    store: Store,
    timing: Timing,
    caller: Caller,
    secrets: SecretStore,
    health: HealthBoard,
    tasks: TaskSet,
    events: Events,
    signals: Signals,
}

impl Context {
    pub(crate) fn new(store: Store, timing: Timing, caller: Caller, secrets: SecretStore, signals: Signals) -> Self {
        let health = HealthBoard::new(store.clone(), caller.clone());
        let (tasks, events) = (TaskSet::default(), Events::default());
        Self { shared: Arc::new(Shared { store, timing, caller, secrets, health, tasks, events, signals }) }
    }

    /// The database.
    pub(crate) fn store(&self) -> &Store {
        &self.shared.store
    }

    /// TikTok's time.
    pub(crate) fn clock(&self) -> &Clock {
        self.shared.caller.clock()
    }

    /// Intervals and limits.
    pub(crate) fn timing(&self) -> &Timing {
        &self.shared.timing
    }

    /// The one way to call TikTok.
    pub(crate) fn caller(&self) -> &Caller {
        &self.shared.caller
    }

    /// Where secrets are kept.
    pub(crate) fn secrets(&self) -> &SecretStore {
        &self.shared.secrets
    }

    /// How every account fares.
    pub(crate) fn health(&self) -> &HealthBoard {
        &self.shared.health
    }

    /// The background tasks and the calls in flight.
    pub(crate) fn tasks(&self) -> &TaskSet {
        &self.shared.tasks
    }

    /// What the host is told, and what it tells.
    pub(crate) fn events(&self) -> &Events {
        &self.shared.events
    }

    /// What wakes the other parts.
    pub(crate) fn signals(&self) -> &Signals {
        &self.shared.signals
    }

    /// What a send of an account that goes through the shop's relay tells the relay, for a send that no lane makes; none for
    /// other accounts.
    pub(crate) async fn send_pass(&self, account: AccountId) -> Result<Option<SendPass>, StoreError> {
        if !self.caller().gateway().has_account(account) {
            return Ok(None);
        }
        let cursor = self.store().read(relay::get).await?.and_then(|relay| relay.cursor);
        let seen = cursor.map(|cursor| EventId { epoch: cursor.epoch, sequence: cursor.sequence });
        Ok(seen.map(|seen| SendPass { key: SendPass::new_key(), seen }))
    }

    /// Runs work to its end in a task of its own, also if the caller stops waiting for it. None if the engine is closing.
    pub(crate) async fn run_to_end<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        let (done, outcome) = oneshot::channel();
        let context = self.clone();
        self.tasks().spawn(async move {
            if let Some(_in_flight) = context.tasks().begin_call() {
                // The caller may have stopped waiting.
                let _ = done.send(work.await);
            }
        })?;
        outcome.await.ok()
    }
}
