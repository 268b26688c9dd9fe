//! Linking an account, through both of TikTok's pages and every way they can end.
//!
//! The test is the browser: it opens the address TikTok's page sends it to, on the loopback port that Deskbell listens on.

mod credentials;
mod keychain;
mod profile;

use desk::commands::{CancelLink, GetOverview, RejectLink, SkipSignIn, SyncAccounts};
use desk::view::LinkStep;
use std::time::Duration;

use desk::{Fault, FaultCode, Secrets, Timing};
use sandbox::{Config, Limits, Platform};
use serde_json::{Value, json};
use tests::{TestHost, World, http, quick};
use url::form_urlencoded;

/// The browser may take its time, so that a busy machine does not end an attempt.
fn patient() -> Timing {
    Timing { link: Duration::from_secs(60), ..quick() }
}

fn config() -> Config {
    Config { limits: Limits::NONE, ..Config::default() }
}

async fn unlinked() -> World {
    World::with(config(), patient(), TestHost::new()).await
}

/// A world whose agent has typed the credentials and does without Login Kit.
async fn ready_to_authorise() -> World {
    let world = unlinked().await;
    world.type_credentials().await;
    world.ask(SkipSignIn {}).await;
    world
}

async fn link(world: &World) -> Value {
    world.ask_json("getLinkState", json!({})).await
}

async fn step(world: &World) -> String {
    link(world).await["step"]["step"].as_str().expect("a step").to_owned()
}

async fn until_step(world: &World, wanted: &str) {
    world.until(&format!("linking is at {wanted}"), async |world| step(world).await == wanted).await;
}

/// Waits until the attempt has ended for this reason; gives back TikTok's words.
async fn until_fault(world: &World, code: &str) -> String {
    world.until(&format!("linking says {code}"), async |world| link(world).await["fault"]["code"] == code).await;
    link(world).await["fault"]["detail"].as_str().unwrap_or_default().to_owned()
}

/// Begins a step in the browser; the address it was sent to.
async fn begin(world: &World, command: &str) -> String {
    let view = world.ask_json(command, json!({})).await;
    let address = view["step"]["address"].as_str().expect("an address").to_owned();
    assert_eq!(world.host.opened().last(), Some(&address), "the browser was sent there");
    address
}

async fn agreed(world: &World, address: &str) -> String {
    world.tiktok.agree(address).await.expect("TikTok's page agrees")
}

/// What the stand-in for the registered https page does: it goes on to the loopback port that `state` names.
async fn bounced(world: &World, landed: &str) -> String {
    let to: String = form_urlencoded::Serializer::new(String::new()).append_pair("to", landed).finish();
    let page = http::get(&format!("{}/registered-redirect?{to}", world.tiktok.base_url())).await.unwrap();
    let (_, onward) =
        page.body.split_once("href=\"http://127.0.0.1:").unwrap_or_else(|| panic!("no way on: {}", page.body));
    format!("http://127.0.0.1:{}", onward.split('"').next().unwrap().replace("&amp;", "&"))
}

async fn paste(world: &World, address: &str) -> Result<Value, Fault> {
    world.try_ask_json("pasteRedirect", json!({ "address": address })).await
}

fn code(answer: Result<Value, Fault>) -> FaultCode {
    answer.expect_err("a fault").code
}

/// Agrees on TikTok's page, but with these boxes ticked only. Where the browser ends up.
async fn agreed_to(world: &World, address: &str, scopes: &[&str]) -> String {
    let url = url::Url::parse(address).unwrap();
    let mut form = form_urlencoded::Serializer::new(url.query().unwrap().to_owned());
    form.append_pair("decision", "agree");
    form.extend_pairs(scopes.iter().map(|scope| ("grant", *scope)));
    let kind = [("Content-Type", "application/x-www-form-urlencoded")];
    let page = format!("{}/v2/auth/authorize/", world.tiktok.base_url());
    let answer = http::ask("POST", &page, &kind, &form.finish()).await.unwrap();
    let target = url::Url::parse(answer.header("location").expect("sent on")).unwrap();
    let to = target.query_pairs().find(|(name, _)| name == "to").map(|(_, to)| to.into_owned());
    to.unwrap_or_else(|| target.to_string())
}

