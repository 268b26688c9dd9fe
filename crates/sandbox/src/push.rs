//! Webhooks (§6): one for each event, signed, to the listeners in this process and to the address the app registered.
//! Without a listener and an address none are made.
//!
//! The order of what happened is the order events are made in; what reaches a listener may have been doubled, overtaken
//! or lost on the way, as the fault dial says.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use axum::{body::Bytes, http::Uri};
use serde_json::json;
use tokio::sync::{Notify, broadcast};

use crate::{
    ledger::WebhookTally,
    site::Site,
    world::{World, event::WorldEvent},
};

pub(crate) mod content;
mod delivery;
mod disorder;
pub(crate) mod post;
mod queue;
mod signature;

pub use delivery::Delivery;
use disorder::Disorder;
pub use disorder::WebhookFaults;
use queue::{Queue, QueuedDelivery};

/// The category all direct-message events are registered under (§4.10).
pub(crate) const DIRECT_MESSAGE: &str = "DIRECT_MESSAGE";
/// How far a listener in this process may fall behind before it loses the oldest.
const LISTENER_CAPACITY: usize = 16_384;

/// Makes webhooks of what happens and sends them on their way.
#[derive(Debug)]
pub(crate) struct Pushes {
    site: Arc<Site>,
    listeners: OnceLock<broadcast::Sender<Delivery>>,
    in_transit: Mutex<InTransit>,
    wake: Notify,
}

#[derive(Debug)]
struct InTransit {
    /// The registered address of each category.
    hooks: BTreeMap<String, String>,
    disorder: Disorder<Delivery>,
    queue: Queue,
    tally: WebhookTally,
}

impl Pushes {
    pub(crate) fn new(site: Arc<Site>) -> Pushes {
        let in_transit = InTransit {
            hooks: BTreeMap::new(),
            disorder: Disorder::new(site.config.seed),
            queue: Queue::default(),
            tally: WebhookTally::default(),
        };
        Pushes { site, listeners: OnceLock::new(), in_transit: Mutex::new(in_transit), wake: Notify::new() }
    }

    /// Every webhook from now on.
    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Delivery> {
        self.listeners.get_or_init(|| broadcast::Sender::new(LISTENER_CAPACITY)).subscribe()
    }

    /// Makes webhooks of what happened and sends them on their way. The world is held meanwhile, so nothing comes
    /// between.
    pub(crate) fn publish(&self, world: &World, events: Vec<WorldEvent>) {
        let mut transit = self.in_transit();
        if self.listening().is_none() && transit.address().is_none() {
            return;
        }
        let now = self.site.now();
        for event in events {
            let Some(webhook) = content::webhook(&self.site, world, &event) else {
                continue;
            };
            let body = json!({
                "client_key": self.site.apps.business_app_id,
                "event": webhook.name,
                "create_time": now / 1000,
                "user_openid": webhook.business_id,
                "content": webhook.content.to_string(),
            });
            let delivery = self.sign(body.to_string(), now / 1000);
            let (out, fate) = transit.disorder.pass(delivery, now);
            transit.tally.made += 1;
            transit.tally.dropped += usize::from(fate.dropped);
            transit.tally.doubled += usize::from(fate.doubled);
            transit.tally.held += usize::from(fate.delayed);
            for delivery in out {
                if !self.send(&mut transit, delivery, now) {
                    transit.tally.dropped += 1;
                }
            }
        }
        self.wake();
    }

    /// A body as it is pushed at this second (epoch).
    pub(crate) fn sign(&self, body: impl Into<Bytes>, at_s: i64) -> Delivery {
        Delivery::signed(&self.site.apps.business_secret, body.into(), at_s)
    }

    /// The counts of webhooks so far.
    pub(crate) fn tally(&self) -> WebhookTally {
        self.in_transit().tally
    }

