//! Unlinking an account: its access is given back and forgotten, its history stays or goes.
//!
//! Erasing has two parts. First the rows, in slices; it is done by doing it again if it was broken off. With the last of them
//! goes the account, and with it the way to ask for the second part: what rows leave behind in the index, in files and in
//! the database's log. That it is due is noted in the same transaction, and it is done, as often as it takes, until nothing
//! is left.

use std::error::Error;
use std::sync::Arc;

use model::AccountId;
use store::search;
use store::table::account;
use tokio::sync::Mutex as AsyncMutex;

use crate::account_tasks::AccountTasks;
use crate::context::Context;
use crate::media::MediaCache;
use crate::tokens::TokenError;

/// How many messages are erased in one transaction: the writer is free for others in between.
const SLICE: u32 = 500;
/// How many pages of the search index are written anew in one transaction.
const PAGES: u32 = 200;

/// Why an account is not unlinked, or not erased to the end.
#[derive(Debug, thiserror::Error)]
pub enum UnlinkError {
    /// It is to be done again.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The account is gone, but not yet everything of it from the disk; that is tried until it is. Says what stands in the way.
    #[error("something is still on the disk: {0}")]
    Unfinished(String),
}

/// Unlinks and erases accounts. Clones share it.
#[derive(Debug, Clone)]
pub struct Unlinking {
    context: Context,
    media: MediaCache,
    accounts: AccountTasks,
    /// Held while what an erased account left behind is removed: once is enough.
    erasing: Arc<AsyncMutex<()>>,
}

impl Unlinking {
    pub(crate) fn new(context: Context, media: MediaCache, accounts: AccountTasks) -> Self {
        Self { context, media, accounts, erasing: Arc::default() }
    }

    /// Unlinks an account. Nothing of it is sent or received from now on; its history stays unless it is erased. What was
    /// begun and broken off is done by doing it again.
    ///
    /// # Errors
    /// [`UnlinkError`]
    pub async fn unlink(&self, id: AccountId, erase: bool) -> Result<(), UnlinkError> {
        let known = self.context.store().read(move |sql| account::get(sql, id)).await.map_err(TokenError::from)?;
        self.accounts.unfollow(id).await;
        // An account of the relay's has no tokens here.
        if !known.via_relay
            && let Err(error) = self.context.caller().tokens().give_back(id).await
        {
            // It is still linked.
            if known.unlinked_at_ms.is_none() {
                self.accounts.follow(&known);
            }
            return Err(error.into());
        }
        let now_ms = self.context.clock().now_ms();
        self.context.store().write(move |tx| account::mark_unlinked(tx, id, now_ms)).await.map_err(TokenError::from)?;
        tracing::info!(account = id.0, erase, "an account was unlinked");
        if !erase {
            self.media.forget_unneeded().await.map_err(TokenError::from)?;
            return Ok(());
        }
        while self
            .context
            .store()
            .write(move |tx| account::erase_slice(tx, id, SLICE))
            .await
            .map_err(TokenError::from)?
        {}
        self.finish_erasing().await?;
        tracing::info!(account = id.0, "an account was erased");
        Ok(())
    }

    /// Removes what the rows of erased accounts left behind, if anything is. What cannot be removed now keeps nothing else
    /// from being removed, and is tried again later.
    ///
    /// # Errors
    /// [`UnlinkError::Unfinished`]
    pub(crate) async fn finish_erasing(&self) -> Result<(), UnlinkError> {
        let _alone = self.erasing.lock().await;
        let store = self.context.store();
        if !store.read(account::is_erase_pending).await.map_err(TokenError::from)? {
            return Ok(());
        }
        let mut left = Vec::new();
        let mut note = |what: &'static str, error: &dyn Error| {
            tracing::warn!(what, %error, "could not remove all that an erased account left behind");
            left.push(error.source().unwrap_or(error).to_string());
        };
        // The index only marks words as gone; writing it anew leaves them out.
        loop {
            match store.write(|tx| search::merge(tx, PAGES)).await {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    note("index", &error);
                    break;
                }
            }
        }
        if let Err(error) = store.delete_set_aside().await {
            note("set aside", &error);
        }
        if let Err(error) = self.media.forget_unneeded().await {
            note("pictures", &error);
        }
        if let Err(error) = self.media.forget_unnamed().await {
            note("files", &error);
        }
        // Last, because all of the above is in the log first.
        if let Err(error) = store.truncate_log().await {
            note("log", &error);
        }
        if left.is_empty() {
            store.write(account::clear_erase_pending).await.map_err(TokenError::from)?;
            return Ok(());
        }
        Err(UnlinkError::Unfinished(left.join("; ")))
    }
}
