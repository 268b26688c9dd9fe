//! Pictures and films: looking at them, keeping them, asking for them again.

use std::sync::Arc;

use engine::media::video::VideoProblem;
use engine::posts::page_of;
use model::{Content, ConversationId, Direction, MediaState, MessageId};
use store::StoreError;
use store::table::message::Message;
use store::table::picture::{self, PageDirection as Towards};
use store::table::{account, conversation, media, message};
use ts_rs::TS;

use crate::command::Command;
use crate::command::Done;
use crate::view::{ImagePage, ImageView, MediaUsage, SavedFile};
use crate::{Desk, Fault, FaultCode, Host, HostError, downloads};

/// So many photos are listed at most.
const MAX_LISTED: u32 = 100;

/// The photos of a conversation around one message, for the viewer.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListImages {
    /// The conversation.
    pub conversation: ConversationId,
    /// The message that is looked at; none for the newest photos.
    pub around: Option<MessageId>,
    /// How many at most; 100 is the most.
    pub limit: u32,
}

impl Command for ListImages {
    type Reply = ImagePage;

    async fn run(self, desk: &Desk) -> Result<ImagePage, Fault> {
        let Self { conversation, around, limit } = self;
        let limit = limit.clamp(1, MAX_LISTED) as usize;
        let page = desk.store().read(move |sql| {
            conversation::get(sql, conversation)?;
            // One more each way tells whether there are more.
            let most = u32::try_from(limit + 1).unwrap_or(MAX_LISTED);
            let (from, middle) = match around {
                None => (MessageId(i64::MAX), None),
                Some(id) => {
                    let message = message::get(sql, id)?;
                    if message.conversation != conversation {
                        return Err(StoreError::NotFound);
                    }
                    (id, Some(message).filter(|message| matches!(message.content, Content::Image { .. })))
                }
            };
            let older = picture::beside(sql, conversation, from, Towards::Older, most)?;
            let newer = picture::beside(sql, conversation, from, Towards::Newer, most)?;
            Ok(page(older, middle, newer, limit))
        });
        Ok(page.await?)
    }
}

/// As many as fit, those nearest to the middle, as many before it as after it where there are enough.
fn page(older: Vec<Message>, middle: Option<Message>, newer: Vec<Message>, limit: usize) -> ImagePage {
    let room = limit.saturating_sub(usize::from(middle.is_some()));
    let after = newer.len().min((room / 2).max(room.saturating_sub(older.len())));
    let before = older.len().min(room.saturating_sub(after));
    let (has_older, has_newer) = (older.len() > before, newer.len() > after);
    let mut pictures: Vec<ImageView> = older.into_iter().take(before).filter_map(view).collect();
    pictures.reverse();
    pictures.extend(middle.into_iter().chain(newer.into_iter().take(after)).filter_map(view));
    ImagePage { pictures, has_older, has_newer }
}

fn view(message: Message) -> Option<ImageView> {
    let Content::Image { media, .. } = message.content else { return None };
    let direction = if message.outgoing { Direction::Out } else { Direction::In };
    Some(ImageView { message: message.id, direction, sent_at_ms: message.sent_at_ms, media })
}

/// Asks TikTok for a picture again that was let go, or that could not be had before.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FetchImage {
    /// The message.
    pub message: MessageId,
}

impl Command for FetchImage {
    type Reply = Done;

    async fn run(self, desk: &Desk) -> Result<Done, Fault> {
        desk.engine().media().request_again(self.message).await?;
        Ok(Done {})
    }
}

/// Copies a picture to the clipboard.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CopyImage {
    /// Its key in the media vault.
    pub key: String,
}

impl Command for CopyImage {
    type Reply = Done;

    async fn run(self, desk: &Desk) -> Result<Done, Fault> {
        let media = desk.media(&self.key).await.ok_or(Fault::new(FaultCode::NotFound))?;
        // The host decodes it: our own encoding, and not what the disk has made of it.
        if !engine::media::is_intact(&self.key, &media.bytes) {
            return Err(Fault::new(FaultCode::MediaGone));
        }
        by_host(desk, move |host| host.copy_picture(media.mime, &media.bytes)).await
    }
}

/// Saves a message's picture among the agent's downloads, under a name that says from whom and when.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SaveImage {
    /// The message.
    pub message: MessageId,
}

impl Command for SaveImage {
    type Reply = SavedFile;

