//! The site: the parts of this TikTok that are not its world. Its setup, its two apps, its clock, its address, and the
//! ids of its answers.

use std::sync::atomic::{AtomicU16, AtomicU64, Ordering};

use crate::{
    clock::{Clock, stamp},
    config::{Apps, Config},
    ids,
};

#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) config: Config,
    pub(crate) apps: Apps,
    pub(crate) clock: Clock,
    port: AtomicU16,
    requests: AtomicU64,
    /// How many times all links were made to expire.
    links_expired: AtomicU64,
}

impl Site {
    pub(crate) fn new(config: Config) -> Site {
        Site {
            apps: Apps::of(&config),
            clock: Clock::starting_at(config.start_at_ms),
            port: AtomicU16::new(config.port),
            requests: AtomicU64::new(0),
            links_expired: AtomicU64::new(0),
            config,
        }
    }

    /// The sandbox's time, in ms since the epoch.
    pub(crate) fn now(&self) -> i64 {
        self.clock.now_ms()
    }

    pub(crate) fn set_port(&self, port: u16) {
        self.port.store(port, Ordering::SeqCst);
    }

    pub(crate) fn port(&self) -> u16 {
        self.port.load(Ordering::SeqCst)
    }

    pub(crate) fn base_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port())
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
