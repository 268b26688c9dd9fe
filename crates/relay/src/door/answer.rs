//! Tells whether a message of the shop's own came by another way than a desktop of this relay.
//!
//! TikTok pushes every message that the shop sends, also one that went through the gateway: its echo. The gateway itself
//! notes who sent that one. Any other, written in TikTok's app or by another program, is an answer that agents must have
//! seen before they send.
//!
//! The gateway commits a send before it calls TikTok, so when an echo arrives its send is in the table: under way,
//! unconfirmed, or with the message's id. An echo without such a row is none, whatever is committed later. So a look at
//! the table before the append is enough, and no lock is needed. While a send into the same conversation is
//! under way, or an answer to a comment (whose conversation is not known yet), a message that another program sends by
//! TikTok's API is taken for its echo; the gateway's own note of that send follows and makes others look.

use tiktok::business::message::MessageSource;
use tiktok::business::webhook::MessageEvent;

use super::ids::is_storable;
use crate::clock::now_ms;
use crate::context::Context;
use crate::database::{DatabaseError, Value};
use crate::log::Answer;

/// How long after a send began its echo may be stamped.
const MAX_ECHO_AGE_MS: i64 = 15 * 60_000;
/// How far TikTok's clock may be behind the relay's.
const MAX_CLOCK_DIFFERENCE_MS: i64 = 60_000;

/// The answer that agents must have seen before they send, if this message is one.
pub(super) async fn answer(
    context: &Context,
    account: &str,
    event: &MessageEvent,
) -> Result<Option<Answer>, DatabaseError> {
    let message = &event.message;
    let is_by_a_person = message.auto_message_type.is_none() && !matches!(message.source, Some(MessageSource::Others));
    if !event.outgoing || !is_by_a_person {
        return Ok(None);
    }
    let (conversation, id) = (event.conversation_id.clone(), message.message_id.clone());
    if !is_storable(&conversation) || !is_storable(&id) {
        return Ok(None);
    }
    let may_be_ours = matches!(message.source, Some(MessageSource::Api) | None);
    let sent_at_ms = message.timestamp.and_then(|at| at.ms_by(now_ms())).unwrap_or_else(now_ms);
    let (account, answer) =
        (account.to_owned(), Answer { conversation, device: String::new(), answered_by: String::new(), message: id });
    let known = answer.clone();
    let is_noted = context
        .database
        .read::<bool, DatabaseError, _>(move |tx| {
            Box::pin(async move {
                let place = [Value::Text(&account), Value::Text(&known.conversation), Value::Text(&known.message)];
                let newest = "SELECT message FROM answered WHERE account = $1 AND conversation = $2 AND message = $3";
                if tx.query_one(newest, &place).await?.is_some() {
                    return Ok(true);
                }
                if !may_be_ours {
                    return Ok(false);
                }
                let [account, conversation, message] = place;
                let echo = tx
                    .query_one(
                        "SELECT send_key FROM send WHERE account = $1
                         AND (message = $3
                              OR (state IN ('calling', 'unconfirmed') AND conversation = $2
                                  AND message IS NULL AND began_at_ms BETWEEN $4 AND $5)
                              OR (state = 'calling' AND conversation LIKE 'comment:%')) LIMIT 1",
                        &[
                            account,
                            conversation,
                            message,
                            Value::Int(sent_at_ms - MAX_ECHO_AGE_MS),
                            Value::Int(sent_at_ms + MAX_CLOCK_DIFFERENCE_MS),
                        ],
                    )
                    .await?;
                Ok(echo.is_some())
            })
        })
        .await?;
    Ok((!is_noted).then_some(answer))
}
