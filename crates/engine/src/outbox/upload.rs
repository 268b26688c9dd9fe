//! Prepares a reply for its call: a picture needs TikTok's permission to send one, and an upload that gives it an id.
//!
//! Repeating an upload is harmless, so whatever goes wrong with one is simply tried again.

use model::{Millis, Refusal, RefusalReason, WaitReason};
use store::StoreError;
use store::table::account::Account;
use store::table::conversation::{self, Conversation};
use store::table::outbox::{self, OutboxReply};
use store::table::upload;
use tiktok::business::capability::GetCapabilities;
use tiktok::business::conversation::ConversationKind;
use tiktok::business::media::UploadMedia;

use super::lanes::Lanes;
use super::settle::refusal;
use crate::call::CallError;
use crate::context::Context;
use crate::inbound::is_message_id;
use crate::pace::Priority;

/// What TikTok said about pictures is believed for a day: it depends on two countries, and those seldom change.
const CAPABILITY_MAX_AGE_MS: Millis = 24 * 3_600_000;
/// An uploaded picture is good for 30 days ("Media upload"); a day less leaves time to send it.
const UPLOAD_LIFE_MS: Millis = 29 * 24 * 3_600_000;

/// Whether a reply can be sent.
pub(super) enum Ready {
    /// With TikTok's id of its picture, if it has one.
    Send(Option<String>),
    /// It cannot; its row says why.
    Refused,
    /// Not now.
    Failed(CallError),
}

/// Makes a reply ready for its call.
pub(super) async fn ready(
    lanes: &Lanes,
    reply: &OutboxReply,
    business: &Account,
    known: &Conversation,
) -> Result<Ready, StoreError> {
    let model::Outgoing::Image { key, .. } = &reply.outgoing else {
        return Ok(Ready::Send(None));
    };
    let context = &lanes.context;
    let (account_id, now_ms) = (reply.account, context.clock().now_ms());
    match images(context, business, known).await {
        Ok(Some(false)) => return refuse(context, reply, ours(RefusalReason::ImagesNotAllowed, now_ms)).await,
        Ok(_) => {}
        Err(error) => return Ok(Ready::Failed(error)),
    }
    let held = key.clone();
    let media_id = context.store().read(move |sql| upload::media_id(sql, account_id, &held, now_ms)).await?;
    if media_id.is_some() {
        return Ok(Ready::Send(media_id));
    }
    let Some(bytes) = lanes.media.read(key).await else {
        return refuse(context, reply, ours(RefusalReason::ImageMissing, now_ms)).await;
    };
    let message = reply.message;
    context.store().write(move |tx| outbox::set_wait_reason(tx, message, Some(&WaitReason::Uploading))).await?;
    let (mime, ending) = if bytes.starts_with(b"\x89PNG") { ("image/png", "png") } else { ("image/jpeg", "jpg") };
    let question = UploadMedia {
        business_id: business.remote_id.clone(),
        file_name: format!("picture.{ending}"),
        mime: mime.to_owned(),
        bytes: bytes.into(),
    };
    match context.caller().ask(account_id, Priority::Send, question).await {
        Ok(uploaded) => {
            // By another picture's id that other picture would go out.
            let (other, named) = (key.clone(), uploaded.media_id.clone());
            let taken = context.store().read(move |sql| upload::is_of_another(sql, account_id, &other, &named)).await?;
            if taken || !is_message_id(&uploaded.media_id) {
                tracing::warn!(reply = message.0, "the answer to an upload names another picture");
                return refuse(context, reply, ours(RefusalReason::Other, now_ms)).await;
            }
            let (held, media_id) = (key.clone(), uploaded.media_id.clone());
            context
                .store()
                .write(move |tx| upload::record_uploaded(tx, account_id, &held, &media_id, now_ms + UPLOAD_LIFE_MS))
                .await?;
            Ok(Ready::Send(Some(uploaded.media_id)))
        }
        Err(CallError::Refused(error)) => {
            tracing::warn!(reply = message.0, code = error.code(), "TikTok refused a picture");
            refuse(context, reply, refusal(&error, known, now_ms)).await
        }
        // It may have arrived, and that does not matter: it is made again.
        Err(CallError::Unknown(error)) => Ok(Ready::Failed(CallError::Offline(error.reason()))),
        Err(error) => Ok(Ready::Failed(error)),
    }
}

/// A refusal that needs no call.
fn ours(reason: RefusalReason, at_ms: Millis) -> Refusal {
    Refusal { reason, code: 0, message: String::new(), request_id: String::new(), at_ms }
}

async fn refuse(context: &Context, reply: &OutboxReply, refusal: Refusal) -> Result<Ready, StoreError> {
    let message = reply.message;
    context.store().write(move |tx| outbox::refuse(tx, message, &refusal)).await?;
    Ok(Ready::Refused)
}

/// Whether TikTok takes pictures in a conversation; nothing if it did not say.
pub(super) async fn images(
    context: &Context,
    business: &Account,
    known: &Conversation,
) -> Result<Option<bool>, CallError> {
    let now_ms = context.clock().now_ms();
    if let Some((images, asked_ms)) = known.images
        && (0..CAPABILITY_MAX_AGE_MS).contains(&now_ms.saturating_sub(asked_ms))
    {
        return Ok(Some(images));
    }
    let question = GetCapabilities {
        business_id: business.remote_id.clone(),
        conversation_id: known.remote_id.clone(),
        kind: match known.kind {
            model::ConversationKind::Request => ConversationKind::Stranger,
            model::ConversationKind::Chat => ConversationKind::Single,
        },
    };
    let said = match context.caller().ask(business.id, Priority::Send, question).await {
        Ok(said) => said.image_send,
        // Not knowing is no reason not to try: TikTok's verdict on the send decides.
        Err(CallError::Refused(error) | CallError::Unknown(error)) => {
            tracing::warn!(
                conversation = known.id.0,
                code = error.code(),
                "TikTok did not say whether it takes pictures in a conversation"
            );
            None
        }
        Err(error) => return Err(error),
    };
    if let Some(images) = said {
        let id = known.id;
        let kept = context.store().write(move |tx| conversation::set_images_allowed(tx, id, images, now_ms)).await;
        kept.map_err(|error| CallError::Local(error.into()))?;
    }
    Ok(said)
}