async fn until_closed(world: &World, address: &str) {
    world.until("the port is closed", async |_| http::get(address).await.is_err()).await;
}

#[tokio::test]
async fn an_account_is_linked_through_login_kit_and_the_bounce_page_and_nothing_is_synced_before_the_yes() {
    let mut world = unlinked().await;
    assert_eq!(step(&world).await, "credentials");
    let ana = world.customer("Ana");
    ana.says("where is my order?");
    assert!(matches!(world.type_credentials().await.step, LinkStep::SignIn));

    let address = begin(&world, "startSignIn").await;
    assert_eq!(step(&world).await, "signingIn");
    let landed = agreed(&world, &address).await;
    assert!(landed.starts_with("http://127.0.0.1:"), "{landed}");
    let page = http::get(&landed).await.unwrap();
    assert_eq!(page.status, 200);
    assert!(page.body.contains("Go back to Deskbell"), "{}", page.body);
    assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
    until_step(&world, "authorise").await;
    assert_eq!(link(&world).await["signedInAs"]["displayName"], "Maison Bloom");
    let ledger = world.tiktok.ledger();
    assert_eq!(ledger.tokens.iter().filter(|call| call.platform == Platform::LoginKit && call.issued).count(), 1);
    assert_eq!(ledger.calls("login_revoke"), 1, "Login Kit's token is given back once it has said who signed in");

    let address = begin(&world, "startAuthorization").await;
    let onward = bounced(&world, &agreed(&world, &address).await).await;
    assert!(onward.contains("/business/?code="), "{onward}");
    assert_eq!(http::get(&onward).await.unwrap().status, 200);
    until_step(&world, "confirm").await;
    let shown = link(&world).await["step"].clone();
    assert_eq!(
        (&shown["profile"]["handle"], &shown["profile"]["displayName"], &shown["known"]),
        (&json!("maisonbloom"), &json!("Maison Bloom"), &Value::Null)
    );
    let avatar = shown["profile"]["avatar"].as_str().expect("the avatar is held").to_owned();
    assert!(world.desk().media(&avatar).await.is_some());

    world.ask(SyncAccounts {}).await;
    let ledger = world.tiktok.ledger();
    assert_eq!((ledger.calls("conversation_list"), ledger.calls("content_list")), (0, 0), "before the agent's yes");
    assert!(world.ask(GetOverview {}).await.accounts.is_empty());

    world.confirm().await;
    world.until_thread(&ana, "where is my order?").await;
    assert!(world.tiktok.ledger().calls("conversation_list") > 0);
    world.reply(&ana, "On its way.").await;
    world.settle().await;
    assert_eq!(world.tiktok.ledger().texts_to("Ana"), ["On its way."]);
}

#[tokio::test]
async fn an_account_is_linked_by_pasting_the_address_or_what_of_it_was_copied() {
    for tidy in [
        (|landed: &str| landed.to_owned()) as fn(&str) -> String,
        |landed| format!("  {landed}\n"),
        |landed| landed.split_once('?').unwrap().1.to_owned(),
        |landed| format!("?{}", landed.split_once('?').unwrap().1),
    ] {
        let mut world = ready_to_authorise().await;
        let address = begin(&world, "startAuthorization").await;
        let landed = agreed(&world, &address).await;
        assert!(landed.starts_with("https://bounce.deskbell.example/callback/?"), "{landed}");
        paste(&world, &tidy(&landed)).await.unwrap();
        until_step(&world, "confirm").await;
        world.confirm().await;
        assert_eq!(world.ask(GetOverview {}).await.accounts[0].handle, "maisonbloom");
    }
}

