//! A bare client: it knows addresses and headers and nothing else.

use std::{sync::Once, time::Duration};

use reqwest::{
    Client, Response,
    multipart::{Form, Part},
    redirect::Policy,
};
use sandbox::{Config, Customer, Limits, Sandbox};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

pub(crate) const BASIC: &str = "user.info.basic";
pub(crate) const MESSAGING: &str =
    "user.info.basic,user.account.type,message.list.read,message.list.send,message.list.manage,video.list";
pub(crate) const VERIFIER: &str = "a-verifier-of-at-least-forty-three-characters_0123456789";
pub(crate) const CALLBACK: &str = "http://127.0.0.1:51234/callback/";

/// A sandbox, a client, and the tokens of a shop that agreed.
pub(crate) struct Desk {
    pub(crate) sandbox: Sandbox,
    pub(crate) http: Client,
    pub(crate) business_id: String,
    pub(crate) access: String,
    pub(crate) refresh: String,
}

pub(crate) fn http() -> Client {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
    Client::builder().redirect(Policy::none()).timeout(Duration::from_secs(20)).build().unwrap()
}

pub(crate) fn query_of(address: &str, name: &str) -> Option<String> {
    let url = url::Url::parse(address).unwrap();
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

pub(crate) fn hex_challenge(verifier: &str) -> String {
    Sha256::digest(verifier).iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn login_url(sandbox: &Sandbox, scope: &str, challenge: &str) -> String {
    let pairs = [
        ("client_key", sandbox.apps().login_client_key.as_str()),
        ("response_type", "code"),
        ("scope", scope),
        ("redirect_uri", CALLBACK),
        ("state", "the-state"),
        ("code_challenge", challenge),
        ("code_challenge_method", "S256"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    authorize(sandbox, &pairs)
}

pub(crate) fn business_url(sandbox: &Sandbox, scope: &str, state: &str) -> String {
    let apps = sandbox.apps();
    let pairs = [
        ("client_key", apps.business_app_id.as_str()),
        ("response_type", "code"),
        ("scope", scope),
        ("redirect_uri", apps.business_redirect_uri.as_str()),
        ("state", state),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    authorize(sandbox, &pairs)
}

pub(crate) fn authorize(sandbox: &Sandbox, pairs: &[(String, String)]) -> String {
    url::Url::parse_with_params(&format!("{}/v2/auth/authorize/", sandbox.base_url()), pairs).unwrap().into()
}

pub(crate) async fn json_of(response: Response) -> Value {
    assert_eq!(response.status(), 200);
    response.json().await.unwrap()
}

pub(crate) fn code_of(answer: &Value) -> i64 {
    answer["code"].as_i64().unwrap()
}

/// The id a send was answered with.
pub(crate) fn id_of(answer: &Value) -> String {
    answer["data"]["message"]["message_id"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

/// A small picture.
pub(crate) fn picture(format: image::ImageFormat) -> Vec<u8> {
    let mut file = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_pixel(12, 8, image::Rgb([200, 90, 40])).write_to(&mut file, format).unwrap();
    file.into_inner()
}

/// A sandbox without limits.
pub(crate) async fn unhurried(config: Config) -> Sandbox {
    Sandbox::start(Config { limits: Limits::NONE, ..config }).await.unwrap()
}

impl Desk {
    pub(crate) async fn linked() -> Desk {
        Desk::linked_to(unhurried(Config::default()).await).await
    }

    pub(crate) async fn linked_to(sandbox: Sandbox) -> Desk {
        Desk::linked_with(sandbox, MESSAGING).await
    }

    pub(crate) async fn linked_with(sandbox: Sandbox, scopes: &str) -> Desk {
        let http = http();
        let landed = sandbox.agree(&business_url(&sandbox, scopes, "s")).await.unwrap();
        let answer = exchange(&sandbox, &http, &query_of(&landed, "code").unwrap()).await;
        let data = &answer["data"];
        let text = |name: &str| data[name].as_str().unwrap_or_else(|| panic!("{name} in {answer}")).to_owned();
        Desk {
            business_id: text("open_id"),
            access: text("access_token"),
            refresh: text("refresh_token"),
            sandbox,
            http,
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}/open_api/v1.3/{path}", self.sandbox.base_url())
    }

    pub(crate) async fn get(&self, path: &str, query: &[(&str, &str)]) -> Value {
        let query = [&[("business_id", self.business_id.as_str())], query].concat();
        json_of(self.http.get(self.url(path)).header("Access-Token", &self.access).query(&query).send().await.unwrap())
            .await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Value {
        json_of(self.try_post(path, body).await.unwrap()).await
    }

    pub(crate) async fn try_post(&self, path: &str, body: &Value) -> reqwest::Result<Response> {
        self.http.post(self.url(path)).header("Access-Token", &self.access).json(body).send().await
    }

    pub(crate) fn text(&self, customer: &Customer, body: &str) -> Value {
        json!({
            "business_id": self.business_id, "recipient_type": "CONVERSATION",
            "recipient": customer.conversation_id(), "message_type": "TEXT", "text": { "body": body },
        })
    }

    /// Sends a text and gives back TikTok's code.
    pub(crate) async fn sends(&self, customer: &Customer, body: &str) -> i64 {
        code_of(&self.post("business/message/send/", &self.text(customer, body)).await)
    }

    /// Sends a message of any type, its blocks as given.
    pub(crate) async fn sends_block(&self, customer: &Customer, kind: &str, blocks: &Value) -> Value {
        let mut body = json!({
            "business_id": self.business_id, "recipient_type": "CONVERSATION",
            "recipient": customer.conversation_id(), "message_type": kind,
        });
        for (name, block) in blocks.as_object().unwrap() {
            body[name] = block.clone();
        }
        self.post("business/message/send/", &body).await
    }

    /// Uploads a file; gives back the whole answer.
    pub(crate) async fn uploads(&self, file: &[u8]) -> Value {
        let form = Form::new().text("business_id", self.business_id.clone()).text("media_type", "IMAGE");
        self.uploads_form(form.part("file", Part::bytes(file.to_vec()).file_name("picture"))).await
    }

    pub(crate) async fn uploads_form(&self, form: Form) -> Value {
        let request = self.http.post(self.url("business/message/media/upload/")).multipart(form);
        json_of(request.header("Access-Token", &self.access).send().await.unwrap()).await
    }

    /// Uploads an image and gives back its media id.
    pub(crate) async fn media_id(&self, file: &[u8]) -> String {
        let answer = self.uploads(file).await;
        answer["data"]["media_id"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    /// Uploads and sends an image; gives back TikTok's code.
    pub(crate) async fn sends_image(&self, customer: &Customer, file: &[u8]) -> i64 {
        let media_id = self.media_id(file).await;
        code_of(&self.sends_block(customer, "IMAGE", &json!({ "image": { "media_id": media_id } })).await)
    }

    /// The message of that id, as it is listed.
    pub(crate) async fn listed(&self, customer: &Customer, message_id: &str) -> Value {
        let all = self.messages(customer).await;
        all.iter().find(|message| message["message_id"] == message_id).unwrap_or_else(|| panic!("{all:?}")).clone()
    }

    pub(crate) async fn list(&self, kind: &str) -> Vec<String> {
        let answer = self.get("business/message/conversation/list/", &[("conversation_type", kind)]).await;
        let all = answer["data"]["conversations"].as_array().unwrap();
        all.iter().map(|entry| entry["conversation_id"].as_str().unwrap().to_owned()).collect()
    }

    pub(crate) async fn content(&self, customer: &Customer) -> Value {
        let id = customer.conversation_id();
        let answer = self.get("business/message/content/list/", &[("conversation_id", &id)]).await;
        assert_eq!(code_of(&answer), 0, "{answer}");
        answer["data"].clone()
    }

    pub(crate) async fn messages(&self, customer: &Customer) -> Vec<Value> {
        self.content(customer).await["messages"].as_array().unwrap().clone()
    }
}

pub(crate) async fn exchange(sandbox: &Sandbox, http: &Client, code: &str) -> Value {
    let apps = sandbox.apps();
    let body = json!({
        "client_id": apps.business_app_id, "client_secret": apps.business_secret, "grant_type": "authorization_code",
        "auth_code": code, "redirect_uri": apps.business_redirect_uri,
    });
    let url = format!("{}/open_api/v1.3/tt_user/oauth2/token/", sandbox.base_url());
    json_of(http.post(url).json(&body).send().await.unwrap()).await
}

pub(crate) async fn renew(sandbox: &Sandbox, http: &Client, refresh: &str) -> Value {
    let apps = sandbox.apps();
    let body = json!({
        "client_id": apps.business_app_id, "client_secret": apps.business_secret, "grant_type": "refresh_token",
        "refresh_token": refresh,
    });
    let url = format!("{}/open_api/v1.3/tt_user/oauth2/refresh_token/", sandbox.base_url());
    json_of(http.post(url).json(&body).send().await.unwrap()).await
}
