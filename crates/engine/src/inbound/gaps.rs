//! Gaps: where a page of messages does not meet what was listed before.

use model::{AccountId, ConversationId, Millis};
use store::table::gap::{self, Gap};
use store::table::message::{self, IncomingMessage};
use store::{StoreError, Tx};

/// TikTok forgets what is older.
const REMEMBERED_MS: i64 = 90 * 86_400_000;

/// Whether a page that is not full, and begins with a message that was never listed, still is not the whole conversation:
/// we hold an older one that TikTok listed and has not had to forget.
pub(super) fn lacks_older(
    tx: &Tx<'_>,
    conversation: ConversationId,
    messages: &[&IncomingMessage],
    now_ms: Millis,
) -> Result<bool, StoreError> {
    let Some(first) = messages.first() else { return Ok(false) };
    let Some(older) = message::newest_listed(tx, conversation, first.sent_at_ms)? else { return Ok(false) };
    Ok(message::get(tx, older)?.sent_at_ms > now_ms.saturating_sub(REMEMBERED_MS))
}

/// A page has no omissions, so there is no gap inside it, but where a message of it came without an id. What comes before
/// its first message is open, unless that was listed before or the page shows the whole conversation. So is then what
/// comes before each message in between that was never listed, because we sent it or it was pushed.
pub(super) fn note_gaps(
    tx: &Tx<'_>,
    account: AccountId,
    conversation: ConversationId,
    messages: &[&IncomingMessage],
    nameless: &[Option<Millis>],
    open: bool,
    now_ms: Millis,
) -> Result<bool, StoreError> {
    let mut changed = false;
    let Some(first) = messages.first() else { return Ok(false) };
    if !nameless.is_empty() || gap::exists(tx, conversation)? {
        for (earlier, later) in messages.iter().zip(messages.iter().skip(1)) {
            let Some(held) = message::find_in(tx, account, conversation, &later.remote_id)? else { continue };
            if nameless.iter().flatten().any(|at_ms| earlier.sent_at_ms < *at_ms && *at_ms <= later.sent_at_ms) {
                let after = message::find_in(tx, account, conversation, &earlier.remote_id)?.map(|earlier| earlier.id);
                changed |= gap::insert(tx, conversation, Gap { before: held.id, after }, now_ms)?;
            } else {
                changed |= gap::close(tx, conversation, held.id)?;
            }
        }
    }
    let open = open || nameless.iter().flatten().any(|at_ms| *at_ms <= first.sent_at_ms);
    let Some(first) = message::find_in(tx, account, conversation, &first.remote_id)?.filter(|_| open) else {
        return Ok(changed);
    };
    let mut after = message::newest_listed(tx, conversation, first.sent_at_ms)?;
    let unlisted = message::unlisted_between(tx, conversation, after, first.sent_at_ms)?;
    for before in unlisted.into_iter().chain([first.id]) {
        changed |= gap::insert(tx, conversation, Gap { before, after }, now_ms)?;
        after = Some(before);
    }
    Ok(changed)
}
