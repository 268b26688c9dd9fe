//! What every request sees: the world, the clock, the fault dial, the budget. The HTTP side and the Rust handles both
//! work on this.

use std::{
    collections::HashMap,
    mem,
    ops::{Deref, DerefMut},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU16, AtomicU64, Ordering},
    },
};

use crate::{
    clock::{Clock, stamp},
    config::{Apps, Config},
    faults::Dial,
    ids,
    limits::Limiter,
    push::Pushes,
    world::{World, auto_messages::Reviewing},
};

#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) config: Config,
    pub(crate) apps: Apps,
    pub(crate) clock: Clock,
    pub(crate) pushes: Pushes,
    port: AtomicU16,
    requests: AtomicU64,
    /// Whether chat prompts are listed wrapped in `suggested_question`.
    wraps_prompts: AtomicBool,
    /// How often every link that was out was made to expire.
    links_expired: AtomicU64,
    world: Mutex<World>,
    dial: Mutex<Dial>,
    business_limiter: Mutex<Limiter>,
    user_info_limiter: Mutex<Limiter>,
    pictures: Mutex<HashMap<String, Arc<Vec<u8>>>>,
}

impl Stage {
    pub(crate) fn new(config: Config) -> Stage {
        let user_info = crate::config::Limits { per_second: u32::MAX, per_minute: 600, per_day: u32::MAX };
        let clock = Clock::starting_at(config.start_at_ms);
        let mut world = World::new(config.seed, config.rule, config.speed, clock.opened_at());
        world.reviewing = Reviewing::by(&config);
        world.country.clone_from(&config.country);
        Stage {
            apps: Apps::of(&config),
            clock,
            pushes: Pushes::new(config.seed),
            port: AtomicU16::new(config.port),
            requests: AtomicU64::new(0),
            wraps_prompts: AtomicBool::new(false),
            links_expired: AtomicU64::new(0),
            world: Mutex::new(world),
            dial: Mutex::new(Dial::default()),
            business_limiter: Mutex::new(Limiter::new(config.limits)),
            user_info_limiter: Mutex::new(Limiter::new(user_info)),
            pictures: Mutex::new(HashMap::new()),
            config,
        }
    }

    pub(crate) fn world(&self) -> Hold<'_> {
        let mut hold = Hold { world: open(&self.world), stage: self };
        // Reviews are over on time for whoever looks, and not only when somebody looks after them.
        hold.world.settle_reviews(self.now());
        hold
    }

    pub(crate) fn dial(&self) -> MutexGuard<'_, Dial> {
        open(&self.dial)
    }

    /// The Business app's budget.
    pub(crate) fn business_limiter(&self) -> MutexGuard<'_, Limiter> {
        open(&self.business_limiter)
    }

    /// Login Kit's 600 a minute on user info (§2.6).
    pub(crate) fn user_info_limiter(&self) -> MutexGuard<'_, Limiter> {
        open(&self.user_info_limiter)
    }

    /// A picture, drawn when it is first asked for, and not on the thread that answers everybody else.
    pub(crate) async fn picture(&self, key: String, draw: impl FnOnce() -> Vec<u8> + Send + 'static) -> Vec<u8> {
        if let Some(known) = open(&self.pictures).get(&key) {
            return known.to_vec();
        }
        let drawn = Arc::new(tokio::task::spawn_blocking(draw).await.unwrap_or_default());
        open(&self.pictures).insert(key, Arc::clone(&drawn));
        drawn.to_vec()
    }

    /// Serves these bytes under the key, whatever they are.
    pub(crate) fn serve_picture(&self, key: String, bytes: Vec<u8>) {
        open(&self.pictures).insert(key, Arc::new(bytes));
    }

    pub(crate) fn now(&self) -> i64 {
        self.clock.now_ms()
    }

    pub(crate) fn settle_port(&self, port: u16) {
        self.port.store(port, Ordering::SeqCst);
    }

    pub(crate) fn port(&self) -> u16 {
        self.port.load(Ordering::SeqCst)
    }

    pub(crate) fn base_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port())
    }

    pub(crate) fn wrap_prompts(&self, wraps: bool) {
        self.wraps_prompts.store(wraps, Ordering::SeqCst);
    }

    pub(crate) fn wraps_prompts(&self) -> bool {
        self.wraps_prompts.load(Ordering::SeqCst)
    }

    /// Links given out before this call are dead from now on.
    pub(crate) fn expire_links(&self) {
        self.links_expired.fetch_add(1, Ordering::SeqCst);
    }

    pub(crate) fn links_expired(&self) -> u64 {
        self.links_expired.load(Ordering::SeqCst)
    }

    /// A new request id; TikTok's begin with the time in UTC.
    pub(crate) fn request_id(&self) -> String {
        let n = self.requests.fetch_add(1, Ordering::SeqCst);
        let tail = ids::number(self.config.seed, "request", &[&n.to_string()]);
        format!("{}{tail:016X}", stamp(self.now()))
    }
}

/// The world in somebody's hands. What they made happen is pushed when they let go, and before anybody else gets hold
/// of it: events leave in the order of what happened.
pub(crate) struct Hold<'a> {
    world: MutexGuard<'a, World>,
    stage: &'a Stage,
}

impl Deref for Hold<'_> {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

impl DerefMut for Hold<'_> {
    fn deref_mut(&mut self) -> &mut World {
        &mut self.world
    }
}

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        if !self.world.news.is_empty() {
            let news = mem::take(&mut self.world.news);
            self.stage.pushes.tell(self.stage, &mut self.world, news);
        }
    }
}

/// A panic elsewhere does not take the sandbox down with it; what it guards is changed in single steps.
fn open<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}
