//! One conversation's lane: takes the reply at its head as far as it goes, then the next.

use std::sync::Arc;
use std::time::Duration;

use model::{ConversationId, MessageId, Millis, WaitReason};
use store::StoreError;
use store::table::account::Account;
use store::table::conversation::Conversation;
use store::table::outbox::{self, BeginOutcome, OutboxReply, OutboxState};
use store::table::{account, conversation, firing};
use tiktok::business::message::{CardKind, Outgoing, OutgoingButton, OutgoingCard, SendMessage};
use tokio::sync::Notify;

use super::settle::{Settled, settle};
use super::upload::{self, Ready};
use crate::call::CallError;
use crate::engine::{Engine, NotSent};
use crate::fresh::is_recent;
use crate::pace::Priority;
use crate::sync;
use crate::timing::Backoff;

/// A thread that cannot be read does not stop an answer for ever: after so many tries the reply goes as it is. Not so one
/// that may have arrived.
const BLIND_AFTER: u32 = 3;
/// The thread is read so much of the time before its end in which a reply can be undone, so that the reply then goes at once.
const READ_AHEAD: u32 = 20;
/// A turn that comes within this time is never long in coming.
const SHORTEST_FRESH: Duration = Duration::from_secs(1);
/// What moved a conversation and does not show holds a second send for so many times the lag of TikTok's lists, and no longer: it may
/// be no message.
const UNSEEN_LAGS: u32 = 5;
/// A reply that was left to the agent is looked for at growing intervals, up to so many times the first.
const LONGEST_LOOK: u32 = 60;
/// TikTok forgets what is older.
const REMEMBERED: Duration = Duration::from_secs(90 * 86_400);
/// A message may have arrived so long after its call had begun, beyond the call's own timeout.
const ARRIVES_WITHIN: Duration = Duration::from_secs(60);

/// What a lane remembers from step to step.
struct Lane<'a> {
    engine: &'a Engine,
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
pub(super) async fn run(engine: Engine, conversation: ConversationId, woken: Arc<Notify>) {
    let mut lane = Lane {
        engine: &engine,
        id: conversation,
        backoff: Backoff::new(engine.timing()),
        blind: 0,
        looks_for: None,
        looked_at_ms: None,
    };
    loop {
        let next = match lane.step().await {
            Ok(next) => next,
            Err(error) => {
                tracing::error!(conversation = conversation.0, %error, "outbox.store_failed");
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
                if engine.outbox().leave(conversation, &woken) {
                    return;
                }
            }
        }
    }
}

