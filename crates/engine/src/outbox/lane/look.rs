//! Looks for a reply whose call had no clear outcome: at the relay that may have made the call, and in the conversation.

use std::time::Duration;

use ::wire::api::SendState;
use store::StoreError;
use store::table::account::Account;
use store::table::outbox::{self, OutboxReply};
use store::table::{account, attempt, conversation};
use tiktok::business::message::SendMessage;

use super::{Lane, Next, wire};
use crate::call::CallError;
use crate::outbox::settle::settle_told;
use crate::pace::Priority;
use crate::timing::{after, until};

/// The longest interval, as a multiple of the first, at which a reply that was left to the agent is looked for.
const MAX_LOOK_FACTOR: u32 = 60;
/// How long TikTok lists a message.
const REMEMBERED: Duration = Duration::from_secs(90 * 86_400);
/// The wait while the relay's call is under way.
const RELAY_CALLS: Duration = Duration::from_secs(1);
/// How long after the timeout of its call a message may still arrive.
const ARRIVES_WITHIN: Duration = Duration::from_secs(60);

impl Lane<'_> {
    /// Reads the conversation at the times a lost message is likely to show.
    pub(super) async fn look(&mut self, head: &OutboxReply) -> Result<Next, StoreError> {
        let context = self.context;
        let timing = context.timing();
        let now_ms = context.clock().now_ms();
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
        let business = context.store().read(move |sql| account::get(sql, account_id)).await?;
        if business.relink.is_some() {
            return Ok(Next::Rest);
        }
        if let Some(next) = self.ask_relay(head, &business).await? {
            return Ok(next);
        }
        match self.lanes.fetcher.fetch_from_tiktok(&business, self.id, Priority::Reconcile).await {
            Ok(_) => {
                self.backoff.worked();
                // The next look has its time; past the schedule they are at least this far apart.
                Ok(if looks >= timing.look.len() { Next::Wait(timing.look_again) } else { Next::Wait(pace / 4) })
            }
            Err(error) => Ok(self.wait_after(&error)),
        }
    }

    /// Asks the shop's relay how the call of an unconfirmed reply ended, if it was made through one: the relay may have
    /// heard the answer that this computer has not. None if the relay does not know either, did not make the call, or heard
    /// an answer that says nothing.
    async fn ask_relay(&mut self, head: &OutboxReply, business: &Account) -> Result<Option<Next>, StoreError> {
        let (context, message, id) = (self.context, head.message, self.id);
        let Some(route) = context.caller().gateway().route().filter(|_| business.via_relay) else { return Ok(None) };
        let Some(key) = context.store().read(move |sql| attempt::send_key(sql, message)).await? else {
            return Ok(None);
        };
        let answer = match route.relay.withdraw_send(&key).await {
            Ok(outcome) => match outcome.state {
                SendState::NotKnown => Err(CallError::Offline("the relay had not received it".to_owned())),
                SendState::Answered => {
                    let known = context.store().read(move |sql| conversation::get(sql, id)).await?;
                    let call = SendMessage {
                        business_id: business.remote_id.clone(),
                        conversation_id: known.remote_id,
                        body: wire(head, String::new()),
                    };
                    let (status, text) = (outcome.status.unwrap_or_default(), outcome.answer.unwrap_or_default());
                    context.caller().read_answer(business.id, &call, status, &text).await
                }
                SendState::Calling => return Ok(Some(Next::Wait(RELAY_CALLS))),
                SendState::Unconfirmed => return Ok(None),
            },
            Err(error) => {
                tracing::debug!(conversation = id.0, %error, "could not ask the relay what became of a reply");
                return Ok(Some(Next::Wait(self.backoff.failed())));
            }
        };
        let known = context.store().read(move |sql| conversation::get(sql, id)).await?;
        let told = settle_told(context.store(), &known, head, answer, context.clock().now_ms()).await?;
        Ok(told.then_some(Next::Again))
    }

    /// Goes on looking for a reply that was left to the agent, less and less often, for as long as TikTok could still list
    /// it.
    pub(super) async fn look_on(&mut self, head: &OutboxReply) -> Result<Next, StoreError> {
        let context = self.context;
        let timing = context.timing();
        let (now_ms, id, account_id) = (context.clock().now_ms(), self.id, head.account);
        let started_at_ms = head.started_at_ms.unwrap_or(now_ms);
        let latest_ms = after(started_at_ms, timing.call + ARRIVES_WITHIN);
        let (business, listable) = context
            .store()
            .read(move |sql| Ok((account::get(sql, account_id)?, outbox::is_listable(sql, id, latest_ms)?)))
            .await?;
        if !listable || now_ms > after(started_at_ms, REMEMBERED) || business.relink.is_some() {
            return Ok(Next::Rest);
        }
        let age = Duration::from_millis(u64::try_from(now_ms.saturating_sub(started_at_ms)).unwrap_or(0));
        let wait = (age / 2).clamp(timing.look_again, timing.look_again * MAX_LOOK_FACTOR);
        let looked_at_ms = self.looked_at_ms.max(self.completeness().last_read_at_ms(id));
        // A clock that was put back makes no wait longer.
        if let Some(due_ms) = looked_at_ms.map(|at_ms| after(at_ms.min(now_ms), wait)).filter(|due_ms| *due_ms > now_ms)
        {
            return Ok(Next::Wait(until(now_ms, due_ms)));
        }
        self.looked_at_ms = Some(now_ms);
        if let Some(next) = self.ask_relay(head, &business).await? {
            return Ok(next);
        }
        match self.lanes.fetcher.fetch_from_tiktok(&business, id, Priority::Reconcile).await {
            Ok(_) => {
                self.backoff.worked();
                Ok(Next::Again)
            }
            Err(error) => Ok(self.wait_after(&error)),
        }
    }
}
