//! A conversation's lane sends its replies one at a time, in order.
//!
//! Each step looks at the reply at the head and does the next thing with it: waits until it can no longer be undone, prepares
//! it, reads the thread, sends it, or looks for one whose call had no clear outcome. The invariant is in [`Lane::send`]: before
//! the call the row says `sending` on disk, so a crash leaves a reply that is looked for, never one that is sent twice.

mod look;

use std::sync::Arc;
use std::time::Duration;

use ::wire::EventId;
use model::{ConversationId, MessageId, Millis, WaitReason};
use store::StoreError;
use store::table::account::Account;
use store::table::conversation::Conversation;
use store::table::outbox::{self, BeginOutcome, OutboxReply, OutboxState};
use store::table::{account, attempt, conversation, firing, relay};
use tiktok::business::message::{CardKind, Outgoing, OutgoingButton, OutgoingCard, SendMessage};
use tokio::sync::Notify;

use super::lanes::Lanes;
use super::settle::{Settled, settle};
use super::upload::{self, Ready};
use crate::call::CallError;
use crate::completeness::{Completeness, is_recent};
use crate::context::Context;
use crate::events::NotSent;
use crate::gateway::SendPass;
use crate::pace::Priority;
use crate::presence::send_sign;
use crate::retry::{RetryPlan, retry_plan};
use crate::timing::{Backoff, after, millis, until};

/// After so many tries a reply goes out although its thread could not be read. One that may have arrived does not.
const MAX_BLIND_READS: u32 = 3;
/// The thread is read when this fraction of the undo time is left, so that the reply goes out right at its end.
const READ_AHEAD_FRACTION: u32 = 20;
/// A reading this young always serves the reply that waited for its turn meanwhile.
const MIN_READING_AGE: Duration = Duration::from_secs(1);
/// How many times the lag of TikTok's lists a second send waits for a message that moved the conversation and does not show.
/// What moved it may be no message.
const MAX_UNSEEN_LAGS: u32 = 5;

/// A lane, with what it remembers from step to step.
struct Lane<'a> {
    lanes: &'a Lanes,
    context: &'a Context,
    id: ConversationId,
    backoff: Backoff,
    /// How often in a row the thread could not be read before a send.
    blind: u32,
    /// The reply that is being looked for: another reading may leave it to the agent.
    looks_for: Option<MessageId>,
    /// When a reply that was left to the agent was last looked for.
    looked_at_ms: Option<Millis>,
}

/// What a lane does after a step.
pub(super) enum Next {
    /// Looks at its head again.
    Again,
    /// Waits this long, or until woken.
    Wait(Duration),
    /// Has nothing to do until woken.
    Rest,
}

/// Runs until the lane has nothing to do.
pub(super) async fn run(lanes: Lanes, conversation: ConversationId, woken: Arc<Notify>) {
    let context = &lanes.context;
    let mut lane = Lane {
        lanes: &lanes,
        context,
        id: conversation,
        backoff: Backoff::new(context.timing()),
        blind: 0,
        looks_for: None,
        looked_at_ms: None,
    };
    loop {
        let next = match lane.step().await {
            Ok(next) => next,
            Err(error) => {
                tracing::error!(conversation = conversation.0, %error, "could not take the next step of a lane");
                Next::Wait(lane.backoff.failed())
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
                if lanes.leave(conversation, &woken) {
                    return;
                }
            }
        }
    }
}

