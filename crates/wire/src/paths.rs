//! Where the relay answers. An id in a path is put behind it, percent-encoded.

/// `POST`: TikTok's webhooks of the Business app.
pub const BUSINESS_WEBHOOK: &str = "/webhooks/business";
/// `POST`: TikTok's webhooks of the Login Kit app.
pub const LOGIN_KIT_WEBHOOK: &str = "/webhooks/login-kit";
/// `GET`: where TikTok sends the admin's browser back after an account was authorised.
pub const AUTHORIZED: &str = "/authorized";
/// `GET`: how the relay is, for people and monitors; no token.
pub const HEALTH: &str = "/health";
/// `GET`: Prometheus metrics.
pub const METRICS: &str = "/metrics";

/// `GET`: what the relay is, without a token: [`crate::api::Hello`].
pub const HELLO: &str = "/v1/hello";
/// `POST` [`crate::api::PairRequest`]: a device token for a pairing code.
pub const PAIR: &str = "/v1/pair";
/// `GET`: the device that asks, its role, and the accounts: [`crate::api::Me`].
pub const ME: &str = "/v1/me";
/// `GET`: the stream of events behind a cursor, which is a [`crate::EventId`] in the header `Last-Event-ID` or in
/// `?after=`; without one, behind the newest event. Its first event is `hello` ([`crate::api::StreamStart`]); all others
/// have no name, the id of a [`crate::Event`], and the event as data. A comment comes every 15 seconds for as long as
/// the relay works. A device has one stream: a new one ends the old.
pub const STREAM: &str = "/v1/stream";
/// `GET ?before=SEQUENCE&limit=N`: older events, newest first, at most 500: [`crate::api::History`]. Without `before`
/// the newest.
pub const HISTORY: &str = "/v1/history";
/// What stands here in front of TikTok's own paths goes to TikTok: `/v1/tiktok/business/message/send/`.
pub const GATEWAY: &str = "/v1/tiktok";
/// `GET ?url=…&account=…`: an image or a video from TikTok's hosts that wants the account's token.
pub const MEDIA: &str = "/v1/media";
/// `GET …/KEY`: what became of a send: [`crate::api::SendOutcome`].
pub const SENDS: &str = "/v1/sends";
/// `POST` [`crate::api::LeaseRequest`]: asks to be the one desktop that sweeps an account's lists.
pub const LEASE: &str = "/v1/lease";
/// `POST` [`crate::api::Claim`]: the desktop with the lease says up to when an account is complete in the log. Answers 204.
pub const CLAIMS: &str = "/v1/claims";

/// `GET`: all devices; `PATCH …/ID` [`crate::api::ChangeDevice`], `DELETE …/ID` revokes. Admins; a device may revoke itself.
pub const DEVICES: &str = "/v1/devices";
/// `POST` [`crate::api::PairingCodeRequest`]: a new pairing code. Admins.
pub const PAIRING_CODES: &str = "/v1/pairing-codes";
/// `GET ?before=ID&limit=N`: what was done by whom, newest first: a list of [`crate::api::AuditEntry`]. Admins.
pub const AUDIT: &str = "/v1/audit";
/// `GET`: the apps' ids; `PUT` [`crate::api::AppCredentials`]. Admins.
pub const APPS: &str = "/v1/apps";
/// `POST`: begins to link a TikTok account: [`crate::api::LinkBegun`]; `DELETE …/ID` unlinks one. Admins.
pub const ACCOUNTS: &str = "/v1/accounts";
/// `GET`, `PUT` [`crate::api::SetWebhook`], `DELETE`: where TikTok sends the app's webhooks:
/// [`crate::api::WebhookConfig`]; `POST …/test` sends one to ourselves: [`crate::api::WebhookTest`]. Admins.
pub const WEBHOOK: &str = "/v1/webhook";
