//! What the page is shown: screenfuls, never tables.

use model::{
    AccountId, AutoType, Card, Content, ConversationId, ConversationKind, Delivery, Direction, MarkRead, MediaState,
    MessageId, Millis, Origin, PersonId, Reaction, Refusal, ReplyWindow, ScheduledId, SendBudget, Snippet, SnippetKind,
    Status, StopReason, Surface, TabCounts, TagId,
};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

mod automatic;
mod rules;
mod saved;
mod triage;

pub use automatic::*;
pub use rules::*;
pub use saved::*;
pub use triage::*;

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
    /// What came of mending a damaged database; none once the agent has read it.
    pub repair: Option<RepairView>,
    /// Whether the database was found damaged while Deskbell runs: it is mended at the next start.
    pub damaged: bool,
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
    /// How much room pictures may take, in MiB, or 0 for any; beyond it those not looked at for longest are let go, if
    /// TikTok can be asked for them again.
    pub media_budget_mib: u32,
    /// How many computers answer with the same app's credential, 1 to 9: TikTok counts their calls together.
    pub computers: u32,
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
            media_budget_mib: 2_048,
            computers: 1,
        }
    }
}

impl Settings {
    /// How many bytes pictures may take; none for as many as they like, which is what zero says.
    pub(crate) fn media_budget(&self) -> Option<u64> {
        (self.media_budget_mib > 0).then_some(u64::from(self.media_budget_mib) * 1024 * 1024)
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
    /// How complete its history is.
    pub history: HistoryView,
    /// How long its access lasts.
    pub access: AccessView,
}

/// How complete an account's history is, claiming no more than is proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct HistoryView {
    /// Everything up to here was listed and fetched, but for the conversations counted below, ms since the epoch; none
    /// before the first whole listing.
    pub complete_to_ms: Option<Millis>,
    /// Conversations with a hole between two messages.
    pub gaps: u32,
    /// Conversations that TikTok lists and refuses to show.
    pub unreadable: u32,
}

/// How long an account's access lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct AccessView {
    /// When the access token ends, ms since the epoch; it is renewed by itself.
    pub access_ends_ms: Millis,
    /// When the refresh token ends, ms since the epoch: the account has to be linked again before.
    pub refresh_ends_ms: Millis,
    /// 7, 3 or 1 when the refresh token ends within so many days.
    pub warn_days: Option<u8>,
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
    /// Unlinked here: its history can be read, nothing is sent or received.
    Unlinked {
        /// Since when, ms since the epoch.
        since_ms: Millis,
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
    /// Whether the agent paused it; what is new is still fetched.
    pub paused: bool,
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
    /// Whether TikTok lists it and refuses to show it.
    pub unreadable: bool,
    /// Whose it is; none if nobody's.
    pub assignee: Option<AgentView>,
    /// Until when it is put away, ms since the epoch.
    pub snoozed_until_ms: Option<Millis>,
    /// The customer's tags, by name.
    pub tags: Vec<TagView>,
}

/// A word on customers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct TagView {
    /// Its id.
    pub id: TagId,
    /// As it was typed.
    pub name: String,
    /// A hue for its chip, 0 to 359, the same for one name always.
    pub hue: u16,
}

/// A tag of an account, for choosing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct TagCount {
    /// The tag.
    pub tag: TagView,
    /// How many customers have it.
    pub people: u32,
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
    /// The rule that sent it, by its name then.
    pub rule: Option<String>,
    /// What rules did because of it.
    pub firings: Vec<FiringNote>,
    /// What is in it.
    pub content: Content,
    /// The account's own post that it shares, if it is known.
    pub post: Option<PostView>,
    /// The message it quotes.
    pub quoted: Option<Quoted>,
    /// How far it has come, for ours.
    pub delivery: Option<Delivery>,
    /// Emoji the two sides put on it.
    pub reactions: Vec<Reaction>,
    /// Where what was searched for stands in its text; nothing if nothing was.
    pub marks: Vec<Mark>,
}

/// A stretch of a text that answers a search, in UTF-16 code units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Mark {
    /// Where it begins.
    pub start: u32,
    /// How long it is.
    pub len: u32,
}

