//! The World: a sandbox TikTok, a desk on it, and an agent at the desk, in a temporary directory.
//!
//! Stories are told through the real borders: the sandbox is reached over HTTP, the desk through its commands, and what
//! was delivered is read from the sandbox's ledger, never from our own database. Nothing here sleeps to synchronise: a
//! story waits for a state, and fails with the thread as text if it does not come.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a story that cannot go on has failed"
)]

#[cfg(target_os = "linux")]
pub mod desktop;
mod host;
pub mod http;
mod pace;
pub mod patience;
#[cfg(target_os = "linux")]
pub mod process;
pub mod relay;
mod thread;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use desk::commands::{
    ConfirmLink, GetConversation, GetLinkState, GetOverview, GetRelay, ListConversations, PairWithRelay, PasteRedirect,
    Queued, SaveCredentials, SendReply, SkipSignIn, StartAuthorization,
};
use desk::view::{ConversationRow, ConversationView, LinkStep, LinkView, RelayStream};
use desk::{Command, Desk, DeskConfig, Endpoints, Fault, FaultCode, Request, Subscription, Timing};
use model::{AccountId, ConversationId, MessageId, Tab};
use sandbox::{Config, Customer, Limits, Sandbox, WindowRule};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use store::table::gap;
use tempfile::TempDir;

pub use host::{Keyring, TestHost};
pub use pace::quick;
pub use patience::Patience;

/// How long to wait for a change before looking anyway: the ledger changes without telling.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// A story's world.
#[derive(Debug)]
pub struct World {
    /// TikTok.
    pub tiktok: Sandbox,
    /// What the desk's host was asked to do, and the keychain.
    pub host: Arc<TestHost>,
    desk: Desk,
    folder: TempDir,
    timing: Timing,
    picture_decoder: PathBuf,
    account: Option<AccountId>,
    may_list_posts: bool,
}

impl World {
    /// A world whose agent has linked @maisonbloom.
    pub async fn start() -> Self {
        let mut world = Self::unlinked().await;
        world.link().await;
        world
    }

    /// A world before any account is linked.
    pub async fn unlinked() -> Self {
        Self::with(Config { limits: Limits::NONE, ..Config::default() }, quick(), TestHost::new()).await
    }

    /// A world with its own TikTok, pace and host, before any account is linked.
    pub async fn with(config: Config, timing: Timing, host: Arc<TestHost>) -> Self {
        let scripted = config.scripted;
        let tiktok = Sandbox::start(config).await.expect("a loopback port is free");
        if !scripted {
            tiktok.open_account("maisonbloom", "Maison Bloom", WindowRule::B);
        }
        Self::on(tiktok, timing, host).await
    }

    /// A world on a TikTok that other desks may be on too, before any account is linked.
    pub async fn on(tiktok: Sandbox, timing: Timing, host: Arc<TestHost>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let picture_decoder = picture_decoder();
        let desk = open(&tiktok, &folder, &timing, &host, &picture_decoder).await;
        Self { tiktok, host, desk, folder, timing, picture_decoder, account: None, may_list_posts: false }
    }

    /// A linked world with some intervals of its own.
    pub async fn paced(change: impl FnOnce(&mut Timing)) -> Self {
        let mut timing = quick();
        change(&mut timing);
        let config = Config { limits: Limits::NONE, ..Config::default() };
        let mut world = Self::with(config, timing, TestHost::new()).await;
        world.link().await;
        world
    }

    /// A linked world whose app may list the account's posts.
    pub async fn with_posts() -> Self {
        let mut world = Self::unlinked().await;
        world.may_list_posts = true;
        world.link().await;
        world
    }

    /// Links the account as an agent would, and waits until its conversations are there.
    pub async fn link(&mut self) -> AccountId {
        self.type_credentials().await;
        self.ask(SkipSignIn {}).await;
        let authorising = self.ask(StartAuthorization { account: None }).await;
        let LinkStep::Authorising { address, .. } = authorising.step else { panic!("an address to open") };
        let landed = self.tiktok.agree(&address).await.expect("TikTok's page agrees");
        self.ask(PasteRedirect { address: landed }).await;
        self.until("the account is shown for confirmation", async |world| {
            matches!(world.ask(GetLinkState {}).await.step, LinkStep::Confirm { .. })
        })
        .await;
        let id = self.confirm().await;
        self.until("the first fetch is complete", async |world| {
            world.ask(GetOverview {}).await.accounts[0].backfill.is_none()
        })
        .await;
        id
    }

