//! Pictures on order: which is fetched next, how often a failed one is tried, and when it is given up.
//!
//! Pictures of the conversation on screen, and those an agent asks for, go first; then the newest. Whatever fails through
//! no fault of the picture's own does not count against it: for as long as TikTok gives it out, a bad hour of the network or
//! of the hosts that keep pictures only puts it off.

// A new kind of message, error or state does not compile here before it has an answer.
#![warn(clippy::wildcard_enum_match_arm)]

use std::collections::VecDeque;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use model::{AccountId, Change, ConversationId, MediaState, MessageId};
use store::StoreError;
use store::table::media::{self, ImageOrder, StoredImage, WantedImage};
use store::table::{account, message, person};
use tokio::time::Instant;

use super::fetch::Failed;
use super::room::FETCHABLE_MS;
use super::{MAX_DOWNLOADS, MediaCache};
use crate::content::{picture_key, picture_of, with_picture};
use crate::lock::lock;
use crate::timing::after;

/// An order that failed this often is given up.
const MAX_ATTEMPTS: u32 = 8;
/// The longest wait before an order that failed is tried again.
const MAX_WAIT: Duration = Duration::from_secs(3600);
/// How many orders are looked at ahead.
const ORDERS_PAGE_SIZE: u32 = 20;
/// How long at most until orders are looked at again.
const MAX_REST: Duration = Duration::from_secs(60);

/// An order, and whether an agent waits for it.
#[derive(Debug, Clone, Copy)]
struct Next {
    order: ImageOrder,
    urgent: bool,
}

impl MediaCache {
    /// Fetches what is ordered for an account, for as long as the engine runs.
    pub(crate) async fn run(self, account: AccountId) {
        let cache = &self;
        let bell = self.context.signals().pictures.of(account);
        let mut view = self.context.events().active_view();
        let mut queue: VecDeque<Next> = VecDeque::new();
        let mut busy = FuturesUnordered::new();
        let mut taken: Vec<Next> = Vec::new();
        let mut paused: Option<Instant> = None;
        loop {
            let mut look_at = Instant::now() + MAX_REST;
            if let Some(until) = paused {
                look_at = until;
            } else {
                if queue.is_empty() {
                    let seen = view.borrow_and_update().conversation;
                    match self.next(account, seen, &taken).await {
                        Ok((next, wait)) => {
                            queue = next;
                            look_at = Instant::now() + wait.min(MAX_REST);
                        }
                        Err(error) => {
                            tracing::error!(%error, "could not read which pictures are on order");
                            look_at = Instant::now() + Duration::from_secs(10);
                        }
                    }
                }
                // Orders that no agent waits for do not stand in the way of those that one waits for.
                while let Some(next) = queue.front().copied()
                    && taken.iter().filter(|one| one.urgent == next.urgent).count() < MAX_DOWNLOADS
                {
                    queue.pop_front();
                    taken.push(next);
                    busy.push(async move { (next.order.id, cache.fill(next).await) });
                }
            }
            tokio::select! {
                Some((id, done)) = busy.next(), if !busy.is_empty() => {
                    taken.retain(|one| one.order.id != id);
                    if let Err(wait) = done {
                        paused = Some(Instant::now() + wait);
                        queue.clear();
                    }
                }
                () = bell.notified() => {
                    queue.clear();
                    paused = None;
                }
                _ = view.changed() => queue.clear(),
                () = tokio::time::sleep_until(look_at) => {
                    queue.clear();
                    paused = None;
                }
            }
        }
    }