#[tokio::test]
async fn the_wrong_account_is_rejected_and_its_access_given_back() {
    let mut world = ready_to_authorise().await;
    let business_id = world.tiktok.open_account("maisonbloom", "Maison Bloom", sandbox::WindowRule::B);
    for command in ["rejectLink", "cancelLink"] {
        let before = world.tiktok.ledger().calls("revoke");
        let address = begin(&world, "startAuthorization").await;
        paste(&world, &agreed(&world, &address).await).await.unwrap();
        until_step(&world, "confirm").await;
        world.ask_json(command, json!({})).await;
        assert_eq!(world.tiktok.ledger().calls("revoke") - before, 1, "{command} gives it back");
        assert_eq!(step(&world).await, "authorise");
        assert!(world.ask(GetOverview {}).await.accounts.is_empty());
        for kept in ["access-token", "refresh-token"] {
            assert!(world.host.read(&format!("{kept}/{business_id}")).unwrap().is_none(), "no {kept} stays");
        }
        assert_eq!(code(world.try_ask_json("confirmLink", json!({})).await), FaultCode::LinkNotStarted);
    }
    world.link().await;
    assert!(world.host.read(&format!("access-token/{business_id}")).unwrap().is_some());
}

#[tokio::test]
async fn linking_again_says_when_it_is_another_account_and_turning_that_down_harms_nobody() {
    let mut world = unlinked().await;
    let mut ids = Vec::new();
    for (handle, name) in [("cornershop", "Corner Shop"), ("maisonbloom", "Maison Bloom")] {
        world.tiktok.open_account(handle, name, sandbox::WindowRule::B);
        ids.push(world.link().await);
    }
    let ana = world.customer("Ana");
    let [corner, bloom] = ids[..] else { panic!("two accounts: {ids:?}") };
    // In the browser it is Maison Bloom that is signed in.
    let view = world.ask_json("startAuthorization", json!({ "account": corner })).await;
    let address = view["step"]["address"].as_str().unwrap().to_owned();
    paste(&world, &agreed(&world, &address).await).await.unwrap();
    until_step(&world, "confirm").await;
    let view = link(&world).await;
    assert_eq!((&view["wanted"], &view["step"]["known"]), (&json!(corner), &json!(bloom)));
    world.ask(RejectLink {}).await;
    assert_eq!(world.tiktok.ledger().calls("revoke"), 0, "TikTok would end the access in use, too");
    ana.says("still there?");
    world.until_thread(&ana, "still there?").await;

    // Confirmed, nothing is meant any more.
    world.tiktok.open_account("cornershop", "Corner Shop", sandbox::WindowRule::B);
    let view = world.ask_json("startAuthorization", json!({ "account": corner })).await;
    let address = view["step"]["address"].as_str().unwrap().to_owned();
    paste(&world, &agreed(&world, &address).await).await.unwrap();
    until_step(&world, "confirm").await;
    let view = link(&world).await;
    assert_eq!((&view["wanted"], &view["step"]["known"]), (&json!(corner), &json!(corner)));
    assert_eq!(world.confirm().await, corner);
    assert_eq!(link(&world).await["wanted"], Value::Null);
}

#[tokio::test]
async fn revoked_access_keeps_history_and_queue_and_linking_again_sends_what_waited() {
    let mut world = World::start().await;
    let account = world.account();
    let ana = world.customer("Ana");
    ana.says("where is my order?");
    world.reply(&ana, "Let me look.").await;
    world.until_thread(&ana, "Let me look. [deskbell, sent]").await;
    world.tiktok.revoke_tokens();
    world.reply(&ana, "It left today.").await;
    world.until_thread(&ana, "It left today. [deskbell, queued relink]").await;
    let overview = world.ask_json("getOverview", json!({})).await;
    assert_eq!(overview["accounts"][0]["health"]["state"], "relink", "{overview}");
    ana.says("hello?");

    world.crash().await;
    world.restart().await;
    world.until_thread(&ana, "It left today. [deskbell, queued relink]").await;

    world.ask(SkipSignIn {}).await;
    let address = begin(&world, "startAuthorization").await;
    paste(&world, &agreed(&world, &address).await).await.unwrap();
    until_step(&world, "confirm").await;
    assert_eq!(link(&world).await["step"]["known"], json!(account));
    assert_eq!(world.confirm().await, account, "the same account");
    world.settle().await;
    assert_eq!(world.tiktok.ledger().texts_to("Ana"), ["Let me look.", "It left today."]);
    world.until_thread(&ana, "hello?").await;
    let thread = world.reads(&ana).await;
    assert!(thread.contains("Ana: where is my order?\n  Maison Bloom: Let me look."), "{thread}");
    let overview = world.ask_json("getOverview", json!({})).await;
    assert_eq!(overview["accounts"].as_array().map(Vec::len), Some(1));
    assert_eq!(overview["accounts"][0]["health"]["state"], "live");
}

