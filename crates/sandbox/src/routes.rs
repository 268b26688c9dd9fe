//! The addresses. Every path of both platforms ends in a slash; without it there is only a 404 page (§3).

use std::sync::Arc;

use axum::{
    Router,
    extract::{DefaultBodyLimit, State},
    http::{HeaderValue, header::DATE},
    middleware::{from_fn_with_state, map_response_with_state},
    response::Response,
    routing::{get, post},
};

use crate::{clock::http_date, stage::Stage};

pub(crate) mod answer;
pub(crate) mod authorize;
pub(crate) mod auto_messages;
pub(crate) mod business;
pub(crate) mod business_oauth;
pub(crate) mod compose;
pub(crate) mod control;
pub(crate) mod direct_reply;
pub(crate) mod gate;
pub(crate) mod login_kit;
pub(crate) mod mangled;
pub(crate) mod media;
pub(crate) mod messaging;
pub(crate) mod multipart;
pub(crate) mod page;
pub(crate) mod posts;
pub(crate) mod request;
pub(crate) mod send;
pub(crate) mod uploading;
pub(crate) mod videos;
pub(crate) mod webhooks;

/// Everything the sandbox answers.
pub(crate) fn router(stage: &Arc<Stage>) -> Router {
    let business = Router::new()
        .route("/tt_user/oauth2/token/", post(business_oauth::token))
        .route("/tt_user/oauth2/refresh_token/", post(business_oauth::refresh))
        .route("/tt_user/oauth2/revoke/", post(business_oauth::revoke))
        .route("/tt_user/token_info/get/", post(business_oauth::token_info))
        .route("/business/get/", get(business::profile))
        .route("/business/message/conversation/list/", get(messaging::conversation_list))
        .route("/business/message/content/list/", get(messaging::content_list))
        .route("/business/message/send/", post(send::send))
        .route("/business/video/list/", get(posts::video_list))
        .route("/business/message/media/upload/", post(uploading::media_upload))
        .route("/business/message/media/download/", post(business::media_download))
        .route("/business/message/capabilities/get/", get(business::capabilities))
        .route("/business/message/auto_message/create/", post(auto_messages::create))
        .route("/business/message/auto_message/update/", post(auto_messages::update))
        .route("/business/message/auto_message/status/update/", post(auto_messages::switch))
        .route("/business/message/auto_message/delete/", post(auto_messages::delete))
        .route("/business/message/auto_message/sort/", post(auto_messages::sort))
        .route("/business/message/auto_message/get/", get(auto_messages::list))
        .route("/business/message/direct_reply/update/", post(direct_reply::update))
        .route("/business/message/direct_reply/get/", get(direct_reply::show))
        .route("/business/webhook/update/", post(webhooks::update))
        .route("/business/webhook/list/", get(webhooks::list))
        .route("/business/webhook/delete/", post(webhooks::delete));
    Router::new()
        .route("/", get(page::home))
        .route("/v2/auth/authorize/", get(authorize::show).post(authorize::decided))
        .route("/v2/oauth/token/", post(login_kit::token))
        .route("/v2/oauth/revoke/", post(login_kit::revoke))
        .route("/v2/user/info/", get(login_kit::user_info))
        .nest("/open_api/v1.3", business)
        .route("/registered-redirect", get(authorize::landed))
        .route("/media/{media_id}", get(media::media))
        .route("/cdn/{kind}/{name}", get(media::cdn))
        .route("/embed/v2/{item_id}", get(posts::embed))
        .route("/{handle}/video/{item_id}", get(posts::shared))
        .nest("/sandbox", control::router())
        .fallback(answer::not_found)
        // The gate has its own.
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn_with_state(Arc::clone(stage), gate::gate))
        .layer(map_response_with_state(Arc::clone(stage), dated))
        .with_state(Arc::clone(stage))
}

/// Every answer tells the time by this TikTok's clock, wherever that was moved to.
async fn dated(State(stage): State<Arc<Stage>>, mut response: Response) -> Response {
    if let Ok(date) = HeaderValue::try_from(http_date(stage.now())) {
        response.headers_mut().insert(DATE, date);
    }
    response
}
