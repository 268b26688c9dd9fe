//! What TikTok pushes (§6): an event for everything that happens, signed, to whoever listens in this process and to the
//! address the app registered. Where nobody listens nothing is made and nothing is kept.
//!
//! The order of what happened is the order events are made in; what reaches a listener may have been doubled, overtaken
//! or lost on the way, as the fault dial says.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
};

use axum::{body::Bytes, http::Uri};
use serde_json::json;
use tokio::sync::{Notify, broadcast};

use crate::{
    stage::Stage,
    world::{World, news::News},
};

pub(crate) mod content;
mod muddle;
pub(crate) mod post;
mod queue;
mod signature;

use muddle::Muddle;
pub use muddle::WebhookFaults;
use queue::{Parcel, Queue};

/// The category all direct-message events are registered under (§4.10).
pub(crate) const DIRECT_MESSAGE: &str = "DIRECT_MESSAGE";
/// How far a listener in this process may fall behind before it loses the oldest.
const BEHIND: usize = 16_384;

/// A webhook as it arrives: the `Tiktok-Signature` header and the body, to the byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// `t=<seconds>,s=<hex>` (§6.2).
    pub signature: String,
    /// The envelope (§6.1), whose `content` is JSON in a string.
    pub body: Bytes,
}

/// The way out of events.
#[derive(Debug)]
pub(crate) struct Pushes {
    listeners: OnceLock<broadcast::Sender<Delivery>>,
    on_the_way: Mutex<OnTheWay>,
    wake: Notify,
}

#[derive(Debug)]
struct OnTheWay {
    /// The registered address of each category.
    hooks: BTreeMap<String, String>,
    muddle: Muddle<Delivery>,
    queue: Queue,
}

impl Pushes {
    pub(crate) fn new(seed: u64) -> Pushes {
        let on_the_way = OnTheWay { hooks: BTreeMap::new(), muddle: Muddle::new(seed), queue: Queue::default() };
        Pushes { listeners: OnceLock::new(), on_the_way: Mutex::new(on_the_way), wake: Notify::new() }
    }

    /// Hears everything from now on.
    pub(crate) fn listen(&self) -> broadcast::Receiver<Delivery> {
        self.listeners.get_or_init(|| broadcast::Sender::new(BEHIND)).subscribe()
    }

    /// Makes events of the news and sends them on their way. The world is held meanwhile, so nothing comes between.
    pub(crate) fn tell(&self, stage: &Stage, world: &mut World, news: Vec<News>) {
        let mut way = self.on_the_way();
        if self.listening().is_none() && way.address().is_none() {
            return;
        }
        let now = stage.now();
        for news in news {
            let Some(event) = content::event(stage, world, &news) else {
                continue;
            };
            let body = json!({
                "client_key": stage.apps.business_app_id,
                "event": event.name,
                "create_time": now / 1000,
                "user_openid": event.business_id,
                "content": event.content.to_string(),
            });
            let delivery = signed(stage, body.to_string().into(), now);
            let (out, fate) = way.muddle.pass(delivery, now);
            let tally = &mut world.ledger.webhooks;
            tally.made += 1;
            tally.dropped += usize::from(fate.dropped);
            tally.doubled += usize::from(fate.doubled);
            tally.held += usize::from(fate.held);
            for delivery in out {
                if !self.send(&mut way, delivery, now) {
                    tally.dropped += 1;
                }
            }
        }
        self.wake();
    }

    /// Whether it fits the queue, where there is an address.
    fn send(&self, way: &mut OnTheWay, delivery: Delivery, now: i64) -> bool {
        if let Some(listeners) = self.listening() {
            // The last listener may have left this very moment.
            let _ = listeners.send(delivery.clone());
        }
        way.address().is_none() || way.queue.push(delivery, now)
    }

    fn listening(&self) -> Option<&broadcast::Sender<Delivery>> {
        self.listeners.get().filter(|listeners| listeners.receiver_count() > 0)
    }

