//! Stores the outcome of a call that sends: one transaction for each outcome, and no network in sight.

// A new kind of message, error or state does not compile here before it has an answer.
#![warn(clippy::wildcard_enum_match_arm)]

use model::{ConversationId, Millis, Refusal, RefusalReason, ReplyWindow, StopReason, WaitReason};
use store::table::attempt::{End, Outcome};
use store::table::conversation::{self, Conversation};
use store::table::outbox::{self, OutboxReply};
use store::table::upload;
use store::{Store, StoreError, Tx};
use tiktok::Reason;
use tiktok::business::message::Sent;

use crate::call::CallError;
use crate::inbound;
use crate::retry::{RetryPlan, retry_plan};

/// How often a picture that TikTok does not know any more is uploaded anew.
const MAX_UPLOADS: u32 = 2;

/// A reply's state after its call, as far as its lane needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Settled {
    /// Sent, refused, or to be looked for.
    Done,
    /// Queued again, until the account is linked again.
    Relink,
    /// Queued again, for a while.
    Waits,
}

/// Stores the outcome of a call. `again_at_ms` is when a reply that was certainly not taken is tried again.
pub(super) async fn settle(
    store: &Store,
    known: &Conversation,
    reply: &OutboxReply,
    answer: Result<Sent, CallError>,
    now_ms: Millis,
    again_at_ms: Millis,
) -> Result<Settled, StoreError> {
    let (message, account) = (reply.message, reply.account);
    match answer {
        Ok(Sent { message_id: Some(remote_id) }) => {
            let believed = store
                .write(move |tx| {
                    let believed = inbound::confirm(tx, account, message, &remote_id)?;
                    if believed {
                        outbox::record_attempt_end(tx, message, &End::plain(Outcome::Sent), now_ms)?;
                    } else {
                        let why = "the answer names another message".to_owned();
                        outbox::record_attempt_end(
                            tx,
                            message,
                            &End { message: why, ..End::plain(Outcome::Unknown) },
                            now_ms,
                        )?;
                        outbox::mark_unconfirmed(tx, message)?;
                    }
                    Ok(believed)
                })
                .await?;
            if !believed {
                tracing::warn!(reply = message.0, "the answer to a send names another message");
            }
            Ok(Settled::Done)
        }
        Ok(Sent { message_id: None }) => {
            let end = End { message: "no message_id".to_owned(), ..End::plain(Outcome::Unknown) };
            unconfirm(store, message, end, now_ms).await
        }
        Err(CallError::Unknown(error)) => {
            // TikTok's words may quote the message: not for the log.
            let why = if let tiktok::Error::Unknown { why, .. } = &error { why.to_string() } else { String::new() };
            let (code, request_id) = (error.code(), error.request_id());
            tracing::warn!(reply = message.0, why, code, request_id, "could not tell whether a reply was sent");
            let mut end = end(Outcome::Unknown, &error);
            // With a code beside them, words are TikTok's.
            if end.message.is_empty() && end.code.is_none() && end.request_id.is_none() {
                end.message = why;
            }
            unconfirm(store, message, end, now_ms).await
        }
        Err(CallError::Refused(error)) => refuse(store, known, reply, &error, now_ms).await,
        Err(CallError::Stale { .. }) => {
            let end = End { message: "a colleague has answered".to_owned(), ..End::plain(Outcome::NotTaken) };
            let id = known.id;
            store
                .write(move |tx| {
                    outbox::record_attempt_end(tx, message, &end, now_ms)?;
                    outbox::requeue(tx, message, 0, None)?;
                    outbox::stop(tx, message, StopReason::ColleagueReplied)?;
                    // What the colleague said is to be seen.
                    conversation::mark_due(tx, id)
                })
                .await?;
            Ok(Settled::Done)
        }
        Err(error) => {
            let plan = retry_plan(&error);
            let waiting = plan.wait_reason(again_at_ms);
            let settled = if plan == RetryPlan::OnceLinked { Settled::Relink } else { Settled::Waits };
            let end = End { message: error.explanation(), ..End::plain(Outcome::NotTaken) };
            store
                .write(move |tx| {
                    outbox::record_attempt_end(tx, message, &end, now_ms)?;
                    outbox::requeue(tx, message, again_at_ms, waiting.as_ref())
                })
                .await?;
            Ok(settled)
        }
    }
}

/// Stores what the shop's relay tells of the call of a reply that is being looked for. False if that says nothing: then
/// nothing has changed, and it is looked for on.
pub(super) async fn settle_told(
    store: &Store,
    known: &Conversation,
    reply: &OutboxReply,
    answer: Result<Sent, CallError>,
    now_ms: Millis,
) -> Result<bool, StoreError> {
    let (message, account) = (reply.message, reply.account);
    match answer {
        // It says as little to the relay as it would here.
        Err(CallError::Unknown(_)) | Ok(Sent { message_id: None }) => Ok(false),
        Ok(Sent { message_id: Some(remote_id) }) => {
            let confirmed = store.write(move |tx| {
                let believed = inbound::confirm(tx, account, message, &remote_id)?;
                if believed {
                    outbox::record_attempt_end(tx, message, &End::plain(Outcome::Sent), now_ms)?;
                }
                Ok(believed)
            });
            confirmed.await
        }
        Err(error) => {
            store.write(move |tx| outbox::resume_sending(tx, message)).await?;
            settle(store, known, reply, Err(error), now_ms, now_ms).await?;
            Ok(true)
        }
    }
}

