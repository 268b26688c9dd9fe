//! What the page is shown: screenfuls, never tables.

use model::{
    AccountId, AutoType, Card, Content, ConversationId, ConversationKind, Delivery, Direction, MarkRead, MessageId,
    Millis, Origin, PersonId, Refusal, ReplyWindow, ScheduledId, SendBudget, Snippet, Status, StopReason, Surface,
    TabCounts,
};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::Fault;

/// Everything the frame around the screens shows.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Overview {
    /// Whether this is Practice: the built-in sandbox instead of TikTok.
    pub practice: bool,
    /// Whether this host can start Practice.
    pub can_practice: bool,
    /// Linked accounts, in the order they were linked.
    pub accounts: Vec<AccountView>,
    /// Where secrets are kept.
    pub keychain: Keychain,
    /// The agent's settings.
    pub settings: Settings,
    /// The time by TikTok's clock, ms since the epoch; countdowns run on it.
    pub now_ms: Millis,
    /// Deskbell's version.
    pub version: String,
}

/// Where secrets are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Keychain {
    /// The system's keychain answers.
    System,
    /// No keychain answers, and the agent has not decided yet.
    Missing,
    /// No keychain answers, and the agent chose to keep secrets in memory until Deskbell ends.
    SessionOnly,
}

/// The agent's settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", default)]
pub struct Settings {
    /// Light, dark, or as the system.
    pub theme: Theme,
    /// Which key sends.
    pub send_key: SendKey,
    /// Whether closing the window keeps Deskbell in the tray.
    pub close_to_tray: bool,
    /// Whether to notify when a message arrives and the window is not focused.
    pub notify: bool,
    /// Whether the person panel is open.
    pub person_panel: bool,
    /// Whether a reply can be undone for five seconds before it goes out.
    pub undo: bool,
    /// Whether customers see that the agent is typing.
    pub typing: bool,
    /// The emoji used last, newest first.
    pub recent_emoji: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            theme: Theme::System,
            send_key: SendKey::Enter,
            close_to_tray: false,
            notify: true,
            person_panel: true,
            undo: true,
            typing: true,
            recent_emoji: Vec::new(),
        }
    }
}

/// Light, dark, or as the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Theme {
    /// As the system.
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

/// Which key sends a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum SendKey {
    /// Enter sends, Shift+Enter makes a new line.
    Enter,
    /// Ctrl+Enter (Cmd+Enter on macOS) sends, Enter makes a new line.
    CtrlEnter,
}

/// A linked account, with how it fares.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct AccountView {
    /// Its id.
    pub id: AccountId,
    /// Its @handle, without the @.
    pub handle: String,
    /// Its display name.
    pub display_name: String,
    /// Its avatar's key in the media vault.
    pub avatar: Option<String>,
    /// How it fares.
    pub health: Health,
    /// When TikTok was last asked with success, ms since the epoch.
    pub synced_at_ms: Option<Millis>,
    /// How far the first fetch has come; none once it is complete.
    pub backfill: Option<Backfill>,
    /// How many of its conversations wait for an answer.
    pub waiting: u32,
    /// When customers are told that their messages were read.
    pub mark_read: MarkRead,
    /// How many replies are to go out later.
    pub scheduled: u32,
}

/// How an account fares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "state", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Health {
    /// Messages arrive.
    Live,
    /// Not asked yet since Deskbell started.
    Starting,
    /// TikTok cannot be reached; tried again at the given time.
    Offline {
        /// Since when, ms since the epoch.
        since_ms: Millis,
        /// When the next attempt is made, ms since the epoch.
        retry_at_ms: Millis,
    },
    /// TikTok asked us to slow down.
    RateLimited {
        /// Until when, ms since the epoch.
        until_ms: Millis,
    },
    /// TikTok answers, but with errors.
    Unwell {
        /// Since when, ms since the epoch.
        since_ms: Millis,
        /// When the next attempt is made, ms since the epoch.
        retry_at_ms: Millis,
        /// TikTok's words.
        detail: String,
    },
    /// The access was revoked or has expired: link the account again. History and queue are untouched.
    Relink {
        /// TikTok's words, or ours when the keychain has no token.
        detail: String,
    },
}

/// How far the first fetch of an account's conversations has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Backfill {
    /// Conversations fetched.
    pub done: u32,
    /// Conversations TikTok listed.
    pub total: u32,
}

/// A window of the conversation list.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ConversationWindow {
    /// How many conversations the tab holds in all.
    pub total: u32,
    /// The number of the first row.
    pub offset: u32,
    /// The rows asked for.
    pub rows: Vec<ConversationRow>,
    /// How many conversations each tab holds.
    pub counts: TabCounts,
}

