//! What an endpoint of the Business API is made of.

use crate::transport::{Form, Safety};
use reqwest::Method;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// One thing the Business API can be asked: how to ask it, and what it answers.
pub trait Endpoint: Send + Sync {
    /// GET or POST; TikTok has nothing else.
    const METHOD: Method;
    /// From behind the version, with both slashes: `/business/message/send/`.
    const PATH: &'static str;
    /// Whether making the call twice does the thing twice.
    const SAFETY: Safety;
    /// The type of the answer's `data` on success.
    type Reply: DeserializeOwned + Send;

    /// Parameters behind the `?`; the client encodes them (`+` in a conversation id becomes `%2B`).
    fn query(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// The JSON body, where there is one.
    fn body(&self) -> Option<Value> {
        None
    }

    /// Named parts and a file in place of a JSON body. Asked for once per call, so a repeated call builds it anew.
    fn form(&self) -> Option<Form> {
        None
    }

    /// The path of what must be in a reply for it to prove success, if it is not there.
    fn missing(&self, _reply: &Self::Reply) -> Option<&'static str> {
        None
    }
}
