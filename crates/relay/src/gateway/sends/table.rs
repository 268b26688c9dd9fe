//! The tables `send` and `answered`. Every transaction that writes locks the log first, so that none waits for another in
//! a circle.

use bytes::Bytes;
use wire::EventBody;
use wire::api::{SendOutcome, SendState};
use wire::event::Sent;

use super::Intent;
use crate::clock::now_ms;
use crate::context::{Context, TEAM};
use crate::database::{DatabaseError, Row, Tx, Value};
use crate::log::{Answer, Appended, Log, NewEvent};
use crate::refusal::Refusal;

/// The state of a send that its desktop has withdrawn before it arrived.
const WITHDRAWN: &str = "withdrawn";

/// Whether a send may begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Admission {
    /// It is `calling` now.
    Begun,
    /// It ended before.
    Answered { status: u16, answer: Bytes },
    /// It ended before, and nobody knows how.
    Unconfirmed,
    /// The same send is under way.
    SameUnderWay,
    /// Another send into the conversation is under way.
    OtherUnderWay,
    /// The key was used for another send.
    OtherWords,
    /// Its desktop has withdrawn it.
    Withdrawn,
    /// A colleague, or the shop by another way, has answered what the agent had not seen.
    Stale { answered_by: String },
    /// What the agent had seen is of another epoch.
    Behind,
}

/// What became of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum End {
    /// TikTok certainly did not take it: as if it had never begun.
    NotTaken,
    /// TikTok answered, and with a message it certainly took it.
    Answered { status: u16, answer: Bytes, message: Option<String> },
    /// No answer was heard.
    Unconfirmed,
}

/// Begins a send if it may begin.
pub(super) async fn admit(context: &Context, intent: &Intent) -> Result<Admission, Refusal> {
    let (intent, worker) = (intent.clone(), context.worker.clone());
    context.database.write(move |tx| Box::pin(async move { Ok(admit_in(tx, &intent, &worker).await?) })).await
}

async fn admit_in(tx: &mut Tx, intent: &Intent, worker: &str) -> Result<Admission, DatabaseError> {
    let ends = Log::lock_in(tx).await?;
    let (device, key) = (Value::Text(&intent.device), Value::Text(&intent.key));
    let (account, conversation) = (Value::Text(&intent.account), Value::Text(&intent.conversation));
    let sql = "SELECT state, body_hash, status, answer FROM send WHERE device = $1 AND send_key = $2";
    if let Some(row) = tx.query_one(sql, &[device, key]).await? {
        return same(&row, intent);
    }
    let sql = "SELECT send_key FROM send WHERE account = $1 AND conversation = $2 AND state = 'calling' LIMIT 1";
    if tx.query_one(sql, &[account, conversation]).await?.is_some() {
        return Ok(Admission::OtherUnderWay);
    }
    if intent.seen.epoch != ends.epoch || intent.seen.sequence > ends.head {
        return Ok(Admission::Behind);
    }
    if let Some(answered_by) = unseen_answer(tx, intent).await? {
        return Ok(Admission::Stale { answered_by });
    }
    tx.execute(
        "INSERT INTO send (device, device_name, send_key, team, account, conversation, state, body_hash, began_at_ms, worker)
         VALUES ($1, $2, $3, $4, $5, $6, 'calling', $7, $8, $9)",
        &[
            device,
            Value::Text(&intent.device_name),
            key,
            Value::Int(TEAM),
            account,
            conversation,
            Value::Bytes(&intent.body_hash),
            Value::Int(now_ms()),
            Value::Text(worker),
        ],
    )
    .await?;
    Ok(Admission::Begun)
}

/// Who answered the conversation after what the agent had seen; empty if it was by another way than the gateway.
async fn unseen_answer(tx: &mut Tx, intent: &Intent) -> Result<Option<String>, DatabaseError> {
    let (account, conversation) = (Value::Text(&intent.account), Value::Text(&intent.conversation));
    let (device, seen) =
        (Value::Text(&intent.device), Value::Int(i64::try_from(intent.seen.sequence).unwrap_or(i64::MAX)));
    let sql = "SELECT device_name FROM send WHERE account = $1 AND conversation = $2 AND device <> $3 AND seq > $4
               ORDER BY seq DESC LIMIT 1";
    if let Some(row) = tx.query_one(sql, &[account, conversation, device, seen]).await? {
        return row.text("device_name").map(Some);
    }
    // TikTok pushes what was sent through the gateway as well. That is no other answer.
    let sql = "SELECT answered_by FROM answered WHERE account = $1 AND conversation = $2 AND device <> $3 AND seq > $4
               AND NOT EXISTS (SELECT 1 FROM send WHERE send.account = answered.account
                   AND send.message = answered.message)";
    let row = tx.query_one(sql, &[account, conversation, device, seen]).await?;
    row.map(|row| row.text("answered_by")).transpose()
}