/// One row of the conversation list.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ConversationRow {
    /// Its id.
    pub id: ConversationId,
    /// The customer.
    pub person: PersonView,
    /// The last line; none while nothing was fetched.
    pub snippet: Option<Snippet>,
    /// Whether the last line is ours.
    pub snippet_from: Direction,
    /// When something last happened, ms since the epoch.
    pub last_at_ms: Millis,
    /// Messages the agent has not seen.
    pub unread: u32,
    /// Whether a customer's message is unanswered.
    pub waiting: bool,
    /// The reply window, once the customer has written.
    pub window: Option<ReplyWindow>,
    /// How many replies are left, once the customer has written.
    pub budget: Option<SendBudget>,
    /// How many replies are to go out later.
    pub scheduled: u32,
    /// Whether TikTok counts it as a message request.
    pub kind: ConversationKind,
    /// Open or done.
    pub status: Status,
    /// The draft's first line, if there is one.
    pub draft: Option<String>,
    /// Whether a message of ours was refused or is not confirmed.
    pub trouble: bool,
    /// Whether messages may be missing in it.
    pub has_gap: bool,
}

/// A customer as shown in rows and headers.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PersonView {
    /// Their id.
    pub id: PersonId,
    /// Their display name; empty if TikTok has not said.
    pub name: String,
    /// Their @handle without the @, if known.
    pub handle: Option<String>,
    /// A hue for the stand-in avatar, 0 to 359, the same for one person always.
    pub hue: u16,
    /// Their avatar's key in the media vault.
    pub avatar: Option<String>,
    /// Whether they follow the business, if TikTok said.
    pub is_follower: Option<bool>,
    /// When they first wrote, ms since the epoch, as far as Deskbell knows.
    pub first_contact_ms: Option<Millis>,
}

/// A conversation's header, and what surrounds its messages.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ConversationView {
    /// Its row, as the list shows it.
    pub row: ConversationRow,
    /// Which account it belongs to.
    pub account: AccountId,
    /// Where the customer came from.
    pub origin: Option<Origin>,
    /// What the agent has typed and attached so far.
    pub draft: DraftView,
    /// The card the agent has begun.
    pub card: Option<Card>,
    /// Replies to be sent later, soonest first.
    pub scheduled: Vec<ScheduledView>,
    /// Whether TikTok takes pictures here; none while it was not asked.
    pub images: Option<bool>,
}

/// What an agent has typed and attached so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct DraftView {
    /// The whole text.
    pub body: String,
    /// The message it quotes.
    pub quoted: Option<Quoted>,
    /// The picture that goes with it.
    pub attachment: Option<Attachment>,
}

/// A picture ready to be sent: upright, without metadata, JPEG or PNG, small enough for TikTok.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Attachment {
    /// Its key in the media vault.
    pub key: String,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Size in bytes.
    pub size: u32,
    /// Whether it is the first picture of an animation, which TikTok does not take whole. Only said when attaching.
    pub first_frame: bool,
}

/// A reply to be sent later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ScheduledView {
    /// Its id.
    pub id: ScheduledId,
    /// To whom.
    pub conversation: ConversationId,
    /// The customer's name; empty if TikTok has not said.
    pub name: String,
    /// The text; empty for a picture alone.
    pub body: String,
    /// The message it quotes.
    pub quoted: Option<Quoted>,
    /// The picture that goes with it.
    pub attachment: Option<Attachment>,
    /// When it is to go out, ms since the epoch.
    pub at_ms: Millis,
    /// Why it did not go out at its time: the agent decides.
    pub stopped: Option<StopReason>,
}

/// Everything Deskbell knows about why a message is not sent.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct WhyView {
    /// How far it has come.
    pub delivery: Delivery,
    /// TikTok's no, if it said so.
    pub refusal: Option<Refusal>,
    /// Every attempt, oldest first.
    pub attempts: Vec<AttemptView>,
    /// How often the conversation was read since the newest attempt without finding the message.
    pub checks: u32,
}

/// One attempt to send a message.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct AttemptView {
    /// When the call began, by TikTok's clock.
    pub started_at_ms: Millis,
    /// When its outcome was known; none if Deskbell ended meanwhile.
    pub ended_at_ms: Option<Millis>,
    /// What came of it.
    pub outcome: AttemptOutcome,
    /// TikTok's code, if it said one.
    pub code: Option<i64>,
    /// TikTok's words, or the system's.
    pub message: String,
    /// The id of the request, for TikTok's support.
    pub request_id: Option<String>,
    /// The answer as it came, shortened, secrets taken out.
    pub answer: Option<String>,
}