    /// The orders to fill next, and when the first of the others is due.
    async fn next(
        &self,
        account: AccountId,
        seen: Option<ConversationId>,
        taken: &[Next],
    ) -> Result<(VecDeque<Next>, Duration), StoreError> {
        let now_ms = self.context.clock().now_ms();
        let asked: Vec<MessageId> = lock(&self.shared.requested).iter().copied().collect();
        let (urgent, others, next_ms) = self
            .context
            .store()
            .read(move |sql| {
                let mut urgent = Vec::new();
                for message in asked {
                    urgent.extend(media::due_of(sql, account, message, now_ms)?);
                }
                if let Some(seen) = seen {
                    urgent.extend(media::due_in(sql, account, seen, now_ms)?);
                }
                Ok((
                    urgent,
                    media::due(sql, account, now_ms, ORDERS_PAGE_SIZE)?,
                    media::next_due(sql, account, now_ms)?,
                ))
            })
            .await?;
        let all = urgent.into_iter().map(|order| Next { order, urgent: true });
        let all = all.chain(others.into_iter().map(|order| Next { order, urgent: false }));
        let mut queue: VecDeque<Next> = VecDeque::new();
        for next in all {
            if !queue.iter().chain(taken).any(|known| known.order.id == next.order.id) {
                queue.push_back(next);
            }
        }
        let wait = next_ms.map_or(MAX_REST, |at_ms| millis(at_ms.saturating_sub(now_ms)));
        Ok((queue, wait))
    }

    /// Fills one order, or says how long to leave all of them alone.
    async fn fill(&self, next: Next) -> Result<(), Duration> {
        let Next { order, urgent } = next;
        let outcome = match order.wanted {
            WantedImage::Message(id) => self.fetch_of_message(order.account, id, urgent).await,
            WantedImage::Avatar(_) => self.fetch_avatar(order).await,
        };
        let now_ms = self.context.clock().now_ms();
        let avatar = matches!(order.wanted, WantedImage::Avatar(_));
        let last = order.attempt + 1 >= MAX_ATTEMPTS;
        // A picture that TikTok may not give out any more is not waited for. The link to an avatar ends by itself.
        let old = !avatar && now_ms.saturating_sub(order.at_ms) >= FETCHABLE_MS;
        let first = self.context.timing().picture_again;
        if !matches!(outcome, Err(Failed::Later | Failed::Wait(_))) {
            lock(&self.shared.delays).remove(&order.wanted);
        }
        let mut pause = None;
        let written = match outcome {
            Ok(Some((held, _hand))) => self.context.store().write(move |tx| settle(tx, order, Some(&held))).await,
            // It is not wanted any more.
            Ok(None) => self.context.store().write(move |tx| media::settle(tx, order.id)).await,
            Err(Failed::Wait(wait)) => {
                pause = Some(wait);
                let until_ms = after(now_ms, wait);
                self.context.store().write(move |tx| media::postpone(tx, order.id, until_ms, false)).await
            }
            // The next reading of a conversation brings another link, if it brings any.
            Err(Failed::Dead) if avatar && !last => {
                self.context.store().write(move |tx| media::park(tx, order.id, true)).await
            }
            Err(Failed::Dead | Failed::Never) if avatar => {
                self.context.store().write(move |tx| media::give_up(tx, order.id)).await
            }
            Err(Failed::Later) if !old => {
                let until_ms = after(now_ms, self.delay(order.wanted, first));
                self.context.store().write(move |tx| media::postpone(tx, order.id, until_ms, false)).await
            }
            Err(Failed::Later | Failed::Dead) if !last => {
                let until_ms = after(now_ms, first.saturating_mul(order.attempt + 1));
                self.context.store().write(move |tx| media::postpone(tx, order.id, until_ms, true)).await
            }
            Err(Failed::Later | Failed::Dead | Failed::Never) => {
                self.context.store().write(move |tx| settle(tx, order, None)).await
            }
        };
        if let Err(error) = written {
            tracing::error!(%error, "could not note what came of fetching a picture");
            return Err(Duration::from_secs(10));
        }
        if let (WantedImage::Message(id), None) = (order.wanted, pause) {
            lock(&self.shared.requested).remove(&id);
        }
        pause.map_or(Ok(()), Err)
    }

