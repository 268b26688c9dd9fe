//! The Business permissions: the code by bounce or by paste, the account shown, and only then linked.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use model::{AccountId, Change};
use store::table::account::{self, NewAccount};
use store::table::setting;
use store::table::token_event::{self, Kind, TokenEvent};
use tiktok::business::oauth::{self, BusinessApp, BusinessTokens, VIDEO_LIST_SCOPE};
use tiktok::business::profile::GetBusiness;
use tiktok::login_kit::{Callback, CallbackError};
use tokio::sync::mpsc;

use super::listener::{Port, same};
use super::{BOUNCE_PATH, LinkError, MAY_LIST_POSTS, NEEDED, Profile, Stage};
use crate::engine::Engine;

impl Engine {
    /// Opens a port, and says where to send the browser for the Business permissions. The account that is meant to be linked
    /// again is remembered: in the browser another one may be signed in.
    ///
    /// # Errors
    /// [`LinkError`]
    pub async fn start_authorise(&self, wanted: Option<AccountId>) -> Result<String, LinkError> {
        let app = self.caller().tokens().app().await?.ok_or(LinkError::NotStarted)?;
        let port = Port::open().await.map_err(|error| LinkError::Port(error.to_string()))?;
        let mut bytes = [0_u8; 34];
        let (secret, tail) = bytes.split_at_mut(32);
        secret.copy_from_slice(&rand::random::<[u8; 32]>());
        tail.copy_from_slice(&port.number().to_be_bytes());
        let state = BASE64_URL_SAFE_NO_PAD.encode(bytes);
        let posts = self.store().read(|sql| setting::get(sql, MAY_LIST_POSTS)).await?;
        let extra: &[&str] = if posts.as_deref() == Some("1") { &[VIDEO_LIST_SCOPE] } else { &[] };
        let scopes = oauth::dm_scopes_and(extra);
        let address = oauth::authorize(self.caller().client().endpoints(), &app, &scopes, &state).to_string();
        let (back, came) = mpsc::channel(1);
        let engine = self.clone();
        let paste = Some((state.clone(), back.clone()));
        self.link().state().wanted = wanted;
        self.attempt(Stage::Authorising(self.waiting(&address)), paste, async move {
            let granted = engine.wait_for_browser(port, BOUNCE_PATH, state, back, came).await;
            let outcome = match granted {
                Ok(granted) => engine.authorised(&app, &granted.code).await,
                Err(error) => Err(error),
            };
            if let Err(error) = outcome {
                engine.restart_link(Some(error));
            }
        });
        Ok(address)
    }

    async fn authorised(&self, app: &BusinessApp, code: &str) -> Result<(), LinkError> {
        let client = self.caller().client();
        let tokens = oauth::exchange(client, app, code).await?;
        let missing =
            NEEDED.iter().find(|scope| !tokens.scope.is_empty() && !tokens.scope.iter().any(|given| given == *scope));
        if let Some(missing) = missing {
            self.give_back(app, &tokens).await;
            return Err(LinkError::ScopeMissing((*missing).to_owned()));
        }
        let mut question = GetBusiness::new(tokens.open_id.clone());
        question.fields = vec!["username", "display_name", "profile_image"];
        let business = match client.call(&tokens.access, question).await {
            Ok(business) => business,
            Err(error) => {
                self.give_back(app, &tokens).await;
                return Err(error.into());
            }
        };
        if business.is_business_account == Some(false) {
            self.give_back(app, &tokens).await;
            return Err(LinkError::NotBusiness);
        }
        let handle = business.username.unwrap_or_default();
        let display_name = business.display_name.unwrap_or_else(|| handle.clone());
        let avatar = self.picture(business.profile_image.as_deref()).await;
        let profile = Profile { handle, display_name, avatar };
        let open_id = tokens.open_id.clone();
        let account = self.store().read(move |sql| account::find(sql, &open_id)).await?.map(|known| known.id);
        let mut state = self.link().state();
        state.pending = Some(Box::new((tokens, profile.clone())));
        state.stage = Some(Stage::Confirm { profile, account });
        state.paste = None;
        state.error = None;
        drop(state);
        self.store().announce(Change::Link);
        Ok(())
    }

