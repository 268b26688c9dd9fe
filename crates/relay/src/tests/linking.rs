//! Linking in the browser: the state works once, in time, for the device that began; and the page only shows text.

use wire::FailureCode;
use wire::api::{LinkBegun, Role};
use wire::event::AccountState;
use wire::paths;

use super::fake_tiktok::{ACCESS_TOKEN, ACCOUNT, APP_ID};
use super::shop::{Answer, Laptop, Shop};
use crate::testing::{TestDatabase, on_both_engines};
use crate::{accounts, linking};

on_both_engines!(
    an_admin_links_an_account,
    the_command_line_links_an_account,
    a_state_works_once,
    of_browsers_that_race_one_links,
    a_state_is_old_after_ten_minutes,
    a_state_is_this_relays_and_its_devices,
    what_tiktok_or_the_person_refuses_is_said,
    a_missing_permission_is_given_back,
    an_account_that_is_linked_keeps_its_access,
    an_account_of_another_shop_stays_there,
    a_strangers_profile_is_only_text,
    a_profile_that_cannot_be_read_stops_nothing,
    looking_ahead_uses_nothing_up,
    an_unlinked_account_is_forgotten,
);

async fn ready(database: TestDatabase) -> (Shop, Laptop) {
    let shop = Shop::open(database).await;
    shop.set_app().await;
    let admin = shop.device("Dao's desktop", Role::Admin).await;
    (shop, admin)
}

/// Begins to link; returns the state.
async fn begin(shop: &Shop, device: &Laptop) -> String {
    let begun: LinkBegun = shop.call("POST", paths::ACCOUNTS, Some(&device.token), None).await.json();
    state(&begun)
}

fn state(begun: &LinkBegun) -> String {
    let url = url::Url::parse(&begun.authorize_url).unwrap();
    url.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned()
}

/// The browser comes back with this query.
async fn back(shop: &Shop, query: &str) -> Answer {
    let answer = shop.browse(&format!("{}/authorized/?{query}", shop.base)).await;
    assert_eq!(answer.headers["content-type"], "text/html; charset=utf-8");
    assert!(answer.headers["content-security-policy"].to_str().unwrap().starts_with("default-src 'none';"));
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(answer.headers["referrer-policy"], "no-referrer");
    assert!(answer.text.contains("<html lang=\"en\" dir=\"ltr\">"));
    for active in ["<script", "<style", "<img", "<link", "<form", "<iframe", "http:", "https:", "javascript:"] {
        assert!(!answer.text.contains(active), "{active}: {}", answer.text);
    }
    answer
}

async fn linked(shop: &Shop) -> Vec<String> {
    accounts::list(&shop.context).await.unwrap().into_iter().map(|account| account.id).collect()
}

async fn an_admin_links_an_account(database: TestDatabase) {
    let (shop, admin) = ready(database).await;
    let mut ends = shop.context.log.ends();
    let begun: LinkBegun = shop.call("POST", paths::ACCOUNTS, Some(&admin.token), None).await.json();
    let url = url::Url::parse(&begun.authorize_url).unwrap();
    let asked: std::collections::BTreeMap<String, String> = url.query_pairs().into_owned().collect();
    assert!(begun.authorize_url.starts_with(&format!("{}/v2/auth/authorize/?", shop.tiktok.base)));
    assert_eq!((asked["client_key"].as_str(), asked["response_type"].as_str()), (APP_ID, "code"));
    assert_eq!(asked["redirect_uri"], format!("{}/authorized/", shop.base));
    assert_eq!(
        asked["scope"],
        "user.info.basic,user.info.username,message.list.read,message.list.send,message.list.manage"
    );

    let page = back(&shop, &format!("code=c%21d&scopes=x&state={}", asked["state"])).await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("<bdi>Shop A</bdi> (<bdi>@shop_a</bdi>) is linked"), "{}", page.text);
    assert!(!page.text.contains("c!d") && !page.text.contains(&asked["state"]) && !page.text.contains(ACCESS_TOKEN));
    assert_eq!(shop.tiktok.behaviour().redirect_uris, [asked["redirect_uri"].clone()]);
    assert!(shop.tiktok.behaviour().used_codes.contains("c!d"));

    let me = shop.me(&admin).await;
    let [account] = &me.accounts[..] else { panic!("{me:?}") };
    assert_eq!(
        (account.id.as_str(), account.handle.as_str(), account.state),
        (ACCOUNT, "shop_a", AccountState::Linked)
    );
    ends.wait_for(|ends| ends.head == 1).await.unwrap();
    let [event] = &shop.context.log.read(0, 10).await.unwrap()[..] else { panic!() };
    assert_eq!((event.account.as_str(), event.body.kind()), (ACCOUNT, "account"));
    assert_eq!(shop.trail().await.last().unwrap(), "Dao's desktop account.linked shop_a");
}

