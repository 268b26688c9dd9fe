//! Fetching one picture: where its bytes are, whether its link still lives, and where a fresh one comes from.

// A new kind of message, error or state does not compile here before it has an answer.
#![warn(clippy::wildcard_enum_match_arm)]

use std::time::Duration;

use model::{AccountId, Content, MediaState, MessageId};
use store::StoreError;
use store::table::account::{self, Account};
use store::table::media::{self, ImageOrder, StoredImage, WantedImage};
use store::table::message::Message;
use store::table::{conversation, message, person};
use tiktok::MediaError;
use tiktok::business::media::{DownloadLink, MediaType};

use super::{Hand, MediaCache, PictureError, relayed};
use crate::call::CallError;
use crate::pace::Priority;

/// Nothing larger is fetched.
const MAX_BYTES: usize = 10 * 1024 * 1024;
/// How long orders are left alone while the account has to be linked again.
const UNTIL_LINKED: Duration = Duration::from_secs(300);

/// Why a picture did not come.
#[derive(Debug)]
pub(crate) enum Failed {
    /// Through no fault of its own: all of them wait this long.
    Wait(Duration),
    /// The network or the host fails, not the picture: try again, for as long as TikTok gives it out.
    Later,
    /// The link is dead; another one may not be.
    Dead,
    /// It never will.
    Never,
}

impl MediaCache {
    /// The picture in a message; none if none is wanted there.
    pub(super) async fn fetch_of_message(
        &self,
        account: AccountId,
        id: MessageId,
        urgent: bool,
    ) -> Result<Option<(StoredImage, Hand)>, Failed> {
        let Some((business, conversation_id, message)) = self.find(account, id).await? else { return Ok(None) };
        let priority = if urgent { Priority::Open } else { Priority::Backfill };
        match message.content {
            Content::Image { media: MediaState::Kept { .. }, .. }
            | Content::Sticker { media: MediaState::Kept { .. }, .. } => Ok(None),
            Content::Image { media_id, .. } => {
                let Some(message_id) = message.remote_id.filter(|_| !media_id.is_empty()) else {
                    return Err(Failed::Never);
                };
                let business_id = business.remote_id;
                let media_type = MediaType::Image;
                let question = DownloadLink { business_id, conversation_id, message_id, media_id, media_type };
                let first = self.fetch_asked(account, priority, question.clone()).await;
                match first {
                    // A link lives a day: whatever made this one die, the next may be alive.
                    Err(Failed::Dead) => self.fetch_asked(account, priority, question).await.map(Some),
                    outcome => outcome.map(Some),
                }
            }
            Content::Sticker { url, .. } => match self.fetch_for(Some(account), &url, None).await {
                Err(Failed::Dead) => {
                    // The conversation's own words have a fresh link, if the message is still among them.
                    self.fetcher.fetch_from_tiktok(&business, message.conversation, priority).await?;
                    match self.find(account, id).await?.map(|(_, _, message)| message.content) {
                        Some(Content::Sticker { url: fresh, .. }) if fresh != url => {
                            match self.fetch_for(Some(account), &fresh, None).await {
                                Err(Failed::Dead) => Err(Failed::Never),
                                outcome => outcome.map(Some),
                            }
                        }
                        _ => Err(Failed::Never),
                    }
                }
                outcome => outcome.map(Some),
            },
            Content::Text { .. }
            | Content::Video { .. }
            | Content::SharePost { .. }
            | Content::Card { .. }
            | Content::Unsupported { .. }
            | Content::Unreadable => Ok(None),
        }
    }

    async fn fetch_asked(
        &self,
        account: AccountId,
        priority: Priority,
        question: DownloadLink,
    ) -> Result<(StoredImage, Hand), Failed> {
        let link = self.context.caller().ask(account, priority, question).await?;
        let token = self.context.caller().token(account).await?;
        self.fetch_for(Some(account), &link.download_url, Some(&token)).await
    }

    /// A customer's avatar; none if there is no word of one.
    pub(super) async fn fetch_avatar(&self, order: ImageOrder) -> Result<Option<(StoredImage, Hand)>, Failed> {
        let WantedImage::Avatar(id) = order.wanted else { return Ok(None) };
        let url = match self.context.store().read(move |sql| person::avatar_url(sql, id)).await {
            Ok(url) => url,
            Err(StoreError::NotFound) => return Ok(None),
            Err(_) => return Err(Failed::Wait(Duration::from_secs(10))),
        };
        match url {
            Some(url) => self.fetch_for(Some(order.account), &url, None).await.map(Some),
            None => Ok(None),
        }
    }