#[tokio::test]
async fn cancel_on_tiktoks_page_is_told_and_can_be_tried_again() {
    let world = unlinked().await;
    world.type_credentials().await;
    let address = begin(&world, "startSignIn").await;
    let refused = world.tiktok.refuse(&address).await.unwrap();
    assert_eq!(http::get(&refused).await.unwrap().status, 200);
    until_fault(&world, "linkCancelled").await;
    assert_eq!(step(&world).await, "signIn");
    world.ask(SkipSignIn {}).await;
    assert!(link(&world).await["fault"].is_null(), "going on forgets it");

    let address = begin(&world, "startAuthorization").await;
    paste(&world, &world.tiktok.refuse(&address).await.unwrap()).await.unwrap();
    until_fault(&world, "linkCancelled").await;
    assert_eq!(step(&world).await, "authorise");
    assert_eq!(world.tiktok.ledger().exchanges(), 0);

    let address = begin(&world, "startAuthorization").await;
    paste(&world, &agreed(&world, &address).await).await.unwrap();
    until_step(&world, "confirm").await;
}

#[tokio::test]
async fn poking_the_port_does_not_end_the_wait() {
    let world = unlinked().await;
    world.type_credentials().await;
    let landed = agreed(&world, &begin(&world, "startSignIn").await).await;
    let (base, query) = landed.split_once("/callback/?").unwrap();
    let code_only = query.split('&').filter(|pair| !pair.starts_with("state=")).collect::<Vec<_>>().join("&");
    let state_only = query.split('&').find(|pair| pair.starts_with("state=")).unwrap();
    let long = format!("{base}/callback/?{query}&x={}", "x".repeat(1 << 20));
    for (what, status, answer) in [
        ("a wrong state", 400, http::get(&format!("{base}/callback/?{code_only}&state=guessed")).await),
        ("no state", 400, http::get(&format!("{base}/callback/?{code_only}")).await),
        ("nothing", 400, http::get(&format!("{base}/callback/")).await),
        ("an error with a wrong state", 400, http::get(&format!("{base}/callback/?error=access_denied&state=x")).await),
        ("another path", 404, http::get(&format!("{base}/?{query}")).await),
        ("the other step's path", 404, http::get(&format!("{base}/business/?{query}")).await),
        ("another host", 400, http::ask("GET", &landed, &[("Host", "evil.example")], "").await),
        ("localhost by name", 400, http::ask("GET", &landed, &[("Host", "localhost")], "").await),
        ("a POST", 405, http::ask("POST", &landed, &[], "").await),
        ("a HEAD", 405, http::ask("HEAD", &landed, &[], "").await),
        ("OPTIONS", 405, http::ask("OPTIONS", &landed, &[], "").await),
        ("a prefetch", 503, http::ask("GET", &landed, &[("Sec-Purpose", "prefetch;prerender")], "").await),
        ("an old prefetch", 503, http::ask("GET", &landed, &[("X-Moz", "prefetch")], "").await),
        ("an icon", 404, http::get(&format!("{base}/favicon.ico")).await),
        ("the state alone", 400, http::get(&format!("{base}/callback/?{state_only}")).await),
    ] {
        assert_eq!(answer.unwrap().status, status, "{what}");
        assert_eq!(step(&world).await, "signingIn", "{what} changes nothing");
    }
    let flooded = http::get(&long).await;
    assert!(flooded.as_ref().is_err() || flooded.is_ok_and(|answer| answer.status != 200), "a megabyte in one line");
    assert_eq!(world.tiktok.ledger().exchanges(), 0, "no code was used");

    assert_eq!(http::get(&landed).await.unwrap().status, 200);
    let other = http::get(&format!("{landed}&again=1")).await;
    assert!(other.is_err() || other.is_ok_and(|answer| answer.status == 400), "a second callback is not taken");
    let again = http::get(&landed).await;
    assert!(again.is_err() || again.is_ok_and(|answer| answer.status == 200), "the same one again is no mistake");
    until_step(&world, "authorise").await;
    assert_eq!(world.tiktok.ledger().exchanges(), 1);
    until_closed(&world, &landed).await;
}

