//! The owner's and TikTok's reviewers' side of the control addresses: what [`crate::Owner`] does, and what is decided
//! about automatic messages, from outside. It is always about the default account.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::State,
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::reply::{ControlAnswer, StageState, bad_request};
use crate::{
    auto_message::{AuditStatus, AutoKind},
    owner::Owner,
    stage::Stage,
};

pub(super) fn router() -> Router<Arc<Stage>> {
    Router::new()
        .route("/auto_messages", get(auto_messages))
        .route("/owner", post(owner))
        .route("/review", post(review))
        .route("/wrap_prompts", post(wrap_prompts))
}

async fn auto_messages(State(stage): StageState) -> Json<Value> {
    Json(json!(stage.world().auto_messages()))
}

/// `{"does":"suggests","question":"When?","answer":"9 to 18"}`. Kinds are named as the API names them.
#[derive(Deserialize)]
#[serde(tag = "does", rename_all = "snake_case")]
enum OwnerAction {
    WelcomesWith {
        text: String,
    },
    Suggests {
        question: String,
        answer: String,
    },
    Prompts {
        title: String,
        content: String,
    },
    Edits {
        auto_message_id: String,
        #[serde(default)]
        title: String,
        body: String,
    },
    Deletes {
        auto_message_id: String,
    },
    TurnsOn {
        kind: AutoKind,
    },
    TurnsOff {
        kind: AutoKind,
    },
    Sorts {
        auto_message_ids: Vec<String>,
    },
    AnswersComments {
        answers: bool,
    },
    AnswersComment {
        comment_id: String,
        text: String,
    },
    RegistersIn {
        country: String,
    },
}

async fn owner(State(stage): StageState, Json(action): Json<OwnerAction>) -> ControlAnswer {
    let owner = Owner::of_default_account(&stage);
    let named = |name: &str, id: String| {
        if id.is_empty() { Err(bad_request("that cannot be done now")) } else { Ok(Json(json!({ name: id }))) }
    };
    let done = |done: bool| if done { Ok(Json(json!({}))) } else { Err(bad_request("that cannot be done now")) };
    match action {
        OwnerAction::WelcomesWith { text } => named("auto_message_id", owner.welcomes_with(&text)),
        OwnerAction::Suggests { question, answer } => named("auto_message_id", owner.suggests(&question, &answer)),
        OwnerAction::Prompts { title, content } => named("auto_message_id", owner.prompts(&title, &content)),
        OwnerAction::Edits { auto_message_id, title, body } => {
            named("auto_message_id", owner.edits(&auto_message_id, &title, &body))
        }
        OwnerAction::Deletes { auto_message_id } => done(owner.deletes(&auto_message_id)),
        OwnerAction::Sorts { auto_message_ids } => {
            done(owner.sorts(&auto_message_ids.iter().map(String::as_str).collect::<Vec<_>>()))
        }
        OwnerAction::AnswersComment { comment_id, text } => {
            named("message_id", owner.answers_comment(&comment_id, &text))
        }
        OwnerAction::TurnsOn { kind } => {
            owner.turns_on(kind);
            done(true)
        }
        OwnerAction::TurnsOff { kind } => {
            owner.turns_off(kind);
            done(true)
        }
        OwnerAction::AnswersComments { answers } => {
            owner.answers_comments(answers);
            done(true)
        }
        OwnerAction::RegistersIn { country } => {
            owner.registers_in(&country);
            done(true)
        }
    }
}

#[derive(Deserialize)]
struct Review {
    auto_message_id: String,
    approve: bool,
}

async fn review(State(stage): StageState, Json(review): Json<Review>) -> ControlAnswer {
    let audit = if review.approve { AuditStatus::Approved } else { AuditStatus::Rejected };
    let now = stage.now();
    if stage.world().review_auto(&review.auto_message_id, audit, now) {
        Ok(Json(json!({})))
    } else {
        Err(bad_request("no such automatic message"))
    }
}

#[derive(Deserialize)]
struct Wrap {
    wraps: bool,
}

async fn wrap_prompts(State(stage): StageState, Json(wrap): Json<Wrap>) -> Json<Value> {
    stage.wrap_prompts(wrap.wraps);
    Json(json!({}))
}
