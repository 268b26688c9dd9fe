//! Which messages the rules are to look at.

use model::{ConversationId, MessageId, Millis, ReplyWindow};
use store::table::account::Account;
use store::table::{message, rule};
use store::{StoreError, Tx};

use crate::events::is_news;

/// Makes customers' messages that have just arrived due for the rules, if they are news. Goes into the transaction that
/// stored them.
pub(crate) fn make_due(
    tx: &Tx<'_>,
    account: &Account,
    conversation: ConversationId,
    messages: &[MessageId],
    now_ms: Millis,
) -> Result<(), StoreError> {
    for id in messages.iter().filter(|id| is_news(account, **id)) {
        let sent_at_ms = message::time_of(*id);
        // What was written before the account was linked is history, in whichever conversation it shows up.
        if sent_at_ms > account.linked_at_ms && ReplyWindow::opened_by(sent_at_ms).is_open(now_ms) {
            rule::insert_due(tx, account.id, conversation, *id)?;
        }
    }
    Ok(())
}