async fn the_command_line_links_an_account(database: TestDatabase) {
    let shop = Shop::open(database).await;
    let without_app = linking::begin(&shop.context, "").await.unwrap_err();
    assert_eq!(without_app.0.code, FailureCode::BadRequest);
    shop.set_app().await;
    let begun = linking::begin(&shop.context, "").await.unwrap();
    assert_eq!(back(&shop, &format!("code=c&state={}", state(&begun))).await.status, 200);
    assert_eq!(shop.trail().await.last().unwrap(), "command line account.linked shop_a");

    // An address that leads elsewhere would never come back.
    let mut moved = shop.context.clone();
    moved.public_url = Some("https://relay.example/".parse().unwrap());
    let refused = linking::begin(&moved, "").await.unwrap_err();
    assert!(refused.0.detail.contains("register https://relay.example/authorized/"), "{refused:?}");
}

async fn a_state_works_once(database: TestDatabase) {
    let (shop, admin) = ready(database).await;
    let state = begin(&shop, &admin).await;
    assert_eq!(back(&shop, &format!("code=first&state={state}")).await.status, 200);
    let again = back(&shop, &format!("code=second&state={state}")).await;
    assert_eq!(again.status, 400);
    assert!(again.text.contains("was used before"));
    assert_eq!(shop.tiktok.behaviour().asked_for("/oauth2/token/"), 1);
    // A no uses it up, too.
    let state = begin(&shop, &admin).await;
    assert!(back(&shop, &format!("error=access_denied&state={state}")).await.text.contains("You said no"));
    assert!(back(&shop, &format!("code=third&state={state}")).await.text.contains("was used before"));
    assert_eq!(shop.tiktok.behaviour().asked_for("/oauth2/token/"), 1);
}

async fn of_browsers_that_race_one_links(database: TestDatabase) {
    let (shop, admin) = ready(database).await;
    let other = shop.another().await;
    let state = begin(&shop, &admin).await;
    let query = format!("code=c&state={state}");
    let answers = futures_util::future::join_all(
        (0..6).map(|browser| back(if browser % 2 == 0 { &shop } else { &other }, &query)),
    )
    .await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    assert_eq!(shop.tiktok.behaviour().asked_for("/oauth2/token/"), 1);
    assert_eq!(linked(&shop).await, [ACCOUNT]);
}

async fn a_state_is_old_after_ten_minutes(database: TestDatabase) {
    let (shop, admin) = ready(database).await;
    let state = begin(&shop, &admin).await;
    shop.sql("UPDATE linking SET expires_at_ms = expires_at_ms - 600000").await;
    let late = back(&shop, &format!("code=c&state={state}")).await;
    assert!(late.text.contains("More than ten minutes"), "{}", late.text);
    assert_eq!(shop.tiktok.behaviour().asked_for("/oauth2/token/"), 0);
}