async fn unconfirm(store: &Store, message: model::MessageId, end: End, now_ms: Millis) -> Result<Settled, StoreError> {
    store
        .write(move |tx| {
            outbox::record_attempt_end(tx, message, &end, now_ms)?;
            outbox::mark_unconfirmed(tx, message)
        })
        .await?;
    Ok(Settled::Done)
}

async fn refuse(
    store: &Store,
    known: &Conversation,
    reply: &OutboxReply,
    error: &tiktok::Error,
    now_ms: Millis,
) -> Result<Settled, StoreError> {
    let (message, account) = (reply.message, reply.account);
    let refusal = refusal(error, known, now_ms);
    let end = end(Outcome::Refused, error);
    // A picture's id at TikTok may have died early: then a fresh upload will do. Or TikTok does not take pictures here any
    // more, although it said so: then it is asked again before the next try. Each is tried once.
    let picture = match (&reply.outgoing, refusal.reason) {
        (model::Outgoing::Image { key, .. }, RefusalReason::InvalidParameter) => Some(key.clone()),
        _ => None,
    };
    let dead_id = matches!(error, tiktok::Error::Refused { reason: Reason::MediaNotFound, .. });
    let (id, first) = (known.id, reply.attempt <= 1);
    tracing::warn!(reply = message.0, code = refusal.code, request_id = refusal.request_id, "TikTok refused a reply");
    store
        .write(move |tx| {
            outbox::record_attempt_end(tx, message, &end, now_ms)?;
            match picture {
                Some(_) if !dead_id && first && known_images(tx, id)? => {
                    conversation::forget_images_allowed(tx, id)?;
                    outbox::requeue(tx, message, 0, Some(&WaitReason::Uploading))
                }
                Some(key) if dead_id && upload::attempts(tx, account, &key)? < MAX_UPLOADS => {
                    upload::forget(tx, account, &key)?;
                    outbox::requeue(tx, message, 0, Some(&WaitReason::Uploading))
                }
                _ => outbox::refuse(tx, message, &refusal),
            }
        })
        .await?;
    Ok(Settled::Done)
}

/// Whether TikTok has said that it takes pictures in a conversation.
fn known_images(tx: &Tx<'_>, id: ConversationId) -> Result<bool, StoreError> {
    Ok(conversation::get(tx, id)?.images.is_some_and(|(images, _)| images))
}

fn end(outcome: Outcome, error: &tiktok::Error) -> End {
    End {
        outcome,
        code: error.code(),
        message: error.message().to_owned(),
        request_id: error.request_id().map(str::to_owned),
        answer: error.raw().map(str::to_owned),
    }
}

/// TikTok's refusal in our words. Which of its rules 40064 means it does not say; our own count may.
pub(super) fn refusal(error: &tiktok::Error, known: &Conversation, at_ms: Millis) -> Refusal {
    let refusal = refusal_of(error, at_ms);
    let closed = known.window_opened_at_ms.is_some_and(|opened| !ReplyWindow::opened_by(opened).is_open(at_ms));
    let reason = if refusal.reason != RefusalReason::MessagingRules {
        refusal.reason
    } else if closed {
        RefusalReason::WindowClosed
    } else if known.ledger.is_overspent() {
        RefusalReason::RepliesSpent
    } else {
        RefusalReason::MessagingRules
    };
    Refusal { reason, ..refusal }
}

/// TikTok's refusal of a message that belongs to no conversation of ours yet.
pub(crate) fn refusal_of(error: &tiktok::Error, at_ms: Millis) -> Refusal {
    let reason = if let tiktok::Error::Refused { reason, .. } = error { *reason } else { Reason::Other };
    let reason = match reason {
        Reason::MessagingRules => RefusalReason::MessagingRules,
        Reason::InvalidParameter | Reason::MediaNotFound => RefusalReason::InvalidParameter,
        Reason::NotPermitted => RefusalReason::NotPermitted,
        Reason::NotAllowlisted => RefusalReason::NotAllowlisted,
        Reason::NotFound => RefusalReason::NotFound,
        Reason::BannedNetwork => RefusalReason::BannedNetwork,
        Reason::TooLarge => RefusalReason::ImageTooLarge,
        Reason::UnsupportedType => RefusalReason::ImageTypeRefused,
        Reason::UnsupportedVersion => RefusalReason::DeskbellTooOld,
        Reason::NotInSandbox => RefusalReason::SandboxOnly,
        Reason::BadCredentials | Reason::AppBlocked | Reason::TokenMissing => RefusalReason::AppRefused,
        Reason::TooOften | Reason::Other => RefusalReason::Other,
    };
    Refusal {
        reason,
        code: error.code().unwrap_or_default(),
        message: error.message().to_owned(),
        request_id: error.request_id().unwrap_or_default().to_owned(),
        at_ms,
    }
}