impl Lane<'_> {
    fn completeness(&self) -> &Completeness {
        self.lanes.fetcher.completeness()
    }

    /// Does the next thing with the reply at the head.
    async fn step(&mut self) -> Result<Next, StoreError> {
        let (context, id) = (self.context, self.id);
        let (head, held_until) =
            context.store().read(move |sql| Ok((outbox::head(sql, id)?, outbox::held_until(sql, id)?))).await?;
        if let Some(until_ms) = held_until
            && self.is_over(until_ms)
        {
            context.store().write(move |tx| outbox::release_held(tx, id, until_ms)).await?;
            return Ok(Next::Again);
        }
        let next = match head {
            Some(head) => {
                let before = head.clone();
                let next = self.take(head).await?;
                self.announce(&before).await?;
                next
            }
            None => self.tell_read().await?,
        };
        // Whatever the head waits for, those behind it can be undone for their time and no longer.
        let Some(held) = held_until.map(|until_ms| until(context.clock().now_ms(), until_ms)) else { return Ok(next) };
        Ok(match next {
            Next::Again => Next::Again,
            Next::Wait(wait) => Next::Wait(wait.min(held)),
            Next::Rest => Next::Wait(held),
        })
    }

    /// The next thing for a reply in its state.
    async fn take(&mut self, head: OutboxReply) -> Result<Next, StoreError> {
        match head.state {
            OutboxState::Held => self.read_ahead(&head).await,
            OutboxState::Queued => self.send(head).await,
            // Only this lane begins calls, and it is not in one: the call's end was not heard.
            OutboxState::Sending => {
                self.context.store().write(move |tx| outbox::mark_unconfirmed(tx, head.message)).await?;
                Ok(Next::Again)
            }
            OutboxState::Checking => self.look(&head).await,
            OutboxState::Undecided => match self.tell_read().await? {
                Next::Rest => self.look_on(&head).await,
                next => Ok(next),
            },
            OutboxState::Refused | OutboxState::Stopped => self.tell_read().await,
        }
    }

    /// Tells the agent, who may be anywhere by now, that a reply of theirs came to rest in this step without being sent.
    async fn announce(&mut self, before: &OutboxReply) -> Result<(), StoreError> {
        let was_looked_for = self.looks_for.replace(before.message) == Some(before.message);
        match before.state {
            OutboxState::Queued | OutboxState::Sending | OutboxState::Checking => {}
            OutboxState::Undecided if was_looked_for => {}
            OutboxState::Held | OutboxState::Undecided | OutboxState::Refused | OutboxState::Stopped => {
                self.looks_for = None;
                return Ok(());
            }
        }
        let message = before.message;
        let (now, by_rule) = self
            .context
            .store()
            .read(move |sql| Ok((outbox::get(sql, message)?, firing::sender(sql, message)?.is_some())))
            .await?;
        let rests = |reply: &OutboxReply| {
            matches!(reply.state, OutboxState::Stopped | OutboxState::Refused | OutboxState::Undecided)
        };
        if now.as_ref().is_none_or(|reply| reply.state != OutboxState::Checking) {
            self.looks_for = None;
        }
        if let Some(reply) = now.filter(|reply| rests(reply) && !by_rule) {
            let (account, conversation) = (reply.account, reply.conversation);
            self.context.events().announce_not_sent(NotSent { account, conversation, delivery: reply.delivery() });
        }
        Ok(())
    }

    /// Whether a reply can no longer be undone. A clock that was put back would hold it for longer than the agent was
    /// promised.
    fn is_over(&self, until_ms: Millis) -> bool {
        let now_ms = self.context.clock().now_ms();
        until_ms <= now_ms || until_ms > after(now_ms, self.context.timing().undo)
    }

    /// Sends a reply: prepares it, reads the thread, waits for its turn and a token, marks it as `sending`, calls once, and
    /// stores the outcome.
    async fn send(&mut self, head: OutboxReply) -> Result<Next, StoreError> {
        let context = self.context;
        let now_ms = context.clock().now_ms();
        if head.not_before_ms > now_ms {
            return Ok(Next::Wait(until(now_ms, head.not_before_ms)));
        }
        let (message, account_id, id) = (head.message, head.account, self.id);
        let (business, known) =
            context.store().read(move |sql| Ok((account::get(sql, account_id)?, conversation::get(sql, id)?))).await?;
        if business.relink.is_some() {
            context.store().write(move |tx| outbox::set_wait_reason(tx, message, Some(&WaitReason::Relink))).await?;
            return Ok(Next::Rest);
        }
        let media_id = match upload::ready(self.lanes, &head, &business, &known).await? {
            Ready::Send(media_id) => media_id,
            Ready::Refused => return Ok(Next::Again),
            Ready::Failed(error) => return self.requeue(&head, &error).await,
        };
        if let Some(next) = self.read_first(&head, &business).await? {
            return Ok(next);
        }
        let read_by_ms = context.clock().now_ms();
        // The slot and the token come first, so that `sending` on disk means: the call itself was made.
        context.caller().turn(Priority::Send).await;
        let Some(_in_call) = context.tasks().begin_call() else { return Ok(Next::Rest) };
        let token = match context.caller().token(account_id).await {
            Ok(token) => token,
            Err(error) => return self.requeue(&head, &error).await,
        };
        // They may have been long in coming. What was read before tells nothing then.
        let longest = context.timing().fresh.max(MIN_READING_AGE);
        if !is_recent(read_by_ms, context.clock().now_ms(), longest) {
            return Ok(Next::Again);
        }
        let started_at_ms = context.clock().now_ms();
        let key = business.via_relay.then(SendPass::new_key);
        let named = key.clone();
        let begun = context.store().write(move |tx| {
            let begun = outbox::begin(tx, message, started_at_ms)?;
            // How far the log is stored: what came up to here was judged just now, what came later the relay judges.
            let seen = if let (Some(key), BeginOutcome::Call(_)) = (&named, &begun) {
                attempt::set_send_key(tx, message, key)?;
                relay::get(tx)?.and_then(|relay| relay.cursor)
            } else {
                None
            };
            Ok((begun, seen))
        });
        let (begun, seen) = begun.await?;
        let reply = match begun {
            BeginOutcome::Call(reply) => *reply,
            BeginOutcome::Stopped | BeginOutcome::Gone => {
                self.blind = 0;
                return Ok(Next::Again);
            }
        };
        let call = SendMessage {
            business_id: business.remote_id,
            conversation_id: known.remote_id.clone(),
            // As it stands in the database: it may have been edited a moment ago.
            body: wire(&reply, media_id.unwrap_or_default()),
        };
        let seen = seen.map(|seen| EventId { epoch: seen.epoch, sequence: seen.sequence });
        let pass = key.zip(seen).map(|(key, seen)| SendPass { key, seen });
        let headers = pass.map(|pass| pass.headers()).unwrap_or_default();
        let answer = context.caller().ask_with_headers(account_id, token, call, headers).await;
        self.blind = 0;
        let wait = match answer.as_ref().err().map(retry_plan) {
            None | Some(RetryPlan::Settle) => {
                self.backoff.worked();
                Duration::ZERO
            }
            Some(plan) => plan.wait(&mut self.backoff),
        };
        let now_ms = context.clock().now_ms();
        match settle(context.store(), &known, &reply, answer, now_ms, after(now_ms, wait)).await? {
            Settled::Done => Ok(Next::Again),
            Settled::Relink => Ok(Next::Rest),
            Settled::Waits => Ok(Next::Wait(wait)),
        }
    }

    /// Reads the thread before a reply goes into it, unless a reading that was asked for after its press has just come: a
    /// colleague may have answered meanwhile, and one that is sent again may have arrived. What the thread then holds is
    /// judged when the call begins.
    async fn read_first(&mut self, head: &OutboxReply, business: &Account) -> Result<Option<Next>, StoreError> {
        let context = self.context;
        let (id, message) = (self.id, head.message);
        let again = context.store().read(move |sql| outbox::may_have_arrived(sql, message)).await?;
        if again {
            context
                .store()
                .write(move |tx| outbox::set_wait_reason(tx, message, Some(&WaitReason::MayHaveArrived)))
                .await?;
        }
        let now_ms = context.clock().now_ms();
        let read = self.completeness().read_since(id, head.read_from_ms, now_ms, context.timing().fresh);
        if read.is_none() && self.blind >= MAX_BLIND_READS && !again {
            return Ok(None);
        }
        if read.is_none()
            && let Err(error) = self.lanes.fetcher.fetch_from_tiktok(business, id, Priority::Open).await
        {
            return match error {
                CallError::Refused(_) | CallError::Unknown(_) => Ok(Some(self.count_blind_read(&error))),
                error => self.requeue(head, &error).await.map(Some),
            };
        }
        let known = context.store().read(move |sql| conversation::get(sql, id)).await?;
        if self.is_unseen(head, &known, again) {
            tracing::info!(conversation = id.0, again, "what moved a conversation does not show yet");
            let look = usize::try_from(self.blind).unwrap_or(usize::MAX);
            self.blind += 1;
            let timing = context.timing();
            return Ok(Some(Next::Wait(timing.look.get(look).copied().unwrap_or(timing.look_again))));
        }
        Ok(None)
    }

    /// Whether TikTok's list says that something happened in the conversation that the readings since have not shown, and a
    /// reply waits for it: the first send for a few tries, another one, which it may be itself, for as long as lists may lag.
    fn is_unseen(&self, head: &OutboxReply, known: &Conversation, again: bool) -> bool {
        let (completeness, updated_ms) = (self.completeness(), known.remote_updated_ms);
        // Not what a list has said since.
        let lacks = known.fetched_updated_ms < updated_ms && completeness.misses(self.id, updated_ms) > 0;
        if again {
            let until_ms = after(head.read_from_ms, self.context.timing().lag * MAX_UNSEEN_LAGS);
            return lacks && self.context.clock().now_ms() < until_ms;
        }
        lacks && self.blind < MAX_BLIND_READS && !completeness.is_given_up(self.id, updated_ms)
    }

    /// Counts a reading of the thread that failed; the wait before the next.
    fn count_blind_read(&mut self, error: &CallError) -> Next {
        self.blind += 1;
        let code = error.code();
        tracing::warn!(conversation = self.id.0, times = self.blind, code, "could not read a thread before a send");
        Next::Wait(self.backoff.failed())
    }

    /// Reads the thread at the end of the time in which a reply can be undone, so that it goes out at once after it.
    async fn read_ahead(&mut self, head: &OutboxReply) -> Result<Next, StoreError> {
        let context = self.context;
        let (now_ms, end_ms) = (context.clock().now_ms(), head.not_before_ms);
        let ahead_ms = end_ms.saturating_sub(millis(context.timing().undo / READ_AHEAD_FRACTION));
        if now_ms < ahead_ms {
            return Ok(Next::Wait(until(now_ms, ahead_ms)));
        }
        if self.completeness().read_since(self.id, head.read_from_ms, now_ms, context.timing().fresh).is_some() {
            return Ok(Next::Rest);
        }
        let account_id = head.account;
        let business = context.store().read(move |sql| account::get(sql, account_id)).await?;
        if business.relink.is_some() {
            return Ok(Next::Rest);
        }
        match self.lanes.fetcher.fetch_from_tiktok(&business, self.id, Priority::Open).await {
            Err(error @ (CallError::Refused(_) | CallError::Unknown(_))) => Ok(self.count_blind_read(&error)),
            // What stands in the way then, stands in the way of the reply, and is told of with it.
            Ok(_) | Err(_) => Ok(Next::Wait(until(context.clock().now_ms(), end_ms))),
        }
    }

    /// Queues a reply again that certainly was not sent. It goes out by itself when what stands in the way is gone.
    async fn requeue(&mut self, reply: &OutboxReply, error: &CallError) -> Result<Next, StoreError> {
        let plan = retry_plan(error);
        if matches!(plan, RetryPlan::BackOff { offline: false } | RetryPlan::Settle) {
            tracing::error!(reply = reply.message.0, %error, "could not send a reply; it is tried again");
        }
        let wait = plan.wait(&mut self.backoff);
        let (message, not_before_ms) = (reply.message, after(self.context.clock().now_ms(), wait));
        let reason = plan.wait_reason(not_before_ms);
        self.context.store().write(move |tx| outbox::requeue(tx, message, not_before_ms, reason.as_ref())).await?;
        Ok(if plan == RetryPlan::OnceLinked { Next::Rest } else { Next::Wait(wait) })
    }

    /// What a lane does after a conversation could not be read, or a sign not be sent.
    fn wait_after(&mut self, error: &CallError) -> Next {
        tracing::debug!(conversation = self.id.0, %error, "a lane waits after a call that failed");
        match retry_plan(error) {
            RetryPlan::OnceLinked => Next::Rest,
            plan => Next::Wait(plan.wait(&mut self.backoff)),
        }
    }

    /// Tells the customer that their messages were read, if that is owed. Telling it twice says nothing new, so a lost
    /// answer counts as told.
    async fn tell_read(&mut self) -> Result<Next, StoreError> {
        let (context, id) = (self.context, self.id);
        if !context.store().read(move |sql| conversation::owes_read(sql, id)).await? {
            return Ok(Next::Rest);
        }
        match send_sign(context, id, Outgoing::MarkRead).await {
            Ok(()) | Err(CallError::Unknown(_)) => {}
            Err(CallError::Refused(error)) => {
                tracing::warn!(
                    conversation = id.0,
                    code = error.code(),
                    "TikTok refused to mark a conversation as read"
                );
            }
            Err(error) => return Ok(self.wait_after(&error)),
        }
        context.store().write(move |tx| conversation::clear_read_owed(tx, id)).await?;
        Ok(Next::Again)
    }
}

/// A reply in TikTok's words; a picture's are its id there.
fn wire(reply: &OutboxReply, media_id: String) -> Outgoing {
    match &reply.outgoing {
        model::Outgoing::Text { body } => {
            Outgoing::Text { body: body.clone(), referenced_message_id: reply.quoted_remote_id.clone() }
        }
        model::Outgoing::Image { .. } => Outgoing::Image { media_id },
        model::Outgoing::Post { item_id, .. } => Outgoing::SharePost { item_id: item_id.clone() },
        model::Outgoing::Card { card } => Outgoing::Template(OutgoingCard {
            kind: match card.kind {
                model::CardKind::Button => CardKind::Button,
                model::CardKind::Link => CardKind::Link,
            },
            title: card.title.clone(),
            buttons: card.buttons.iter().map(|title| OutgoingButton { title: title.clone(), id: None }).collect(),
        }),
    }
}
