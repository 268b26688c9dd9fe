//! A conversation's messages.

use model::{ConversationId, MessageId};
use store::table::message::PageAnchor;
use ts_rs::TS;

use crate::command::Command;
use crate::read::Part;
use crate::view::MessagePage;
use crate::{Desk, Fault, FaultCode, read};

/// No screen shows more messages than this.
const MAX_MESSAGES: u32 = 200;

/// A stretch of messages: the newest, the oldest, or those before, after or around one.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListMessages {
    /// The conversation.
    pub conversation: ConversationId,
    /// Only older ones than this.
    pub before: Option<MessageId>,
    /// Only newer ones than this; not together with `before`.
    pub after: Option<MessageId>,
    /// This one in its place; not together with `before` or `after`.
    #[serde(default)]
    #[ts(optional)]
    pub around: Option<MessageId>,
    /// The oldest; not together with any of these.
    #[serde(default)]
    #[ts(optional)]
    pub oldest: Option<bool>,
    /// How many at most; 200 is the most.
    pub limit: u32,
    /// What is searched for: where it stands is marked.
    #[serde(default)]
    #[ts(optional)]
    pub find: Option<String>,
}

impl Command for ListMessages {
    type Reply = MessagePage;

    async fn run(self, desk: &Desk) -> Result<MessagePage, Fault> {
        let part = match (self.before, self.after, self.around, self.oldest.unwrap_or(false)) {
            (None, None, None, false) => Part::PageAnchor(PageAnchor::Newest),
            (None, None, None, true) => Part::PageAnchor(PageAnchor::Oldest),
            (Some(id), None, None, false) => Part::PageAnchor(PageAnchor::Before(id)),
            (None, Some(id), None, false) => Part::PageAnchor(PageAnchor::After(id)),
            (None, None, Some(id), false) => Part::Around(id),
            _ => return Err(Fault::with_detail(FaultCode::BadRequest, "before, after, around and oldest")),
        };
        let (id, limit, find) = (self.conversation, self.limit.clamp(1, MAX_MESSAGES), self.find);
        Ok(desk.store().read(move |sql| read::message_page(sql, id, part, limit, find.as_deref())).await?)
    }
}
