//! Uploading an image before it is sent (§4.5).

use std::sync::Arc;

use axum::{body::Bytes, extract::State, http::HeaderMap, response::Response};
use serde_json::{Value, json};

use super::{answer::envelope, multipart, request::caller};
use crate::{refusal::Refusal, stage::Stage, world::uploads::ImageKind};

/// The largest file, in bytes: 3 MB.
const MAX_UPLOAD_BYTES: usize = 3 * 1024 * 1024;

/// `POST /business/message/media/upload/`.
pub(crate) async fn media_upload(State(stage): State<Arc<Stage>>, headers: HeaderMap, bytes: Bytes) -> Response {
    let outcome = upload(&stage, &headers, &bytes);
    envelope(&stage, outcome)
}

fn upload(stage: &Stage, headers: &HeaderMap, bytes: &[u8]) -> Result<Value, Refusal> {
    let form = multipart::form(headers, bytes)?;
    let (mut world, now) = (stage.world(), stage.now());
    let account = caller(&world, headers, "message.list.send", multipart::text(&form, "business_id")?, now)?;
    if multipart::text(&form, "media_type")? != "IMAGE" {
        return Err(Refusal::param("media_type"));
    }
    let file = form.get("file").filter(|part| !part.bytes.is_empty()).ok_or_else(|| Refusal::missing("file"))?;
    if !file.is_file {
        return Err(Refusal::new(40002, "Param file is invalid: it has no file name"));
    }
    if file.bytes.len() > MAX_UPLOAD_BYTES {
        return Err(Refusal::new(40907, "The file is too large: an image has 3 MB at most"));
    }
    let kind = ImageKind::of(file.bytes)
        .ok_or_else(|| Refusal::new(40908, "The file type is not supported: an image is JPG or PNG"))?;
    let entry = world.upload(account, kind, file.bytes.to_vec(), now);
    Ok(json!({ "media_id": entry.media_id }))
}
