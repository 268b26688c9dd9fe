//! Comment-to-Message over HTTP (§4.8): whether it is on. Answering a comment is a send, and its conditions are in
//! [`crate::world::comments`].

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::State,
    http::{HeaderMap, Uri},
    response::Response,
};
use serde_json::json;

use super::{
    answer::envelope,
    auto_messages::operation,
    request::{body, caller, param, query, text},
};
use crate::{
    refusal::Refusal,
    stage::Stage,
    world::{World, comments::not_offered},
};

const COMMENT_TO_MESSAGE: &str = "COMMENT_TO_MESSAGE";

/// `POST /business/message/direct_reply/update/`, with the permission to send (§4.1).
pub(crate) async fn update(State(stage): State<Arc<Stage>>, headers: HeaderMap, bytes: Bytes) -> Response {
    let outcome = body(&bytes).and_then(|body| {
        let (mut world, now) = (stage.world(), stage.now());
        let account = caller(&world, &headers, "message.list.send", text(&body, "business_id")?, now)?;
        let on = known(text(&body, "direct_reply_type")?).and_then(|()| operation(&body))?;
        offered(&world, account)?;
        world.switch_comments(account, on);
        Ok(json!({}))
    });
    envelope(&stage, outcome)
}

/// `GET /business/message/direct_reply/get/`, with the permission to read.
pub(crate) async fn show(State(stage): State<Arc<Stage>>, headers: HeaderMap, uri: Uri) -> Response {
    let query = query(&uri);
    let read = || {
        let world = stage.world();
        let business_id = param(&query, "business_id")?;
        let account = caller(&world, &headers, "message.list.read", business_id, stage.now())?;
        known(param(&query, "direct_reply_type")?)?;
        offered(&world, account)?;
        Ok(json!({
            "business_id": business_id,
            "direct_reply_type": COMMENT_TO_MESSAGE,
            "operation_status": if world.answers_comments(account) { "ENABLE" } else { "DISABLE" },
        }))
    };
    envelope(&stage, read())
}

fn known(direct_reply_type: &str) -> Result<(), Refusal> {
    if direct_reply_type == COMMENT_TO_MESSAGE { Ok(()) } else { Err(Refusal::param("direct_reply_type")) }
}

/// The notes do not say what an account elsewhere is answered: the code for regions, by whichever call.
fn offered(world: &World, account: usize) -> Result<(), Refusal> {
    if world.offers_comments(account) { Ok(()) } else { Err(not_offered()) }
}
