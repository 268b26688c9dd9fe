//! The account's own posts, fetched when an agent wants to share one, with their covers.

use std::collections::HashMap;

use model::AccountId;
use store::table::post::{self, Post};
use store::table::{account, media};
use tiktok::business::video::ListVideos;

use crate::call::CallError;
use crate::engine::Engine;
use crate::pace::Priority;

/// So many pages of twenty are asked for: whoever shares an older post has its link.
const PAGES: usize = 3;

impl Engine {
    /// Asks TikTok for the account's newest posts and keeps them; covers follow by themselves.
    ///
    /// # Errors
    /// [`CallError`]; refused as not permitted where the app may not list posts.
    pub async fn refresh_posts(&self, id: AccountId) -> Result<(), CallError> {
        let local = |error: store::StoreError| CallError::Local(error.into());
        let business = self.store().read(move |sql| account::get(sql, id)).await.map_err(local)?;
        let mut covers = HashMap::new();
        let mut cursor = None;
        for _ in 0..PAGES {
            let question = ListVideos { business_id: business.remote_id.clone(), cursor: cursor.take(), max_count: 20 };
            let page = self.caller().ask(id, Priority::Open, question).await?;
            let posts: Vec<Post> = page
                .videos
                .into_iter()
                .map(|video| {
                    if let Some(url) = video.thumbnail_url {
                        covers.insert(video.item_id.clone(), url);
                    }
                    Post {
                        item_id: video.item_id,
                        caption: video.caption.unwrap_or_default(),
                        embed_url: video.embed_url.unwrap_or_default(),
                        cover: None,
                        posted_at_ms: video.created_at_ms,
                    }
                })
                .collect();
            let now_ms = self.clock().now_ms();
            self.store().write(move |tx| post::keep(tx, id, &posts, now_ms)).await.map_err(local)?;
            cursor = page.cursor.filter(|_| page.has_more);
            if cursor.is_none() {
                break;
            }
        }
        let engine = self.clone();
        self.spawn(async move { engine.fetch_covers(id, covers).await });
        Ok(())
    }

    async fn fetch_covers(&self, id: AccountId, covers: HashMap<String, String>) {
        let Ok((posts, _)) = self.store().read(move |sql| post::newest(sql, id, 20 * 3)).await else { return };
        for post in posts.into_iter().filter(|post| post.cover.is_none()) {
            let Some(url) = covers.get(&post.item_id) else { continue };
            let Ok(held) = self.media().fetch(self, url, None).await else { continue };
            let now_ms = self.clock().now_ms();
            let kept = self.store().write(move |tx| {
                media::hold(tx, &held, now_ms)?;
                post::set_cover(tx, id, &post.item_id, &held.key)
            });
            if let Err(error) = kept.await {
                tracing::error!(%error, "posts.cover_not_kept");
                return;
            }
        }
    }
}
