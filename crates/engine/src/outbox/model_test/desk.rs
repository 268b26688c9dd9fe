//! A real database for many cases, each in a conversation of its own: opening one is slow.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use model::{AccountId, ConversationId, ConversationKind, Millis};
use store::table::account::{self, NewAccount, TokenTimes};
use store::table::conversation::{self, ListedConversation};
use store::{Connection, Store, StoreError, Tx};

use crate::inbound::{self, Applied, ApplyOptions};
use crate::source::Batch;

pub(super) struct Desk {
    pub(super) runtime: tokio::runtime::Runtime,
    pub(super) store: Store,
    pub(super) account: AccountId,
    folder: PathBuf,
}

impl Desk {
    pub(super) fn open() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        // In memory where there is such a folder: every step is a commit to the disk.
        let memory = PathBuf::from("/dev/shm");
        let base = if memory.is_dir() { memory } else { std::env::temp_dir() };
        let name = format!("deskbell-model-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let folder = base.join(name);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let store = Store::open(&folder).unwrap();
        let tokens = TokenTimes {
            issued_at_ms: 0,
            access_expires_at_ms: Millis::MAX,
            refresh_expires_at_ms: Millis::MAX,
            scopes: String::new(),
        };
        let new = NewAccount {
            remote_id: "shop".to_owned(),
            handle: "shop".to_owned(),
            display_name: "Shop".to_owned(),
            avatar: None,
            tokens,
        };
        let account = runtime.block_on(store.write(move |tx| account::link(tx, &new, 0))).unwrap();
        Self { runtime, store, account, folder }
    }

    pub(super) fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> T {
        self.runtime.block_on(self.store.write(work)).unwrap()
    }

    pub(super) fn read<T>(&self, work: impl FnOnce(&Connection) -> Result<T, StoreError>) -> T {
        self.store.read_now(work).unwrap()
    }

    /// A conversation that a list has just named.
    pub(super) fn conversation(&self, remote_id: String, updated_ms: Millis) -> ConversationId {
        let account = self.account;
        let listed = ListedConversation {
            remote_id: remote_id.clone(),
            kind: ConversationKind::Chat,
            updated_ms: Some(updated_ms),
            origin: None,
        };
        self.write(move |tx| conversation::upsert_listed(tx, account, &listed));
        self.read(|sql| {
            let find = "SELECT id FROM conversation WHERE account_id = ?1 AND remote_id = ?2";
            Ok(ConversationId(sql.query_row(find, (account.0, remote_id), |row| row.get(0))?))
        })
    }

    /// What a source read, taken in as the engine does.
    pub(super) fn apply(&self, conversation: ConversationId, batch: Batch, now_ms: Millis) -> Applied {
        let options = ApplyOptions {
            now_ms,
            call_ms: 30_000,
            lag_ms: 0,
            undecided_after_ms: 60_000,
            updated_ms: now_ms,
            reread_if_behind: false,
        };
        self.write(move |tx| inbound::apply(tx, conversation, &batch, options))
    }

    /// A conversation whose case is over weighs on the next no more.
    pub(super) fn forget(&self, conversation: ConversationId) {
        self.write(move |tx| {
            tx.execute("DELETE FROM outbox WHERE conversation_id = ?1", [conversation.0])?;
            Ok(())
        });
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.runtime.block_on(self.store.close());
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