    /// How long an order is left alone that failed once more through no fault of the picture's. Known in memory only: after a
    /// restart the first wait is short again.
    fn delay(&self, wanted: WantedImage, first: Duration) -> Duration {
        let mut late = lock(&self.shared.delays);
        let failures = late.entry(wanted).or_insert(0);
        let wait = longer(first, *failures);
        *failures = failures.saturating_add(1);
        wait
    }

    /// TikTok answers again: what waited for that is due at once.
    pub(crate) async fn retry_waiting(&self) {
        lock(&self.shared.delays).clear();
        if let Err(error) = self.context.store().write(|tx| media::make_all_due(tx)).await {
            tracing::error!(%error, "could not take up the pictures that waited");
        }
        self.context.signals().pictures.notify_all();
    }

    /// Asks for a message's picture again that was let go of, that could not be had before, or whose file is gone or
    /// damaged. Until it comes, or certainly does not, it is pending.
    ///
    /// # Errors
    /// [`StoreError::WrongState`] if it has none, or its account is linked no more.
    pub async fn request_again(&self, id: MessageId) -> Result<(), StoreError> {
        let key = self
            .context
            .store()
            .read(move |sql| Ok(picture_key(&message::get(sql, id)?.content).map(str::to_owned)))
            .await?;
        let lost = match key {
            Some(key) => !self.is_whole(&key).await,
            None => true,
        };
        let account = self
            .context
            .store()
            .write(move |tx| {
                let message = message::get(tx, id)?;
                if account::get(tx, message.account)?.unlinked_at_ms.is_some() {
                    return Err(StoreError::WrongState);
                }
                if picture_of(&message.content).is_none() {
                    return Err(StoreError::WrongState);
                }
                if picture_key(&message.content).is_some() && !lost {
                    return Ok(None);
                }
                let content = with_picture(message.content, MediaState::Pending);
                message::set_content(tx, id, &content)?;
                media::want_again(tx, message.account, id)?;
                tx.touch(Change::Conversation { conversation: message.conversation });
                Ok(Some(message.account))
            })
            .await?;
        if let Some(account) = account {
            lock(&self.shared.delays).remove(&WantedImage::Message(id));
            lock(&self.shared.requested).insert(id);
            self.context.signals().pictures.notify(account);
        }
        Ok(())
    }
}

/// The wait after one more failure: twice as long each time.
fn longer(first: Duration, failures: u32) -> Duration {
    first.saturating_mul(1 << failures.min(20)).min(MAX_WAIT)
}

fn millis(ms: i64) -> Duration {
    Duration::from_millis(u64::try_from(ms).unwrap_or(0))
}

/// Puts a picture, or its absence, where it was wanted.
fn settle(tx: &mut store::Tx<'_>, order: ImageOrder, held: Option<&StoredImage>) -> Result<(), StoreError> {
    media::settle(tx, order.id)?;
    match order.wanted {
        WantedImage::Message(id) => {
            let state = held.map_or(MediaState::Unavailable, |held| MediaState::Kept {
                key: held.key.clone(),
                width: held.width,
                height: held.height,
            });
            let message = match message::get(tx, id) {
                Ok(message) => message,
                // It turned out to be one of ours while its picture was on its way.
                Err(StoreError::NotFound) => return Ok(()),
                Err(error) => return Err(error),
            };
            let content = with_picture(message.content, state);
            message::set_content(tx, id, &content)?;
            tx.touch(Change::Conversation { conversation: message.conversation });
        }
        WantedImage::Avatar(id) => {
            if let Some(held) = held {
                person::set_avatar(tx, id, &held.key)?;
                tx.touch(Change::Inbox { account: order.account });
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_an_hour_and_stay_there() {
        let first = Duration::from_secs(30);
        let waits: Vec<u64> = (0..9).map(|failures| longer(first, failures).as_secs()).collect();
        assert_eq!(waits, [30, 60, 120, 240, 480, 960, 1_920, 3_600, 3_600]);
        assert_eq!(longer(first, u32::MAX), MAX_WAIT);
    }
}
