//! The handle of a sandbox: starts it, looks into it, sets faults.

use std::{fmt, io, sync::Arc, time::Duration};

use serde_json::json;
use tokio::{
    sync::{Mutex, broadcast},
    task::JoinHandle,
};

use crate::{
    auto_message::AuditStatus,
    config::{Apps, Config, Crowd, WindowRule},
    customer::Customer,
    customers::{
        crowd::{self, CrowdTime},
        live, maison_bloom, populate,
    },
    faults::{Fault, Times},
    ledger::Ledger,
    owner::Owner,
    push::{Delivery, WebhookFaults, post},
    routes::{
        self,
        authorize::{self, request::is_registrable},
    },
    server::Server,
    stage::Stage,
};

/// How often customers act and reviews are ended, in real time.
const HEARTBEAT: Duration = Duration::from_millis(200);

/// A running TikTok. Clones are the same one; when the last is dropped, it stops listening and forgets everything.
#[derive(Clone)]
pub struct Sandbox {
    stage: Arc<Stage>,
    running: Arc<Running>,
}

struct Running {
    server: Mutex<Option<Server>>,
    life: JoinHandle<()>,
    post: JoinHandle<()>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.life.abort();
        self.post.abort();
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox").field("address", &self.base_url()).finish_non_exhaustive()
    }
}

