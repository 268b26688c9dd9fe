//! Drafts and replies.

use engine::outbox::{DraftSource, SendRequest, SubmitOutcome};
use engine::scheduled;
use model::{Card, CardProblem, ConversationId, MessageId, Millis, Outgoing, ReplyText, TextProblem};
use serde::Serialize;
use store::table::{conversation, draft, post};
use ts_rs::TS;

use crate::command::Command;
use crate::command::Done;
use crate::view::SendDetails;
use crate::{Desk, Fault, FaultCode, read};

/// A reply is queued.
#[derive(Debug, Clone, Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Queued {
    /// Its messages, on screen at once: two for a picture with a text.
    pub messages: Vec<MessageId>,
    /// Until when it can be undone, ms since the epoch; none if it goes out at once.
    pub undo_until_ms: Option<Millis>,
}

/// Keeps what the agent has typed so far; an empty text without quote and picture removes the draft.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SaveDraft {
    /// The conversation.
    pub conversation: ConversationId,
    /// The text as it stands.
    pub body: String,
    /// The message it quotes.
    pub quoted: Option<MessageId>,
}

/// Keeps the card the agent has begun; an empty one removes it.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SaveCardDraft {
    /// The conversation.
    pub conversation: ConversationId,
    /// The card as it stands.
    pub card: Option<Card>,
}

/// Takes the picture off the draft. Pictures come on it by the host's `attach`, which takes bytes.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RemoveAttachment {
    /// The conversation.
    pub conversation: ConversationId,
}

/// Queues a reply and clears the draft. It is on disk when this answers. A picture goes before its text, as two messages.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SendReply {
    /// The conversation.
    pub conversation: ConversationId,
    /// The text; may be empty if there is a picture.
    pub body: String,
    /// The message it quotes; only with a text.
    pub quoted: Option<MessageId>,
    /// The key of the picture that goes with it.
    pub attachment: Option<String>,
    /// The newest message on screen when the agent pressed Send.
    pub seen: Option<MessageId>,
    /// Whether to send although a colleague has replied since.
    pub anyway: bool,
    /// Made up by the page for this press of Send: however often it arrives, it is queued once.
    pub key: String,
}

/// Queues a Q&A card and clears its draft.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SendCard {
    /// The conversation.
    pub conversation: ConversationId,
    /// The card.
    pub card: Card,
    /// The newest message on screen when the agent pressed Send.
    pub seen: Option<MessageId>,
    /// Whether to send although a colleague has replied since.
    pub anyway: bool,
    /// Made up by the page for this press of Send: however often it arrives, it is queued once.
    pub key: String,
}

/// Queues one of the account's own posts.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SendPost {
    /// The conversation.
    pub conversation: ConversationId,
    /// TikTok's `item_id`, or a link to the post.
    pub post: String,
    /// The newest message on screen when the agent pressed Send.
    pub seen: Option<MessageId>,
    /// Whether to send although a colleague has replied since.
    pub anyway: bool,
    /// Made up by the page for this press of Send: however often it arrives, it is queued once.
    pub key: String,
}

/// Takes back replies that are held: they go into the draft, with quote and picture.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UndoSend {
    /// Which ones: those of one press of Send.
    pub messages: Vec<MessageId>,
}

/// Sends held replies at once.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SendReplyNow {
    /// The messages.
    pub messages: Vec<MessageId>,
}

/// Changes the text of a reply that is held, queued, refused or stopped.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EditReply {
    /// The message.
    pub message: MessageId,
    /// The new text.
    pub body: String,
}

/// Moves a queued reply to another place among the queued replies of its conversation.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MoveReply {
    /// The message.
    pub message: MessageId,
    /// By how many places: -1 is one earlier.
    pub by: i32,
}

/// Sends a refused or stopped message once more, or an unconfirmed one, knowing that it may arrive twice.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ResendReply {
    /// The message.
    pub message: MessageId,
}

/// The agent has seen on the phone that an unconfirmed message arrived.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MarkReplyArrived {
    /// The message.
    pub message: MessageId,
}

/// Takes a held, queued, refused, stopped or unconfirmed message out of the outbox. What certainly did not go out goes back
/// into the draft.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DiscardReply {
    /// The message.
    pub message: MessageId,
}

/// Everything Deskbell knows about why a message is not sent.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GetSendDetails {
    /// The message.
    pub message: MessageId,
}

/// The agent is typing: the customer is told, at most every five seconds, if the settings say so.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SendTypingIndicator {
    /// The conversation.
    pub conversation: ConversationId,
}

/// Whether TikTok takes pictures in a conversation; asked once a day at most.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CheckImagePermission {
    /// The conversation.
    pub conversation: ConversationId,
}

