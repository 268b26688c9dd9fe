//! Words on customers.

use model::{AccountId, ConversationId, TagId};
use store::table::tag;
use ts_rs::TS;

use crate::command::Command;
use crate::command::Done;
use crate::view::TagCount;
use crate::{Desk, Fault, read};

/// An account's tags, by name, for choosing.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListTags {
    /// The account.
    pub account: AccountId,
}

impl Command for ListTags {
    type Reply = Vec<TagCount>;

    async fn run(self, desk: &Desk) -> Result<Vec<TagCount>, Fault> {
        let account = self.account;
        let tags = desk.store().read(move |sql| tag::all(sql, account)).await?;
        Ok(tags.into_iter().map(|(tag, people)| TagCount { tag: read::tag_view(tag), people }).collect())
    }
}

/// Puts a tag on a conversation's customer, making it if it is new.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AddTag {
    /// The conversation.
    pub conversation: ConversationId,
    /// Its name; 40 characters are kept.
    pub name: String,
}

impl Command for AddTag {
    type Reply = Done;

    async fn run(self, desk: &Desk) -> Result<Done, Fault> {
        let Self { conversation, name } = self;
        desk.store().write(move |tx| tag::add(tx, conversation, &name)).await?;
        Ok(Done {})
    }
}

/// Takes a tag off a conversation's customer.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RemoveTag {
    /// The conversation.
    pub conversation: ConversationId,
    /// The tag.
    pub tag: TagId,
}

impl Command for RemoveTag {
    type Reply = Done;

    async fn run(self, desk: &Desk) -> Result<Done, Fault> {
        let Self { conversation, tag } = self;
        desk.store().write(move |tx| tag::remove(tx, conversation, tag)).await?;
        Ok(Done {})
    }
}
