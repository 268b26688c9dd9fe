//! Unlinking an account: its access is given back and forgotten, its history stays or goes.

use model::AccountId;
use store::search;
use store::table::account;

use crate::engine::Engine;
use crate::tokens::TokenError;

/// So many messages are erased in one transaction: the writer is free for others in between.
const SLICE: u32 = 500;
/// So many pages of the search index are written anew in one transaction.
const PAGES: u32 = 200;

impl Engine {
    /// Unlinks an account. Nothing of it is sent or received from now on; its history stays unless it is erased. What was
    /// begun and broken off is done by doing it again.
    ///
    /// # Errors
    /// [`TokenError`]; then it is still linked.
    pub async fn unlink(&self, id: AccountId, erase: bool) -> Result<(), TokenError> {
        self.store().read(move |sql| account::get(sql, id)).await?;
        self.unfollow(id);
        self.caller().tokens().give_back(id).await?;
        let now_ms = self.clock().now_ms();
        self.store().write(move |tx| account::set_unlinked(tx, id, now_ms)).await?;
        tracing::info!(account = id.0, erase, "account.unlinked");
        if erase {
            while self.store().write(move |tx| account::erase_slice(tx, id, SLICE)).await? {}
            // The index only marks words as gone; writing it anew leaves them out.
            while self.store().write(|tx| search::merge(tx, PAGES)).await? {}
            self.store().forget_leftovers().await?;
            tracing::info!(account = id.0, "account.erased");
        }
        self.forget_unneeded_media().await?;
        Ok(())
    }
}
