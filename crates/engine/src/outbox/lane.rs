//! One conversation's lane: takes the reply at its head as far as it goes, then the next.

use std::sync::Arc;
use std::time::Duration;

use model::{ConversationId, Millis, Refusal, RefusalReason, ReplyWindow, WaitReason};
use store::StoreError;
use store::table::outbox::{self, Reply, State};
use store::table::{account, conversation};
use tiktok::Reason;
use tiktok::business::message::{Outgoing, SendMessage};
use tokio::sync::Notify;

use crate::call::CallError;
use crate::engine::Engine;
use crate::inbound;
use crate::pace::Priority;
use crate::sync;
use crate::timing::Backoff;

/// What a lane does after a step.
enum Next {
    /// Looks at its head again.
    Again,
    /// Waits this long, or until woken.
    Wait(Duration),
    /// Has nothing to do until woken.
    Rest,
}

/// Runs until the lane has nothing to do.
pub(super) async fn run(engine: Engine, conversation: ConversationId, woken: Arc<Notify>) {
    let mut backoff = Backoff::new(engine.timing());
    loop {
        let next = match step(&engine, conversation, &mut backoff).await {
            Ok(next) => next,
            Err(error) => {
                tracing::error!(conversation = conversation.0, %error, "outbox.store_failed");
                Next::Wait(backoff.failed())
            }
        };
        match next {
            Next::Again => {}
            Next::Wait(wait) => {
                tokio::select! {
                    () = tokio::time::sleep(wait) => {}
                    () = woken.notified() => {}
                }
            }
            Next::Rest => {
                if engine.outbox().leave(conversation, &woken) {
                    return;
                }
            }
        }
    }
}

async fn step(engine: &Engine, id: ConversationId, backoff: &mut Backoff) -> Result<Next, StoreError> {
    let Some(head) = engine.store().read(move |sql| outbox::head(sql, id)).await? else { return Ok(Next::Rest) };
    match head.state {
        State::Queued => send(engine, head, backoff).await,
        // Only this lane begins calls, and it is not in one: the call's end was not heard.
        State::Sending => {
            engine.store().write(move |tx| outbox::unconfirm(tx, head.message)).await?;
            Ok(Next::Again)
        }
        State::Checking => look(engine, &head, backoff).await,
        State::Undecided | State::Refused => Ok(Next::Rest),
    }
}

async fn send(engine: &Engine, head: Reply, backoff: &mut Backoff) -> Result<Next, StoreError> {
    let now_ms = engine.clock().now_ms();
    if head.not_before_ms > now_ms {
        return Ok(Next::Wait(until(now_ms, head.not_before_ms)));
    }
    let (message, account_id, conversation_id) = (head.message, head.account, head.conversation);
    let (business, recipient) = engine
        .store()
        .read(move |sql| Ok((account::get(sql, account_id)?, conversation::get(sql, conversation_id)?)))
        .await?;
    if business.relink.is_some() {
        engine.store().write(move |tx| outbox::wait(tx, message, Some(&WaitReason::Relink))).await?;
        return Ok(Next::Rest);
    }
    // The slot and the token come first, so that `sending` on disk means: the call itself was made.
    engine.caller().turn(Priority::Send).await;
    let Some(_in_call) = engine.begin_call() else { return Ok(Next::Rest) };
    let token = match engine.caller().token(account_id).await {
        Ok(token) => token,
        Err(error) => return not_taken(engine, &head, error, backoff).await,
    };
    let started_at_ms = engine.clock().now_ms();
    let Some(reply) = engine.store().write(move |tx| outbox::begin(tx, message, started_at_ms)).await? else {
        return Ok(Next::Again);
    };
    let call = SendMessage {
        business_id: business.remote_id,
        conversation_id: recipient.remote_id.clone(),
        body: Outgoing::Text { body: reply.body.clone(), referenced_message_id: reply.quoted_remote_id.clone() },
    };
    match engine.caller().ask_with(account_id, token, call).await {
        Ok(sent) => {
            backoff.worked();
            match sent.message_id {
                Some(remote_id) => {
                    engine.store().write(move |tx| inbound::confirm(tx, account_id, message, &remote_id)).await?;
                }
                None => engine.store().write(move |tx| outbox::unconfirm(tx, message)).await?,
            }
            Ok(Next::Again)
        }
        Err(CallError::Refused(error)) => {
            let refusal = refusal(&error, recipient.window_opened_at_ms, engine.clock().now_ms());
            tracing::warn!(reply = message.0, code = refusal.code, request_id = refusal.request_id, "outbox.refused");
            engine.store().write(move |tx| outbox::refuse(tx, message, &refusal)).await?;
            Ok(Next::Again)
        }
        Err(CallError::Unknown(error)) => {
            // TikTok's words may quote the message: not for the log.
            let why = if let tiktok::Error::Unknown { why, .. } = &error { why.to_string() } else { String::new() };
            let (code, request_id) = (error.code(), error.request_id());
            tracing::warn!(reply = message.0, why, code, request_id, "outbox.unconfirmed");
            engine.store().write(move |tx| outbox::unconfirm(tx, message)).await?;
            Ok(Next::Again)
        }
        Err(error) => not_taken(engine, &reply, error, backoff).await,
    }
}