#[tokio::test]
async fn a_pasted_address_of_another_attempt_or_without_a_code_is_named_and_the_wait_goes_on() {
    let world = ready_to_authorise().await;
    assert_eq!(
        code(paste(&world, "https://bounce.deskbell.example/callback/?code=a&state=b").await),
        FaultCode::LinkNotStarted
    );
    let landed = agreed(&world, &begin(&world, "startAuthorization").await).await;
    let (base, query) = landed.split_once('?').unwrap();
    let code_only = query.split('&').filter(|pair| !pair.starts_with("state=")).collect::<Vec<_>>().join("&");
    for (pasted, wanted) in [
        (format!("{base}?{code_only}&state=guessed"), FaultCode::LinkWrongState),
        (format!("{base}?{code_only}"), FaultCode::LinkWrongState),
        (base.to_owned(), FaultCode::LinkNoCode),
        (format!("{base}?state=x"), FaultCode::LinkNoCode),
        ("where do I find it?".to_owned(), FaultCode::LinkNoCode),
        (String::new(), FaultCode::LinkNoCode),
    ] {
        assert_eq!(code(paste(&world, &pasted).await), wanted, "{pasted}");
        assert_eq!(step(&world).await, "authorising", "{pasted} ends nothing");
    }
    paste(&world, &landed).await.unwrap();
    until_step(&world, "confirm").await;
    assert_eq!(code(paste(&world, &landed).await), FaultCode::LinkNotStarted, "it is used");
}

#[tokio::test]
async fn silence_from_the_browser_ends_the_wait_and_frees_the_port() {
    let timing = Timing { link: Duration::from_millis(300), ..quick() };
    let world = World::with(config(), timing, TestHost::new()).await;
    world.type_credentials().await;
    let landed = agreed(&world, &begin(&world, "startSignIn").await).await;
    until_fault(&world, "linkTimedOut").await;
    assert_eq!(step(&world).await, "signIn");
    until_closed(&world, &landed).await;

    world.ask(SkipSignIn {}).await;
    let landed = agreed(&world, &begin(&world, "startAuthorization").await).await;
    until_fault(&world, "linkTimedOut").await;
    assert_eq!(step(&world).await, "authorise");
    assert_eq!(code(paste(&world, &landed).await), FaultCode::LinkNotStarted, "too late");
    assert_eq!(world.tiktok.ledger().exchanges(), 0);
    begin(&world, "startAuthorization").await;
    assert!(link(&world).await["fault"].is_null(), "a new attempt begins clean");
}

#[tokio::test]
async fn a_scope_the_app_was_not_approved_for_is_tiktoks_refusal() {
    let mut config = config();
    config.business_scopes.retain(|scope| scope != "message.list.manage");
    let world = World::with(config, patient(), TestHost::new()).await;
    world.type_credentials().await;
    world.ask(SkipSignIn {}).await;
    let address = begin(&world, "startAuthorization").await;
    let landed = agreed(&world, &address).await;
    assert!(landed.contains("error=invalid_scope"), "{landed}");
    paste(&world, &landed).await.unwrap();
    let words = until_fault(&world, "linkRefused").await;
    assert!(words.contains("not approved"), "TikTok's words: {words}");
    assert_eq!(step(&world).await, "authorise");
}

