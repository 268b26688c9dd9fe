//! As much of TikTok as linking and webhook configuration need.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::body::Bytes;
use axum::extract::{OriginalUri, State};
use axum::response::IntoResponse;
use axum::{Json, Router};
use serde_json::{Value, json};
use tiktok::{Client, Endpoints};

pub(super) const APP_ID: &str = "7000000000000000001";
pub(super) const APP_SECRET: &str = "canary-app-secret-0123456789";
pub(super) const ACCESS_TOKEN: &str = "act.canary-access-token";
pub(super) const REFRESH_TOKEN: &str = "rft.canary-refresh-token";
pub(super) const ACCOUNT: &str = "_000canaryshop";
const ALL_SCOPES: &str = "user.info.basic,user.info.username,message.list.read,message.list.send,message.list.manage";

/// A TikTok of a test.
#[derive(Clone)]
pub(super) struct FakeTikTok {
    pub(super) base: String,
    state: Arc<Mutex<Behaviour>>,
}

/// What it answers, and what it was asked.
pub(super) struct Behaviour {
    pub(super) secret: String,
    pub(super) account: String,
    pub(super) scope: String,
    pub(super) username: String,
    pub(super) display_name: String,
    /// How many more questions for a profile fail.
    pub(super) profile_failures: u32,
    pub(super) callback_url: Option<String>,
    pub(super) used_codes: BTreeSet<String>,
    pub(super) revoked: Vec<String>,
    pub(super) asked: Vec<String>,
    pub(super) redirect_uris: Vec<String>,
}

impl Behaviour {
    pub(super) fn asked_for(&self, path: &str) -> usize {
        self.asked.iter().filter(|asked| asked.ends_with(path)).count()
    }
}

impl FakeTikTok {
    pub(super) async fn start() -> Self {
        let state = Arc::new(Mutex::new(Behaviour {
            secret: APP_SECRET.to_owned(),
            account: ACCOUNT.to_owned(),
            scope: ALL_SCOPES.to_owned(),
            username: "shop_a".to_owned(),
            display_name: "Shop A".to_owned(),
            profile_failures: 0,
            callback_url: None,
            used_codes: BTreeSet::new(),
            revoked: Vec::new(),
            asked: Vec::new(),
            redirect_uris: Vec::new(),
        }));
        let router = Router::new().fallback(answer).with_state(Arc::clone(&state));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { base, state }
    }

    pub(super) fn behaviour(&self) -> MutexGuard<'_, Behaviour> {
        self.state.lock().unwrap()
    }

    pub(super) fn client(&self) -> Client {
        let base = &self.base;
        let file = json!({
            "authorize": format!("{base}/v2/auth/authorize/"),
            "login_kit": format!("{base}/"),
            "business": format!("{base}/open_api/v1.3/"),
        });
        Client::new(Endpoints::from_json(&file.to_string()).unwrap()).unwrap()
    }
}

fn refused(code: u32, message: &str) -> Value {
    json!({ "code": code, "message": message, "request_id": "1", "data": {} })
}

async fn answer(
    State(state): State<Arc<Mutex<Behaviour>>>,
    OriginalUri(uri): OriginalUri,
    body: Bytes,
) -> impl IntoResponse {
    let mut state = state.lock().unwrap();
    let path = uri.path().trim_start_matches("/open_api/v1.3").to_owned();
    state.asked.push(path.clone());
    let query: std::collections::BTreeMap<String, String> =
        url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    let body: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let text = |name: &str| {
        body.get(name)
            .and_then(Value::as_str)
            .map(str::to_owned)
            .or_else(|| query.get(name).cloned())
            .unwrap_or_default()
    };
    let secret = if text("client_secret").is_empty() { text("secret") } else { text("client_secret") };
    let names_app = !path.contains("/business/get/") && !path.contains("token_info");
    if names_app && secret != state.secret {
        return Json(refused(40101, "The app secret is incorrect"));
    }
    let data = match path.as_str() {
        "/tt_user/oauth2/token/" => {
            state.redirect_uris.push(text("redirect_uri"));
            if !state.used_codes.insert(text("auth_code")) {
                return Json(refused(40110, "The auth code is used or expired"));
            }
            json!({
                "access_token": ACCESS_TOKEN,
                "scope": state.scope,
                "expires_in": 86_400,
                "refresh_token": REFRESH_TOKEN,
                "refresh_token_expires_in": 31_536_000,
                "open_id": state.account,
            })
        }
        "/tt_user/oauth2/revoke/" => {
            state.revoked.push(text("access_token"));
            json!({})
        }
        "/business/get/" => {
            if state.profile_failures > 0 {
                state.profile_failures -= 1;
                return Json(refused(50_000, "System error"));
            }
            json!({ "username": state.username, "display_name": state.display_name, "profile_image": "https://p.example/a" })
        }
        "/business/webhook/list/" => callback(&state),
        "/business/webhook/update/" => {
            state.callback_url = Some(text("callback_url"));
            callback(&state)
        }
        "/business/webhook/delete/" => {
            state.callback_url = None;
            callback(&state)
        }
        other => return Json(refused(40_002, other)),
    };
    Json(json!({ "code": 0, "message": "OK", "request_id": "1", "data": data }))
}

fn callback(state: &Behaviour) -> Value {
    match &state.callback_url {
        Some(url) => json!({ "app_id": APP_ID, "event_type": "DIRECT_MESSAGE", "callback_url": url }),
        None => json!({ "app_id": APP_ID, "event_type": "DIRECT_MESSAGE" }),
    }
}