    /// Takes the address the agent landed on.
    ///
    /// # Errors
    /// [`LinkError::NotStarted`], [`LinkError::NoCode`], [`LinkError::WrongState`]; the wait goes on.
    pub fn paste_redirect(&self, pasted: &str) -> Result<(), LinkError> {
        let pasted = pasted.trim();
        // Some copy only what is behind the question mark.
        let callback = Callback::from_pasted(pasted)
            .or_else(|| {
                pasted.contains("code=").then(|| Callback::from_query(pasted.rsplit('?').next().unwrap_or(pasted)))
            })
            .ok_or(LinkError::NoCode)?;
        let state = self.link().state();
        let Some((expected, back)) = &state.paste else { return Err(LinkError::NotStarted) };
        if matches!(callback.outcome, Err(CallbackError::Empty)) {
            return Err(LinkError::NoCode);
        }
        if !same(&callback.state, expected) {
            return Err(LinkError::WrongState);
        }
        back.try_send(callback).map_err(|_| LinkError::NotStarted)
    }

    /// It is the wrong account.
    pub async fn reject_link(&self) {
        let pending = self.link().state().pending.take();
        self.restart_link(None);
        if let (Some(pending), Ok(Some(app))) = (pending, self.caller().tokens().app().await) {
            self.give_back(&app, &pending.0).await;
        }
    }

    /// It is the right account: tokens into the keychain, the account into the database, and off it goes.
    ///
    /// # Errors
    /// [`LinkError::NotStarted`], [`LinkError::Secrets`], [`LinkError::Store`]; then it can be confirmed again.
    pub async fn confirm_link(&self) -> Result<AccountId, LinkError> {
        let pending = self.link().state().pending.take().ok_or(LinkError::NotStarted)?;
        match self.keep_account(&pending.0, &pending.1).await {
            Ok(id) => {
                let mut state = self.link().state();
                state.signed_in_as = None;
                state.wanted = None;
                state.skipped = false;
                drop(state);
                self.restart_link(None);
                Ok(id)
            }
            Err(error) => {
                self.link().state().pending = Some(pending);
                Err(error)
            }
        }
    }

    async fn keep_account(&self, tokens: &BusinessTokens, profile: &Profile) -> Result<AccountId, LinkError> {
        // Everything written since is news, so it must not be tomorrow by this computer's clock.
        self.caller().learn_time();
        let remote_id = tokens.open_id.clone();
        let known = self.store().read(move |sql| account::find(sql, &remote_id)).await?;
        let (store, now_ms) = (self.store(), self.clock().now_ms());
        let event = TokenEvent { at_ms: now_ms, kind: Kind::Linked, detail: String::new() };
        let (remote_id, profile) = (tokens.open_id.clone(), profile.clone());
        let link = move |times| {
            let Profile { handle, display_name, avatar } = profile;
            let new = NewAccount { remote_id, handle, display_name, avatar, tokens: times };
            store.write(move |tx| {
                let id = account::link(tx, &new, now_ms)?;
                token_event::note(tx, id, &event)?;
                Ok(id)
            })
        };
        let id = self.caller().tokens().link(known.as_ref().map(|known| known.id), tokens, link).await?;
        let account = self.store().read(move |sql| account::get(sql, id)).await?;
        self.follow(&account);
        if known.is_some() {
            self.has_access_again(id).await?;
        }
        tracing::info!(account = id.0, relink = known.is_some(), "link.confirmed");
        Ok(id)
    }

    /// Gives access back that is not to be kept. That of an account which is linked already is not: TikTok ends all access
    /// of the app to it, that in use too.
    async fn give_back(&self, app: &BusinessApp, tokens: &BusinessTokens) {
        let open_id = tokens.open_id.clone();
        match self.store().read(move |sql| account::find(sql, &open_id)).await {
            Ok(None) => {}
            Ok(Some(known)) if known.unlinked_at_ms.is_some() => {}
            // Or nobody knows: then it is left as it is.
            Ok(Some(_)) | Err(_) => return,
        }
        if let Err(error) = oauth::revoke(self.caller().client(), app, &tokens.access).await {
            tracing::warn!(%error, "link.not_revoked");
        }
    }
}