fn same(row: &Row, intent: &Intent) -> Result<Admission, DatabaseError> {
    let state = row.text("state")?;
    if state == WITHDRAWN {
        return Ok(Admission::Withdrawn);
    }
    if row.bytes("body_hash")? != intent.body_hash {
        return Ok(Admission::OtherWords);
    }
    Ok(match state.as_str() {
        "calling" => Admission::SameUnderWay,
        "answered" => Admission::Answered {
            status: u16::try_from(row.int("status")?).unwrap_or(200),
            answer: row.maybe_bytes("answer")?.unwrap_or_default().into(),
        },
        _ => Admission::Unconfirmed,
    })
}

/// What is known of a device's send; none if nothing is, and then it is withdrawn.
pub(super) async fn withdraw(
    context: &Context,
    device: &str,
    device_name: &str,
    key: &str,
) -> Result<Option<SendOutcome>, Refusal> {
    let (device, device_name, key) = (device.to_owned(), device_name.to_owned(), key.to_owned());
    context
        .database
        .write(move |tx| {
            Box::pin(async move {
                Log::lock_in(tx).await?;
                let (owner, name) = (Value::Text(&device), Value::Text(&key));
                let inserted = tx
                    .execute(
                        "INSERT INTO send (device, device_name, send_key, team, account, conversation, state, body_hash,
                             began_at_ms, worker)
                         VALUES ($1, $2, $3, $4, '', '', $5, $6, $7, '') ON CONFLICT (device, send_key) DO NOTHING",
                        &[
                            owner,
                            Value::Text(&device_name),
                            name,
                            Value::Int(TEAM),
                            Value::Text(WITHDRAWN),
                            Value::Bytes(&[]),
                            Value::Int(now_ms()),
                        ],
                    )
                    .await?;
                if inserted > 0 {
                    return Ok(None);
                }
                let sql = "SELECT state, status, answer FROM send WHERE device = $1 AND send_key = $2";
                Ok(outcome_of(tx.query_one(sql, &[owner, name]).await?)?)
            })
        })
        .await
}

/// Whether what held a send up still does: the same send, or another one into the conversation.
pub(super) async fn is_blocked(context: &Context, intent: &Intent, by_same: bool) -> Result<bool, Refusal> {
    let intent = intent.clone();
    context
        .database
        .read(move |tx| {
            Box::pin(async move {
                let row = if by_same {
                    let sql = "SELECT send_key FROM send WHERE device = $1 AND send_key = $2 AND state = 'calling'";
                    tx.query_one(sql, &[Value::Text(&intent.device), Value::Text(&intent.key)]).await?
                } else {
                    let sql = "SELECT send_key FROM send
                               WHERE account = $1 AND conversation = $2 AND state = 'calling' LIMIT 1";
                    tx.query_one(sql, &[Value::Text(&intent.account), Value::Text(&intent.conversation)]).await?
                };
                Ok(row.is_some())
            })
        })
        .await
}

/// Writes what became of a send, with the log's event.
pub(super) async fn end(context: &Context, intent: &Intent, end: &End) -> Result<(), Refusal> {
    let (intent, end, worker) = (intent.clone(), end.clone(), context.worker.clone());
    context.database.write(move |tx| Box::pin(async move { Ok(end_in(tx, &intent, &end, &worker).await?) })).await
}

async fn end_in(tx: &mut Tx, intent: &Intent, end: &End, worker: &str) -> Result<(), DatabaseError> {
    Log::lock_in(tx).await?;
    let (device, key, worker) = (Value::Text(&intent.device), Value::Text(&intent.key), Value::Text(worker));
    let (state, status, answer, message) = match end {
        End::NotTaken => {
            let sql = "DELETE FROM send WHERE device = $1 AND send_key = $2 AND worker = $3";
            tx.execute(sql, &[device, key, worker]).await?;
            return Ok(());
        }
        End::Answered { status, answer, message } => {
            ("answered", Some(i64::from(*status)), Some(&**answer), message.as_deref())
        }
        End::Unconfirmed => ("unconfirmed", None, None, None),
    };
    tx.execute(
        "UPDATE send SET state = $4, status = $5, answer = $6, message = $7, ended_at_ms = $8
         WHERE device = $1 AND send_key = $2 AND worker = $3",
        &[
            device,
            key,
            worker,
            Value::Text(state),
            Value::MaybeInt(status),
            Value::MaybeBytes(answer),
            Value::MaybeText(message),
            Value::Int(now_ms()),
        ],
    )
    .await?;
    let sent = Sent {
        conversation: intent.conversation.clone(),
        device: intent.device.clone(),
        device_name: intent.device_name.clone(),
        key: intent.key.clone(),
        message: message.map(str::to_owned),
        text: intent.text.clone().filter(|_| message.is_some()),
    };
    append_sent(tx, &intent.account, sent).await
}

