//! Searching everything, and searching one conversation.

use model::{AccountId, ConversationId, MessageId, Millis, Zone};
use store::search::{self, Query, Scope};
use ts_rs::TS;

use crate::command::Command;
use crate::view::{SearchResults, ThreadHits};
use crate::{Desk, Fault, read};

/// No screen shows more hits than this.
const MAX_HITS: u32 = 100;
/// Next and previous go no further.
const MAX_THREAD_HITS: u32 = 1_000;

/// Searches messages and customers, as one types. Words must all be there; "a phrase" stands in quotes; `from:`, `in:`,
/// `has:`, `tag:`, `before:`, `after:` and `on:` narrow it down; a minus in front excludes.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Search {
    /// Only this account's; none for all.
    pub account: Option<AccountId>,
    /// The text as typed.
    pub text: String,
    /// How many messages at most; 100 is the most.
    pub limit: u32,
    /// Where an earlier answer left off: only messages below it, and no people. None to begin.
    pub below: Option<MessageId>,
    /// The agent's time zone in the tz database: a day begins where they are.
    pub time_zone: Option<String>,
    /// How far the agent's clock is ahead of UTC now, in minutes, if the zone is not known.
    pub utc_offset_min: i32,
}

impl Command for Search {
    type Reply = SearchResults;

    async fn run(self, desk: &Desk) -> Result<SearchResults, Fault> {
        let Self { account, text, limit, below, time_zone, utc_offset_min } = self;
        let query = dated(&text, desk.engine().clock().now_ms(), time_zone.as_deref(), utc_offset_min);
        let searched = desk.messages_counted().await?;
        let scope = Scope { account, conversation: None };
        let limit = limit.clamp(1, MAX_HITS);
        let results = desk.store().read(move |sql| {
            let found = match below {
                None => search::find(sql, &query, &scope, limit)?,
                Some(below) => search::find_more(sql, &query, &scope, below, limit)?,
            };
            read::search_results(sql, found, searched)
        });
        Ok(results.await?)
    }
}

/// The messages of one conversation that answer.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FindInThread {
    /// The conversation.
    pub conversation: ConversationId,
    /// The text as typed.
    pub text: String,
    /// As in `search`.
    pub time_zone: Option<String>,
    /// As in `search`.
    pub utc_offset_min: i32,
}

impl Command for FindInThread {
    type Reply = ThreadHits;

    async fn run(self, desk: &Desk) -> Result<ThreadHits, Fault> {
        let Self { conversation, text, time_zone, utc_offset_min } = self;
        let query = dated(&text, desk.engine().clock().now_ms(), time_zone.as_deref(), utc_offset_min);
        let found = desk.store().read(move |sql| search::in_thread(sql, conversation, &query, MAX_THREAD_HITS)).await?;
        Ok(read::thread_hits(found))
    }
}

/// What was typed, with days as they are where the agent is. An offset alone is wrong by an hour across a change of the
/// clocks.
fn dated(text: &str, now_ms: Millis, time_zone: Option<&str>, utc_offset_min: i32) -> Query {
    let zone = time_zone.and_then(Zone::named);
    let offset_ms = Millis::from(utc_offset_min) * 60_000;
    Query::parse(text).dated(now_ms, |at_ms| zone.as_ref().map_or(offset_ms, |zone| zone.offset_ms(at_ms)))
}