impl Command for SaveDraft {
    type Reply = Done;

    async fn run(self, desk: &Desk) -> Result<Done, Fault> {
        let Self { conversation, body, quoted } = self;
        let now_ms = desk.engine().clock().now_ms();
        desk.store().write(move |tx| draft::write(tx, conversation, &body, quoted, now_ms)).await?;
        Ok(Done {})
    }
}

impl Command for SaveCardDraft {
    type Reply = Done;

    async fn run(self, desk: &Desk) -> Result<Done, Fault> {
        let Self { conversation, card } = self;
        let now_ms = desk.engine().clock().now_ms();
        desk.store().write(move |tx| draft::save_card(tx, conversation, card.as_ref(), now_ms)).await?;
        Ok(Done {})
    }
}

impl Command for RemoveAttachment {
    type Reply = Done;

    async fn run(self, desk: &Desk) -> Result<Done, Fault> {
        let conversation = self.conversation;
        let now_ms = desk.engine().clock().now_ms();
        desk.store().write(move |tx| draft::attach(tx, conversation, None, now_ms)).await?;
        Ok(Done {})
    }
}

/// A press of Send on its way to the outbox.
async fn press(desk: &Desk, new: SendRequest) -> Result<Queued, Fault> {
    let (pressed, undo_until_ms) = desk.engine().outbox().submit(new).await?;
    match pressed {
        SubmitOutcome::Queued(messages) => Ok(Queued { messages, undo_until_ms }),
        SubmitOutcome::ColleagueReplied(_) => Err(Fault::new(FaultCode::ColleagueReplied)),
        SubmitOutcome::NotQuotable => Err(Fault::new(FaultCode::QuoteNotAllowed)),
    }
}

/// The text of a reply, checked.
///
/// # Errors
/// `ReplyEmpty`, `ReplyTooLong`
pub(super) fn checked(typed: &str) -> Result<String, Fault> {
    match ReplyText::check(typed) {
        Ok(text) => Ok(text.into_string()),
        Err(TextProblem::Empty) => Err(Fault::new(FaultCode::ReplyEmpty)),
        Err(TextProblem::TooLong { chars }) => Err(Fault::with_detail(FaultCode::ReplyTooLong, chars.to_string())),
    }
}

/// A reply as typed, checked: a picture may go without words, and only words can quote.
///
/// # Errors
/// `ReplyEmpty`, `ReplyTooLong`, `QuoteNotAllowed`
pub(super) fn reply(body: &str, quoted: Option<MessageId>, attachment: Option<String>) -> Result<draft::Draft, Fault> {
    let body = match checked(body) {
        Err(fault) if fault.code == FaultCode::ReplyEmpty && attachment.is_some() => String::new(),
        other => other?,
    };
    if body.is_empty() && quoted.is_some() {
        return Err(Fault::new(FaultCode::QuoteNotAllowed));
    }
    Ok(draft::Draft { body, quoted, attachment })
}

impl Command for SendReply {
    type Reply = Queued;

    async fn run(self, desk: &Desk) -> Result<Queued, Fault> {
        let reply = reply(&self.body, self.quoted, self.attachment)?;
        let quoted = reply.quoted;
        let parts = desk.store().read(move |sql| scheduled::parts(sql, &reply)).await?;
        let undo = desk.settings().await.undo;
        let Self { conversation, seen, anyway, key, .. } = self;
        let key = Some(key).filter(|key| !key.is_empty());
        press(desk, SendRequest { conversation, parts, quoted, seen, anyway, key, clears: DraftSource::Reply, undo })
            .await
    }
}

impl Command for SendCard {
    type Reply = Queued;

    async fn run(self, desk: &Desk) -> Result<Queued, Fault> {
        let card = self.card.validated().map_err(|problem| {
            let detail = match problem {
                CardProblem::NoTitle => "noTitle",
                CardProblem::TitleTooLong => "titleTooLong",
                CardProblem::NoButtons => "noButtons",
                CardProblem::TooManyButtons => "tooManyButtons",
                CardProblem::ButtonTooLong => "buttonTooLong",
                CardProblem::SameButtons => "sameButtons",
            };
            Fault::with_detail(FaultCode::CardInvalid, detail)
        })?;
        let undo = desk.settings().await.undo;
        let Self { conversation, seen, anyway, key, .. } = self;
        let (parts, key) = (vec![Outgoing::Card { card }], Some(key).filter(|key| !key.is_empty()));
        press(
            desk,
            SendRequest { conversation, parts, quoted: None, seen, anyway, key, clears: DraftSource::Card, undo },
        )
        .await
    }
}

impl Command for SendPost {
    type Reply = Queued;