/// Tells all desktops of a send that TikTok took, or may have taken: either counts as an answer.
async fn append_sent(tx: &mut Tx, account: &str, sent: Sent) -> Result<(), DatabaseError> {
    let is_known = if sent.message.is_some() { "sent" } else { "perhaps" };
    let (device, key) = (sent.device.clone(), sent.key.clone());
    let event = NewEvent {
        account: account.to_owned(),
        dedup: format!("send/{device}/{key}/{is_known}"),
        answer: Some(Answer {
            conversation: sent.conversation.clone(),
            device: device.clone(),
            answered_by: sent.device_name.clone(),
            message: sent.message.clone().unwrap_or_default(),
        }),
        body: EventBody::Sent(sent),
    };
    if let Appended::New(id) = Log::append_in(tx, &event).await? {
        let sql = "UPDATE send SET seq = $3 WHERE device = $1 AND send_key = $2";
        let sequence = i64::try_from(id.sequence).unwrap_or(i64::MAX);
        tx.execute(sql, &[Value::Text(&device), Value::Text(&key), Value::Int(sequence)]).await?;
    }
    Ok(())
}

/// Makes rows unconfirmed that were `calling` before this time, or all of a worker's that are. Returns how many.
pub(super) async fn give_up(context: &Context, before_ms: i64, worker: Option<String>) -> Result<usize, DatabaseError> {
    let count = context
        .database
        .write(move |tx| {
            Box::pin(async move {
                Log::lock_in(tx).await?;
                let rows = tx
                    .query(
                        "UPDATE send SET state = 'unconfirmed', ended_at_ms = $1
                         WHERE state = 'calling' AND (began_at_ms < $2 OR worker = $3)
                         RETURNING device, device_name, send_key, account, conversation",
                        &[
                            Value::Int(now_ms()),
                            Value::Int(before_ms),
                            Value::Text(worker.as_deref().unwrap_or_default()),
                        ],
                    )
                    .await?;
                for row in &rows {
                    let sent = Sent {
                        conversation: row.text("conversation")?,
                        device: row.text("device")?,
                        device_name: row.text("device_name")?,
                        key: row.text("send_key")?,
                        message: None,
                        text: None,
                    };
                    append_sent(tx, &row.text("account")?, sent).await?;
                }
                Ok::<usize, DatabaseError>(rows.len())
            })
        })
        .await?;
    if count > 0 {
        tracing::warn!(
            count,
            "the outcome of sends is not known: the relay that made them ended, or lost its database"
        );
        context.log.look().await;
    }
    Ok(count)
}

/// Whether any row is `calling` for so long that it has to be given up.
pub(super) async fn has_overdue(context: &Context, before_ms: i64) -> Result<bool, DatabaseError> {
    context
        .database
        .read(move |tx| {
            Box::pin(async move {
                let sql = "SELECT send_key FROM send WHERE state = 'calling' AND began_at_ms < $1 LIMIT 1";
                Ok(tx.query_one(sql, &[Value::Int(before_ms)]).await?.is_some())
            })
        })
        .await
}

/// What is known of a device's send; none if nothing is.
pub(super) async fn outcome(context: &Context, device: &str, key: &str) -> Result<Option<SendOutcome>, Refusal> {
    let (device, key) = (device.to_owned(), key.to_owned());
    let row = context
        .database
        .read::<_, Refusal, _>(move |tx| {
            Box::pin(async move {
                let sql = "SELECT state, status, answer FROM send WHERE device = $1 AND send_key = $2";
                Ok(tx.query_one(sql, &[Value::Text(&device), Value::Text(&key)]).await?)
            })
        })
        .await?;
    Ok(outcome_of(row)?)
}

/// A row as a desktop is told of it; none if there is no row, or only that it was withdrawn.
fn outcome_of(row: Option<Row>) -> Result<Option<SendOutcome>, DatabaseError> {
    let Some(row) = row else { return Ok(None) };
    let state = match row.text("state")?.as_str() {
        WITHDRAWN => return Ok(None),
        "calling" => SendState::Calling,
        "answered" => SendState::Answered,
        _ => SendState::Unconfirmed,
    };
    Ok(Some(SendOutcome {
        state,
        answer: row.maybe_bytes("answer")?.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
        status: row.maybe_int("status")?.and_then(|status| u16::try_from(status).ok()),
    }))
}
