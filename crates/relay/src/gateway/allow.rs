//! Which of TikTok's paths the gateway passes on, and for whom.
//!
//! A request's path is compared with this list as it came, byte by byte: what is written in another way (`..`, `//`, a
//! percent sign) is not on it. TikTok's paths for tokens and for webhooks are not: they are the relay's own.

use axum::http::Method;
use wire::FailureCode;
use wire::api::Role;

use crate::refusal::Refusal;

/// A path that is passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Route {
    /// TikTok's path, from behind the version.
    pub(crate) path: &'static str,
    pub(crate) kind: RouteKind,
    admin: bool,
}

/// What a path does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RouteKind {
    /// A `GET` that changes nothing.
    Read,
    /// The same; what it answers is kept in the log.
    Page,
    /// A `POST` that changes nothing, or that may be made twice.
    Repeatable,
    /// A `POST` that must not be made twice.
    Once,
    /// Sends a message, a typing sign or a read receipt.
    Send,
    /// Uploads an image.
    Upload,
}

impl RouteKind {
    const fn is_get(self) -> bool {
        matches!(self, Self::Read | Self::Page)
    }

    /// Whether the call is made over a connection of its own, because it must not happen twice.
    pub(crate) const fn is_once(self) -> bool {
        matches!(self, Self::Once | Self::Send)
    }
}

const fn agent(path: &'static str, kind: RouteKind) -> Route {
    Route { path, kind, admin: false }
}

const fn admin(path: &'static str, kind: RouteKind) -> Route {
    Route { path, kind, admin: true }
}

const ROUTES: [Route; 16] = [
    agent("/business/get/", RouteKind::Read),
    agent("/business/video/list/", RouteKind::Read),
    agent("/business/message/conversation/list/", RouteKind::Page),
    agent("/business/message/content/list/", RouteKind::Page),
    agent("/business/message/capabilities/get/", RouteKind::Read),
    agent("/business/message/send/", RouteKind::Send),
    agent("/business/message/media/upload/", RouteKind::Upload),
    agent("/business/message/media/download/", RouteKind::Repeatable),
    agent("/business/message/direct_reply/get/", RouteKind::Read),
    admin("/business/message/direct_reply/update/", RouteKind::Repeatable),
    agent("/business/message/auto_message/get/", RouteKind::Read),
    admin("/business/message/auto_message/create/", RouteKind::Once),
    admin("/business/message/auto_message/update/", RouteKind::Once),
    admin("/business/message/auto_message/delete/", RouteKind::Once),
    admin("/business/message/auto_message/sort/", RouteKind::Once),
    admin("/business/message/auto_message/status/update/", RouteKind::Once),
];

/// The route of a request, by its method, the path as it came and the caller's role.
pub(crate) fn route(method: &Method, path: &str, role: Role) -> Result<Route, Refusal> {
    let not_found = || Refusal::new(FailureCode::NotFound, "the relay does not pass this path on to TikTok");
    let path = path.strip_prefix(wire::paths::GATEWAY).ok_or_else(not_found)?;
    let route = ROUTES.into_iter().find(|route| route.path == path).ok_or_else(not_found)?;
    let expected = if route.kind.is_get() { Method::GET } else { Method::POST };
    if *method != expected {
        return Err(not_found());
    }
    if route.admin && role != Role::Admin {
        return Err(Refusal::new(FailureCode::NotAllowed, "only an admin may change this"));
    }
    Ok(route)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(method: &Method, path: &str, role: Role) -> Result<RouteKind, FailureCode> {
        route(method, path, role).map(|route| route.kind).map_err(|refusal| refusal.0.code)
    }

    #[test]
    fn only_what_is_on_the_list_is_passed_on() {
        let send = "/v1/tiktok/business/message/send/";
        assert_eq!(code(&Method::POST, send, Role::Agent), Ok(RouteKind::Send));
        for method in [Method::GET, Method::PUT, Method::DELETE, Method::HEAD, Method::OPTIONS] {
            assert_eq!(code(&method, send, Role::Admin), Err(FailureCode::NotFound), "{method}");
        }
        for path in [
            "/v1/tiktok",
            "/v1/tiktok/",
            "/v1/tiktok/business/message/send",
            "/v1/tiktok//business/message/send/",
            "/v1/tiktok/business//message/send/",
            "/v1/tiktok/business/message/send//",
            "/v1/tiktok/business/message/../message/send/",
            "/v1/tiktok/./business/message/send/",
            "/v1/tiktok/business/message/%73end/",
            "/v1/tiktok/business/message/send%2f",
            "/v1/tiktok/business/message/send/;a=b",
            "/v1/tiktok/BUSINESS/message/send/",
            "/v1/tiktok\\business\\message\\send\\",
            "/v1/tiktok/https://evil.example/business/message/send/",
            "/v1/tiktok//evil.example/business/message/send/",
            "/v1/tiktok@evil.example/business/message/send/",
            "/business/message/send/",
            "/v1/tiktok/tt_user/oauth2/token/",
            "/v1/tiktok/tt_user/oauth2/refresh_token/",
            "/v1/tiktok/tt_user/oauth2/revoke/",
            "/v1/tiktok/tt_user/token_info/get/",
            "/v1/tiktok/business/webhook/update/",
            "/v1/tiktok/business/webhook/list/",
            "/v1/tiktok/business/webhook/delete/",
        ] {
            assert_eq!(code(&Method::POST, path, Role::Admin), Err(FailureCode::NotFound), "{path}");
            assert_eq!(code(&Method::GET, path, Role::Admin), Err(FailureCode::NotFound), "{path}");
        }
    }

    #[test]
    fn an_agent_changes_nothing_for_the_whole_shop() {
        for route in ROUTES {
            let (path, method) = (
                format!("{}{}", wire::paths::GATEWAY, route.path),
                if route.kind.is_get() { Method::GET } else { Method::POST },
            );
            assert_eq!(code(&method, &path, Role::Admin), Ok(route.kind));
            let changes = ["/create/", "/update/", "/delete/", "/sort/"].iter().any(|end| route.path.ends_with(end));
            let expected = if changes { Err(FailureCode::NotAllowed) } else { Ok(route.kind) };
            assert_eq!(code(&method, &path, Role::Agent), expected, "{path}");
        }
    }
}
