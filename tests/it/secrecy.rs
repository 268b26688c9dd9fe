//! What must not be written down is not: canaries are planted, everything is done and everything goes wrong, and then the
//! log and the data folder are searched.

use desk::commands::{DiscardReply, GetLinkState, SetCommentToMessage, SyncAccounts};
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, Once};

use desk::{ExposeSecret, Secrets};
use sandbox::{Fault, Times};
use serde_json::json;
use tests::{World, http, parsed};
use tracing_subscriber::filter::dynamic_filter_fn;
use tracing_subscriber::prelude::*;

mod words;

/// There is one log, and so one listener.
static ONE_AT_A_TIME: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
static LISTENING: AtomicBool = AtomicBool::new(false);
static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());

struct Ear;

impl Write for Ear {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LOG.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Hears every word of every crate on every thread, while this test listens. The other tests' words may be among them:
/// they have other customers, and their secrets are no more welcome.
fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let heard = dynamic_filter_fn(|_, _| LISTENING.load(Ordering::Relaxed));
        let layer = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(|| Ear).with_filter(heard);
        tracing_subscriber::registry().with(layer).try_init().expect("nobody else listens for the whole binary");
    });
    LISTENING.store(true, Ordering::Relaxed);
}

/// Which of these are in the text.
fn found<'a>(text: &str, canaries: &[&'a str]) -> Vec<&'a str> {
    canaries.iter().copied().filter(|canary| text.contains(canary)).collect()
}

pub(crate) fn files(folder: &Path, all: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, all);
        } else {
            // What is no text is lost; the canaries are all ASCII.
            let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
            all.push((path.display().to_string(), text));
        }
    }
}

fn secret(world: &World, key: &str) -> String {
    world.host.read(key).unwrap().unwrap_or_else(|| panic!("the keychain has {key}")).expose_secret().to_owned()
}