    async fn run(self, desk: &Desk) -> Result<SavedFile, Fault> {
        let id = self.message;
        let (key, who, when) = desk
            .store()
            .read(move |sql| {
                let message = message::get(sql, id)?;
                let (Content::Image { media, .. } | Content::Sticker { media, .. }) = &message.content else {
                    return Err(StoreError::WrongState);
                };
                let MediaState::Kept { key, .. } = media else { return Err(StoreError::WrongState) };
                let who = if message.outgoing {
                    account::get(sql, message.account)?.display_name
                } else {
                    let person = conversation::row(sql, message.conversation)?.person;
                    Some(person.name).filter(|name| !model::is_blank(name)).or(person.handle).unwrap_or_default()
                };
                Ok((key.clone(), who, picture::wall_time(sql, message.sent_at_ms)?))
            })
            .await?;
        let media = desk.media(&key).await.ok_or(Fault::new(FaultCode::MediaGone))?;
        let ending = if media.mime == "image/png" { "png" } else { "jpg" };
        save(desk, downloads::name(&who, &when), ending, media.bytes).await
    }
}

/// Saves a file among the agent's downloads.
pub(super) async fn save(desk: &Desk, name: String, ending: &'static str, bytes: Vec<u8>) -> Result<SavedFile, Fault> {
    let host = Arc::clone(desk.host());
    let saved = tokio::task::spawn_blocking(move || {
        let Some(folder) = host.downloads() else { return Err(Fault::new(FaultCode::NotPossibleHere)) };
        let name = downloads::save(&folder, &name, ending, &bytes).map_err(|error| {
            tracing::error!(error = %error.kind(), "a file could not be saved");
            Fault::with_detail(FaultCode::DiskFull, error.to_string())
        })?;
        let folder = folder.file_name().map(|name| name.to_string_lossy().into_owned());
        Ok(SavedFile { place: folder.map_or(name.clone(), |folder| format!("{folder}/{name}")) })
    });
    saved.await.map_err(|error| Fault::unexpected(&error))?
}

/// Fetches a message's film and opens it in the system's player; answers when the player was asked.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OpenVideo {
    /// The message.
    pub message: MessageId,
}

impl Command for OpenVideo {
    type Reply = Done;

    async fn run(self, desk: &Desk) -> Result<Done, Fault> {
        let film = desk.engine().media().videos().fetch(self.message).await?;
        if !film.to_open {
            return Ok(Done {});
        }
        by_host(desk, move |host| host.open_file(&film.path)).await
    }
}

impl From<VideoProblem> for Fault {
    fn from(problem: VideoProblem) -> Self {
        match problem {
            VideoProblem::None => Self::new(FaultCode::WrongState),
            VideoProblem::Gone => Self::new(FaultCode::MediaGone),
            VideoProblem::TooLarge => Self::new(FaultCode::VideoTooLarge),
            VideoProblem::Offline(words) => Self::with_detail(FaultCode::Offline, words),
            VideoProblem::SlowDown(words) => Self::with_detail(FaultCode::RateLimited, words),
            VideoProblem::Relink(words) => Self::with_detail(FaultCode::TikTokRefused, words),
            VideoProblem::Disk(words) => Self::with_detail(FaultCode::DiskFull, words),
            VideoProblem::Unwell(words) => Self::with_detail(FaultCode::TikTokUnwell, words),
        }
    }
}

/// Opens a message that only TikTok can show, in the browser: a shared post, or the inbox for kinds we do not know.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OpenInTikTok {
    /// The message.
    pub message: MessageId,
}

impl Command for OpenInTikTok {
    type Reply = Done;

    async fn run(self, desk: &Desk) -> Result<Done, Fault> {
        let id = self.message;
        let (content, handle) = desk
            .store()
            .read(move |sql| {
                let message = message::get(sql, id)?;
                Ok((message.content, account::get(sql, message.account)?.handle))
            })
            .await?;
        let page = page_of(&content, &handle, desk.practice());
        let host = Arc::clone(desk.host());
        let opened = tokio::task::spawn_blocking(move || host.open_link(&page)).await;
        opened
            .map_err(|error| Fault::unexpected(&error))?
            .map_err(|error| Fault::with_detail(FaultCode::BrowserNotOpened, error.to_string()))?;
        Ok(Done {})
    }
}

/// How much room pictures take.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GetMediaUsage {}

impl Command for GetMediaUsage {
    type Reply = MediaUsage;

    async fn run(self, desk: &Desk) -> Result<MediaUsage, Fault> {
        let (bytes, pictures) = desk.store().read(media::usage).await?;
        Ok(MediaUsage { bytes, pictures })
    }
}

/// Has the host do what it may not be able to.
async fn by_host(
    desk: &Desk,
    act: impl FnOnce(&dyn Host) -> Result<(), HostError> + Send + 'static,
) -> Result<Done, Fault> {
    let host = Arc::clone(desk.host());
    match tokio::task::spawn_blocking(move || act(host.as_ref())).await {
        Ok(Ok(())) => Ok(Done {}),
        Ok(Err(error)) => Err(Fault::with_detail(FaultCode::NotPossibleHere, error.to_string())),
        Err(error) => Err(Fault::unexpected(&error)),
    }
}