/// TikTok certainly does not have it: it waits for whatever stands in the way, and goes out later by itself.
async fn not_taken(
    engine: &Engine,
    reply: &Reply,
    error: CallError,
    backoff: &mut Backoff,
) -> Result<Next, StoreError> {
    let now_ms = engine.clock().now_ms();
    let (wait, reason) = match error {
        CallError::SlowDown(wait) => (wait, Some(WaitReason::RateLimited { until_ms: after(now_ms, wait) })),
        CallError::Relink(_) => (Duration::ZERO, Some(WaitReason::Relink)),
        CallError::Offline(_) => (backoff.failed(), Some(WaitReason::Offline)),
        error => {
            tracing::error!(reply = reply.message.0, %error, "outbox.not_taken");
            (backoff.failed(), None)
        }
    };
    let (message, not_before_ms, rest) =
        (reply.message, after(now_ms, wait), matches!(reason, Some(WaitReason::Relink)));
    engine.store().write(move |tx| outbox::requeue(tx, message, not_before_ms, reason.as_ref())).await?;
    Ok(if rest { Next::Rest } else { Next::Wait(wait) })
}

/// Reads the conversation at the times a lost message is likely to show.
async fn look(engine: &Engine, head: &Reply, backoff: &mut Backoff) -> Result<Next, StoreError> {
    let timing = engine.timing();
    let now_ms = engine.clock().now_ms();
    let started_at_ms = head.started_at_ms.unwrap_or(now_ms);
    let looks = usize::try_from(head.checks).unwrap_or(usize::MAX);
    let due_ms = match timing.look.get(looks) {
        Some(look) => after(started_at_ms, *look),
        // After a long pause (asleep, offline) the schedule has passed: a few looks at its own pace settle it.
        None => now_ms,
    };
    let pace = timing.look.first().copied().unwrap_or(timing.look_again);
    if due_ms > now_ms {
        return Ok(Next::Wait(until(now_ms, due_ms)));
    }
    let account_id = head.account;
    let business = engine.store().read(move |sql| account::get(sql, account_id)).await?;
    if business.relink.is_some() {
        return Ok(Next::Rest);
    }
    let source = engine.source(&business);
    match sync::fetch(engine, &source, head.conversation, Priority::Reconcile).await {
        Ok(_) => {
            backoff.worked();
            // The next look has its time; past the schedule they are at least this far apart.
            Ok(if looks >= timing.look.len() { Next::Wait(timing.look_again) } else { Next::Wait(pace / 4) })
        }
        Err(CallError::Relink(_)) => Ok(Next::Rest),
        Err(CallError::SlowDown(wait)) => Ok(Next::Wait(wait)),
        Err(error) => {
            tracing::warn!(conversation = head.conversation.0, %error, "outbox.look_failed");
            Ok(Next::Wait(backoff.failed()))
        }
    }
}

fn refusal(error: &tiktok::Error, window_opened_at_ms: Option<Millis>, at_ms: Millis) -> Refusal {
    let reason = match error {
        tiktok::Error::Refused { reason, .. } => *reason,
        _ => Reason::Other,
    };
    let window_closed = window_opened_at_ms.is_some_and(|opened| !ReplyWindow::opened_by(opened).is_open(at_ms));
    let reason = match reason {
        Reason::MessagingRules if window_closed => RefusalReason::WindowClosed,
        Reason::MessagingRules => RefusalReason::MessagingRules,
        Reason::InvalidParameter => RefusalReason::InvalidParameter,
        Reason::NotPermitted => RefusalReason::NotPermitted,
        Reason::NotAllowlisted => RefusalReason::NotAllowlisted,
        Reason::NotFound => RefusalReason::NotFound,
        Reason::BannedNetwork => RefusalReason::BannedNetwork,
        _ => RefusalReason::Other,
    };
    Refusal {
        reason,
        code: error.code().unwrap_or_default(),
        message: error.message().to_owned(),
        request_id: error.request_id().unwrap_or_default().to_owned(),
        at_ms,
    }
}

fn until(now_ms: Millis, then_ms: Millis) -> Duration {
    Duration::from_millis(u64::try_from(then_ms.saturating_sub(now_ms)).unwrap_or(0).max(1))
}

fn after(from_ms: Millis, wait: Duration) -> Millis {
    from_ms.saturating_add(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX))
}
