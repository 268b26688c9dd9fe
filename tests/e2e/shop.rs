//! A shop with customers at the fake TikTok, a desktop to answer them from, and what an agent does there again and again.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, anyhow};
use http_body_util::{BodyExt, Empty};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use sandbox::{Config, Sandbox};
use serde_json::json;

use super::app::App;
use super::browser::Browser;
use super::window::Window;
use tests::desktop::Desktop;
use tests::process::{tail, wait_for};

/// The delivery of every message in the open conversation that has this text, as the page marks it.
const STATE_OF: &str = "const [text] = arguments;\
    const all = [...document.querySelectorAll('[role=log] article, article[data-message]')];\
    return all.filter((one) => one.innerText.includes(text)).map((one) => one.dataset.delivery ?? '');";

/// The shop.
pub(crate) struct Shop {
    pub(crate) tiktok: Sandbox,
    pub(crate) desktop: Desktop,
    /// Where the app keeps everything.
    pub(crate) data: PathBuf,
    endpoints: PathBuf,
}

impl Shop {
    /// Maison Bloom and her customers, who keep still unless told to write.
    pub(crate) async fn open() -> Result<Shop> {
        let desktop = Desktop::open().await?;
        let tiktok = Sandbox::start(Config { scripted: true, ..Config::default() }).await?;
        let data = desktop.home().join("inbox");
        let endpoints = desktop.home().join("endpoints.json");
        fs::write(&endpoints, tiktok.endpoints_json())?;
        Ok(Shop { tiktok, desktop, data, endpoints })
    }

    /// Starts Deskbell in this shop.
    pub(crate) async fn app(&self) -> Result<App> {
        App::start(&self.desktop, &self.arguments()?).await
    }

    /// Starts the same page in a web browser.
    pub(crate) async fn browser(&self) -> Result<Browser> {
        Browser::start(&self.desktop, &self.arguments()?).await
    }

    fn arguments(&self) -> Result<[&str; 4]> {
        let text = |path: &'static str| move || format!("{path} is not text");
        let endpoints = self.endpoints.to_str().with_context(text("the place of the endpoints"))?;
        let data = self.data.to_str().with_context(text("the place of the data"))?;
        Ok(["--endpoints", endpoints, "--data-dir", data])
    }

    /// Types the credentials of both apps on the first screen.
    pub(crate) async fn type_credentials(&self, window: &Window) -> Result<()> {
        let apps = self.tiktok.apps();
        window.see("Link your TikTok Business Account").await?;
        window.fill("App ID", &apps.business_app_id).await?;
        window.fill("Secret", &apps.business_secret).await?;
        window.fill("Registered redirect address", &apps.business_redirect_uri).await?;
        window.fill("Client key", &apps.login_client_key).await?;
        window.fill("Client secret", &apps.login_client_secret).await?;
        window.click("button", "Save and go on").await?;
        Ok(())
    }

    /// Links Maison Bloom's account, from the first screen to the inbox, in two visits to TikTok.
    pub(crate) async fn link(&self, window: &Window) -> Result<()> {
        self.type_credentials(window).await?;

        window.click("button", "Open browser").await?;
        let callback = self.agree(0).await?;
        visit(&callback).await?;
        window.see("Signed in as").await?;

        window.click("button", "Open browser").await?;
        let landed = self.agree(1).await?;
        assert!(landed.starts_with("https://"), "the registered address is https: {landed}");
        window.fill("Paste the address you landed on", &landed).await?;
        window.click("button", "Use address").await?;

        window.see("Is this the account?").await?;
        window.see("maisonbloom").await?;
        window.click("button", "Link it").await?;
        window.see("All conversations are here.").await?;
        window.click("button", "Go to inbox").await?;
        window.find("listbox", "Conversations").await?;
        Ok(())
    }

    /// Plays the person in the browser that was just opened for the `nth` time: they agree, and land somewhere.
    async fn agree(&self, nth: usize) -> Result<String> {
        let address = self.sent_to(nth).await?;
        self.tiktok.agree(&address).await.map_err(|error| anyhow!("TikTok's page says: {error}"))
    }

    /// Where the browser was sent the `nth` time.
    pub(crate) async fn sent_to(&self, nth: usize) -> Result<String> {
        wait_for("TikTok's page to be opened", || self.opened().get(nth).cloned()).await
    }

    /// Where the browser was sent: by the desktop, or, as webhost has no browser to open, in its own words.
    fn opened(&self) -> Vec<String> {
        let said = tail(&self.desktop.log("webhost"), usize::MAX);
        let told = said.lines().filter_map(|line| line.strip_prefix("Open in a browser: ").map(str::to_owned));
        self.desktop.opened().into_iter().chain(told).collect()
    }
}

/// Opens a customer's conversation with the mouse, wherever it stands by now.
pub(crate) async fn open_conversation(window: &Window, customer: &str) -> Result<()> {
    window.click("tab", "All").await?;
    window.click("option", customer).await?;
    window.find("heading", customer).await?;
    window.find("textbox", &format!("Message to {customer}")).await?;
    Ok(())
}

/// Writes into the composer and presses Enter. Whoever has only just come to a conversation is asked to press again.
pub(crate) async fn reply(window: &Window, customer: &str, text: &str) -> Result<()> {
    let name = format!("Message to {customer}");
    window.type_into(&name, text).await?;
    send(window, &name).await
}

/// Presses Enter until the composer has let go of its text.
pub(crate) async fn send(window: &Window, name: &str) -> Result<()> {
    let mut patience = tests::Patience::default();
    while !window.value(name).await?.is_empty() {
        window.press(&[], fantoccini::key::Key::Enter).await?;
        // Either it is empty at once, or the page says why not.
        tokio::time::sleep(tests::process::GLANCE).await;
        if patience.is_over() {
            return Err(window.in_vain("the message to be sent").await);
        }
    }
    Ok(())
}

/// How far the messages with this text in the open conversation have come, by what the page says.
async fn deliveries(window: &Window, text: &str) -> Result<Vec<String>> {
    let found = window.client().execute(STATE_OF, vec![json!(text)]).await?;
    Ok(serde_json::from_value(found)?)
}

/// Waits until exactly one message has this text, in one of these states.
pub(crate) async fn delivered(window: &Window, text: &str, states: &[&str]) -> Result<String> {
    let mut patience = tests::Patience::default();
    loop {
        let found = deliveries(window, text).await?;
        if let [only] = found.as_slice()
            && states.contains(&only.as_str())
        {
            return Ok(only.clone());
        }
        if patience.is_over() {
            return Err(window.in_vain(&format!("“{text}” to be {}; it is {found:?}", states.join(" or "))).await);
        }
        tokio::time::sleep(tests::process::GLANCE).await;
    }
}

/// A browser's visit to an address on this computer; gives the page.
pub(crate) async fn visit(address: &str) -> Result<String> {
    let client: Client<_, Empty<&[u8]>> = Client::builder(TokioExecutor::new()).build_http();
    let answer = client.get(address.parse()?).await?;
    let status = answer.status();
    let page = answer.into_body().collect().await?.to_bytes();
    let page = String::from_utf8_lossy(&page).into_owned();
    anyhow::ensure!(status.is_success(), "{status}: {page}");
    Ok(page)
}