/// What came of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum AttemptOutcome {
    /// Deskbell ended before the answer came.
    Interrupted,
    /// TikTok has it.
    Sent,
    /// Certainly not taken; tried again.
    NotTaken,
    /// TikTok said no.
    Refused,
    /// The answer did not say.
    Unknown,
}

/// The account's own posts, newest first, as last fetched.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PostPage {
    /// The posts.
    pub posts: Vec<PostView>,
    /// When TikTok was last asked for them; none if never.
    pub fetched_at_ms: Option<Millis>,
}

/// One of the account's own posts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PostView {
    /// TikTok's `item_id`.
    pub item_id: String,
    /// Its caption.
    pub caption: String,
    /// Its cover's key in the media vault.
    pub cover: Option<String>,
    /// When it was posted, ms since the epoch, if said.
    pub posted_at_ms: Option<Millis>,
}

/// A stretch of a conversation's messages, oldest first.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct MessagePage {
    /// The messages, oldest first.
    pub messages: Vec<MessageView>,
    /// Where messages may be missing between two of them.
    pub gaps: Vec<GapView>,
    /// Whether there are older ones here.
    pub has_older: bool,
    /// Whether there are newer ones here.
    pub has_newer: bool,
}

/// Messages may be missing in the stretch before this message.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct GapView {
    /// The first message after the gap.
    pub before: MessageId,
    /// Whether this is the start of what TikTok still had when the account was linked, not a hole between two messages.
    pub at_start: bool,
}

/// One message.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct MessageView {
    /// Its id; stays the same when TikTok confirms it.
    pub id: MessageId,
    /// Who wrote it.
    pub direction: Direction,
    /// When, ms since the epoch, by TikTok's clock.
    pub sent_at_ms: Millis,
    /// Through what it was sent.
    pub surface: Surface,
    /// Which automatic message it is, if one.
    pub auto: Option<AutoType>,
    /// What is in it.
    pub content: Content,
    /// The account's own post that it shares, if it is known.
    pub post: Option<PostView>,
    /// The message it quotes.
    pub quoted: Option<Quoted>,
    /// How far it has come, for ours.
    pub delivery: Option<Delivery>,
    /// Emoji the two sides put on it.
    pub reactions: Vec<String>,
}

/// A quoted message, in one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Quoted {
    /// The quoted message, if we hold it.
    pub id: Option<MessageId>,
    /// Who wrote it, if we hold it.
    pub from: Option<Direction>,
    /// Its last line, if we hold it.
    pub snippet: Option<Snippet>,
}

/// How far linking an account has come.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LinkView {
    /// The Login Kit app's client key, if typed before. Its secret is never shown.
    pub login_client_key: Option<String>,
    /// The Business app's id, if typed before. Its secret is never shown.
    pub business_app_id: Option<String>,
    /// The Business app's registered redirect address, if typed before.
    pub business_redirect_uri: Option<String>,
    /// Whether the app was said to be approved for listing the account's posts.
    pub may_list_posts: bool,
    /// The address to register for Login Kit.
    pub login_redirect_uri: String,
    /// Which step it is at.
    pub step: LinkStep,
    /// Who signed in with Login Kit, once done.
    pub signed_in_as: Option<LinkedProfile>,
    /// Why the last attempt ended without success.
    pub fault: Option<Fault>,
}

/// The step linking is at.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(tag = "step", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum LinkStep {
    /// The credentials of the two apps are needed.
    Credentials,
    /// Ready to sign in with Login Kit.
    SignIn,
    /// The browser is at Login Kit's page.
    SigningIn {
        /// When we stop waiting, ms since the epoch.
        until_ms: Millis,
        /// The address the browser was sent to, for copying.
        address: String,
    },
    /// Ready to ask for the Business permissions.
    Authorise,
    /// The browser is at the Business permissions page, or has landed on the registered address.
    Authorising {
        /// When we stop waiting, ms since the epoch.
        until_ms: Millis,
        /// The address the browser was sent to, for copying.
        address: String,
    },
    /// TikTok gave access to this account: is it the right one?
    Confirm {
        /// The account.
        profile: LinkedProfile,
        /// Whether it is linked already, so that confirming renews its access.
        relink: bool,
    },
}

/// A TikTok profile shown while linking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LinkedProfile {
    /// The @handle without the @; empty if TikTok did not say.
    pub handle: String,
    /// The display name.
    pub display_name: String,
    /// The avatar's key in the media vault.
    pub avatar: Option<String>,
}