    /// The agent says that it is the right account; from here on the world is about it.
    pub async fn confirm(&mut self) -> AccountId {
        let id = self.ask(ConfirmLink {}).await.id;
        self.account = Some(id);
        id
    }

    /// Pairs the desk with a relay as an agent would, and waits until the shop's conversations are there and events come.
    pub async fn pair(&mut self, relay: &relay::RelayProcess, device_name: &str) -> AccountId {
        let code = relay.pairing_code("agent").await;
        self.ask(PairWithRelay { address: relay.address().to_owned(), code, device_name: device_name.to_owned() })
            .await;
        self.until("the first fetch is complete", async |world| {
            let accounts = world.ask(GetOverview {}).await.accounts;
            accounts.first().is_some_and(|account| account.backfill.is_none())
        })
        .await;
        self.until_live().await;
        let id = self.ask(GetOverview {}).await.accounts[0].id;
        self.account = Some(id);
        id
    }

    /// Waits until the relay's events come.
    pub async fn until_live(&self) {
        self.until("the relay's events come", async |world| world.ask(GetRelay {}).await.stream == RelayStream::Live)
            .await;
    }

    /// Types the sandbox's credentials.
    pub async fn type_credentials(&self) -> LinkView {
        let apps = self.tiktok.apps();
        self.ask(SaveCredentials {
            login_client_key: apps.login_client_key,
            login_client_secret: apps.login_client_secret,
            business_app_id: apps.business_app_id,
            business_secret: apps.business_secret,
            business_redirect_uri: apps.business_redirect_uri,
            may_list_posts: self.may_list_posts,
        })
        .await
    }

    /// Runs a command that must succeed, over JSON as the page does.
    pub async fn ask<C: Command>(&self, command: C) -> C::Reply {
        self.try_ask(command).await.unwrap_or_else(|fault| panic!("{} failed: {fault:?}", C::TYPE_NAME))
    }

    /// Runs a command over JSON, as the page does.
    pub async fn try_ask<C: Command>(&self, command: C) -> Result<C::Reply, Fault> {
        let request = Request::of(&command).expect("a command can be written as JSON");
        let reply = self.desk.answer_json(request).await?;
        Ok(serde_json::from_str(reply.get()).expect("a reply can be read as its type"))
    }

    /// Runs a command that must fail; gives back why.
    pub async fn refused<C: Command>(&self, command: C) -> FaultCode {
        match self.try_ask(command).await {
            Ok(_) => panic!("{} should not have worked", C::TYPE_NAME),
            Err(fault) => fault.code,
        }
    }

    /// As [`World::ask`], with arguments and reply as JSON: for stories about their shape.
    pub async fn ask_json(&self, command: &str, args: Value) -> Value {
        let asked = args.clone();
        self.try_ask_json(command, args).await.unwrap_or_else(|fault| panic!("{command} {asked} failed: {fault:?}"))
    }

    /// As [`World::try_ask`], with arguments and reply as JSON.
    pub async fn try_ask_json(&self, command: &str, args: Value) -> Result<Value, Fault> {
        self.desk.answer(Request { command: command.to_owned(), args }).await
    }

    /// As [`World::refused`], with arguments as JSON.
    pub async fn refused_json(&self, command: &str, args: Value) -> FaultCode {
        let asked = args.clone();
        match self.try_ask_json(command, args).await {
            Ok(answer) => panic!("{command} {asked} should not have worked: {answer}"),
            Err(fault) => fault.code,
        }
    }

    /// The desk itself.
    pub fn desk(&self) -> &Desk {
        &self.desk
    }

    /// The data folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The linked account.
    pub fn account(&self) -> AccountId {
        self.account.expect("an account is linked")
    }

    /// A customer of that name, with a conversation of their own.
    pub fn customer(&self, name: &str) -> Customer {
        self.tiktok.customer(name)
    }

