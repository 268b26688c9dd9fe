//! Comment-to-Message: whether comments of high intent may be answered by message ("Comment-to-Message").
//!
//! TikTok offers it to accounts registered in Vietnam, Indonesia and Thailand. The answer itself is
//! [`super::message::AnswerComment`]; the comments come by webhook alone. The owner can also switch it in TikTok's
//! app, which no webhook tells.

use super::auto_message::OperationStatus;
use crate::{Endpoint, Safety, lenient};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

/// The only `direct_reply_type` there is.
const COMMENT_TO_MESSAGE: &str = "COMMENT_TO_MESSAGE";

/// Asks whether Comment-to-Message is on.
#[derive(Debug, Clone)]
pub struct GetDirectReply {
    /// The account.
    pub business_id: String,
}

/// Switches Comment-to-Message on or off.
#[derive(Debug, Clone)]
pub struct SetDirectReply {
    /// The account.
    pub business_id: String,
    /// On or off.
    pub enabled: bool,
}

/// Whether comments may be answered by message.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "DirectReplyWire")]
pub struct DirectReply {
    /// Whether it is on; `None` when TikTok did not say, as when it was switched.
    pub status: Option<OperationStatus>,
}

impl Endpoint for GetDirectReply {
    const METHOD: Method = Method::GET;
    const PATH: &'static str = "/business/message/direct_reply/get/";
    const SAFETY: Safety = Safety::Repeatable;
    type Reply = DirectReply;

    fn query(&self) -> Vec<(&'static str, String)> {
        vec![("business_id", self.business_id.clone()), ("direct_reply_type", COMMENT_TO_MESSAGE.to_owned())]
    }

    fn missing(&self, reply: &DirectReply) -> Option<&'static str> {
        reply.status.is_none().then_some("data.operation_status")
    }
}

impl Endpoint for SetDirectReply {
    const METHOD: Method = Method::POST;
    const PATH: &'static str = "/business/message/direct_reply/update/";
    const SAFETY: Safety = Safety::Repeatable;
    type Reply = DirectReply;

    fn body(&self) -> Option<Value> {
        Some(json!({
            "business_id": self.business_id,
            "direct_reply_type": COMMENT_TO_MESSAGE,
            "operation_status": OperationStatus::of(self.enabled).as_str(),
        }))
    }
}

#[derive(Deserialize)]
struct DirectReplyWire {
    #[serde(default, deserialize_with = "lenient::optional_text")]
    operation_status: Option<String>,
}

impl From<DirectReplyWire> for DirectReply {
    fn from(wire: DirectReplyWire) -> Self {
        Self { status: wire.operation_status.map(|word| OperationStatus::read(&word)) }
    }
}
