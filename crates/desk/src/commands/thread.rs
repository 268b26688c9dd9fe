//! A conversation's messages.

use model::{ConversationId, MessageId};
use store::table::message::Stretch;
use ts_rs::TS;

use crate::contract::Command;
use crate::view::MessagePage;
use crate::{Desk, Fault, FaultCode, read};

/// No screen shows more messages than this.
const MOST_MESSAGES: u32 = 200;

/// A stretch of messages: the newest, or those before or after one.
#[derive(Debug, Clone, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListMessages {
    /// Which conversation.
    pub conversation: ConversationId,
    /// Only older ones than this.
    pub before: Option<MessageId>,
    /// Only newer ones than this; not together with `before`.
    pub after: Option<MessageId>,
    /// How many at most; 200 is the most.
    pub limit: u32,
}

impl Command for ListMessages {
    type Reply = MessagePage;

    async fn run(self, desk: &Desk) -> Result<MessagePage, Fault> {
        let stretch = match (self.before, self.after) {
            (None, None) => Stretch::Newest,
            (Some(id), None) => Stretch::Before(id),
            (None, Some(id)) => Stretch::After(id),
            (Some(_), Some(_)) => return Err(Fault::with_detail(FaultCode::BadRequest, "before and after")),
        };
        let (id, limit) = (self.conversation, self.limit.clamp(1, MOST_MESSAGES));
        Ok(desk.engine().store().read(move |sql| read::message_page(sql, id, stretch, limit)).await?)
    }
}