/// What a search found.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SearchResults {
    /// Customers whose name or handle answers, those heard of last first.
    pub people: Vec<PersonHit>,
    /// Messages, best first.
    pub messages: Vec<MessageHit>,
    /// Operators that could not be followed.
    pub problems: Vec<SearchProblem>,
    /// How many messages there are to search, counted within the last minute.
    pub searched: u32,
    /// Whether the index is still being made: older messages may not be found yet.
    pub rebuilding: bool,
}

/// A customer found by name.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PersonHit {
    /// Their newest conversation.
    pub conversation: ConversationId,
    /// Whose customer they are.
    pub account: AccountId,
    /// The customer.
    pub person: PersonView,
    /// Where the name answers.
    pub marks: Vec<Mark>,
}

/// A message found.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct MessageHit {
    /// The message.
    pub id: MessageId,
    /// Its conversation.
    pub conversation: ConversationId,
    /// Its account.
    pub account: AccountId,
    /// The customer.
    pub person: PersonView,
    /// Who wrote it.
    pub direction: Direction,
    /// When, ms since the epoch.
    pub sent_at_ms: Millis,
    /// What kind of message it is.
    pub kind: SnippetKind,
    /// One line around the first match; empty if there are no words in it.
    pub excerpt: String,
    /// Where the excerpt answers.
    pub marks: Vec<Mark>,
}

/// An operator that could not be followed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SearchProblem {
    /// What is wrong with it.
    pub kind: SearchProblemKind,
    /// What stands after the operator.
    pub value: String,
}

/// What is wrong with an operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum SearchProblemKind {
    /// `from:` or `in:` somebody nobody is called.
    UnknownPerson,
    /// `tag:` that nobody has.
    UnknownTag,
    /// `before:`, `after:` or `on:` something that is no date.
    BadDate,
    /// `has:` something there is not.
    BadHas,
}

/// The messages of one conversation that answer a search.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadHits {
    /// The messages, newest first; 1,000 at most.
    pub hits: Vec<MessageId>,
    /// Whether there are more than that.
    pub more: bool,
}

/// Photos of a conversation, for the viewer.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PicturePage {
    /// The photos, oldest first.
    pub pictures: Vec<PictureView>,
    /// Whether there are older ones.
    pub has_older: bool,
    /// Whether there are newer ones.
    pub has_newer: bool,
}

/// A photo in a conversation.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PictureView {
    /// Its message.
    pub message: MessageId,
    /// Who sent it.
    pub direction: Direction,
    /// When, ms since the epoch.
    pub sent_at_ms: Millis,
    /// Whether its bytes are here.
    pub media: MediaState,
}

/// A file that was saved.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SavedFile {
    /// Where, as a person would say it: the folder's name and the file's.
    pub place: String,
}

/// How much room pictures take.
#[derive(Debug, Clone, Copy, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct MediaUsage {
    /// In bytes.
    pub bytes: u64,
    /// How many pictures.
    pub pictures: u32,
}

/// What became of an account's tokens.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct TokenEventView {
    /// When, ms since the epoch.
    pub at_ms: Millis,
    /// What.
    pub kind: TokenEventKind,
    /// TikTok's words, if it said any.
    pub detail: String,
}

/// What happened to a pair of tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum TokenEventKind {
    /// The account was linked, or linked again.
    Linked,
    /// A fresh pair was given.
    Refreshed,
    /// TikTok could not be asked for a fresh pair; it is tried again.
    Postponed,
    /// TikTok gives no fresh pair any more.
    Refused,
    /// The account was unlinked here.
    Unlinked,
}

/// What came of mending a damaged database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RepairView {
    /// When, ms since the epoch.
    pub at_ms: Millis,
    /// The folder, beside the data, that the damaged files were moved to.
    pub set_aside: String,
    /// Conversations that were kept.
    pub conversations: u32,
    /// Messages that were kept.
    pub messages: u32,
    /// Drafts that were kept.
    pub drafts: u32,
    /// Replies on their way, and those for later, that were kept.
    pub replies: u32,
    /// Whether something could not be read; it is fetched again as far as TikTok still lists it.
    pub lost: bool,
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