impl Lane<'_> {
    async fn step(&mut self) -> Result<Next, StoreError> {
        let (engine, id) = (self.engine, self.id);
        let (head, held_until) =
            engine.store().read(move |sql| Ok((outbox::head(sql, id)?, outbox::held_until(sql, id)?))).await?;
        if let Some(until_ms) = held_until
            && self.is_over(until_ms)
        {
            engine.store().write(move |tx| outbox::release_held(tx, id, until_ms)).await?;
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
        let Some(held) = held_until.map(|until_ms| until(engine.clock().now_ms(), until_ms)) else { return Ok(next) };
        Ok(match next {
            Next::Again => Next::Again,
            Next::Wait(wait) => Next::Wait(wait.min(held)),
            Next::Rest => Next::Wait(held),
        })
    }

    async fn take(&mut self, head: OutboxReply) -> Result<Next, StoreError> {
        match head.state {
            OutboxState::Held => self.read_ahead(&head).await,
            OutboxState::Queued => self.send(head).await,
            // Only this lane begins calls, and it is not in one: the call's end was not heard.
            OutboxState::Sending => {
                self.engine.store().write(move |tx| outbox::mark_unconfirmed(tx, head.message)).await?;
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
            .engine
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
            self.engine.tell_not_sent(NotSent { account, conversation, delivery: reply.delivery() });
        }
        Ok(())
    }

    /// Whether a reply can no longer be undone. A clock that was put back would hold it for longer than the agent was
    /// promised.
    fn is_over(&self, until_ms: Millis) -> bool {
        let now_ms = self.engine.clock().now_ms();
        until_ms <= now_ms || until_ms > after(now_ms, self.engine.timing().undo)
    }

    async fn send(&mut self, head: OutboxReply) -> Result<Next, StoreError> {
        let engine = self.engine;
        let now_ms = engine.clock().now_ms();
        if head.not_before_ms > now_ms {
            return Ok(Next::Wait(until(now_ms, head.not_before_ms)));
        }
        let (message, account_id, id) = (head.message, head.account, self.id);
        let (business, known) =
            engine.store().read(move |sql| Ok((account::get(sql, account_id)?, conversation::get(sql, id)?))).await?;
        if business.relink.is_some() {
            engine.store().write(move |tx| outbox::set_wait_reason(tx, message, Some(&WaitReason::Relink))).await?;
            return Ok(Next::Rest);
        }
        let media_id = match upload::ready(engine, &head, &business, &known).await? {
            Ready::Send(media_id) => media_id,
            Ready::Refused => return Ok(Next::Again),
            Ready::Failed(error) => return self.not_taken(&head, error).await,
        };
        if let Some(next) = self.read_first(&head, &business).await? {
            return Ok(next);
        }
        let read_by_ms = engine.clock().now_ms();
        // The slot and the token come first, so that `sending` on disk means: the call itself was made.
        engine.caller().turn(Priority::Send).await;
        let Some(_in_call) = engine.begin_call() else { return Ok(Next::Rest) };
        let token = match engine.caller().token(account_id).await {
            Ok(token) => token,
            Err(error) => return self.not_taken(&head, error).await,
        };
        // They may have been long in coming. What was read before tells nothing then.
        let longest = engine.timing().fresh.max(SHORTEST_FRESH);
        if !is_recent(read_by_ms, engine.clock().now_ms(), longest) {
            return Ok(Next::Again);
        }
        let started_at_ms = engine.clock().now_ms();
        let reply = match engine.store().write(move |tx| outbox::begin(tx, message, started_at_ms)).await? {
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
        let answer = engine.caller().ask_with(account_id, token, call).await;
        self.blind = 0;
        let wait = match &answer {
            Ok(_) | Err(CallError::Refused(_) | CallError::Unknown(_)) => {
                self.backoff.worked();
                Duration::ZERO
            }
            Err(CallError::SlowDown(wait)) => *wait,
            Err(CallError::Relink(_)) => Duration::ZERO,
            Err(CallError::Offline(_) | CallError::Local(_)) => self.backoff.failed(),
        };
        let now_ms = engine.clock().now_ms();
        match settle(engine.store(), &known, &reply, answer, now_ms, after(now_ms, wait)).await? {
            Settled::Done => Ok(Next::Again),
            Settled::Relink => Ok(Next::Rest),
            Settled::Waits => Ok(Next::Wait(wait)),
        }
    }

    /// Reads the thread before a reply goes into it, unless a reading that was asked for after its press has just come: a
    /// colleague may have answered meanwhile, and one that is sent again may have arrived. What the thread then holds is
    /// judged when the call begins.
    async fn read_first(&mut self, head: &OutboxReply, business: &Account) -> Result<Option<Next>, StoreError> {
        let engine = self.engine;
        let (id, message) = (self.id, head.message);
        let again = engine.store().read(move |sql| outbox::may_have_arrived(sql, message)).await?;
        if again {
            engine
                .store()
                .write(move |tx| outbox::set_wait_reason(tx, message, Some(&WaitReason::MayHaveArrived)))
                .await?;
        }
        let now_ms = engine.clock().now_ms();
        let read = engine.fresh().read_since(id, head.read_from_ms, now_ms, engine.timing().fresh);
        if read.is_none() && self.blind >= BLIND_AFTER && !again {
            return Ok(None);
        }
        if read.is_none()
            && let Err(error) = sync::fetch(engine, &engine.source(business), id, Priority::Open).await
        {
            return match error {
                CallError::Refused(_) | CallError::Unknown(_) => Ok(Some(self.is_blind(&error))),
                error => self.not_taken(head, error).await.map(Some),
            };
        }
        let known = engine.store().read(move |sql| conversation::get(sql, id)).await?;
        if self.is_unseen(head, &known, again) {
            tracing::info!(conversation = id.0, again, "what moved a conversation does not show yet");
            let look = usize::try_from(self.blind).unwrap_or(usize::MAX);
            self.blind += 1;
            let timing = engine.timing();
            return Ok(Some(Next::Wait(timing.look.get(look).copied().unwrap_or(timing.look_again))));
        }
        Ok(None)
    }

    /// Whether TikTok's list says that something happened in the conversation that the readings since have not shown, and a
    /// reply waits for it: the first send for a few tries, another one, which it may be itself, for as long as lists may lag.
    fn is_unseen(&self, head: &OutboxReply, known: &Conversation, again: bool) -> bool {
        let (fresh, updated_ms) = (self.engine.fresh(), known.remote_updated_ms);
        // Not what a list has said since.
        let lacks = known.fetched_updated_ms < updated_ms && fresh.tries(self.id, updated_ms) > 0;
        if again {
            let until_ms = after(head.read_from_ms, self.engine.timing().lag * UNSEEN_LAGS);
            return lacks && self.engine.clock().now_ms() < until_ms;
        }
        lacks && self.blind < BLIND_AFTER && !fresh.is_given_up(self.id, updated_ms)
    }

    /// The thread could not be read.
    fn is_blind(&mut self, error: &CallError) -> Next {
        self.blind += 1;
        let code = match error {
            CallError::Refused(error) | CallError::Unknown(error) => error.code(),
            _ => None,
        };
        tracing::warn!(conversation = self.id.0, times = self.blind, code, "could not read a thread before a send");
        Next::Wait(self.backoff.failed())
    }

    /// Reads the thread at the end of the time in which a reply can be undone, so that it goes out at once after it.
    async fn read_ahead(&mut self, head: &OutboxReply) -> Result<Next, StoreError> {
        let engine = self.engine;
        let (now_ms, end_ms) = (engine.clock().now_ms(), head.not_before_ms);
        let ahead_ms = end_ms.saturating_sub(after(0, engine.timing().undo / READ_AHEAD));
        if now_ms < ahead_ms {
            return Ok(Next::Wait(until(now_ms, ahead_ms)));
        }
        if engine.fresh().read_since(self.id, head.read_from_ms, now_ms, engine.timing().fresh).is_some() {
            return Ok(Next::Rest);
        }
        let account_id = head.account;
        let business = engine.store().read(move |sql| account::get(sql, account_id)).await?;
        if business.relink.is_some() {
            return Ok(Next::Rest);
        }
        match sync::fetch(engine, &engine.source(&business), self.id, Priority::Open).await {
            Err(error @ (CallError::Refused(_) | CallError::Unknown(_))) => Ok(self.is_blind(&error)),
            // What stands in the way then, stands in the way of the reply, and is told of with it.
            Ok(_) | Err(_) => Ok(Next::Wait(until(engine.clock().now_ms(), end_ms))),
        }
    }

    /// TikTok certainly does not have it: it waits for whatever stands in the way, and goes out later by itself.
    async fn not_taken(&mut self, reply: &OutboxReply, error: CallError) -> Result<Next, StoreError> {
        let now_ms = self.engine.clock().now_ms();
        let (wait, reason) = match error {
            CallError::SlowDown(wait) => (wait, Some(WaitReason::RateLimited { until_ms: after(now_ms, wait) })),
            CallError::Relink(_) => (Duration::ZERO, Some(WaitReason::Relink)),
            CallError::Offline(_) => (self.backoff.failed(), Some(WaitReason::Offline)),
            error => {
                tracing::error!(reply = reply.message.0, %error, "outbox.not_taken");
                (self.backoff.failed(), None)
            }
        };
        let (message, not_before_ms, rest) =
            (reply.message, after(now_ms, wait), matches!(reason, Some(WaitReason::Relink)));
        self.engine.store().write(move |tx| outbox::requeue(tx, message, not_before_ms, reason.as_ref())).await?;
        Ok(if rest { Next::Rest } else { Next::Wait(wait) })
    }

    /// Reads the conversation at the times a lost message is likely to show.
    async fn look(&mut self, head: &OutboxReply) -> Result<Next, StoreError> {
        let engine = self.engine;
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
        match sync::fetch(engine, &engine.source(&business), self.id, Priority::Reconcile).await {
            Ok(_) => {
                self.backoff.worked();
                // The next look has its time; past the schedule they are at least this far apart.
                Ok(if looks >= timing.look.len() { Next::Wait(timing.look_again) } else { Next::Wait(pace / 4) })
            }
            Err(CallError::Relink(_)) => Ok(Next::Rest),
            Err(CallError::SlowDown(wait)) => Ok(Next::Wait(wait)),
            Err(error) => {
                tracing::warn!(conversation = self.id.0, %error, "outbox.look_failed");
                Ok(Next::Wait(self.backoff.failed()))
            }
        }
    }

    /// Goes on looking for a reply that was left to the agent, less and less often, for as long as TikTok could still list
    /// it.
    async fn look_on(&mut self, head: &OutboxReply) -> Result<Next, StoreError> {
        let engine = self.engine;
        let timing = engine.timing();
        let (now_ms, id, account_id) = (engine.clock().now_ms(), self.id, head.account);
        let started_at_ms = head.started_at_ms.unwrap_or(now_ms);
        let latest_ms = after(started_at_ms, timing.call + ARRIVES_WITHIN);
        let (business, listable) = engine
            .store()
            .read(move |sql| Ok((account::get(sql, account_id)?, outbox::is_listable(sql, id, latest_ms)?)))
            .await?;
        if !listable || now_ms > after(started_at_ms, REMEMBERED) || business.relink.is_some() {
            return Ok(Next::Rest);
        }
        let age = Duration::from_millis(u64::try_from(now_ms.saturating_sub(started_at_ms)).unwrap_or(0));
        let wait = (age / 2).clamp(timing.look_again, timing.look_again * LONGEST_LOOK);
        let looked_at_ms = self.looked_at_ms.max(engine.fresh().last_fetched(id));
        // A clock that was put back makes nobody wait for longer.
        if let Some(due_ms) = looked_at_ms.map(|at_ms| after(at_ms.min(now_ms), wait)).filter(|due_ms| *due_ms > now_ms)
        {
            return Ok(Next::Wait(until(now_ms, due_ms)));
        }
        self.looked_at_ms = Some(now_ms);
        match sync::fetch(engine, &engine.source(&business), id, Priority::Reconcile).await {
            Ok(_) => {
                self.backoff.worked();
                Ok(Next::Again)
            }
            Err(CallError::Relink(_)) => Ok(Next::Rest),
            Err(CallError::SlowDown(wait)) => Ok(Next::Wait(wait)),
            Err(_) => Ok(Next::Wait(self.backoff.failed())),
        }
    }

    /// Tells the customer that their messages were read, if that is owed. Telling it twice says nothing new, so a lost
    /// answer counts as told.
    async fn tell_read(&mut self) -> Result<Next, StoreError> {
        let (engine, id) = (self.engine, self.id);
        if !engine.store().read(move |sql| conversation::owes_read(sql, id)).await? {
            return Ok(Next::Rest);
        }
        match engine.tell(id, Outgoing::MarkRead).await {
            Ok(()) | Err(CallError::Unknown(_)) => {}
            Err(CallError::Refused(error)) => {
                tracing::warn!(conversation = id.0, code = error.code(), "outbox.read_not_told");
            }
            Err(CallError::Relink(_)) => return Ok(Next::Rest),
            Err(CallError::SlowDown(wait)) => return Ok(Next::Wait(wait)),
            Err(error) => {
                tracing::debug!(conversation = id.0, %error, "outbox.read_not_told_yet");
                return Ok(Next::Wait(self.backoff.failed()));
            }
        }
        engine.store().write(move |tx| conversation::clear_read_owed(tx, id)).await?;
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

pub(crate) fn until(now_ms: Millis, then_ms: Millis) -> Duration {
    Duration::from_millis(u64::try_from(then_ms.saturating_sub(now_ms)).unwrap_or(0).max(1))
}

pub(super) fn after(from_ms: Millis, wait: Duration) -> Millis {
    from_ms.saturating_add(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX))
}
