//! What a crash left in the outbox.

use model::{MessageId, Millis, StopReason};

use crate::rows::only;
use crate::stored::Word;
use crate::{StoreError, Tx};

use super::actions::restore_to_draft;
use super::row::OutboxState;
use super::transition::{Transition, mark_unconfirmed, set};

/// After a crash: calls whose outcome is unknown are unconfirmed, never sent again blindly, and what could still be undone
/// goes back into its draft, unsent.
///
/// # Errors
/// [`StoreError`]
pub fn recover_after_crash(tx: &mut Tx<'_>, now_ms: Millis) -> Result<usize, StoreError> {
    let ids = |tx: &Tx<'_>, state: OutboxState| -> Result<Vec<MessageId>, StoreError> {
        let mut query =
            tx.prepare("SELECT message_id FROM outbox WHERE state = ?1 ORDER BY conversation_id, position DESC")?;
        Ok(query.query_map([Word(state)], |row| only(row).map(MessageId))?.collect::<Result<_, _>>()?)
    };
    let lost = ids(tx, OutboxState::Sending)?;
    for id in &lost {
        mark_unconfirmed(tx, *id)?;
    }
    for id in ids(tx, OutboxState::Held)? {
        if !restore_to_draft(tx, id, now_ms)? {
            set(tx, id, &[OutboxState::Held], Transition::Stopped(StopReason::Interrupted))?;
        }
    }
    Ok(lost.len())
}
