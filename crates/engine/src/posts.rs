//! The account's own posts, fetched when an agent wants to share one, with their covers.

// A new kind of message, error or state does not compile here before it has an answer.
#![warn(clippy::wildcard_enum_match_arm)]

use std::collections::{HashMap, HashSet};

use model::{AccountId, Content};
use store::table::post::{self, Post};
use store::table::{account, media};
use tiktok::business::video::ListVideos;
use url::{Host, Url};

use crate::call::CallError;
use crate::context::Context;
use crate::media::MediaCache;
use crate::media::fetch::Failed;
use crate::pace::Priority;

/// How many pages of twenty posts are asked for: an older post is shared by its link.
const MAX_PAGES: usize = 3;
/// How often a cover is tried after one refresh.
const MAX_ROUNDS: u32 = 3;

/// Where TikTok itself shows a message: the shared post, if that is what it is and we know where, else the inbox. With
/// `loopback`, a post may be on this computer, as in Practice.
#[must_use]
pub fn page_of(content: &Content, handle: &str, loopback: bool) -> String {
    const INBOX: &str = "https://www.tiktok.com/messages";
    let Content::SharePost { embed_url, item_id } = content else { return INBOX.to_owned() };
    if let Ok(url) = Url::parse(embed_url)
        && is_tiktoks(&url, loopback)
    {
        return url.into();
    }
    let is_id = |id: &&String| !id.is_empty() && id.bytes().all(|digit| digit.is_ascii_digit());
    let is_handle = !handle.is_empty() && handle.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '_'));
    match item_id.as_ref().filter(is_id) {
        Some(id) if is_handle => format!("https://www.tiktok.com/@{handle}/video/{id}"),
        _ => INBOX.to_owned(),
    }
}

/// A customer's client says where a post is: it may say anything.
fn is_tiktoks(url: &Url, loopback: bool) -> bool {
    let plain = url.username().is_empty() && url.password().is_none();
    let here = match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => {
            let tiktoks = name == "tiktok.com" || name.ends_with(".tiktok.com");
            return plain && tiktoks && url.scheme() == "https" && url.port().is_none();
        }
        None => false,
    };
    plain && here && loopback && url.scheme() == "http"
}

/// The posts of the accounts.
#[derive(Debug, Clone)]
pub struct Posts {
    context: Context,
    media: MediaCache,
}

impl Posts {
    pub(crate) fn new(context: Context, media: MediaCache) -> Self {
        Self { context, media }
    }

    /// Asks TikTok for the account's newest posts and keeps them; covers follow by themselves.
    ///
    /// # Errors
    /// [`CallError`]; refused as not permitted where the app may not list posts.
    pub async fn refresh(&self, id: AccountId) -> Result<(), CallError> {
        let local = |error: store::StoreError| CallError::Local(error.into());
        let business = self.context.store().read(move |sql| account::get(sql, id)).await.map_err(local)?;
        let mut covers = HashMap::new();
        let now_ms = self.context.clock().now_ms();
        let (mut cursor, mut known) = (None, HashSet::new());
        for _ in 0..MAX_PAGES {
            let question = ListVideos { business_id: business.remote_id.clone(), cursor: cursor.take(), max_count: 20 };
            let page = self.context.caller().ask(id, Priority::Open, question).await?;
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
                        posted_at_ms: video.created_at.and_then(|at| at.ms_by(now_ms)),
                    }
                })
                .collect();
            let before = known.len();
            known.extend(posts.iter().map(|post| post.item_id.clone()));
            let now_ms = self.context.clock().now_ms();
            self.context.store().write(move |tx| post::keep(tx, id, &posts, now_ms)).await.map_err(local)?;
            // A page with nothing new leads nowhere.
            cursor = page.cursor.filter(|_| page.has_more && known.len() > before);
            if cursor.is_none() {
                break;
            }
        }
        let posts = self.clone();
        self.context.tasks().spawn(async move { posts.fetch_covers(id, covers).await });
        Ok(())
    }

    /// Fetches the covers that are not here. What fails is tried again a little later; a link that is dead by then has a
    /// successor at the next refresh.
    async fn fetch_covers(&self, id: AccountId, mut covers: HashMap<String, String>) {
        for round in 1..=MAX_ROUNDS {
            let Ok((posts, _)) = self.context.store().read(move |sql| post::newest(sql, id, 20 * 3)).await else {
                return;
            };
            let mut failed = false;
            for post in posts.into_iter().filter(|post| post.cover.is_none()) {
                let Some(url) = covers.get(&post.item_id) else { continue };
                let (held, _hand) = match self.media.fetch_for(Some(id), url, None).await {
                    Ok(kept) => kept,
                    Err(Failed::Dead | Failed::Never) => {
                        covers.remove(&post.item_id);
                        continue;
                    }
                    Err(Failed::Later) => {
                        failed = true;
                        continue;
                    }
                    Err(Failed::Wait(_)) => {
                        failed = true;
                        break;
                    }
                };
                let now_ms = self.context.clock().now_ms();
                let kept = self.context.store().write(move |tx| {
                    media::record(tx, &held, now_ms)?;
                    post::set_cover(tx, id, &post.item_id, &held.key)
                });
                if let Err(error) = kept.await {
                    tracing::error!(%error, "could not store the cover of a post");
                    return;
                }
            }
            if !failed {
                return;
            }
            tokio::time::sleep(self.context.timing().picture_again.saturating_mul(round)).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_opened_at_tiktok_and_nowhere_else() {
        let page = |embed: &str, id: Option<&str>, loopback| {
            let content = Content::SharePost { embed_url: embed.to_owned(), item_id: id.map(str::to_owned) };
            page_of(&content, "maison.bloom", loopback)
        };
        let inbox = "https://www.tiktok.com/messages";
        let post = "https://www.tiktok.com/@maison.bloom/video/7399";
        let embed = "https://www.tiktok.com/embed/v2/7399";
        assert_eq!(page(embed, Some("7399"), false), embed);
        for hostile in [
            "",
            "http://www.tiktok.com/embed/v2/1",
            "https://tiktok.com.evil.example/",
            "https://eviltiktok.com/",
            "https://www.tiktok.com@evil.example/",
            "https://agent:secret@www.tiktok.com/",
            "https://www.tiktok.com:8443/",
            "https://127.0.0.1/",
            "http://127.0.0.1:4010/embed/1",
            "http://localhost/",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "tiktok://open",
        ] {
            assert_eq!(page(hostile, Some("7399"), false), post, "{hostile}");
            assert_eq!(page(hostile, Some("7399/../../x"), false), inbox, "{hostile}");
            assert_eq!(page(hostile, None, false), inbox, "{hostile}");
        }
        assert_eq!(page("http://127.0.0.1:4010/embed/1", None, true), "http://127.0.0.1:4010/embed/1", "Practice");
        assert_eq!(page_of(&Content::Unsupported { kind: "OTHER".to_owned() }, "shop", false), inbox);
        let handle = "../messages?x=";
        let content = Content::SharePost { embed_url: String::new(), item_id: Some("1".to_owned()) };
        assert_eq!(page_of(&content, handle, false), inbox);
    }
}
