//! What may be sent into a conversation ("Capabilities"): it depends on both sides' countries, so it is asked.

use super::conversation::ConversationKind;
use crate::{Endpoint, Safety, lenient::Fields};
use reqwest::Method;
use serde::Deserialize;
use serde_json::value::RawValue;

/// Asks whether images can be sent into a conversation.
#[derive(Debug, Clone)]
pub struct GetCapabilities {
    /// The account.
    pub business_id: String,
    /// The conversation.
    pub conversation_id: String,
    /// The list the conversation is on.
    pub kind: ConversationKind,
}

/// The kinds of messages that may be sent into a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "CapabilitiesWire")]
pub struct Capabilities {
    /// Whether images can be sent; `None` when TikTok did not say.
    pub image_send: Option<bool>,
}

impl Endpoint for GetCapabilities {
    const METHOD: Method = Method::GET;
    const PATH: &'static str = "/business/message/capabilities/get/";
    const SAFETY: Safety = Safety::Repeatable;
    type Reply = Capabilities;

    fn query(&self) -> Vec<(&'static str, String)> {
        vec![
            ("business_id", self.business_id.clone()),
            ("capability_types", r#"["IMAGE_SEND"]"#.to_owned()),
            ("conversation_id", self.conversation_id.clone()),
            ("conversation_type", self.kind.as_str().to_owned()),
        ]
    }
}

#[derive(Deserialize)]
struct CapabilitiesWire {
    #[serde(default)]
    capability_infos: Option<Vec<Box<RawValue>>>,
}

impl From<CapabilitiesWire> for Capabilities {
    fn from(wire: CapabilitiesWire) -> Self {
        let infos = wire.capability_infos.unwrap_or_default();
        let image_send = infos
            .iter()
            .filter_map(|raw| Fields::read(raw))
            .find(|info| info.text("capability_type").as_deref() == Some("IMAGE_SEND"))
            .and_then(|info| info.flag("capability_result"));
        Self { image_send }
    }
}
