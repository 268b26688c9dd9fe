//! Login Kit for Desktop: signs a person in, which tells who they are.
//!
//! TikTok's OAuth differs from the standard in four places, all of them met here: the client id is called
//! `client_key`, scopes are separated by commas, the PKCE challenge is the **hex** of SHA-256 (the standard's base64url
//! is refused), and a secret is wanted although the program runs on the user's own computer.

mod authorize;
mod callback;
mod token;
mod user;

pub use authorize::{Authorization, LoginApp, authorize};
pub use callback::{Callback, CallbackError, Granted};
pub use token::{LoginTokens, exchange, refresh, revoke};
pub use user::{User, user_info};
