//! Fetching one picture: where its bytes are, whether its link still lives, and where a fresh one comes from.

use std::time::Duration;

use model::{AccountId, Content, MediaState, MessageId};
use store::StoreError;
use store::table::account::{self, Account};
use store::table::media::{self, ImageOrder, StoredImage, WantedImage};
use store::table::message::Message;
use store::table::{conversation, message, person};
use tiktok::MediaError;
use tiktok::business::media::{DownloadLink, MediaType};

use super::{Hand, MediaVault, PictureError};
use crate::call::CallError;
use crate::engine::Engine;
use crate::health::Health;
use crate::pace::Priority;
use crate::sync;

/// Nothing larger is fetched.
const MOST_BYTES: usize = 10 * 1024 * 1024;
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

impl MediaVault {
    /// The picture in a message; none if none is wanted there.
    pub(super) async fn fetch_of_message(
        &self,
        engine: &Engine,
        account: AccountId,
        id: MessageId,
        urgent: bool,
    ) -> Result<Option<(StoredImage, Hand)>, Failed> {
        let Some((business, conversation_id, message)) = find(engine, account, id).await? else { return Ok(None) };
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
                let first = self.fetch_asked(engine, account, priority, question.clone()).await;
                match first {
                    // A link lives a day: whatever made this one die, the next may be alive.
                    Err(Failed::Dead) => self.fetch_asked(engine, account, priority, question).await.map(Some),
                    outcome => outcome.map(Some),
                }
            }
            Content::Sticker { url, .. } => match self.fetch_for(engine, Some(account), &url, None).await {
                Err(Failed::Dead) => {
                    // The conversation's own words have a fresh link, if the message is still among them.
                    sync::fetch(engine, &engine.source(&business), message.conversation, priority).await?;
                    match find(engine, account, id).await?.map(|(_, _, message)| message.content) {
                        Some(Content::Sticker { url: fresh, .. }) if fresh != url => {
                            match self.fetch_for(engine, Some(account), &fresh, None).await {
                                Err(Failed::Dead) => Err(Failed::Never),
                                outcome => outcome.map(Some),
                            }
                        }
                        _ => Err(Failed::Never),
                    }
                }
                outcome => outcome.map(Some),
            },
            _ => Ok(None),
        }
    }

    async fn fetch_asked(
        &self,
        engine: &Engine,
        account: AccountId,
        priority: Priority,
        question: DownloadLink,
    ) -> Result<(StoredImage, Hand), Failed> {
        let link = engine.caller().ask(account, priority, question).await?;
        let token = engine.caller().token(account).await?;
        self.fetch_for(engine, Some(account), &link.download_url, Some(&token)).await
    }

    /// A customer's avatar; none if there is no word of one.
    pub(super) async fn fetch_avatar(
        &self,
        engine: &Engine,
        order: ImageOrder,
    ) -> Result<Option<(StoredImage, Hand)>, Failed> {
        let WantedImage::Avatar(id) = order.wanted else { return Ok(None) };
        let url = match engine.store().read(move |sql| person::avatar_url(sql, id)).await {
            Ok(url) => url,
            Err(StoreError::NotFound) => return Ok(None),
            Err(_) => return Err(Failed::Wait(Duration::from_secs(10))),
        };
        match url {
            Some(url) => self.fetch_for(engine, Some(order.account), &url, None).await.map(Some),
            None => Ok(None),
        }
    }

    /// Fetches and keeps one picture of no account yet, for something to name it while the hand is held.
    pub(crate) async fn fetch(
        &self,
        engine: &Engine,
        url: &str,
        token: Option<&tiktok::AccessToken>,
    ) -> Result<(StoredImage, Hand), Failed> {
        self.fetch_for(engine, None, url, token).await
    }

    /// As [`MediaVault::fetch`]; while this account is offline, it is not the picture that fails.
    pub(crate) async fn fetch_for(
        &self,
        engine: &Engine,
        account: Option<AccountId>,
        url: &str,
        token: Option<&tiktok::AccessToken>,
    ) -> Result<(StoredImage, Hand), Failed> {
        let now_ms = engine.clock().now_ms();
        if tiktok::expires_at_s(url).is_some_and(|at| at.saturating_mul(1_000) <= now_ms) {
            return Err(Failed::Dead);
        }
        let fetched = {
            let _permit = self.downloads.acquire().await;
            engine.caller().client().fetch_media(url, token, MOST_BYTES).await
        };
        let bytes = match fetched {
            Ok(bytes) => bytes,
            Err(MediaError::Later { .. }) => {
                let offline = |id| matches!(engine.health().of(id).0, Health::Offline { .. });
                let wait = account.is_some_and(offline).then_some(engine.timing().picture_again);
                return Err(wait.map_or(Failed::Later, Failed::Wait));
            }
            Err(MediaError::Expired { .. }) => return Err(Failed::Dead),
            Err(error @ (MediaError::NotAllowed(_) | MediaError::TooLarge { .. })) => {
                tracing::warn!(%error, "media.refused");
                return Err(Failed::Never);
            }
        };
        let (held, hand) = match self.keep(bytes.to_vec()).await {
            Ok(kept) => kept,
            Err(PictureError::Problem(problem)) => {
                tracing::warn!(%problem, "media.not_a_picture");
                return Err(Failed::Never);
            }
            Err(PictureError::Disk(error)) => {
                tracing::error!(%error, "media.not_written");
                return Err(Failed::Wait(Duration::from_secs(30)));
            }
            Err(PictureError::NotStarted(error)) => {
                tracing::error!(%error, "pictures wait for their decoder");
                return Err(Failed::Wait(Duration::from_secs(30)));
            }
        };
        let (kept, now_ms) = (held.clone(), engine.clock().now_ms());
        let noted = engine.store().write(move |tx| media::record(tx, &kept, now_ms)).await;
        noted.map_err(|_| Failed::Wait(Duration::from_secs(30)))?;
        Ok((held, hand))
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
            CallError::Refused(_) => Self::Never,
        }
    }
}

/// A message with its account and TikTok's id of its conversation, unless it is gone.
async fn find(
    engine: &Engine,
    account: AccountId,
    id: MessageId,
) -> Result<Option<(Account, String, Message)>, Failed> {
    let found = engine
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