    /// Fetches and keeps one picture of no account yet, for something to name it while the hand is held.
    pub(crate) async fn fetch(
        &self,
        url: &str,
        token: Option<&tiktok::AccessToken>,
    ) -> Result<(StoredImage, Hand), Failed> {
        self.fetch_for(None, url, token).await
    }

    /// As [`MediaCache::fetch`]; while this account is offline, it is not the picture that fails.
    pub(crate) async fn fetch_for(
        &self,
        account: Option<AccountId>,
        url: &str,
        token: Option<&tiktok::AccessToken>,
    ) -> Result<(StoredImage, Hand), Failed> {
        let now_ms = self.context.clock().now_ms();
        if tiktok::expires_at_s(url).is_some_and(|at| at.saturating_mul(1_000) <= now_ms) {
            return Err(Failed::Dead);
        }
        let fetched = {
            let _permit = self.shared.downloads.acquire().await;
            let relayed =
                account.filter(|_| token.is_some()).and_then(|id| self.context.caller().gateway().relay_of(id));
            match relayed {
                Some((relay, remote_id)) => relayed::fetch_image(&relay, &remote_id, url, MAX_BYTES).await,
                None => {
                    let client = self.context.caller().client();
                    client.fetch_media(url, token, MAX_BYTES).await.map(Vec::from)
                }
            }
        };
        let bytes = match fetched {
            Ok(bytes) => bytes,
            Err(MediaError::Later { .. }) => {
                let wait = account
                    .is_some_and(|id| self.context.health().is_offline(id))
                    .then_some(self.context.timing().picture_again);
                return Err(wait.map_or(Failed::Later, Failed::Wait));
            }
            Err(MediaError::Expired { .. }) => return Err(Failed::Dead),
            Err(error @ (MediaError::NotAllowed(_) | MediaError::TooLarge { .. })) => {
                tracing::warn!(%error, "did not fetch a picture that is too large or lies elsewhere");
                return Err(Failed::Never);
            }
        };
        let (held, hand) = match self.keep(bytes).await {
            Ok(kept) => kept,
            Err(PictureError::Problem(problem)) => {
                tracing::warn!(%problem, "a fetched file is no picture");
                return Err(Failed::Never);
            }
            Err(PictureError::Disk(error)) => {
                tracing::error!(%error, "could not write a picture");
                return Err(Failed::Wait(Duration::from_secs(30)));
            }
            Err(PictureError::NotStarted(error)) => {
                tracing::error!(%error, "could not start the picture decoder");
                return Err(Failed::Wait(Duration::from_secs(30)));
            }
        };
        let (kept, now_ms) = (held.clone(), self.context.clock().now_ms());
        let noted = self.context.store().write(move |tx| media::record(tx, &kept, now_ms)).await;
        noted.map_err(|_| Failed::Wait(Duration::from_secs(30)))?;
        Ok((held, hand))
    }

    /// A message with its account and TikTok's id of its conversation, unless it is gone.
    async fn find(&self, account: AccountId, id: MessageId) -> Result<Option<(Account, String, Message)>, Failed> {
        let found = self
            .context
            .store()
            .read(move |sql| {
                let message = message::get(sql, id)?;
                let conversation = conversation::get(sql, message.conversation)?;
                Ok((account::get(sql, account)?, conversation.remote_id, message))
            })
            .await;
        match found {
            Ok(found) => Ok(Some(found)),
            Err(StoreError::NotFound) => Ok(None),
            Err(_) => Err(Failed::Wait(Duration::from_secs(10))),
        }
    }
}

impl From<CallError> for Failed {
    fn from(error: CallError) -> Self {
        match error {
            CallError::SlowDown(wait) => Self::Wait(wait),
            CallError::Offline(_) | CallError::Local(_) => Self::Wait(Duration::from_secs(30)),
            CallError::Relink(_) => Self::Wait(UNTIL_LINKED),
            CallError::Unknown(_) => Self::Later,
            // The permission may come back.
            CallError::Refused(tiktok::Error::Refused { reason: tiktok::Reason::NotPermitted, .. }) => Self::Later,
            CallError::Refused(_) | CallError::Stale { .. } => Self::Never,
        }
    }
}
