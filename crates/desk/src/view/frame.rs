//! The frame around the screens: accounts and how they fare, settings, what was mended.

use model::{AccountId, MarkRead, Millis};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Everything the frame around the screens shows.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
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
    /// The tables in which a value could not be read since Deskbell was started: that row is shown without it, or left out.
    pub unreadable: Vec<String>,
    /// Whether this host can start Deskbell again by itself.
    pub can_restart: bool,
}

/// Where secrets are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Keychain {
    /// The system's keychain answers.
    System,
    /// No keychain answers, and the agent has not decided yet.
    Missing,
    /// No keychain answers, and the agent chose to keep secrets in memory until Deskbell ends.
    SessionOnly,
}

/// What closing Deskbell would hold up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Departure {
    /// Whether the agent has asked to close Deskbell and has not been answered.
    pub asked: bool,
    /// Replies that can still be undone: closing sends them at once.
    pub held: u32,
    /// Replies that wait to be sent, are being sent or are being looked for.
    pub on_the_way: u32,
    /// Replies that wait for the agent's decision.
    pub to_decide: u32,
    /// Replies scheduled for later.
    pub scheduled: u32,
    /// When the first of those is due, ms since the epoch.
    pub next_scheduled_ms: Option<Millis>,
    /// Whether rules answer on this computer.
    pub rules: bool,
    /// Whether Deskbell can go on in the tray.
    pub tray: bool,
}

/// The agent's settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", default)]
pub struct Settings {
    /// Light, dark, or as the system.
    pub theme: Theme,
    /// Which key sends.
    pub send_key: SendKey,
    /// Whether closing the window keeps Deskbell in the tray, where there is one.
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
    /// Warnings that an account's access ends soon which the agent has put away, at most one for each account.
    pub access_put_away: Vec<AccessPutAway>,
}

/// A warning that an account's access ends soon. Put away, it stays so across starts until the next step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct AccessPutAway {
    /// The account whose access ends.
    pub account: AccountId,
    /// How many days before, as [`AccessView::warn_days`] has it.
    pub step: u8,
    /// When the refresh token ends that was warned of, ms since the epoch.
    pub refresh_ends_ms: Millis,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            theme: Theme::System,
            send_key: SendKey::Enter,
            close_to_tray: true,
            notify: true,
            person_panel: true,
            undo: true,
            typing: true,
            recent_emoji: Vec::new(),
            media_budget_mib: 2_048,
            computers: 1,
            access_put_away: Vec::new(),
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
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
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
    /// The state of its connection to TikTok.
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
    /// How many of its replies TikTok does not have, those for later among them.
    pub unsent: u32,
    /// How complete its history is.
    pub history: HistoryView,
    /// How long its access lasts.
    pub access: AccessView,
    /// Whether it goes through the shop's relay.
    pub via_relay: bool,
}

/// How complete an account's history is, claiming no more than is proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct AccessView {
    /// When the access token ends, ms since the epoch; it is renewed by itself.
    pub access_ends_ms: Millis,
    /// When the refresh token ends, ms since the epoch: the account has to be linked again before.
    pub refresh_ends_ms: Millis,
    /// 7, 3 or 1 when the refresh token ends within so many days.
    pub warn_days: Option<u8>,
}

/// The state of an account's connection to TikTok.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Backfill {
    /// Conversations fetched.
    pub done: u32,
    /// Conversations TikTok listed.
    pub total: u32,
    /// Whether the agent paused it; what is new is still fetched.
    pub paused: bool,
}

/// What became of an account's tokens.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct TokenEventView {
    /// The time, ms since the epoch.
    pub at_ms: Millis,
    /// The kind of event.
    pub kind: TokenEventKind,
    /// TikTok's words, if it said any.
    pub detail: String,
}

/// What happened to a pair of tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RepairView {
    /// The time, ms since the epoch.
    pub at_ms: Millis,
    /// The folder, beside the data, that the damaged files were moved to.
    pub set_aside: String,
    /// Conversations that were kept.
    pub conversations: u32,
    /// Messages that were kept.
    pub messages: u32,
    /// Drafts that were kept.
    pub drafts: u32,
    /// Of how many of them only what the list showed: the first 160 characters.
    pub beginnings: u32,
    /// Replies on their way, and those for later, that were kept.
    pub replies: u32,
    /// Whether something could not be read; it is fetched again as far as TikTok still lists it.
    pub lost: bool,
}