#[tokio::test]
async fn no_secret_no_text_and_no_name_is_ever_logged_and_no_secret_reaches_the_disk() {
    const NAME: &str = "Canariella Vogelbauer";
    const SAID: &str = "canary-said-b3d1 where is my parcel?";
    const DRAFT: &str = "canary-draft-77aa";
    const ANSWERED: &str = "canary-answered-90fe It left today.";
    const AUTOMATIC: &str = "canary-automatic-51cc";
    const COMMENT: &str = "canary-comment-0d7e";
    let _alone = ONE_AT_A_TIME.lock().await;
    listen();
    let mut world = World::unlinked().await;
    let business_id = world.tiktok.open_account("maisonbloom", "Maison Bloom", sandbox::WindowRule::B);
    let customer = world.customer(NAME);
    customer.says(SAID);
    customer.sends_image();
    let handle = customer.username();

    // Both pages, the callback with its code and state included.
    world.type_credentials().await;
    let signing_in = world.ask_json("startSignIn", json!({})).await;
    let landed = world.tiktok.agree(signing_in["step"]["address"].as_str().unwrap()).await.unwrap();
    http::get(&landed).await.unwrap();
    world.until("signed in", async |world| world.ask(GetLinkState {}).await.signed_in_as.is_some()).await;
    let codes: Vec<String> = url::Url::parse(&landed)
        .unwrap()
        .query_pairs()
        .filter(|(name, _)| name == "code" || name == "state")
        .map(|(_, value)| value.into_owned())
        .collect();
    assert_eq!(codes.len(), 2);
    world.link().await;
    let tokens =
        |world: &World| ["access-token", "refresh-token"].map(|kind| secret(world, &format!("{kind}/{business_id}")));
    let first = tokens(&world);
    world.until_thread(&customer, SAID).await;
    let conversation = world.conversation(&customer).await;
    world.ask_json("saveDraft", json!({ "conversation": conversation, "body": DRAFT })).await;

    // Everything that can go wrong with a call, TikTok quoting the call's own secrets back at us included.
    let echo =
        |code: i64, secret: &str| Fault::Code { code, message: format!("no: {secret} {ANSWERED}"), accepting: false };
    let faults = [
        Fault::HangUpBefore,
        Fault::HangUpAfter,
        Fault::HangUpMidAnswer,
        Fault::TruncatedJson,
        Fault::Html { accepting: true },
        Fault::Status { status: 502, accepting: true },
        Fault::RateLimited,
        echo(40002, &first[0]),
        echo(40064, &first[0]),
        echo(50000, &first[0]),
    ];
    for (n, fault) in faults.iter().enumerate() {
        // Only where the text was sent can TikTok quote it.
        let elsewhere = match fault {
            Fault::Code { code, .. } => {
                Fault::Code { code: *code, message: format!("no: {}", first[0]), accepting: false }
            }
            other => other.clone(),
        };
        world.tiktok.fault("send", fault.clone(), Times::Next(1));
        // Told three times in a row that it asks too fast, Deskbell waits for tomorrow.
        let endpoints: &[&str] = match fault {
            Fault::RateLimited => &[],
            _ => &["content_list", "conversation_list", "media_download", "profile"],
        };
        for endpoint in endpoints {
            world.tiktok.fault(endpoint, elsewhere.clone(), Times::Next(1));
        }
        let calls = world.tiktok.ledger().calls("send");
        customer.sends_image();
        customer.says(&format!("{SAID} {n}"));
        world.send(conversation, &format!("{ANSWERED} {n}")).await;
        world.ask(SyncAccounts {}).await;
        world.until("the reply's call was made", async |world| world.tiktok.ledger().calls("send") > calls).await;
        world.tiktok.clear_faults();
        world.ask(SyncAccounts {}).await;
        // A reply that is left to the agent would hold up the rest.
        let undecided = async |world: &World| {
            let page = json!({ "conversation": conversation, "before": null, "after": null, "limit": 200 });
            let page = world.ask_json("listMessages", page).await;
            let messages = page["messages"].as_array().cloned().unwrap_or_default();
            messages.into_iter().find(|message| message["delivery"]["stage"] == "undecided")
        };
        world
            .until("the reply is decided", async |world| {
                let lanes = world.desk().engine().store().read(store::table::outbox::lanes).await;
                let rests = lanes.is_ok_and(|lanes| lanes.is_empty());
                match undecided(world).await {
                    Some(message) => {
                        let _ = world.try_ask(DiscardReply { message: parsed(&message["id"]) }).await;
                        false
                    }
                    None => rests,
                }
            })
            .await;
    }
    let refused = world.thread(conversation).await;
    assert!(refused.contains("refused invalidParameter"), "TikTok's echo was kept for the agent: {refused}");
    // What TikTok says by itself, with every answer lost or quoted back, and a comment with its answer.
    world.hears();
    world.ask(SetCommentToMessage { account: world.account(), enabled: true }).await;
    let greeting = json!({ "title": AUTOMATIC, "body": AUTOMATIC });
    let make = json!({ "account": world.account(), "kind": "suggestedQuestion", "text": greeting });
    for fault in [Fault::HangUpBefore, Fault::TruncatedJson, echo(40002, AUTOMATIC), echo(50000, &first[0])] {
        world.tiktok.fault("auto_create", fault.clone(), Times::Next(1));
        world.tiktok.fault("send", fault, Times::Next(1));
        let _ = world.try_ask_json("createAutoMessage", make.clone()).await;
        let body = format!("{COMMENT} {}", world.tiktok.ledger().calls("send"));
        world.customer(&body).comments(body.as_str());
        let find = async |world: &World| {
            let comments = world.ask_json("listComments", json!({ "account": world.account() })).await;
            comments.as_array().unwrap().iter().find(|comment| comment["body"] == body.as_str()).cloned()
        };
        world.until("the comment has arrived", async |world| find(world).await.is_some()).await;
        let comment = find(&world).await.unwrap()["id"].clone();
        let _ = world.try_ask_json("answerComment", json!({ "comment": comment, "body": ANSWERED })).await;
    }
    let read = world.ask_json("refreshAutoMessages", json!({ "account": world.account() })).await;
    assert!(read.to_string().contains(AUTOMATIC), "one of them was taken");
    let app_secret = world.tiktok.apps().business_secret;
    world.tiktok.fault(
        "refresh",
        Fault::Code { code: 50000, message: format!("no: {app_secret} {}", first[1]), accepting: false },
        Times::Next(1),
    );
    world.tiktok.expire_access_tokens();
    world.ask(SyncAccounts {}).await;
    world.until("the tokens were refreshed", async |world| tokens(world) != first).await;
    let second = tokens(&world);
    world.tiktok.revoke_tokens();
    world.ask(SyncAccounts {}).await;
    world
        .until("the account must be linked again", async |world| {
            world.ask_json("getOverview", json!({})).await["accounts"][0]["health"]["state"] == "relink"
        })
        .await;

    let apps = world.tiktok.apps();
    let secrets: Vec<&str> = [&apps.business_secret, &apps.login_client_secret]
        .into_iter()
        .chain(&first)
        .chain(&second)
        .chain(&codes)
        .map(String::as_str)
        .collect();
    let mut on_disk = Vec::new();
    files(world.folder(), &mut on_disk);
    world.close().await;
    files(world.folder(), &mut on_disk);
    LISTENING.store(false, Ordering::Relaxed);
    let log = std::mem::take(&mut *LOG.lock().unwrap());

    assert!(on_disk.iter().any(|(_, text)| text.contains(SAID)), "the search would find something");
    assert!(on_disk.iter().any(|(name, text)| name.ends_with("-wal") && !text.is_empty()), "in the WAL too");
    for (name, text) in &on_disk {
        assert_eq!(found(text, &secrets), Vec::<&str>::new(), "in {name}");
    }
    let text = String::from_utf8_lossy(&log);
    for heard in
        ["an account was linked", "whether a reply was sent", "refused a reply", "renewed a token", "TRACE", "DEBUG"]
    {
        assert!(text.contains(heard), "the log was heard: {heard}");
    }
    let mut canaries = secrets;
    canaries.extend([
        NAME,
        handle.as_str(),
        "canary-said",
        "canary-draft",
        "canary-answered",
        "canary-automatic",
        "canary-comment",
        "Vogelbauer",
    ]);
    // By lines only where there is something to show: the log is long.
    let leaked = found(&text, &canaries);
    let lines: Vec<&str> = text.lines().filter(|line| !found(line, &leaked).is_empty()).take(10).collect();
    assert!(leaked.is_empty(), "{leaked:?} in the log: {lines:#?}");
}