impl Sandbox {
    /// Starts a TikTok on loopback.
    ///
    /// # Errors
    /// The port is taken, or a registered Login Kit address is one TikTok would not register (§2.2).
    pub async fn start(config: Config) -> io::Result<Sandbox> {
        if config.login_redirects.len() > 10 || !config.login_redirects.iter().all(|rule| is_registrable(rule)) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "a Login Kit redirect address cannot be registered",
            ));
        }
        let stage = Arc::new(Stage::new(config));
        furnish(&stage);
        let (address, server) = Server::listen(stage.site.config.port, routes::router(&stage)).await?;
        stage.site.set_port(address.port());
        let life = tokio::spawn(keep_alive(Arc::downgrade(&stage)));
        let post = tokio::spawn(post::deliver(Arc::clone(&stage.pushes)));
        Ok(Sandbox { stage, running: Arc::new(Running { server: Mutex::new(Some(server)), life, post }) })
    }

    /// `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn base_url(&self) -> String {
        self.stage.site.base_url()
    }

    /// The endpoints file a client reads instead of TikTok's addresses.
    #[must_use]
    pub fn endpoints_json(&self) -> String {
        let base = self.base_url();
        json!({
            "authorize": format!("{base}/v2/auth/authorize/"),
            "login_kit": base,
            "business": format!("{base}/open_api/v1.3"),
            "media_hosts": [format!("127.0.0.1:{}", self.stage.site.port())],
        })
        .to_string()
    }

    /// The demo apps' credentials.
    #[must_use]
    pub fn apps(&self) -> Apps {
        self.stage.site.apps.clone()
    }

    /// Agrees to everything an authorize address asks for, as the default account. Gives back where the browser ends
    /// up, which may be an address with an error in it.
    ///
    /// # Errors
    /// The browser would stay on a page of TikTok's; the text has its `error_type`.
    pub async fn agree(&self, authorize_url: &str) -> Result<String, String> {
        self.decide(authorize_url, true)
    }

    /// Presses Cancel instead.
    ///
    /// # Errors
    /// As for [`Sandbox::agree`].
    pub async fn refuse(&self, authorize_url: &str) -> Result<String, String> {
        self.decide(authorize_url, false)
    }

    fn decide(&self, authorize_url: &str, agrees: bool) -> Result<String, String> {
        authorize::decide_at(&self.stage, authorize_url, agrees)
    }

    /// Opens an account, which is the default from now on; gives back its business id. An account of that handle is
    /// taken up again as it is.
    pub fn open_account(&self, handle: &str, display_name: &str, rule: WindowRule) -> String {
        let mut world = self.stage.world();
        let at = world.open_account(handle, display_name, rule);
        world.accounts.get(at).map(|account| account.business_id.clone()).unwrap_or_default()
    }

    /// The person of that name who talks to the default account; a new one if there is none.
    #[must_use]
    pub fn customer(&self, name: &str) -> Customer {
        Customer::named(&self.stage, name)
    }

    /// The owner of the default account, with TikTok's own app in hand.
    #[must_use]
    pub fn owner(&self) -> Owner {
        Owner::of_default_account(&self.stage)
    }

    /// TikTok approves an automatic message now, whatever it decided before. Returns whether there is one of that id.
    pub fn approve(&self, auto_message_id: &str) -> bool {
        self.review(auto_message_id, AuditStatus::Approved)
    }

    /// TikTok rejects an automatic message now, even one it approved before. Returns whether there is one of that id.
    pub fn reject(&self, auto_message_id: &str) -> bool {
        self.review(auto_message_id, AuditStatus::Rejected)
    }

    fn review(&self, auto_message_id: &str, audit: AuditStatus) -> bool {
        let now = self.stage.now();
        self.stage.world().review_auto(auto_message_id, audit, now)
    }

    /// Whether chat prompts are listed as the documentation's example has them: wrapped in `suggested_question`, with
    /// their own field names (§5). They are not, unless told so.
    pub fn wrap_prompts(&self, wraps: bool) {
        self.stage.wrap_prompts(wraps);
    }

    /// Everybody who talks to the default account, in the order they came.
    #[must_use]
    pub fn customers(&self) -> Vec<Customer> {
        let places: Vec<usize> = {
            let mut world = self.stage.world();
            let account = world.default_account();
            let theirs = |at: &usize| {
                let there = world.conversations.get(*at);
                there.is_some_and(|there| there.account == account && !there.messages.is_empty())
            };
            (0..world.conversations.len()).filter(theirs).collect()
        };
        places.into_iter().map(|at| Customer::new(Arc::clone(&self.stage), at)).collect()
    }

    /// A crowd writes to the default account, at once, over the time it says up to now; gives them back, the busiest
    /// first. The same crowd again is the same people.
    pub fn crowd(&self, crowd: Crowd) -> Vec<Customer> {
        let places = self.stage.write_crowd(crowd);
        places.into_iter().map(|at| Customer::new(Arc::clone(&self.stage), at)).collect()
    }

    /// Every webhook from now on, as it would reach the registered address, for a host in this process. Without a
    /// listener and a registered address none are made. A listener that falls 16,384 behind loses the oldest.
    #[must_use]
    pub fn webhooks(&self) -> broadcast::Receiver<Delivery> {
        self.stage.pushes.subscribe()
    }

    /// A webhook of one's own making, signed as TikTok does at this second (epoch): for what this TikTok never pushes
    /// by itself. It is not delivered.
    #[must_use]
    pub fn sign(&self, body: &str, at_s: i64) -> Delivery {
        self.stage.pushes.sign(body.to_owned(), at_s)
    }

    /// Sets what goes wrong with webhooks; events that were delayed so far go out now.
    pub fn webhook_faults(&self, faults: WebhookFaults) {
        self.stage.pushes.set_faults(faults);
    }

    /// How many webhooks wait to be brought to the registered address, or to be tried again.
    #[must_use]
    pub fn webhooks_waiting(&self) -> usize {
        self.stage.pushes.waiting()
    }

    /// Every link to media, stickers and profile pictures that was given out so far answers 403 from now on, whatever
    /// its `x-expires` says. Emoji links live on, as they never expire.
    pub fn expire_links(&self) {
        self.stage.site.expire_links();
    }

    /// The ledger so far.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        self.stage.record()
    }

    /// The account of that handle posts something now; gives back the post's item id, which is empty if there is no
    /// such account.
    pub fn post(&self, handle: &str, caption: &str) -> String {
        let now = self.stage.now();
        self.stage.world().post(handle, caption, now).unwrap_or_default()
    }

    /// The bytes of an uploaded image, by the id its upload was answered with; they are kept beyond its thirty days.
    #[must_use]
    pub fn uploaded(&self, media_id: &str) -> Option<Vec<u8>> {
        self.stage.world().uploads.uploaded(media_id).map(|stored| stored.bytes.to_vec())
    }

    /// Sets a fault for an endpoint name, or for all of TikTok with `*`. Names: `authorize`, `login_token`,
    /// `login_refresh`, `login_revoke`, `user_info`, `token`, `refresh`, `revoke`, `token_info`, `profile`,
    /// `conversation_list`, `content_list`, `send`, `typing`, `mark_read`, `media_upload`, `media_download`,
    /// `capabilities`, `video_list`, `auto_create`, `auto_update`, `auto_status`, `auto_delete`, `auto_sort`,
    /// `auto_get`, `direct_reply_update`, `direct_reply_get`, `webhook_update`, `webhook_list`, `webhook_delete`,
    /// `media`, `cdn`.
    pub fn fault(&self, endpoint: &str, fault: Fault, times: Times) {
        self.stage.dial().set(endpoint, None, fault, times, self.stage.now());
    }

    /// The same for one customer's conversation alone, where a call names it in its address (`content_list`).
    pub fn fault_with(&self, customer: &Customer, endpoint: &str, fault: Fault, times: Times) {
        self.stage.dial().set(endpoint, Some(customer.conversation_id()), fault, times, self.stage.now());
    }

    /// Removes every fault, those of webhooks too.
    pub fn clear_faults(&self) {
        self.stage.dial().clear();
        self.webhook_faults(WebhookFaults::default());
    }

    /// Moves the clock forward; whatever the customers would have done meanwhile is done.
    pub fn advance(&self, by: Duration) {
        self.stage.advance(by);
    }

    /// The sandbox's clock, in ms since the epoch.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        self.stage.now()
    }

    /// Every access and refresh token that was given out, dead ones included.
    #[must_use]
    pub fn tokens(&self) -> Vec<String> {
        self.stage.world().grants.all()
    }

    /// Every access token expires now; refresh tokens stay good.
    pub fn expire_access_tokens(&self) {
        let now = self.stage.now();
        self.stage.world().grants.expire_access(now);
    }

    /// Every refresh token is as good as unknown (40107) from now on, as after a refresh whose answer was lost; access
    /// tokens stay good for their time.
    pub fn kill_refresh_tokens(&self) {
        self.stage.world().grants.kill_refresh();
    }

    /// Every refresh token expires now: 40103.
    pub fn expire_refresh_tokens(&self) {
        let now = self.stage.now();
        self.stage.world().grants.expire_refresh(now);
    }

    /// Every token is revoked, refresh tokens too, as when a user removes the app.
    pub fn revoke_tokens(&self) {
        self.stage.world().grants.revoke_all();
    }

    /// Stops listening and cuts every connection. When it returns, nothing listens on the port. Webhooks still go out.
    pub async fn unplug(&self) {
        let mut server = self.running.server.lock().await;
        if let Some(server) = server.take() {
            server.unplug().await;
        }
    }

    /// Listens again on the same port.
    ///
    /// # Errors
    /// The port was taken meanwhile.
    pub async fn plug_in(&self) -> io::Result<()> {
        let mut server = self.running.server.lock().await;
        if server.is_none() {
            *server = Some(Server::listen(self.stage.site.port(), routes::router(&self.stage)).await?.1);
        }
        Ok(())
    }
}

/// Opens the accounts and writes the conversations that are there from the start.
fn furnish(stage: &Stage) {
    let (mut world, config, opened_at) = (stage.world(), &stage.site.config, stage.site.clock.opened_at());
    if config.scripted {
        maison_bloom::open(&mut world, config.rule, opened_at);
        live::expect_arrivals(&mut world, opened_at);
    }
    if let Some(crowd) = config.populate {
        let account = world.default_account();
        populate::crowd(&mut world, account, crowd, opened_at);
    }
    if let Some(crowd) = config.crowd {
        let account = world.default_account();
        crowd::write(&mut world, account, crowd, opened_at, CrowdTime::Before);
    }
    world.agenda.begin(opened_at);
}

/// Lets the customers act, as long as the sandbox runs.
async fn keep_alive(stage: std::sync::Weak<Stage>) {
    loop {
        tokio::time::sleep(HEARTBEAT).await;
        let Some(stage) = stage.upgrade() else { return };
        stage.run_agenda();
    }
}