    fn on_the_way(&self) -> MutexGuard<'_, OnTheWay> {
        self.on_the_way.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets the fault dial; what it held back is let go.
    pub(crate) fn muddle(&self, faults: WebhookFaults, now: i64) {
        let mut way = self.on_the_way();
        for delivery in way.muddle.set(faults) {
            self.send(&mut way, delivery, now);
        }
        self.wake();
    }

    pub(crate) fn faults(&self) -> WebhookFaults {
        self.on_the_way().muddle.faults()
    }

    /// Registers an address for a category, in place of another one (§4.10).
    pub(crate) fn register(&self, category: &str, address: &str) {
        let mut way = self.on_the_way();
        way.hooks.insert(category.to_owned(), address.to_owned());
        if way.address().is_none() {
            way.queue.clear();
        }
    }

    /// Forgets it, and what was still to be brought there.
    pub(crate) fn forget(&self, category: &str) {
        let mut way = self.on_the_way();
        way.hooks.remove(category);
        if category == DIRECT_MESSAGE {
            way.queue.clear();
        }
    }

    pub(crate) fn registered(&self, category: &str) -> Option<String> {
        self.on_the_way().hooks.get(category).cloned()
    }

    /// How many deliveries wait to be brought or to be tried again.
    pub(crate) fn waiting(&self) -> usize {
        self.on_the_way().queue.len()
    }

    /// The clock was moved, or there is something to bring.
    pub(crate) fn wake(&self) {
        self.wake.notify_one();
    }

    async fn woken(&self) {
        self.wake.notified().await;
    }

    /// Lets go what was held back and not overtaken in time.
    fn let_go(&self, now: i64) {
        let mut way = self.on_the_way();
        for delivery in way.muddle.overdue(now) {
            self.send(&mut way, delivery, now);
        }
    }

    /// The next delivery that is due, and where it goes.
    fn next(&self, stage: &Stage, now: i64) -> Option<(Uri, Parcel)> {
        let mut way = self.on_the_way();
        let address = way.address()?;
        let mut parcel = way.queue.pop(now)?;
        if stage.config.signs_retries_anew && parcel.is_retry() {
            parcel.delivery = signed(stage, parcel.delivery.body, now);
        }
        Some((address, parcel))
    }

    fn next_due(&self) -> Option<i64> {
        let way = self.on_the_way();
        [way.queue.next_due(), way.muddle.next_due()].into_iter().flatten().min()
    }

    /// It was brought: taken with a 200, or to be tried again.
    fn settle(&self, stage: &Stage, parcel: Parcel, taken: bool) {
        // The world first, as everywhere.
        let mut world = stage.world();
        let tally = &mut world.ledger.webhooks;
        if taken {
            tally.taken += 1;
            return;
        }
        tally.refused += 1;
        let mut way = self.on_the_way();
        // Deregistered meanwhile: nobody waits for it any more.
        if way.address().is_none() {
            return;
        }
        if !way.queue.put_back(parcel, stage.config.webhook_retry, stage.now()) {
            tally.given_up += 1;
        }
    }
}

impl OnTheWay {
    /// Where direct messages are brought. This TikTok never leaves this computer: an https address is registered and
    /// listed as any other, but nothing is brought there.
    fn address(&self) -> Option<Uri> {
        let address = self.hooks.get(DIRECT_MESSAGE)?;
        address.parse::<Uri>().ok().filter(|uri| uri.scheme_str() == Some("http"))
    }
}

fn signed(stage: &Stage, body: Bytes, now: i64) -> Delivery {
    sign(stage, body, now / 1000)
}

/// A body as it is pushed at this second.
pub(crate) fn sign(stage: &Stage, body: Bytes, at_s: i64) -> Delivery {
    Delivery { signature: signature::header(&stage.apps.business_secret, at_s, &body), body }
}