    /// The agent's id of a customer's conversation, once it has arrived.
    pub async fn conversation(&self, customer: &Customer) -> ConversationId {
        let name = customer.name();
        self.until("the conversation has arrived", async |world| {
            world.find_row(&name).await.is_some_and(|row| row.snippet.is_some())
        })
        .await;
        self.find_row(&name).await.expect("the conversation is listed").id
    }

    /// The row of a customer in the list, open, snoozed or done.
    pub async fn row(&self, customer: &Customer) -> ConversationRow {
        self.find_row(&customer.name()).await.expect("the conversation is listed")
    }

    async fn find_row(&self, name: &str) -> Option<ConversationRow> {
        for tab in [Tab::All, Tab::Snoozed, Tab::Done] {
            let asked = ListConversations { account: self.account(), tab, offset: 0, limit: 200 };
            let rows = self.ask(asked).await.rows;
            if let Some(row) = rows.into_iter().find(|row| row.person.name == name) {
                return Some(row);
            }
        }
        None
    }

    /// The agent answers a customer.
    pub async fn reply(&self, customer: &Customer, text: &str) -> MessageId {
        let conversation = self.conversation(customer).await;
        self.send(conversation, text).await.messages[0]
    }

    /// The agent sends a text into a conversation; what the desk answers.
    pub async fn send(&self, conversation: ConversationId, text: &str) -> Queued {
        self.ask(press(conversation, text)).await
    }

    /// The thread as the agent reads it, as text.
    pub async fn reads(&self, customer: &Customer) -> String {
        let conversation = self.conversation(customer).await;
        self.thread(conversation).await
    }

    /// A thread as text.
    pub async fn thread(&self, conversation: ConversationId) -> String {
        let header = self.ask(GetConversation { conversation }).await;
        let page = self.ask_json("listMessages", messages(conversation)).await;
        thread::print(&header, &page)
    }

    /// A customer's conversation with what surrounds its messages: draft, card, scheduled replies.
    pub async fn view(&self, customer: &Customer) -> ConversationView {
        let conversation = self.conversation(customer).await;
        self.ask(GetConversation { conversation }).await
    }

    /// A customer's messages as the page is shown them, oldest first.
    pub async fn messages(&self, customer: &Customer) -> Vec<Value> {
        let page = self.ask_json("listMessages", messages(self.conversation(customer).await)).await;
        page["messages"].as_array().cloned().unwrap_or_default()
    }

    /// The newest message with this text, once it has arrived.
    pub async fn message(&self, customer: &Customer, text: &str) -> Value {
        self.until_thread(customer, text).await;
        let messages = self.messages(customer).await;
        let found = messages.into_iter().rev().find(|message| message["content"]["body"] == text);
        found.unwrap_or_else(|| panic!("no message says just {text:?}"))
    }

    /// Waits until the customer got exactly these messages through the API, each as the ledger's line.
    pub async fn until_got(&self, customer: &Customer, lines: &[&str]) {
        let name = customer.name();
        let waited = self.wait(async |world| world.tiktok.ledger().messages_to(&name) == lines).await;
        if !waited {
            panic!(
                "got {:?} instead of {lines:?}:\n{}",
                self.tiktok.ledger().messages_to(&name),
                self.reads(customer).await
            );
        }
    }

    /// Waits until the account's health is this, by its name in JSON.
    pub async fn until_health(&self, state: &str) {
        self.until(state, async |world| {
            world.ask_json("getOverview", json!({})).await["accounts"][0]["health"]["state"] == state
        })
        .await;
    }

    /// Waits until the thread, as text, holds this line's end.
    pub async fn until_thread(&self, customer: &Customer, part: &str) {
        let conversation = self.conversation(customer).await;
        let waited = self.wait(async |world| world.thread(conversation).await.contains(part)).await;
        if !waited {
            panic!("the thread never showed {part:?}:\n{}", self.thread(conversation).await);
        }
    }

    /// Waits until the account is complete up to a time.
    pub async fn until_claimed(&self, at_ms: i64) {
        self.until("everything up to then is here", async |world| {
            let accounts = world.ask(GetOverview {}).await.accounts;
            accounts.iter().all(|account| account.history.complete_to_ms.is_some_and(|to_ms| to_ms >= at_ms))
        })
        .await;
    }

