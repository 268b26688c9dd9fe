//! The account's own posts, for sharing and for showing what was shared.

use model::{AccountId, Change, Millis};
use rusqlite::{Connection, OptionalExtension, Row, named_params};

use crate::rows::only;
use crate::{StoreError, Tx};

/// One of the account's own posts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    /// TikTok's `item_id`.
    pub item_id: String,
    /// Its caption.
    pub caption: String,
    /// Where TikTok shows it.
    pub embed_url: String,
    /// Its cover's key in the media vault.
    pub cover: Option<String>,
    /// When it was posted.
    pub posted_at_ms: Option<Millis>,
}

/// Keeps what TikTok said about posts, and when. A cover that is held stays held.
///
/// # Errors
/// [`StoreError`]
pub fn keep(tx: &mut Tx<'_>, account: AccountId, posts: &[Post], now_ms: Millis) -> Result<(), StoreError> {
    for post in posts {
        tx.prepare_cached(
            "INSERT INTO post (account_id, item_id, caption, embed_url, cover, posted_at_ms) VALUES (:account, :item, :caption, :embed, :cover, :posted)
             ON CONFLICT (account_id, item_id) DO UPDATE SET caption = excluded.caption, embed_url = excluded.embed_url,
                 cover = coalesce(excluded.cover, cover), posted_at_ms = coalesce(excluded.posted_at_ms, posted_at_ms)",
        )?
        .execute(named_params! {
            ":account": account.0, ":item": post.item_id, ":caption": post.caption, ":embed": post.embed_url,
            ":cover": post.cover, ":posted": post.posted_at_ms,
        })?;
    }
    tx.execute("UPDATE account SET posts_fetched_at_ms = ?2 WHERE id = ?1", (account.0, now_ms))?;
    tx.touch(Change::Posts { account });
    Ok(())
}

/// Gives a post its cover.
///
/// # Errors
/// [`StoreError`]
pub fn set_cover(tx: &mut Tx<'_>, account: AccountId, item_id: &str, key: &str) -> Result<(), StoreError> {
    tx.execute("UPDATE post SET cover = ?3 WHERE account_id = ?1 AND item_id = ?2", (account.0, item_id, key))?;
    tx.touch(Change::Posts { account });
    Ok(())
}

/// The newest posts, and when TikTok was last asked.
///
/// # Errors
/// [`StoreError::NotFound`] if there is no such account.
pub fn newest(sql: &Connection, account: AccountId, limit: u32) -> Result<(Vec<Post>, Option<Millis>), StoreError> {
    let mut query = sql.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM post WHERE account_id = ?1 ORDER BY posted_at_ms DESC, item_id DESC LIMIT ?2"
    ))?;
    let posts = query.query_map((account.0, limit), read)?.collect::<Result<_, _>>()?;
    let fetched = sql.query_row("SELECT posts_fetched_at_ms FROM account WHERE id = ?1", [account.0], only)?;
    Ok((posts, fetched))
}

/// One post, if it is known.
///
/// # Errors
/// [`StoreError`]
pub fn find(sql: &Connection, account: AccountId, item_id: &str) -> Result<Option<Post>, StoreError> {
    let mut query =
        sql.prepare_cached(&format!("SELECT {COLUMNS} FROM post WHERE account_id = ?1 AND item_id = ?2"))?;
    Ok(query.query_row((account.0, item_id), read).optional()?)
}

const COLUMNS: &str = "item_id, caption, embed_url, cover, posted_at_ms";

fn read(row: &Row<'_>) -> rusqlite::Result<Post> {
    Ok(Post {
        item_id: row.get("item_id")?,
        caption: row.get("caption")?,
        embed_url: row.get("embed_url")?,
        cover: row.get("cover")?,
        posted_at_ms: row.get("posted_at_ms")?,
    })
}
