//! What is passed on, and what is not.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::json;
use tiktok::business::conversation::{ConversationKind, ListConversations};
use tiktok::business::message::{Outgoing, SendMessage};
use tiktok::{AccessToken, Client, Endpoints, RateLimit};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use wire::event::{AccountState, Page};
use wire::{EventBody, FailureCode};

use super::fake::PAGE;
use super::shop::{ACCOUNT, CONVERSATION, Got, Shop, text, token};
use crate::accounts;
use crate::testing::{TestDatabase, number, on_both_engines, until};

on_both_engines!(
    an_answer_goes_back_as_it_came,
    the_desktops_client_works_unchanged,
    only_a_known_device_reaches_a_linked_account,
    forged_paths_reach_nobody,
    an_agent_changes_no_automatic_message,
    a_body_that_is_too_long_is_not_passed_on,
    an_answer_that_is_too_long_or_elsewhere_is_told_as_it_is,
    a_stale_token_is_renewed_once_and_the_call_made_again,
    only_a_new_link_mends_a_token_that_stays_stale,
    a_limit_of_tiktoks_stops_everyone,
    a_page_is_in_the_log_once,
);

const LIST: &str = "/v1/tiktok/business/message/conversation/list/";
const CREATE: &str = "/v1/tiktok/business/message/auto_message/create/";

async fn an_answer_goes_back_as_it_came(database: TestDatabase) {
    let shop = Shop::open(database).await;
    let query = "business_id=_000shop&conversation_type=SINGLE&limit=100&fields=%5B%22a%22%5D&cursor=+%2B";
    let request = shop.http.get(format!("{}{LIST}?{query}", shop.url)).header("access-token", token("nok"));
    let request = request.header("cookie", "a=b").header("x-forwarded-for", "1.2.3.4").header("referer", "https://x/");
    let got = Got::of(request.header("deskbell-priority", "background").send().await.unwrap()).await;
    assert_eq!((got.status, &*got.body), (StatusCode::OK, PAGE.as_bytes()));
    assert_eq!(got.headers["content-type"], "application/json; charset=utf-8");
    assert_eq!(got.headers["x-tt-logid"], "log-7");
    assert!(got.headers.contains_key("date"));
    for name in ["set-cookie", "location", wire::headers::FAILURE] {
        assert!(!got.headers.contains_key(name), "{name}");
    }
    let asked = shop.tiktok.lock().requests.pop().unwrap();
    assert_eq!(
        (asked.method.as_str(), asked.path.as_str()),
        ("GET", "/open_api/v1.3/business/message/conversation/list/")
    );
    assert_eq!(asked.query.as_deref(), Some(query));
    assert_eq!(asked.headers["access-token"], "act.canary-0");
    for name in ["cookie", "x-forwarded-for", "referer", "authorization", "deskbell-priority"] {
        assert!(!asked.headers.contains_key(name), "{name}");
    }
    let body = "{ \"business_id\":\"_000shop\",\n\"conversation_id\":\"c\",\"media_id\":12345678901234567890123, \"x\":\"\\u00e9\"}";
    let request = shop.http.post(format!("{}/v1/tiktok/business/message/media/download/", shop.url));
    let request = request.bearer_auth(token("nok")).header("content-type", "application/json; v=1").body(body);
    assert_eq!(Got::of(request.send().await.unwrap()).await.status, StatusCode::OK);
    let asked = shop.tiktok.lock().requests.pop().unwrap();
    assert_eq!(&*asked.body, body.as_bytes(), "byte for byte");
    assert_eq!(asked.headers["content-type"], "application/json; v=1");
}

