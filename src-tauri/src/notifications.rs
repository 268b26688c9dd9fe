//! Notifications, and what a click on one does.

use desk::{Desk, HostError, Notification, Place};
use model::AccountId;
use serde_json::Value;
use tauri::AppHandle;
use tauri_plugin_notification::{ActionPerformed, NotificationExt};

use crate::window;

/// The icon the packages install. The name is all a notification server needs.
const ICON: &str = "deskbell";

/// Shows a notification. Blocks until the notification server has answered.
pub(crate) fn show(app: &AppHandle, notification: Notification) -> Result<(), HostError> {
    let body = if server_reads_markup()? { escaped(&notification.body) } else { notification.body };
    let builder = app
        .notification()
        .builder()
        .title(notification.title)
        .body(body)
        .icon(ICON)
        .extra("account", notification.account);
    let builder = match notification.opens {
        Place::Conversation(conversation) => builder.extra("conversation", conversation),
        Place::Comment(comment) => builder.extra("comment", comment),
    };
    let shown = builder.show();
    shown.map_err(|error| HostError(error.to_string()))
}

/// Opens a conversation or comment when its notification is clicked, also before the page listens: the desk keeps the
/// place until it does. Without this call, clicks are not reported.
pub(crate) fn follow_clicks(app: &AppHandle, desk: Desk) -> tauri_plugin_notification::Result<()> {
    let clicked = app.clone();
    app.notification().on_action(move |action| {
        if action.action_id() != "tap" {
            return;
        }
        window::focus(&clicked);
        if let Some((account, place)) = place_of(action) {
            desk.show_place(account, place);
        }
    })
}

fn place_of(action: &ActionPerformed) -> Option<(AccountId, Place)> {
    let extra = action.notification()?.extra();
    let id = |name: &str| extra.get(name).and_then(Value::as_str);
    let place = match id("comment") {
        Some(comment) => Place::Comment(comment.parse().ok()?),
        None => Place::Conversation(id("conversation")?.parse().ok()?),
    };
    Some((id("account")?.parse().ok()?, place))
}

/// Text as a server that reads markup shows it. The title never is markup.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Whether the server would take a customer's `<b>` for bold.
#[cfg(target_os = "linux")]
fn server_reads_markup() -> Result<bool, HostError> {
    let ask = || {
        let bus = zbus::blocking::Connection::session()?;
        let place =
            ("org.freedesktop.Notifications", "/org/freedesktop/Notifications", "org.freedesktop.Notifications");
        let answer = bus.call_method(Some(place.0), place.1, Some(place.2), "GetCapabilities", &())?;
        answer.body().deserialize::<Vec<String>>()
    };
    let capabilities =
        ask().map_err(|error: zbus::Error| HostError(format!("no notification server answers: {error}")))?;
    Ok(capabilities.iter().any(|capability| capability == "body-markup"))
}

#[cfg(not(target_os = "linux"))]
fn server_reads_markup() -> Result<bool, HostError> {
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{CommentId, ConversationId};

    #[test]
    fn a_customers_words_are_never_markup() {
        assert_eq!(escaped("<b>5 < 6 & 7</b>"), "&lt;b&gt;5 &lt; 6 &amp; 7&lt;/b&gt;");
    }

    #[test]
    fn a_click_knows_its_conversation_or_its_comment() {
        let action = |extra: Value| {
            serde_json::from_value::<ActionPerformed>(serde_json::json!({ "actionId": "tap", "inputValue": null, "notification": { "id": 1, "extra": extra } })).unwrap()
        };
        assert_eq!(
            place_of(&action(serde_json::json!({ "account": "1", "conversation": "22" }))),
            Some((AccountId(1), Place::Conversation(ConversationId(22))))
        );
        assert_eq!(
            place_of(&action(serde_json::json!({ "account": "1", "comment": "7" }))),
            Some((AccountId(1), Place::Comment(CommentId(7))))
        );
        assert_eq!(place_of(&action(serde_json::json!({ "account": "1" }))), None);
    }
}
