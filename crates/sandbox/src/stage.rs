//! What every request sees: the site, the world, the webhooks, the fault dial, the budgets. The HTTP side and the Rust
//! handles both work on this.

use std::{
    collections::HashMap,
    mem,
    ops::{Deref, DerefMut},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use crate::{
    clock::ms,
    config::{Config, Crowd, Limits},
    customers::{
        crowd::{self, CrowdTime},
        live,
    },
    faults::Dial,
    ledger::Ledger,
    limits::Limiter,
    push::Pushes,
    site::Site,
    world::{World, auto_message::Reviewer},
};

#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) site: Arc<Site>,
    pub(crate) pushes: Arc<Pushes>,
    /// Whether chat prompts are listed wrapped in `suggested_question`.
    wraps_prompts: AtomicBool,
    world: Mutex<World>,
    dial: Mutex<Dial>,
    business_limiter: Mutex<Limiter>,
    user_info_limiter: Mutex<Limiter>,
    pictures: Mutex<HashMap<String, Arc<Vec<u8>>>>,
}

impl Stage {
    pub(crate) fn new(config: Config) -> Stage {
        let user_info = Limits { per_second: u32::MAX, per_minute: 600, per_day: u32::MAX };
        let site = Arc::new(Site::new(config));
        let config = &site.config;
        let mut world = World::new(config.seed, config.rule, config.speed, site.clock.opened_at());
        world.reviewer = Reviewer::of(config);
        world.country.clone_from(&config.country);
        Stage {
            pushes: Arc::new(Pushes::new(Arc::clone(&site))),
            wraps_prompts: AtomicBool::new(false),
            world: Mutex::new(world),
            dial: Mutex::new(Dial::default()),
            business_limiter: Mutex::new(Limiter::new(config.limits)),
            user_info_limiter: Mutex::new(Limiter::new(user_info)),
            pictures: Mutex::new(HashMap::new()),
            site,
        }
    }

    pub(crate) fn world(&self) -> WorldGuard<'_> {
        let mut guard = WorldGuard { world: lock(&self.world), pushes: &self.pushes };
        // Reviews that are due end now, so that every reader sees them on time and not at the next heartbeat.
        guard.world.settle_reviews(self.now());
        guard
    }

    /// The ledger so far.
    pub(crate) fn record(&self) -> Ledger {
        let mut record = self.world().record();
        record.webhooks = self.pushes.tally();
        record
    }

    pub(crate) fn dial(&self) -> MutexGuard<'_, Dial> {
        lock(&self.dial)
    }

    /// The Business app's budget.
    pub(crate) fn business_limiter(&self) -> MutexGuard<'_, Limiter> {
        lock(&self.business_limiter)
    }

    /// Login Kit's 600 a minute on user info (§2.6).
    pub(crate) fn user_info_limiter(&self) -> MutexGuard<'_, Limiter> {
        lock(&self.user_info_limiter)
    }

    /// A picture, drawn when it is first asked for, on a thread of its own.
    pub(crate) async fn picture(&self, key: String, draw: impl FnOnce() -> Vec<u8> + Send + 'static) -> Vec<u8> {
        if let Some(known) = lock(&self.pictures).get(&key) {
            return known.to_vec();
        }
        let drawn = Arc::new(tokio::task::spawn_blocking(draw).await.unwrap_or_default());
        lock(&self.pictures).insert(key, Arc::clone(&drawn));
        drawn.to_vec()
    }

    /// Serves these bytes under the key, whatever they are.
    pub(crate) fn serve_picture(&self, key: String, bytes: Vec<u8>) {
        lock(&self.pictures).insert(key, Arc::new(bytes));
    }

    pub(crate) fn now(&self) -> i64 {
        self.site.now()
    }

    pub(crate) fn wrap_prompts(&self, wraps: bool) {
        self.wraps_prompts.store(wraps, Ordering::SeqCst);
    }

    pub(crate) fn wraps_prompts(&self) -> bool {
        self.wraps_prompts.load(Ordering::SeqCst)
    }

    /// Moves the clock forward; the customers do what they would have done meanwhile.
    pub(crate) fn advance(&self, by: Duration) {
        self.site.clock.advance(by);
        tracing::debug!(by_ms = ms(by), "moved the sandbox's clock");
        self.run_agenda();
        self.pushes.wake();
    }

    /// Lets the customers do what is due on the agenda.
    pub(crate) fn run_agenda(&self) {
        let now = self.now();
        live::catch_up(&mut self.world(), now);
    }

    /// Lets a crowd write to the default account now; gives back the places of its conversations.
    pub(crate) fn write_crowd(&self, crowd: Crowd) -> Vec<usize> {
        let now = self.now();
        let mut world = self.world();
        let account = world.default_account();
        crowd::write(&mut world, account, crowd, now, CrowdTime::Now)
    }
}

/// The locked world. When it is let go, what happened meanwhile is pushed, before the lock is free: webhooks
/// leave in the order of what happened.
pub(crate) struct WorldGuard<'a> {
    world: MutexGuard<'a, World>,
    pushes: &'a Pushes,
}

impl Deref for WorldGuard<'_> {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

impl DerefMut for WorldGuard<'_> {
    fn deref_mut(&mut self) -> &mut World {
        &mut self.world
    }
}

impl Drop for WorldGuard<'_> {
    fn drop(&mut self) {
        if !self.world.events.is_empty() {
            let events = mem::take(&mut self.world.events);
            self.pushes.publish(&self.world, events);
        }
    }
}

/// Ignores poisoning: a panic elsewhere must not take the sandbox down, and the guarded data is changed in single
/// steps.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
