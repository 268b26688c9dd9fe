//! Posting, and listing an account's own posts: it may share these into a conversation, and no others (§4.2).

use super::{Post, World, catalogue};
use crate::{
    clock::{HOUR_MS, MINUTE_MS},
    ids,
};

impl World {
    /// Gives a new account what it posted before the sandbox opened.
    pub(super) fn post_catalogue(&mut self, account: usize, handle: &str) {
        for (hours_ago, what, caption) in catalogue::of(handle) {
            let item_id = self.item_id(handle, what);
            let created_at_ms = self.opened_at - hours_ago * HOUR_MS - 7 * MINUTE_MS;
            self.posts.push(Post { account, item_id, caption: (*caption).to_owned(), created_at_ms });
        }
    }

    /// The account of that handle posts something now; `None` if there is no such account.
    pub(crate) fn post(&mut self, handle: &str, caption: &str, now: i64) -> Option<String> {
        let handle = handle.trim_start_matches('@');
        let account = self.accounts.iter().position(|account| account.handle == handle)?;
        let item_id = self.item_id(handle, &format!("post {}", self.posts.len()));
        // No two posts of one moment: a page of the list ends between two moments.
        let newest = self.posts_of(account).first().map_or(0, |post| post.created_at_ms);
        let created_at_ms = now.max(newest + 1);
        self.posts.push(Post { account, item_id: item_id.clone(), caption: caption.to_owned(), created_at_ms });
        Some(item_id)
    }

    /// An account's posts, newest first.
    pub(crate) fn posts_of(&self, account: usize) -> Vec<&Post> {
        let mut all: Vec<&Post> = self.posts.iter().filter(|post| post.account == account).collect();
        all.sort_by(|a, b| b.created_at_ms.cmp(&a.created_at_ms).then_with(|| a.item_id.cmp(&b.item_id)));
        all
    }

    /// Whether that post is this account's.
    pub(crate) fn owns_post(&self, account: usize, item_id: &str) -> bool {
        self.posts.iter().any(|post| post.account == account && post.item_id == item_id)
    }

    /// The id of an account's post that its catalogue knows under this name.
    pub(crate) fn item_id(&self, handle: &str, what: &str) -> String {
        ids::digits(self.seed, "post", &[handle, what])
    }
}