    async fn run(self, desk: &Desk) -> Result<Queued, Fault> {
        let item_id = item_id(&self.post).ok_or_else(|| Fault::new(FaultCode::PostInvalid))?;
        let (conversation, wanted) = (self.conversation, item_id.clone());
        let known = desk.store().read(move |sql| {
            let account = conversation::get(sql, conversation)?.account;
            post::find(sql, account, &wanted)
        });
        let embed_url = known.await?.map(|post| post.embed_url).unwrap_or_default();
        let undo = desk.settings().await.undo;
        let Self { conversation, seen, anyway, key, .. } = self;
        let (parts, key) = (vec![Outgoing::Post { item_id, embed_url }], Some(key).filter(|key| !key.is_empty()));
        press(
            desk,
            SendRequest { conversation, parts, quoted: None, seen, anyway, key, clears: DraftSource::Nothing, undo },
        )
        .await
    }
}

/// TikTok's `item_id` from what an agent chose or pasted: the number itself, or a link with it behind `/video/` or
/// `/photo/`.
fn item_id(text: &str) -> Option<String> {
    let text = text.trim();
    let digits = |part: &str| -> Option<String> {
        let id: String = part.chars().take_while(char::is_ascii_digit).collect();
        (10..=20).contains(&id.len()).then_some(id)
    };
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return digits(text);
    }
    ["/video/", "/photo/", "/embed/v2/"]
        .iter()
        .find_map(|before| text.split_once(before).and_then(|(_, id)| digits(id)))
}

impl Command for UndoSend {
    type Reply = Done;

    async fn run(self, desk: &Desk) -> Result<Done, Fault> {
        desk.engine().outbox().undo(self.messages).await?;
        Ok(Done {})
    }
}

impl Command for SendReplyNow {
    type Reply = Done;

    async fn run(self, desk: &Desk) -> Result<Done, Fault> {
        desk.engine().outbox().send_now(self.messages).await?;
        Ok(Done {})
    }
}

impl Command for EditReply {
    type Reply = Done;

    async fn run(self, desk: &Desk) -> Result<Done, Fault> {
        desk.engine().outbox().edit(self.message, checked(&self.body)?).await?;
        Ok(Done {})
    }
}

impl Command for MoveReply {
    type Reply = Done;

    async fn run(self, desk: &Desk) -> Result<Done, Fault> {
        desk.engine().outbox().move_by(self.message, self.by).await?;
        Ok(Done {})
    }
}

impl Command for ResendReply {
    type Reply = Done;

    async fn run(self, desk: &Desk) -> Result<Done, Fault> {
        desk.engine().outbox().send_again(self.message).await?;
        Ok(Done {})
    }
}

impl Command for MarkReplyArrived {
    type Reply = Done;

    async fn run(self, desk: &Desk) -> Result<Done, Fault> {
        desk.engine().outbox().mark_arrived(self.message).await?;
        Ok(Done {})
    }
}

impl Command for DiscardReply {
    type Reply = Done;

    async fn run(self, desk: &Desk) -> Result<Done, Fault> {
        desk.engine().outbox().discard(self.message).await?;
        Ok(Done {})
    }
}

impl Command for GetSendDetails {
    type Reply = SendDetails;

    async fn run(self, desk: &Desk) -> Result<SendDetails, Fault> {
        let message = self.message;
        Ok(desk.store().read(move |sql| read::why(sql, message)).await?)
    }
}

impl Command for SendTypingIndicator {
    type Reply = Done;

    async fn run(self, desk: &Desk) -> Result<Done, Fault> {
        if desk.settings().await.typing {
            desk.engine().presence().send_typing(self.conversation);
        }
        Ok(Done {})
    }
}

impl Command for CheckImagePermission {
    type Reply = Option<bool>;

    async fn run(self, desk: &Desk) -> Result<Option<bool>, Fault> {
        Ok(desk.engine().outbox().takes_images(self.conversation).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::item_id;

    #[test]
    fn a_post_is_known_by_its_number_or_by_any_link_to_it() {
        for text in [
            "7300000000000000001",
            "  https://www.tiktok.com/@maisonbloom/video/7300000000000000001?is_from_webapp=1 ",
            "https://www.tiktok.com/@maisonbloom/photo/7300000000000000001",
            "https://www.tiktok.com/embed/v2/7300000000000000001",
        ] {
            assert_eq!(item_id(text).as_deref(), Some("7300000000000000001"), "{text}");
        }
        for text in [
            "",
            "12",
            "hello",
            "https://vm.tiktok.com/ZM123/",
            "https://www.tiktok.com/@a/video/",
            "730000000000000000100000",
        ] {
            assert_eq!(item_id(text), None, "{text}");
        }
    }
}
