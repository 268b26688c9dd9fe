//! The addresses of webhooks (§4.10): one for each category, for all accounts of the app. A new one replaces the one
//! before, by whichever account.

use std::sync::Arc;

use axum::{body::Bytes, extract::State, http::Uri, response::Response};
use serde_json::{Value, json};
use url::{Host, Url};

use super::{
    answer::envelope,
    request::{body, param, query, text},
};
use crate::{push::DIRECT_MESSAGE, refusal::Refusal, stage::Stage};

/// Event names such as `im_receive_msg` are none.
const CATEGORIES: [&str; 4] = [DIRECT_MESSAGE, "COMMENT", "VIDEO", "BRAND_MENTION"];

/// `POST /business/webhook/update/`.
pub(crate) async fn update(State(stage): State<Arc<Stage>>, bytes: Bytes) -> Response {
    let outcome = body(&bytes).and_then(|body| {
        let category = asked(&stage, text(&body, "app_id")?, text(&body, "secret")?, text(&body, "event_type")?)?;
        let address = text(&body, "callback_url")?;
        if !may_be_called(address) {
            return Err(Refusal::param("callback_url"));
        }
        stage.pushes.register(category, address);
        Ok(entry(&stage, category))
    });
    envelope(&stage, outcome)
}

/// `GET /business/webhook/list/`: without a `callback_url` where none is registered.
pub(crate) async fn list(State(stage): State<Arc<Stage>>, uri: Uri) -> Response {
    let query = query(&uri);
    let named = || asked(&stage, param(&query, "app_id")?, param(&query, "secret")?, param(&query, "event_type")?);
    let outcome = named().map(|category| entry(&stage, category));
    envelope(&stage, outcome)
}

/// `POST /business/webhook/delete/`.
pub(crate) async fn delete(State(stage): State<Arc<Stage>>, bytes: Bytes) -> Response {
    let outcome = body(&bytes).and_then(|body| {
        let category = asked(&stage, text(&body, "app_id")?, text(&body, "secret")?, text(&body, "event_type")?)?;
        stage.pushes.forget(category);
        Ok(entry(&stage, category))
    });
    envelope(&stage, outcome)
}

/// The category an app asks about, if it is who it says it is. There is no token: the secret is enough.
fn asked(stage: &Stage, app_id: &str, secret: &str, event_type: &str) -> Result<&'static str, Refusal> {
    if app_id != stage.site.apps.business_app_id {
        return Err(Refusal::new(40113, "The app id or secret is incorrect, or the app is blocked"));
    }
    if secret != stage.site.apps.business_secret {
        return Err(Refusal::new(40101, "The app secret is incorrect"));
    }
    let known = CATEGORIES.into_iter().find(|category| *category == event_type);
    known.ok_or_else(|| Refusal::param("event_type"))
}

fn entry(stage: &Stage, category: &str) -> Value {
    let mut entry = json!({ "app_id": stage.site.apps.business_app_id, "event_type": category });
    if let (Some(entry), Some(address)) = (entry.as_object_mut(), stage.pushes.registered(category)) {
        entry.insert("callback_url".to_owned(), json!(address));
    }
    entry
}

/// TikTok takes https only (§6.3). Here plain http will do for this computer, and is the only one that is called: the
/// sandbox never leaves it.
fn may_be_called(address: &str) -> bool {
    let Ok(url) = Url::parse(address) else {
        return false;
    };
    let here = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    url.fragment().is_none() && (url.scheme() == "https" || (url.scheme() == "http" && here))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_https_or_on_this_computer() {
        for good in ["https://relay.deskbell.example/tiktok", "http://127.0.0.1:4700/hook", "http://localhost/h"] {
            assert!(may_be_called(good), "{good}");
        }
        for wrong in
            ["http://relay.deskbell.example/", "http://10.0.0.7/", "ftp://127.0.0.1/", "/hook", "https://a.b/#c"]
        {
            assert!(!may_be_called(wrong), "{wrong}");
        }
    }
}