    /// In how many places of a customer's conversation messages may be missing between two others.
    pub async fn holes(&self, customer: &Customer) -> usize {
        let conversation = self.conversation(customer).await;
        let gaps = self.desk.engine().store().read(move |sql| gap::of_conversation(sql, conversation)).await;
        gaps.expect("the database answers").into_iter().filter(|(gap, is_hole)| *is_hole && gap.after.is_some()).count()
    }

    /// From now on what TikTok pushes reaches Deskbell, as through a relay.
    pub fn hears(&self) {
        let (desk, mut pushed) = (self.desk.clone(), self.tiktok.webhooks());
        tokio::spawn(async move {
            while let Ok(delivery) = pushed.recv().await {
                // What is not taken in is found by polling.
                drop(desk.handle_webhook(&delivery.signature, &delivery.body).await);
            }
        });
    }

    /// Waits until the outbox has nothing more to do by itself: all is sent, refused, or the agent's to decide.
    pub async fn settle(&self) {
        self.until("the outbox has settled", async |world| {
            let busy = world.desk.engine().store().read(store::table::outbox::lanes).await;
            busy.is_ok_and(|lanes| lanes.is_empty())
        })
        .await;
    }

    /// Waits for a state.
    pub async fn until(&self, what: &str, state: impl AsyncFn(&Self) -> bool) {
        assert!(
            self.wait(state).await,
            "waited in vain until {what}; calls so far: {:?}",
            self.tiktok.ledger().all_calls()
        );
    }

    async fn wait(&self, state: impl AsyncFn(&Self) -> bool) -> bool {
        let mut changes: Subscription = self.desk.subscribe();
        let mut patience = Patience::default();
        while !patience.is_over() {
            if state(self).await {
                return true;
            }
            let _ = tokio::time::timeout(LOOK_AGAIN, changes.next()).await;
        }
        false
    }

    /// Deskbell dies without a word: no call's end is heard, nothing is finished.
    pub async fn crash(&mut self) {
        self.desk.stop().await;
    }

    /// Deskbell is closed properly.
    pub async fn close(&mut self) {
        self.desk.close().await;
    }

    /// Deskbell is started again on the same data and keychain.
    pub async fn restart(&mut self) {
        self.desk = open(&self.tiktok, &self.folder, &self.timing, &self.host, &self.picture_decoder).await;
    }

    /// As [`World::restart`], with another program that decodes pictures from now on.
    pub async fn restart_with_decoder(&mut self, program: PathBuf) {
        self.picture_decoder = program;
        self.restart().await;
    }
}

/// A press of Send: nothing quoted, no picture, everything seen.
pub fn press(conversation: ConversationId, text: &str) -> SendReply {
    SendReply {
        conversation,
        body: text.to_owned(),
        quoted: None,
        attachment: None,
        seen: None,
        anyway: false,
        key: String::new(),
    }
}

/// A part of a reply that was asked for as JSON, by its type.
pub fn parsed<T: DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).unwrap_or_else(|error| panic!("{value}: {error}"))
}

/// A request for a conversation's newest messages.
fn messages(conversation: ConversationId) -> Value {
    json!({ "conversation": conversation, "before": null, "after": null, "limit": 200 })
}

/// The program that decodes pictures in stories.
pub fn picture_decoder() -> PathBuf {
    program("deskprocess")
}

/// A program that cargo builds beside the tests.
pub(crate) fn program(name: &str) -> PathBuf {
    let ours = std::env::current_exe().expect("our own place");
    let built = ours.ancestors().nth(2).expect("tests lie in `deps`, below what they test");
    let program = built.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(program.is_file(), "there is no {}", program.display());
    program
}

async fn open(
    tiktok: &Sandbox,
    folder: &TempDir,
    timing: &Timing,
    host: &Arc<TestHost>,
    picture_decoder: &Path,
) -> Desk {
    let endpoints = Endpoints::from_json(&tiktok.endpoints_json()).expect("the sandbox's own addresses");
    let (data_dir, picture_decoder) = (folder.path().to_owned(), picture_decoder.to_owned());
    let config = DeskConfig { data_dir, picture_decoder, endpoints: Some(endpoints), practice: false };
    Desk::open_with(config, timing.clone(), host.clone()).await.expect("the desk opens")
}