async fn the_desktops_client_works_unchanged(database: TestDatabase) {
    let shop = Shop::open(database).await;
    let file = json!({
        "authorize": &shop.url, "login_kit": &shop.url, "business": format!("{}/v1/tiktok/", shop.url),
    });
    let client = Client::new(Endpoints::from_json(&file.to_string()).unwrap()).unwrap();
    let list =
        ListConversations { business_id: ACCOUNT.to_owned(), kind: ConversationKind::Single, limit: 100, cursor: None };
    let page = client.call(&AccessToken::new(token("nok")), list.clone()).await.unwrap();
    assert_eq!(page.conversations[0].conversation_id, CONVERSATION);
    let typing = SendMessage {
        business_id: ACCOUNT.to_owned(),
        conversation_id: CONVERSATION.to_owned(),
        body: Outgoing::Typing,
    };
    client.call(&AccessToken::new(token("nok")), typing).await.unwrap();
    assert!(shop.tiktok.ledger().is_empty() && shop.sent_events().await.is_empty(), "a sign is no message");
    let refused = client.call(&AccessToken::new(token("stranger")), list).await.unwrap_err();
    assert_eq!(refused.code(), None, "the relay's own failure has no code of TikTok's: {refused}");
}

async fn only_a_known_device_reaches_a_linked_account(database: TestDatabase) {
    let shop = Shop::open(database).await;
    let query = "business_id=_000shop";
    assert_eq!(shop.get("stranger", &format!("{LIST}?{query}")).await.code(), Some(FailureCode::NotPaired));
    let nobody = Got::of(shop.http.get(format!("{}{LIST}?{query}", shop.url)).send().await.unwrap()).await;
    assert_eq!(nobody.code(), Some(FailureCode::NotPaired));
    for (query, expected) in [
        ("business_id=_000other", FailureCode::NeedsLinking),
        ("business_id=_000shop&business_id=_000other", FailureCode::BadRequest),
        ("", FailureCode::BadRequest),
    ] {
        assert_eq!(shop.get("nok", &format!("{LIST}?{query}")).await.code(), Some(expected), "{query}");
    }
    let other = json!({ "business_id": "_000other", "media_id": "m" });
    let got = shop.post("nok", "/v1/tiktok/business/message/media/download/", &other).await;
    assert_eq!(got.code(), Some(FailureCode::NeedsLinking));
    let with_query = "/v1/tiktok/business/message/media/download/?business_id=_000other";
    assert_eq!(shop.post("nok", with_query, &text("hello")).await.code(), Some(FailureCode::BadRequest));
    accounts::set_needs_linking(&shop.context, ACCOUNT).await.unwrap();
    assert_eq!(shop.get("nok", &format!("{LIST}?business_id=_000shop")).await.code(), Some(FailureCode::NeedsLinking));
    assert!(shop.tiktok.lock().requests.is_empty());
}