    /// Sends to the listeners and queues for the address. Returns false if the queue was full.
    fn send(&self, transit: &mut InTransit, delivery: Delivery, now: i64) -> bool {
        if let Some(listeners) = self.listening() {
            // The last listener may have left this very moment.
            let _ = listeners.send(delivery.clone());
        }
        transit.address().is_none() || transit.queue.push(delivery, now)
    }

    fn listening(&self) -> Option<&broadcast::Sender<Delivery>> {
        self.listeners.get().filter(|listeners| listeners.receiver_count() > 0)
    }

    fn in_transit(&self) -> MutexGuard<'_, InTransit> {
        self.in_transit.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets the fault dial; events that it delayed go out now.
    pub(crate) fn set_faults(&self, faults: WebhookFaults) {
        let now = self.site.now();
        let mut transit = self.in_transit();
        for delivery in transit.disorder.set(faults) {
            self.send(&mut transit, delivery, now);
        }
        self.wake();
    }

    pub(crate) fn faults(&self) -> WebhookFaults {
        self.in_transit().disorder.faults()
    }

    /// Registers an address for a category, in place of another one (§4.10).
    pub(crate) fn register(&self, category: &str, address: &str) {
        let mut transit = self.in_transit();
        transit.hooks.insert(category.to_owned(), address.to_owned());
        if transit.address().is_none() {
            transit.queue.clear();
        }
    }

    /// Removes the address, and what was still to be brought there.
    pub(crate) fn forget(&self, category: &str) {
        let mut transit = self.in_transit();
        transit.hooks.remove(category);
        if category == DIRECT_MESSAGE {
            transit.queue.clear();
        }
    }

    pub(crate) fn registered(&self, category: &str) -> Option<String> {
        self.in_transit().hooks.get(category).cloned()
    }

    /// How many deliveries wait to be brought or to be tried again.
    pub(crate) fn waiting(&self) -> usize {
        self.in_transit().queue.len()
    }

    /// The clock was moved, or there is something to bring.
    pub(crate) fn wake(&self) {
        self.wake.notify_one();
    }

    async fn woken(&self) {
        self.wake.notified().await;
    }

    /// Sends the delayed events that were not overtaken in time.
    fn release_overdue(&self) {
        let now = self.site.now();
        let mut transit = self.in_transit();
        for delivery in transit.disorder.overdue(now) {
            self.send(&mut transit, delivery, now);
        }
    }

    /// The next delivery that is due, and where it goes.
    fn next(&self) -> Option<(Uri, QueuedDelivery)> {
        let now = self.site.now();
        let mut transit = self.in_transit();
        let address = transit.address()?;
        let mut queued = transit.queue.pop(now)?;
        if self.site.config.signs_retries_anew && queued.is_retry() {
            queued.delivery = self.sign(queued.delivery.body, now / 1000);
        }
        Some((address, queued))
    }

    fn next_due(&self) -> Option<i64> {
        let transit = self.in_transit();
        [transit.queue.next_due(), transit.disorder.next_due()].into_iter().flatten().min()
    }

    /// Records how bringing it ended: answered with 200, or to be tried again.
    fn settle(&self, queued: QueuedDelivery, accepted: bool) {
        let mut transit = self.in_transit();
        if accepted {
            transit.tally.taken += 1;
            return;
        }
        transit.tally.refused += 1;
        // Deregistered meanwhile: nobody waits for it any more.
        if transit.address().is_none() {
            return;
        }
        if !transit.queue.put_back(queued, self.site.config.webhook_retry, self.site.now()) {
            transit.tally.given_up += 1;
        }
    }
}

impl InTransit {
    /// Where direct messages are brought. This TikTok never leaves this computer: an https address is registered and
    /// listed as any other, but nothing is brought there.
    fn address(&self) -> Option<Uri> {
        let address = self.hooks.get(DIRECT_MESSAGE)?;
        address.parse::<Uri>().ok().filter(|uri| uri.scheme_str() == Some("http"))
    }
}
