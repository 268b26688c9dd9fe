//! Searching everything, and searching one conversation.

use model::{AccountId, ConversationId, MessageId};
use store::search::{self, Query, Scope};
use ts_rs::TS;

use crate::contract::Command;
use crate::view::{SearchResults, ThreadHits};
use crate::{Desk, Fault, read};

/// No screen shows more hits than this.
const MOST_HITS: u32 = 100;
/// Next and previous go no further.
const MOST_THREAD_HITS: u32 = 1_000;

/// Searches messages and customers, as one types. Words must all be there; "a phrase" stands in quotes; `from:`, `in:`,
/// `has:`, `tag:`, `before:`, `after:` and `on:` narrow it down; a minus in front excludes.
#[derive(Debug, Clone, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Search {
    /// Only this account's; none for all.
    pub account: Option<AccountId>,
    /// What was typed.
    pub text: String,
    /// How many messages at most; 100 is the most.
    pub limit: u32,
    /// Where an earlier answer left off: only messages below it, and no people. None to begin.
    pub below: Option<MessageId>,
    /// How far the agent's clock is ahead of UTC, in minutes: a day begins where they are.
    pub utc_offset_min: i32,
}

impl Command for Search {
    type Reply = SearchResults;

    async fn run(self, desk: &Desk) -> Result<SearchResults, Fault> {
        let Self { account, text, limit, below, utc_offset_min } = self;
        let now_ms = desk.engine().clock().now_ms();
        let searched = desk.messages_counted().await?;
        let results = desk.engine().store().read(move |sql| {
            let offset_ms = i64::from(utc_offset_min) * 60_000;
            let query = Query::parse(&text).dated(now_ms, |_| offset_ms);
            let (scope, limit) = (Scope { account, conversation: None }, limit.clamp(1, MOST_HITS));
            let found = match below {
                None => search::find(sql, &query, &scope, limit)?,
                Some(below) => search::go_on(sql, &query, &scope, below, limit)?,
            };
            read::search_results(sql, found, searched)
        });
        Ok(results.await?)
    }
}

/// The messages of one conversation that answer.
#[derive(Debug, Clone, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FindInThread {
    /// Which conversation.
    pub conversation: ConversationId,
    /// What was typed.
    pub text: String,
}

impl Command for FindInThread {
    type Reply = ThreadHits;

    async fn run(self, desk: &Desk) -> Result<ThreadHits, Fault> {
        let Self { conversation, text } = self;
        let found = desk
            .engine()
            .store()
            .read(move |sql| search::in_thread(sql, conversation, &text, MOST_THREAD_HITS + 1))
            .await?;
        let more = found.len() > MOST_THREAD_HITS as usize;
        Ok(ThreadHits { hits: found.into_iter().take(MOST_THREAD_HITS as usize).collect(), more })
    }
}
