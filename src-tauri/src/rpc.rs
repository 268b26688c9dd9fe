//! The commands the page may call: send a request to the desk, listen to its events, attach an image, read the clipboard,
//! and set the zoom. Nothing else crosses this border.

use std::sync::{Mutex, PoisonError};

use desk::view::Attachment;
use desk::{Event, Fault, FaultCode, Request};
use model::ConversationId;
use serde_json::value::RawValue;
use tauri::ipc::{Channel, InvokeBody};
use tauri::{AppHandle, State};

use crate::clipboard;
use crate::clipboard::CopiedFiles;
use crate::pending_desk::PendingDesk;

/// Beyond this the page is of no use.
const ZOOM_RANGE: std::ops::RangeInclusive<f64> = 0.5..=3.0;

/// The task that sends events to the page. A page that was reloaded replaces the one before it.
#[derive(Default)]
pub(crate) struct EventListener(Mutex<Option<tauri::async_runtime::JoinHandle<()>>>);

/// Sends a request to the desk.
#[tauri::command]
pub(crate) async fn rpc(pending: State<'_, PendingDesk>, request: Request) -> Result<Box<RawValue>, Fault> {
    pending.desk().await.answer_json(request).await
}

/// Takes a picture in. Its bytes are the body, which JSON would make four times as long; on which conversation's draft it is
/// put stands in a header, `none` for one that goes with a saved reply.
#[tauri::command]
pub(crate) async fn attach(
    pending: State<'_, PendingDesk>,
    request: tauri::ipc::Request<'_>,
) -> Result<Attachment, Fault> {
    let conversation = match request.headers().get("conversation").and_then(|value| value.to_str().ok()) {
        Some("none") => None,
        named => match named.and_then(|text| text.parse::<ConversationId>().ok()) {
            Some(conversation) => Some(conversation),
            None => return Err(Fault::with_detail(FaultCode::BadRequest, "conversation")),
        },
    };
    let InvokeBody::Raw(bytes) = request.body() else {
        return Err(Fault::with_detail(FaultCode::BadRequest, "body"));
    };
    pending.desk().await.attach(conversation, bytes.clone()).await
}

/// The bytes of the picture in the clipboard, when the agent pastes and the page was told of none; empty if there is none.
#[tauri::command]
pub(crate) async fn clipboard_picture() -> tauri::ipc::Response {
    let picture = tauri::async_runtime::spawn_blocking(clipboard::picture).await;
    tauri::ipc::Response::new(picture.ok().flatten().unwrap_or_default())
}

/// The names of the files in the clipboard, when the agent pastes; empty if it holds no files.
#[tauri::command]
pub(crate) async fn clipboard_files(app: AppHandle, copied: State<'_, CopiedFiles>) -> Result<Vec<String>, Fault> {
    Ok(copied.look(&app).await)
}

/// The bytes of one of the files that [`clipboard_files`] named last.
#[tauri::command]
pub(crate) async fn clipboard_file(copied: State<'_, CopiedFiles>, at: usize) -> Result<tauri::ipc::Response, Fault> {
    copied.read(at).await.map(tauri::ipc::Response::new)
}

/// Shows the page larger or smaller; 1 is its own size.
#[tauri::command]
pub(crate) async fn zoom(webview: tauri::Webview, factor: f64) -> Result<(), Fault> {
    if !ZOOM_RANGE.contains(&factor) {
        return Err(Fault::with_detail(FaultCode::BadRequest, "factor"));
    }
    webview.set_zoom(factor).map_err(|error| Fault::with_detail(FaultCode::Unexpected, error.to_string()))
}

/// Sends the desk's events to the page from now on.
#[tauri::command]
pub(crate) async fn listen(
    pending: State<'_, PendingDesk>,
    listener: State<'_, EventListener>,
    channel: Channel<Event>,
) -> Result<(), Fault> {
    let mut subscription = pending.desk().await.subscribe();
    let sending = tauri::async_runtime::spawn(async move {
        while let Some(event) = subscription.next().await {
            if channel.send(event).is_err() {
                break;
            }
        }
    });
    if let Some(before) = listener.0.lock().unwrap_or_else(PoisonError::into_inner).replace(sending) {
        before.abort();
    }
    Ok(())
}
