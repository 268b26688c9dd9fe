//! The person behind a login ("User info").

use crate::{
    AccessToken, Client, Error, Method, Safety,
    client::read,
    endpoints, error,
    error::UnknownWhy,
    lenient::{self, Fields},
    transport::{self, OutgoingRequest},
};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::fmt;
use tracing::Instrument;

const PATH: &str = "/v2/user/info/";

/// A person, as far as `user.info.basic` tells. `Debug` leaves the name out.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct User {
    /// The person, to this app only.
    #[serde(deserialize_with = "lenient::required_text")]
    pub open_id: String,
    /// The person, to all apps of one developer.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub union_id: Option<String>,
    /// The name shown.
    #[serde(default, deserialize_with = "lenient::optional_name")]
    pub display_name: Option<String>,
    /// A link that dies: keep the image, not the link.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub avatar_url: Option<String>,
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User").field("open_id", &self.open_id).finish_non_exhaustive()
    }
}

/// Asks who the token's owner is. At most 600 times a minute.
///
/// # Errors
/// As any call; [`Error::Refresh`] when the token is no longer good.
pub async fn user_info(client: &Client, token: &AccessToken) -> Result<User, Error> {
    let mut url = endpoints::join(&client.endpoints().login_kit, PATH);
    url.query_pairs_mut().append_pair("fields", "open_id,union_id,display_name,avatar_url");
    let outgoing = OutgoingRequest {
        method: Method::GET,
        url,
        safety: Safety::Repeatable,
        header: Some(("authorization", format!("Bearer {}", token.expose()))),
        extra: Vec::new(),
        body: None,
    };
    let secrets = [token.expose()];
    async {
        let answer = client.transport().exchange(outgoing, &secrets).await;
        transport::note(answer.and_then(|answer| {
            let facts = error::login_kit(answer.status, answer.retry_after, &answer.text, &secrets)?;
            user(&answer.text).map_err(|why| facts.unknown(why))
        }))
    }
    .instrument(transport::span(&Method::GET, PATH))
    .await
}

pub(super) fn user(text: &str) -> Result<User, UnknownWhy> {
    let garbled = |path: &str| UnknownWhy::Garbled { path: path.to_owned() };
    let answer: &RawValue = serde_json::from_str(text).map_err(|_| garbled("."))?;
    let data = Fields::read(answer).and_then(|answer| answer.object("data")).ok_or_else(|| garbled("data"))?;
    let user = data.get("user").ok_or_else(|| garbled("data.user"))?;
    read(user, "data.user")
}
