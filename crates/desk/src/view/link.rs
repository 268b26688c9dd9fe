//! Linking an account, step by step.

use model::{AccountId, Millis};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::Fault;

/// How far linking an account has come.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LinkView {
    /// The Login Kit app's client key, if typed before. Its secret is never shown.
    pub login_client_key: Option<String>,
    /// The Business app's id, if typed before. Its secret is never shown.
    pub business_app_id: Option<String>,
    /// The Business app's registered redirect address, if typed before.
    pub business_redirect_uri: Option<String>,
    /// Whether TikTok has taken the Business app's credentials as they are saved.
    pub business_checked: bool,
    /// Whether TikTok has taken the Login Kit app's credentials as they are saved.
    pub login_checked: bool,
    /// Whether the app was said to be approved for listing the account's posts.
    pub may_list_posts: bool,
    /// The address to register for Login Kit.
    pub login_redirect_uri: String,
    /// The current step.
    pub step: LinkStep,
    /// Who signed in with Login Kit, once done.
    pub signed_in_as: Option<LinkedProfile>,
    /// The account that was meant to be linked again, if one was.
    pub wanted: Option<AccountId>,
    /// Why the last attempt ended without success.
    pub fault: Option<Fault>,
}

/// The step linking is at.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(tag = "step", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum LinkStep {
    /// The credentials of the two apps are needed.
    Credentials,
    /// Ready to sign in with Login Kit.
    SignIn,
    /// The browser is at Login Kit's page.
    SigningIn {
        /// When we stop waiting, ms since the epoch.
        until_ms: Millis,
        /// The address the browser was sent to, for copying.
        address: String,
    },
    /// Ready to ask for the Business permissions.
    Authorise,
    /// The browser is at the Business permissions page, or has landed on the registered address.
    Authorising {
        /// When we stop waiting, ms since the epoch.
        until_ms: Millis,
        /// The address the browser was sent to, for copying.
        address: String,
    },
    /// TikTok gave access, and whose it is could not be read: `fault` says why. It is kept, and can be asked again.
    ProfileFailed,
    /// TikTok gave access to this account: is it the right one?
    Confirm {
        /// The account.
        profile: LinkedProfile,
        /// Which linked account it is, whose access confirming renews; none if it is not linked yet.
        known: Option<AccountId>,
    },
}

/// A TikTok profile shown while linking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LinkedProfile {
    /// The @handle without the @; empty if TikTok did not say.
    pub handle: String,
    /// The display name.
    pub display_name: String,
    /// The avatar's key in the media vault.
    pub avatar: Option<String>,
}
