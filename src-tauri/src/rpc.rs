//! The commands of the page: ask the desk, hear it, hand it a picture, have what the clipboard holds, and be shown
//! larger or smaller. Nothing else crosses this border.

use std::sync::{Mutex, PoisonError};

use desk::view::Attachment;
use desk::{Event, Fault, FaultCode, Request};
use model::ConversationId;
use serde_json::value::RawValue;
use tauri::ipc::{Channel, InvokeBody};
use tauri::{AppHandle, State};

use crate::clipboard::CopiedFiles;
use crate::opening::Opening;
use crate::{clipboard, tray};

/// Beyond this the page is of no use.
const ZOOM_RANGE: std::ops::RangeInclusive<f64> = 0.5..=3.0;

/// The page that listens. A page that was loaded anew takes the place of the one before it.
#[derive(Default)]
pub(crate) struct Ear(Mutex<Option<tauri::async_runtime::JoinHandle<()>>>);

/// Asks the desk.
#[tauri::command]
pub(crate) async fn rpc(app: AppHandle, opening: State<'_, Opening>, request: Request) -> Result<Box<RawValue>, Fault> {
    let desk = opening.desk().await;
    let settings_change = request.command == "saveSettings";
    let reply = desk.answer_json(request).await?;
    if settings_change {
        tray::settle(&app, desk.settings().await.close_to_tray);
    }
    Ok(reply)
}

/// Takes a picture in. Its bytes are the body, which JSON would make four times as long; on which conversation's draft it is
/// put stands in a header, `none` for one that goes with a saved reply.
#[tauri::command]
pub(crate) async fn attach(opening: State<'_, Opening>, request: tauri::ipc::Request<'_>) -> Result<Attachment, Fault> {
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
    opening.desk().await.attach(conversation, bytes.clone()).await
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

/// Hears the desk from now on.
#[tauri::command]
pub(crate) async fn listen(
    opening: State<'_, Opening>,
    ear: State<'_, Ear>,
    channel: Channel<Event>,
) -> Result<(), Fault> {
    let mut subscription = opening.desk().await.subscribe();
    let telling = tauri::async_runtime::spawn(async move {
        while let Some(event) = subscription.next().await {
            if channel.send(event).is_err() {
                break;
            }
        }
    });
    if let Some(before) = ear.0.lock().unwrap_or_else(PoisonError::into_inner).replace(telling) {
        before.abort();
    }
    Ok(())
}