async fn a_state_is_this_relays_and_its_devices(database: TestDatabase) {
    let (shop, admin) = ready(database).await;
    let elsewhere = Shop::open(TestDatabase::sqlite().await).await;
    elsewhere.set_app().await;
    let crossed = state(&linking::begin(&elsewhere.context, "").await.unwrap());
    let unknown = crate::credential::new_token();
    for state in [crossed.as_str(), unknown.as_str(), "", "short", &"x".repeat(9_000)] {
        let answer = back(&shop, &format!("code=c&state={state}")).await;
        assert_eq!(answer.status, 400);
        assert!(answer.text.contains("does not belong"), "{}", answer.text);
    }
    // Without an answer of TikTok's it is not used up.
    let good = begin(&shop, &admin).await;
    assert!(back(&shop, &format!("state={good}")).await.text.contains("does not belong"));

    // The device that began is not an admin's any more, or is revoked.
    let second = shop.device("Second", Role::Admin).await;
    let (demoted, revoked) = (begin(&shop, &second).await, begin(&shop, &second).await);
    let path = format!("{}/{}", paths::DEVICES, second.id);
    let demote = serde_json::json!({ "role": "agent" });
    assert_eq!(shop.call("PATCH", &path, Some(&admin.token), Some(demote)).await.status, 204);
    assert_eq!(back(&shop, &format!("code=c&state={demoted}")).await.status, 403);
    assert_eq!(shop.call("DELETE", &path, Some(&admin.token), None).await.status, 204);
    assert_eq!(back(&shop, &format!("code=c&state={revoked}")).await.status, 403);
    assert_eq!(shop.tiktok.behaviour().asked_for("/oauth2/token/"), 0);
    assert_eq!(back(&shop, &format!("code=c&state={good}")).await.status, 200);
}

async fn what_tiktok_or_the_person_refuses_is_said(database: TestDatabase) {
    let (shop, admin) = ready(database).await;
    for (query, words) in [
        ("error=access_denied", "You said no"),
        (
            "error=invalid_scope&error_type=scope&error_description=not+%3Cb%3Eapproved",
            "(scope): <q>not &lt;b&gt;approved</q>",
        ),
        ("error=unauthorized_client&error_type=client_key", "TikTok refused (client_key)"),
    ] {
        let state = begin(&shop, &admin).await;
        let page = back(&shop, &format!("{query}&state={state}")).await;
        assert!(page.text.contains(words), "{query}: {}", page.text);
    }
    // A code that TikTok does not take.
    shop.tiktok.behaviour().used_codes.insert("old".to_owned());
    let state = begin(&shop, &admin).await;
    assert!(back(&shop, &format!("code=old&state={state}")).await.text.contains("used already, or is too old"));
    // The secret that is set here is not the app's.
    shop.tiktok.behaviour().secret = "another".to_owned();
    let state = begin(&shop, &admin).await;
    assert!(back(&shop, &format!("code=c&state={state}")).await.text.contains("its secret is not the one"));
    assert!(linked(&shop).await.is_empty());
}

async fn a_missing_permission_is_given_back(database: TestDatabase) {
    let (shop, admin) = ready(database).await;
    shop.tiktok.behaviour().scope = "user.info.basic,message.list.read,message.list.manage".to_owned();
    let state = begin(&shop, &admin).await;
    let page = back(&shop, &format!("code=c&state={state}")).await;
    assert!(page.text.contains("The permission message.list.send was not given"), "{}", page.text);
    assert_eq!(shop.tiktok.behaviour().revoked, [ACCESS_TOKEN]);
    assert!(linked(&shop).await.is_empty());
}

async fn an_account_that_is_linked_keeps_its_access(database: TestDatabase) {
    let (shop, admin) = ready(database).await;
    let state = begin(&shop, &admin).await;
    assert_eq!(back(&shop, &format!("code=1&state={state}")).await.status, 200);
    shop.tiktok.behaviour().scope = "user.info.basic".to_owned();
    let state = begin(&shop, &admin).await;
    assert!(back(&shop, &format!("code=2&state={state}")).await.text.contains("was not given"));
    // TikTok would end the access that is in use, too.
    assert!(shop.tiktok.behaviour().revoked.is_empty());
    assert_eq!(linked(&shop).await, [ACCOUNT]);
}

async fn an_account_of_another_shop_stays_there(database: TestDatabase) {
    let (shop, admin) = ready(database).await;
    shop.sql("INSERT INTO team (id, name, epoch, head, tail) VALUES (2, 'other', 'e', 0, 1)").await;
    shop.sql(
        "INSERT INTO account (id, team, handle, name, state, linked_at_ms, scopes, access_expires_at_ms,
             refresh_expires_at_ms, issued_at_ms, renewing_until_ms, renewing_by)
         VALUES ('_000canaryshop', 2, 'theirs', 'Theirs', 'linked', 0, '', 0, 0, 0, 0, '')",
    )
    .await;
    let state = begin(&shop, &admin).await;
    let page = back(&shop, &format!("code=c&state={state}")).await;
    assert_eq!(page.status, 403);
    assert!(page.text.contains("belongs to another shop") && !page.text.contains("theirs"));
    assert_eq!(shop.number("SELECT team AS n FROM account").await, 2);
    assert!(shop.tiktok.behaviour().revoked.is_empty());
}

