//! Automatic messages and comments, as the page is shown them.

use engine::Engine;
use engine::automatic::comments::{self, ANSWERABLE_MS};
use engine::automatic::{AutoError, NotTaken};
use model::{AccountId, AutoMessageType, CommentId, Millis};
use store::table::auto_version::{AutoVersion, ChangedBy};
use store::table::comment::{self, AnswerState, Comment};
use store::table::{account, auto_message, auto_version};
use store::{Connection, StoreError};

use super::hue;
use crate::Fault;
use crate::view::{
    AutoKindView, AutoMessageView, AutoMessagesView, AutoRefusal, AutoVersionView, CommentConditionView, CommentState,
    CommentToMessageView, CommentView,
};

/// No screen shows more comments than this.
const MAX_COMMENTS: u32 = 200;

/// An account's automatic messages as they stand in the database, and why they may be old.
pub(crate) async fn auto_messages(engine: &Engine, id: AccountId) -> Result<AutoMessagesView, Fault> {
    let now_ms = engine.clock().now_ms();
    let mut view = engine.store().read(move |sql| stored(sql, id, now_ms)).await?;
    let trouble = engine.auto_messages().trouble(id);
    view.fault = trouble.messages.as_deref().map(Fault::from);
    view.comment_to_message.fault = trouble.comments.as_deref().map(Fault::from);
    if matches!(trouble.comments.as_deref(), Some(AutoError::NotHere(_))) {
        view.comment_to_message.enabled = None;
    }
    Ok(view)
}

fn stored(sql: &Connection, id: AccountId, now_ms: Millis) -> Result<AutoMessagesView, StoreError> {
    account::get(sql, id)?;
    let mut fetched = Vec::new();
    let mut kinds = Vec::new();
    for kind in AutoMessageType::ALL {
        let stands = auto_message::kind(sql, id, kind)?;
        fetched.push(stands.map(|stands| stands.fetched_at_ms));
        let items = auto_message::of_kind(sql, id, kind)?.into_iter();
        kinds.push(AutoKindView {
            kind,
            enabled: stands.is_some_and(|stands| stands.enabled),
            items: items
                .map(|message| AutoMessageView {
                    id: message.id,
                    text: message.text,
                    audit: message.audit,
                    off: message.off,
                })
                .collect(),
            changed_elsewhere_ms: auto_version::changed_elsewhere_ms(sql, id, kind)?,
        });
    }
    // What was read longest ago speaks for all; one that never was, for none.
    let fetched: Option<Vec<Millis>> = fetched.into_iter().collect();
    Ok(AutoMessagesView {
        account: id,
        kinds,
        fetched_at_ms: fetched.and_then(|times| times.into_iter().min()),
        fault: None,
        comment_to_message: CommentToMessageView {
            enabled: auto_message::comment_to_message(sql, id)?.map(|stands| stands.enabled),
            fault: None,
            open: comments::answerable(sql, id, now_ms)?,
        },
    })
}

pub(crate) fn auto_version_view(version: AutoVersion) -> AutoVersionView {
    AutoVersionView {
        id: version.id,
        at_ms: version.at_ms,
        elsewhere: version.by == ChangedBy::Elsewhere,
        enabled: version.enabled,
        items: version.items,
    }
}

pub(crate) fn auto_refusal(not_taken: NotTaken) -> AutoRefusal {
    AutoRefusal { fault: Fault::from(&not_taken.error), text: not_taken.text }
}

pub(crate) fn comment_views(
    sql: &Connection,
    account: AccountId,
    now_ms: Millis,
) -> Result<Vec<CommentView>, StoreError> {
    account::get(sql, account)?;
    let comments = comment::of_account(sql, account, MAX_COMMENTS)?.into_iter();
    comments.map(|comment| comment_view(sql, comment, now_ms)).collect()
}

pub(crate) fn comment_view_of(sql: &Connection, id: CommentId, now_ms: Millis) -> Result<CommentView, StoreError> {
    comment_view(sql, comment::get(sql, id)?, now_ms)
}

fn comment_view(sql: &Connection, comment: Comment, now_ms: Millis) -> Result<CommentView, StoreError> {
    let conditions = comments::conditions(sql, &comment, now_ms)?
        .map(|(condition, holds)| CommentConditionView { condition, holds });
    let writer = comment::author(sql, &comment)?;
    // Our own history may know their name where the comment only has a handle.
    let names = [Some(comment.name), writer.as_ref().map(|writer| writer.name.clone()), comment.handle];
    Ok(CommentView {
        id: comment.id,
        hue: hue(if comment.person_id.is_empty() { &comment.remote_id } else { &comment.person_id }),
        name: names.into_iter().flatten().find(|name| !name.is_empty()).unwrap_or_default(),
        body: comment.body,
        is_follower: comment.is_follower,
        at_ms: comment.at_ms,
        closes_at_ms: comment.at_ms.saturating_add(ANSWERABLE_MS),
        conditions: conditions.to_vec(),
        state: match comment.state {
            AnswerState::Open => CommentState::Open,
            AnswerState::Sending { body, .. } => CommentState::Sending { body },
            AnswerState::Answered { body, at_ms } => CommentState::Answered { body, at_ms },
            AnswerState::Refused { body, refusal } => CommentState::Refused { body, refusal },
            AnswerState::Unconfirmed { body, at_ms } => CommentState::Unconfirmed { body, at_ms },
            AnswerState::Dismissed { .. } => CommentState::Dismissed,
        },
        conversation: writer.map(|writer| writer.conversation),
    })
}