async fn forged_paths_reach_nobody(database: TestDatabase) {
    let shop = Shop::open(database).await;
    let host = shop.url.strip_prefix("http://").unwrap().to_owned();
    for target in [
        "/v1/tiktok/business/message/conversation/../../tt_user/token_info/get/".to_owned(),
        "/v1/tiktok/../tiktok/business/message/conversation/list/".to_owned(),
        "/v1/tiktok//business/message/conversation/list/".to_owned(),
        "/v1/tiktok/business/message/conversation//list/".to_owned(),
        "/v1/tiktok/business/message/conversation/list".to_owned(),
        "/v1/tiktok/business/message/conversation/list/%2e%2e/".to_owned(),
        "/v1/tiktok/business%2fmessage/conversation/list/".to_owned(),
        "/v1/tiktok/business/message/conversation/%6cist/".to_owned(),
        "/v1/tiktok/http://evil.example/business/get/".to_owned(),
        "/v1/tiktok/@evil.example/business/get/".to_owned(),
        "/v1/tiktok/tt_user/oauth2/token/".to_owned(),
        "/v1/tiktok/business/webhook/list/".to_owned(),
        "/v1/tiktok/".to_owned(),
        format!("http://{host}/v1/tiktok/../../business/get/"),
        "http://evil.example/v1/tiktok/business/webhook/list/".to_owned(),
    ] {
        let mut stream = tokio::net::TcpStream::connect(&host).await.unwrap();
        let request = format!(
            "GET {target}?business_id=_000shop HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\r\n",
            token("boss")
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 404") || answer.starts_with("HTTP/1.1 400"), "{target}: {answer}");
    }
    for method in ["PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "POST"] {
        let request = shop.http.request(method.parse().unwrap(), format!("{}{LIST}?business_id=_000shop", shop.url));
        let got = request.bearer_auth(token("boss")).send().await.unwrap();
        assert_eq!(got.status(), StatusCode::NOT_FOUND, "{method}");
    }
    assert!(shop.tiktok.lock().requests.is_empty());
}

async fn an_agent_changes_no_automatic_message(database: TestDatabase) {
    let shop = Shop::open(database).await;
    let body = json!({ "business_id": ACCOUNT, "auto_message_type": "WELCOME_MESSAGE" });
    assert_eq!(shop.post("nok", CREATE, &body).await.code(), Some(FailureCode::NotAllowed));
    assert!(shop.tiktok.lock().requests.is_empty());
    assert_eq!(shop.post("boss", CREATE, &body).await.code(), None);
    let read = "/v1/tiktok/business/message/auto_message/get/?business_id=_000shop";
    assert_eq!(shop.get("nok", read).await.code(), None);
    assert_eq!(shop.tiktok.lock().requests.len(), 2);
}

async fn a_body_that_is_too_long_is_not_passed_on(database: TestDatabase) {
    let shop = Shop::open(database).await;
    let body = json!({ "business_id": ACCOUNT, "x": "y".repeat(1 << 20) });
    let got = shop.post("nok", "/v1/tiktok/business/message/media/download/", &body).await;
    assert_eq!(got.code(), Some(FailureCode::BadRequest));
    let body = json!({ "business_id": ACCOUNT, "x": "y".repeat((1 << 20) - 100) });
    assert_eq!(shop.post("nok", "/v1/tiktok/business/message/media/download/", &body).await.code(), None);
    assert_eq!(shop.tiktok.lock().requests.len(), 1);
}

async fn an_answer_that_is_too_long_or_elsewhere_is_told_as_it_is(database: TestDatabase) {
    let shop = Shop::open(database).await;
    let path = format!("{LIST}?business_id=_000shop");
    shop.tiktok.lock().page = "x".repeat((8 << 20) + 1);
    assert_eq!(shop.get("nok", &path).await.code(), Some(FailureCode::Unconfirmed));
    shop.tiktok.lock().page = "x".repeat(8 << 20);
    assert_eq!(shop.get("nok", &path).await.body.len(), 8 << 20);
    // A redirect is TikTok's answer; its address is neither followed nor passed back.
    shop.tiktok.fail(&[super::fake::Fault::TakenAs(302, "moved")]);
    let got = shop.send("nok", "k1", "hello").await;
    assert_eq!((got.status.as_u16(), got.code(), got.headers.contains_key("location")), (302, None, false));
    assert_eq!(shop.tiktok.ledger().len(), 1);
}

async fn a_stale_token_is_renewed_once_and_the_call_made_again(database: TestDatabase) {
    let shop = Shop::open(database).await;
    shop.tiktok.expire();
    let path = format!("{LIST}?business_id=_000shop");
    let calls = (0..10).map(|_| shop.get("nok", &path));
    for got in futures_util::future::join_all(calls).await {
        assert_eq!((got.code(), &*got.body), (None, PAGE.as_bytes()));
    }
    assert_eq!(shop.tiktok.lock().renewals, 1);
    assert_eq!(accounts::access(&shop.context, ACCOUNT).await.unwrap().expose(), "act.canary-1");
}

async fn only_a_new_link_mends_a_token_that_stays_stale(database: TestDatabase) {
    let shop = Shop::open(database).await;
    shop.tiktok.expire();
    let fault = super::fake::Fault::Refused(40_107, "Refresh token is incorrect.");
    shop.tiktok.lock().renewal_faults.push_back(fault);
    let path = format!("{LIST}?business_id=_000shop");
    assert_eq!(shop.get("nok", &path).await.code(), Some(FailureCode::NeedsLinking));
    assert_eq!(shop.get("nok", &path).await.code(), Some(FailureCode::NeedsLinking));
    let states = |events: Vec<EventBody>| {
        let state = |body| if let EventBody::Account(account) = body { Some(account.state) } else { None };
        events.into_iter().filter_map(state).collect::<Vec<_>>()
    };
    assert_eq!(states(shop.events().await), [AccountState::Linked, AccountState::NeedsLinking]);
    assert_eq!(accounts::list(&shop.context).await.unwrap()[0].state, AccountState::NeedsLinking);
    assert_eq!(shop.tiktok.lock().requests.len(), 1, "asked once, and not again without a link");
}

async fn a_limit_of_tiktoks_stops_everyone(database: TestDatabase) {
    let shop = Shop::open(database).await;
    shop.tiktok.lock().page = r#"{"code":40100,"message":"Too many requests: QPM exceeded","data":{}}"#.to_owned();
    let path = format!("{LIST}?business_id=_000shop");
    let got = shop.get("nok", &path).await;
    assert_eq!((got.status, got.code()), (StatusCode::OK, None), "the answer is TikTok's");
    let refused = shop.send("lek", "k1", "hello").await.failure().unwrap();
    assert_eq!(refused.code, FailureCode::SlowDown);
    let wait = Duration::from_millis(refused.retry_after_ms.unwrap());
    assert!(
        (Duration::from_secs(240)..=Duration::from_secs(300)).contains(&wait),
        "{wait:?} for {:?}",
        RateLimit::Minute
    );
    assert_eq!(shop.tiktok.lock().requests.len(), 1);
    assert_eq!(number(&shop.context.database, "SELECT CAST(count(*) AS BIGINT) AS n FROM send").await, 0);
}

async fn a_page_is_in_the_log_once(database: TestDatabase) {
    let shop = Shop::open(database).await;
    let pages = async || {
        let page = |body| if let EventBody::Page(page) = body { Some(page) } else { None };
        shop.events().await.into_iter().filter_map(page).collect::<Vec<Page>>()
    };
    let path = format!("{LIST}?conversation_type=SINGLE&business_id=_000shop&cursor=%2B");
    let before_ms = crate::clock::now_ms();
    for _ in 0..3 {
        shop.get("nok", &path).await;
    }
    shop.get("lek", &format!("{LIST}?conversation_type=STRANGER&business_id=_000shop")).await;
    until("two pages are kept", async || pages().await.len() == 2).await;
    shop.tiktok.lock().page = r#"{"code":40002,"message":"no","data":{"conversations":[]}}"#.to_owned();
    shop.get("nok", &path).await;
    shop.get("nok", "/v1/tiktok/business/get/?business_id=_000shop").await;
    shop.tiktok.lock().page = PAGE.replace("12345678901234567890", "12345678901234567891");
    shop.get("nok", &path).await;
    until("the page that moved is kept", async || pages().await.len() == 3).await;
    let pages = pages().await;
    assert_eq!(pages[0].path, "/business/message/conversation/list/");
    assert_eq!(
        pages[0].query,
        [("conversation_type", "SINGLE"), ("cursor", "+")].map(|(n, v)| (n.to_owned(), v.to_owned()))
    );
    let data = PAGE.split_once("\"data\":").unwrap().1.strip_suffix('}').unwrap();
    assert_eq!(pages[0].data, data, "as it came, to the last digit");
    // `Date` is cut to the second.
    assert!((before_ms - 2_000..=crate::clock::now_ms()).contains(&pages[0].asked_at_ms));
}
