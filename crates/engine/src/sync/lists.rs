//! Reading the source's lists of conversations page by page, and storing what they say.

use std::collections::HashSet;

use model::{AccountId, Millis};
use store::table::conversation::{self, ListedConversation};

use crate::call::CallError;
use crate::context::Context;
use crate::source::Source;

/// A list whose pages name nothing new so often in a row is not followed any further in this sweep: its cursors repeat, or
/// lead on for ever. A page or two like that there may be, where conversations move while they are listed.
const MAX_PAGES_WITHOUT_PROGRESS: u32 = 3;
/// No list is followed further than this in one sweep: half a million conversations.
const MAX_PAGES_PER_LIST: u32 = 5_000;
/// How many conversations of a page are stored in one transaction, so that no page holds up the agent's own writes.
const LISTED_SLICE: usize = 500;

/// One sweep: a pass over all lists.
pub(super) struct Pass {
    /// Whether it goes to the last page, whatever it finds.
    pub(super) whole: bool,
    /// When TikTok was first asked, by its clock.
    pub(super) asked_at_ms: Option<Millis>,
    /// Whether every list was read to its last page, with nothing unreadable in it.
    pub(super) to_the_end: bool,
    /// Whether a list had more than one page.
    pub(super) paged: bool,
    /// Whether a conversation moved from one list to another meanwhile. Removing an entry between two page reads shifts a
    /// later one onto a page already read, so it is missed.
    pub(super) moved_between_lists: bool,
}

impl Pass {
    pub(super) fn new(whole: bool) -> Self {
        Self { whole, asked_at_ms: None, to_the_end: true, paged: false, moved_between_lists: false }
    }
}

/// Reads one list after the other.
pub(super) async fn read_lists<S: Source>(
    context: &Context,
    account: AccountId,
    source: &S,
    pass: &mut Pass,
) -> Result<(), CallError> {
    let mut before: HashSet<String> = HashSet::new();
    for list in 0..source.lists() {
        let (mut next, mut here, paged) = (None, HashSet::new(), pass.paged);
        let (mut cursors, mut pages, mut idle) = (HashSet::new(), 0, 0);
        loop {
            let page = source.list(list, next).await?;
            pass.asked_at_ms.get_or_insert(page.asked_at_ms);
            pass.moved_between_lists |= paged && page.listed.iter().any(|listed| before.contains(&listed.remote_id));
            let known = here.len();
            here.extend(page.listed.iter().map(|listed| listed.remote_id.clone()));
            pages += 1;
            idle = if here.len() > known { 0 } else { idle + 1 };
            let empty = page.listed.is_empty();
            let all_new = store_listed(context, account, page.listed).await?;
            // A list that goes in a circle, or on and on with nothing new in it, is not followed, and its end was not
            // reached.
            let leads_on = page.next.as_ref().is_none_or(|next| {
                let progress = !empty && idle < MAX_PAGES_WITHOUT_PROGRESS && pages < MAX_PAGES_PER_LIST;
                progress && cursors.insert(next.clone())
            });
            if !leads_on {
                tracing::warn!(account = account.0, list, pages, "a list of conversations comes to no end");
            }
            pass.to_the_end &= page.sure && leads_on && (page.next.is_none() || pass.whole || all_new);
            next = page.next.filter(|_| leads_on && (pass.whole || all_new));
            if next.is_none() {
                break;
            }
            pass.paged = true;
        }
        before.extend(here);
    }
    Ok(())
}

/// Stores what a page lists; whether all of it was new.
async fn store_listed(
    context: &Context,
    account: AccountId,
    listed: Vec<ListedConversation>,
) -> Result<bool, CallError> {
    let mut all_new = !listed.is_empty();
    // What a page names twice is not new the second time.
    let mut seen = HashSet::new();
    let first = |one: ListedConversation| {
        let first = seen.insert(one.remote_id.clone());
        (one, first)
    };
    let listed: Vec<(ListedConversation, bool)> = listed.into_iter().map(first).collect();
    for part in listed.chunks(LISTED_SLICE) {
        let part = part.to_vec();
        let kept = context.store().write(move |tx| {
            let mut all_new = true;
            for (conversation, first) in &part {
                all_new &= conversation::upsert_listed(tx, account, conversation)? || !first;
            }
            Ok(all_new)
        });
        all_new &= kept.await.map_err(local)?;
    }
    Ok(all_new)
}

fn local(error: store::StoreError) -> CallError {
    CallError::Local(error.into())
}