#[tokio::test]
async fn a_needed_permission_that_was_unticked_is_named_and_the_access_given_back() {
    let mut world = ready_to_authorise().await;
    let address = begin(&world, "startAuthorization").await;
    let landed = agreed_to(&world, &address, &["user.info.username", "message.list.read", "message.list.manage"]).await;
    paste(&world, &landed).await.unwrap();
    assert_eq!(until_fault(&world, "linkScopeMissing").await, "message.list.send");
    assert_eq!(step(&world).await, "authorise");
    assert_eq!(world.tiktok.ledger().calls("revoke"), 1);
    world.link().await;
}

#[tokio::test]
async fn a_code_that_is_old_or_used_is_told_and_a_new_attempt_works() {
    let world = ready_to_authorise().await;
    let landed = agreed(&world, &begin(&world, "startAuthorization").await).await;
    world.tiktok.advance(Duration::from_secs(11 * 60));
    paste(&world, &landed).await.unwrap();
    until_fault(&world, "linkCodeExpired").await;
    assert_eq!(step(&world).await, "authorise");

    let used = agreed(&world, &begin(&world, "startAuthorization").await).await;
    paste(&world, &used).await.unwrap();
    until_step(&world, "confirm").await;
    world.ask(RejectLink {}).await;
    let fresh = agreed(&world, &begin(&world, "startAuthorization").await).await;
    let pair = |address: &str, name: &str| {
        let query = address.split_once('?').unwrap().1.to_owned();
        query.split('&').find(|pair| pair.starts_with(name)).unwrap().to_owned()
    };
    let stale =
        format!("https://bounce.deskbell.example/callback/?{}&{}", pair(&used, "code="), pair(&fresh, "state="));
    paste(&world, &stale).await.unwrap();
    until_fault(&world, "linkCodeExpired").await;
    assert_eq!(step(&world).await, "authorise");
    paste(&world, &agreed(&world, &begin(&world, "startAuthorization").await).await).await.unwrap();
    until_step(&world, "confirm").await;
}

#[tokio::test]
async fn a_second_attempt_ends_the_first() {
    let world = ready_to_authorise().await;
    let first = agreed(&world, &begin(&world, "startAuthorization").await).await;
    let first_onward = bounced(&world, &first).await;
    let second = agreed(&world, &begin(&world, "startAuthorization").await).await;
    assert_eq!(code(paste(&world, &first).await), FaultCode::LinkWrongState);
    let late = http::get(&first_onward).await;
    assert!(late.is_err() || late.is_ok_and(|answer| answer.status == 400), "the first attempt's way back is shut");
    until_closed(&world, &first_onward).await;
    assert_eq!(step(&world).await, "authorising");
    assert_eq!(world.tiktok.ledger().exchanges(), 0);
    paste(&world, &second).await.unwrap();
    until_step(&world, "confirm").await;
    assert_eq!(world.tiktok.ledger().exchanges(), 1);
}

#[tokio::test]
async fn cancel_goes_back_a_step_and_frees_the_port() {
    let world = unlinked().await;
    world.type_credentials().await;
    let landed = agreed(&world, &begin(&world, "startSignIn").await).await;
    assert!(matches!(world.ask(CancelLink {}).await.step, LinkStep::SignIn));
    until_closed(&world, &landed).await;
    world.ask(SkipSignIn {}).await;
    let landed = agreed(&world, &begin(&world, "startAuthorization").await).await;
    let onward = bounced(&world, &landed).await;
    let view = world.ask_json("cancelLink", json!({})).await;
    assert_eq!((&view["step"]["step"], &view["fault"]), (&json!("authorise"), &Value::Null));
    until_closed(&world, &onward).await;
    assert_eq!(code(paste(&world, &landed).await), FaultCode::LinkNotStarted);
    assert_eq!(world.tiktok.ledger().exchanges(), 0);
}
