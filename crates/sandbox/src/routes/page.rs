//! The pages a person sees in the browser: agreeing, being refused, and where the registered https address would be.
//! Whatever comes from a query is escaped, and no script runs but the one with this answer's nonce.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use axum::{
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
};

use super::authorize::request::AuthorizeRequest;
use crate::{ids, ledger::Platform, stage::Stage, world::Account};

const STYLE: &str = "
:root{color-scheme:light dark;--ink:#17181c;--faint:#63666f;--paper:#fff;--ground:#f2f3f5;--line:#dfe1e6;--go:#fe2c55}
@media(prefers-color-scheme:dark){:root{--ink:#f1f2f4;--faint:#a3a7b1;--paper:#1d1f24;--ground:#121317;--line:#353842}}
*{box-sizing:border-box}body{margin:0;min-height:100vh;display:grid;place-items:center;padding:24px;
background:var(--ground);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
main{width:min(440px,100%);background:var(--paper);border:1px solid var(--line);border-radius:14px;padding:28px}
h1{font-size:20px;line-height:1.3;margin:0 0 6px}p{margin:0 0 16px;color:var(--faint)}
.mark{display:inline-block;font-size:12px;color:var(--faint);border:1px solid var(--line);border-radius:99px;
padding:2px 10px;margin-bottom:16px}
fieldset{border:1px solid var(--line);border-radius:10px;margin:0 0 16px;padding:10px 14px}
legend{font-size:13px;color:var(--faint);padding:0 4px}label{display:flex;gap:10px;align-items:center;padding:5px 0}
small{color:var(--faint);margin-inline-start:auto}
.acts{display:flex;gap:10px}.go{display:block}button,.go{flex:1;font:inherit;font-weight:600;padding:11px;border-radius:8px;cursor:pointer;
border:1px solid var(--line);background:none;color:inherit;text-align:center;text-decoration:none}
button[value=agree],.go{background:var(--go);border-color:var(--go);color:#fff}
input[type=text],textarea{width:100%;font:13px/1.5 ui-monospace,monospace;padding:10px;border:1px solid var(--line);
border-radius:8px;background:var(--ground);color:inherit;margin:0 0 16px;resize:vertical}
dl{display:grid;grid-template-columns:auto 1fr;gap:4px 14px;margin:0;font-size:13px}dt{color:var(--faint)}
dd{margin:0;overflow-wrap:anywhere}";

/// Text that is safe between tags and in quoted attributes.
pub(crate) fn escape(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
        out
    })
}

/// A page with this title and body; `{nonce}` in the body stands for the nonce of its script.
pub(crate) fn page(status: StatusCode, title: &str, body: &str) -> Response {
    static PAGES: AtomicU64 = AtomicU64::new(0);
    let count = PAGES.fetch_add(1, Ordering::Relaxed).to_string();
    let nonce = ids::base64url(&ids::digest(0, "nonce", &[&count, &format!("{:?}", std::time::Instant::now())]));
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{}</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><style nonce=\"{nonce}\">{STYLE}</style></head>\
         <body><main><span class=\"mark\">Practice: this is not TikTok</span>{}</main></body></html>",
        escape(title),
        body.replace("{nonce}", &nonce),
    );
    // No form-action: browsers apply it to the redirect after the form, which goes to the app's own address.
    let policy = format!(
        "default-src 'none'; img-src 'self'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; \
         base-uri 'none'; frame-ancestors 'none'"
    );
    let policy = HeaderValue::from_str(&policy).unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'"));
    let headers = [
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (status, headers, Html(html)).into_response()
}

/// The page with Agree and Cancel.
pub(crate) fn consent(ask: &AuthorizeRequest) -> Response {
    let hidden: String = ask
        .params
        .iter()
        .map(|(name, value)| format!("<input type=\"hidden\" name=\"{}\" value=\"{}\">", escape(name), escape(value)))
        .collect();
    let accounts: String = ask
        .accounts
        .iter()
        .enumerate()
        .map(|(at, account)| {
            let (handle, name) = (escape(&account.handle), escape(&account.display_name));
            let checked = if at == ask.account { " checked" } else { "" };
            format!(
                "<label><input type=\"radio\" name=\"account\" value=\"{handle}\"{checked}>{name}\
                 <small>@{handle}</small></label>"
            )
        })
        .collect();
    let scopes: String = ask
        .scopes
        .iter()
        .map(|scope| {
            // The basic scope stays: a browser does not send a disabled box, and the answer puts it back.
            let fixed = if scope == "user.info.basic" { " disabled" } else { "" };
            let (value, what) = (escape(scope), meaning(scope));
            format!(
                "<label><input type=\"checkbox\" name=\"grant\" value=\"{value}\" checked{fixed}>{what}\
                 <small>{value}</small></label>"
            )
        })
        .collect();
    let app = match ask.platform {
        Platform::LoginKit => "Deskbell",
        Platform::Business => "Deskbell for Business",
    };
    let body = format!(
        "<h1>{app} would like to access your TikTok account</h1><p>You can take this back at any time in TikTok's \
         settings.</p><form method=\"post\" action=\"/v2/auth/authorize/\">{hidden}\
         <fieldset><legend>Continue as</legend>{accounts}</fieldset>\
         <fieldset><legend>{app} may</legend>{scopes}</fieldset>\
         <div class=\"acts\"><button name=\"decision\" value=\"cancel\">Cancel</button>\
         <button name=\"decision\" value=\"agree\">Agree</button></div></form>"
    );
    page(StatusCode::OK, "Log in with TikTok", &body)
}

fn meaning(scope: &str) -> &'static str {
    match scope {
        "user.info.basic" => "See your name and picture",
        "user.info.username" => "See your username",
        "user.info.profile" => "See your profile text and link",
        "user.info.stats" => "See your follower counts",
        "user.account.type" => "See what kind of account this is",
        "user.insights" => "See your insights",
        "message.list.read" => "Read your direct messages",
        "message.list.send" => "Send direct messages for you",
        "message.list.manage" => "Manage your automatic messages",
        "video.list" => "See your posts",
        "comment.list" => "Read comments on your posts",
        "comment.list.manage" => "Answer comments on your posts",
        _ => "Something else",
    }
}

/// The request cannot go on, and the app is not told: only this page says why.
pub(crate) fn refusal(error_type: &str, text: &str, log_id: &str) -> Response {
    let (error_type, text) = (escape(error_type), escape(text));
    let body = format!(
        "<h1>Something went wrong</h1><p>{text}</p><dl><dt>error</dt><dd>unauthorized_client</dd>\
         <dt>error_type</dt><dd>error_type={error_type}</dd><dt>log_id</dt><dd>{log_id}</dd></dl>"
    );
    page(StatusCode::BAD_REQUEST, "Log in with TikTok", &body)
}

/// The registered https page's stand-in: the address to copy, and the way on to the desktop.
pub(crate) fn landed(address: &str, onward: Option<&str>, by_itself: bool) -> Response {
    let shown = escape(address);
    let way = onward.map_or_else(String::new, |to| {
        let link =
            format!("<a class=\"go\" id=\"onward\" href=\"{}\" rel=\"noreferrer\">Open Deskbell</a>", escape(to));
        if by_itself {
            let go = "location.replace(document.getElementById('onward').href)";
            format!("{link}<script nonce=\"{{nonce}}\">{go}</script>")
        } else {
            link
        }
    });
    let body = format!(
        "<h1>Almost there</h1><p>This page stands in for the app's registered https address, which no browser can \
         open in practice.</p><label for=\"landed\">The address you landed on</label>\
         <textarea id=\"landed\" rows=\"4\" readonly>{shown}</textarea>\
         <p>If Deskbell does not come to the front by itself, copy this address and paste it there.</p>{way}"
    );
    page(StatusCode::OK, "Back to Deskbell", &body)
}

/// `GET /`: what this is.
pub(crate) async fn home(State(stage): State<Arc<Stage>>) -> Response {
    let accounts: String = {
        let world = stage.world();
        let line = |account: &Account| {
            format!("<dt>@{}</dt><dd>{}</dd>", escape(&account.handle), escape(&account.display_name))
        };
        world.accounts.iter().map(line).collect()
    };
    let body = format!(
        "<h1>A TikTok to practise with</h1><p>It runs on this computer only, answers like TikTok's two platforms, and \
         forgets everything when it stops.</p><dl>{accounts}</dl>"
    );
    page(StatusCode::OK, "Sandbox", &body)
}
