//! Where TikTok sends its webhooks ("Webhook config").
//!
//! There is one address for an app, its accounts and all its installations: setting it replaces the one before, so
//! these calls are for the one relay that receives, not for trying something out. They are authorised by
//! the app's id and secret, not by an account's token.

use crate::{Client, Endpoint, Error, Safety, business::oauth::BusinessApp, lenient};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

/// All `im_*` events; TikTok subscribes to kinds of events, not to events.
const DIRECT_MESSAGE: &str = "DIRECT_MESSAGE";

/// The address that the app's direct messages are pushed to; `None` if there is none. It may be as good as a key.
///
/// # Errors
/// As any call; [`Error::Refused`] when the app's id or secret is wrong.
pub async fn callback(client: &Client, app: &BusinessApp) -> Result<Option<String>, Error> {
    let endpoint = List { app_id: app.app_id.clone(), secret: app.secret.expose().to_owned() };
    client.ask(None, &[app.secret.expose()], &endpoint).await.map(|reply| reply.callback_url)
}

/// Registers the address that the app's direct messages are pushed to, in place of any other. It must be https and
/// answer at once.
///
/// # Errors
/// As any call; [`Error::Refused`] when the address, the app's id or its secret is wrong.
pub async fn set_callback(client: &Client, app: &BusinessApp, callback_url: &str) -> Result<(), Error> {
    let body = json!({
        "app_id": app.app_id,
        "secret": app.secret.expose(),
        "event_type": DIRECT_MESSAGE,
        "callback_url": callback_url,
    });
    client.ask(None, &[app.secret.expose(), callback_url], &Update(body)).await.map(|_| ())
}

/// Removes the address: the app's direct messages are not pushed any more.
///
/// # Errors
/// As any call; [`Error::Refused`] when the app's id or secret is wrong.
pub async fn clear_callback(client: &Client, app: &BusinessApp) -> Result<(), Error> {
    let body = json!({ "app_id": app.app_id, "secret": app.secret.expose(), "event_type": DIRECT_MESSAGE });
    client.ask(None, &[app.secret.expose()], &Delete(body)).await.map(|_| ())
}

/// The secret stands in this call's query: nothing prints it, as no address is ever logged with its query.
struct List {
    app_id: String,
    secret: String,
}

struct Update(Value);
struct Delete(Value);

#[derive(Deserialize)]
struct CallbackReply {
    #[serde(default, deserialize_with = "lenient::optional_text")]
    callback_url: Option<String>,
}

impl Endpoint for List {
    const METHOD: Method = Method::GET;
    const PATH: &'static str = "/business/webhook/list/";
    const SAFETY: Safety = Safety::Repeatable;
    type Reply = CallbackReply;

    fn query(&self) -> Vec<(&'static str, String)> {
        vec![
            ("app_id", self.app_id.clone()),
            ("secret", self.secret.clone()),
            ("event_type", DIRECT_MESSAGE.to_owned()),
        ]
    }
}

impl Endpoint for Update {
    const METHOD: Method = Method::POST;
    const PATH: &'static str = "/business/webhook/update/";
    const SAFETY: Safety = Safety::Repeatable;
    type Reply = CallbackReply;

    fn body(&self) -> Option<Value> {
        Some(self.0.clone())
    }

    fn missing(&self, reply: &CallbackReply) -> Option<&'static str> {
        reply.callback_url.is_none().then_some("data.callback_url")
    }
}

impl Endpoint for Delete {
    const METHOD: Method = Method::POST;
    const PATH: &'static str = "/business/webhook/delete/";
    const SAFETY: Safety = Safety::Repeatable;
    type Reply = CallbackReply;

    fn body(&self) -> Option<Value> {
        Some(self.0.clone())
    }
}