async fn a_strangers_profile_is_only_text(database: TestDatabase) {
    let (shop, admin) = ready(database).await;
    let hostile = "<script>alert(1)</script>\u{202e}\"'&\u{0}<img src=x>";
    {
        let mut behaviour = shop.tiktok.behaviour();
        behaviour.display_name = hostile.to_owned();
        behaviour.username = "\"><svg/onload=x>".to_owned();
    }
    let state = begin(&shop, &admin).await;
    let page = back(&shop, &format!("code=c&state={state}")).await;
    assert_eq!(page.status, 200, "{}", page.text);
    assert!(page.text.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{}", page.text);
    assert!(!page.text.contains('\u{202e}') && !page.text.contains("<svg"));
    assert_eq!(linked(&shop).await, [ACCOUNT]);
}

async fn a_profile_that_cannot_be_read_stops_nothing(database: TestDatabase) {
    let (shop, admin) = ready(database).await;
    shop.tiktok.behaviour().profile_failures = 100;
    let state = begin(&shop, &admin).await;
    assert!(back(&shop, &format!("code=1&state={state}")).await.text.contains("The account is linked"));
    assert_eq!(shop.trail().await.last().unwrap(), "Dao's desktop account.linked _000canaryshop");
    // The next link reads it; one that cannot read it again leaves what is known.
    for failures in [1, 100] {
        shop.tiktok.behaviour().profile_failures = failures;
        let state = begin(&shop, &admin).await;
        assert!(back(&shop, &format!("code={failures}x&state={state}")).await.text.contains("@shop_a"));
    }
}

async fn looking_ahead_uses_nothing_up(database: TestDatabase) {
    let (shop, admin) = ready(database).await;
    let state = begin(&shop, &admin).await;
    let url = format!("{}/authorized?code=c&state={state}", shop.base);
    assert_eq!(shop.browse_with("HEAD", &url, ("accept", "*/*")).await.status, 405);
    assert_eq!(shop.browse_with("POST", &url, ("accept", "*/*")).await.status, 405);
    assert_eq!(shop.browse_with("GET", &url, ("sec-purpose", "prefetch;prerender")).await.status, 503);
    assert_eq!(shop.browse(&url).await.status, 200);
}

async fn an_unlinked_account_is_forgotten(database: TestDatabase) {
    let (shop, admin) = ready(database).await;
    let state = begin(&shop, &admin).await;
    assert_eq!(back(&shop, &format!("code=c&state={state}")).await.status, 200);
    let path = format!("{}/{ACCOUNT}", paths::ACCOUNTS);
    assert_eq!(shop.call("DELETE", &path, Some(&admin.token), None).await.status, 204);
    assert_eq!(shop.tiktok.behaviour().revoked, [ACCESS_TOKEN]);
    assert!(linked(&shop).await.is_empty());
    let kept = "SELECT CAST(count(*) AS BIGINT) AS n FROM account WHERE access_token IS NOT NULL
                OR refresh_token IS NOT NULL";
    assert_eq!(shop.number(kept).await, 0);
    let events = shop.context.log.read(0, 10).await.unwrap();
    let wire::EventBody::Account(last) = &events.last().unwrap().body else { panic!("{events:?}") };
    assert_eq!(last.state, AccountState::Unlinked);
    assert_eq!(shop.trail().await.last().unwrap(), "Dao's desktop account.unlinked shop_a");
    for gone in [path.as_str(), "/v1/accounts/nobody", "/v1/accounts/a%00b"] {
        let answer = shop.call("DELETE", gone, Some(&admin.token), None).await;
        assert_eq!(answer.failure, FailureCode::NotFound.as_str(), "{gone}");
    }
}
