//! The Business permissions: the code by bounce or by paste, the account shown, and only then linked.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use model::{AccountId, Change};
use store::table::account::{self, NewAccount};
use store::table::setting;
use store::table::token_event::{self, TokenEvent, TokenEventKind};
use tiktok::business::oauth::{self, BusinessApp, BusinessTokens, VIDEO_LIST_SCOPE};
use tiktok::business::profile::{Business, GetBusiness};
use tiktok::login_kit::{Callback, CallbackError};
use tokio::sync::mpsc;

use super::listener::{Port, same};
use super::{BOUNCE_PATH, BUSINESS_CHECKED, LinkError, Linking, MAY_LIST_POSTS, NEEDED, Pending, Profile, Stage};

impl Linking {
    /// Opens a port, and says where to send the browser for the Business permissions. The account that is meant to be linked
    /// again is remembered: in the browser another one may be signed in.
    ///
    /// # Errors
    /// [`LinkError`]
    pub async fn start_authorise(&self, wanted: Option<AccountId>) -> Result<String, LinkError> {
        let app = self.context.caller().tokens().app().await?.ok_or(LinkError::NotStarted)?;
        let port = Port::open().await.map_err(|error| LinkError::Port(error.to_string()))?;
        let mut bytes = [0_u8; 34];
        let (secret, tail) = bytes.split_at_mut(32);
        secret.copy_from_slice(&rand::random::<[u8; 32]>());
        tail.copy_from_slice(&port.number().to_be_bytes());
        let state = BASE64_URL_SAFE_NO_PAD.encode(bytes);
        let posts = self.context.store().read(|sql| setting::get(sql, MAY_LIST_POSTS)).await?;
        let extra: &[&str] = if posts.as_deref() == Some("1") { &[VIDEO_LIST_SCOPE] } else { &[] };
        let scopes = oauth::dm_scopes_and(extra);
        let address = oauth::authorize(self.context.caller().client().endpoints(), &app, &scopes, &state).to_string();
        let (back, came) = mpsc::channel(1);
        let linking = self.clone();
        let paste = Some((state.clone(), back.clone()));
        self.state().wanted = wanted;
        self.attempt(Stage::Authorising(self.waiting(&address)), paste, async move {
            let granted = linking.wait_for_browser(port, BOUNCE_PATH, state, back, came).await;
            let outcome = match granted {
                Ok(granted) => linking.authorised(&app, &granted.code).await,
                Err(error) => Err(error),
            };
            if let Err(error) = outcome {
                linking.restart(Some(error));
            }
        });
        Ok(address)
    }

    async fn authorised(&self, app: &BusinessApp, code: &str) -> Result<(), LinkError> {
        let client = self.context.caller().client();
        let exchanged = oauth::exchange(client, app, code).await;
        match &exchanged {
            Ok(_) => self.record_checked(BUSINESS_CHECKED, true).await,
            Err(error) if error.is_about_the_app() => self.record_checked(BUSINESS_CHECKED, false).await,
            Err(_) => {}
        }
        let tokens = exchanged?;
        let missing =
            NEEDED.iter().find(|scope| !tokens.scope.is_empty() && !tokens.scope.iter().any(|given| given == *scope));
        if let Some(missing) = missing {
            self.give_back(app, &tokens, tokens.open_id.as_deref()).await;
            return Err(LinkError::ScopeMissing((*missing).to_owned()));
        }
        let open_id = tokens.open_id.clone();
        self.state().pending = Some(Box::new(Pending { tokens, open_id, profile: None }));
        self.read_profile(app).await
    }

    /// Reads again whose the permissions are that were given.
    ///
    /// # Errors
    /// [`LinkError::NotStarted`] if none wait for it; why it failed this time is in the status.
    pub async fn retry_profile(&self) -> Result<(), LinkError> {
        let app = self.context.caller().tokens().app().await?.ok_or(LinkError::NotStarted)?;
        if self.state().stage != Some(Stage::ProfileFailed) {
            return Err(LinkError::NotStarted);
        }
        if let Err(error) = self.read_profile(&app).await {
            self.restart(Some(error));
        }
        Ok(())
    }

    /// Reads whose the permissions are. Where TikTok does not say, they are kept and can be asked about again: the code they
    /// came for is used up, and taking them back would end access that the agent has just given.
    async fn read_profile(&self, app: &BusinessApp) -> Result<(), LinkError> {
        let Some(pending) = self.state().pending.clone() else { return Ok(()) };
        let read = self.read_business(app, &pending).await;
        let (open_id, business) = match read {
            Ok(read) => read,
            Err(error) => {
                let mut state = self.state();
                if is_same(state.pending.as_deref(), &pending) {
                    state.stage = Some(Stage::ProfileFailed);
                    state.paste = None;
                    state.error = Some(error.into());
                }
                drop(state);
                self.context.store().announce(Change::Link);
                return Ok(());
            }
        };
        if business.is_business_account == Some(false) {
            self.state().pending = None;
            self.give_back(app, &pending.tokens, Some(&open_id)).await;
            return Err(LinkError::NotBusiness);
        }
        let handle = business.username.unwrap_or_default();
        let display_name = business.display_name.unwrap_or_else(|| handle.clone());
        let avatar = self.picture(business.profile_image.as_deref()).await;
        let profile = Profile { handle, display_name, avatar };
        let remote_id = open_id.clone();
        let account = self.context.store().read(move |sql| account::find(sql, &remote_id)).await?.map(|known| known.id);
        let mut state = self.state();
        // The agent may have said no meanwhile.
        if is_same(state.pending.as_deref(), &pending) {
            let tokens = pending.tokens;
            let pending = Pending { tokens, open_id: Some(open_id), profile: Some(profile.clone()) };
            state.pending = Some(Box::new(pending));
            state.stage = Some(Stage::Confirm { profile, account });
            state.paste = None;
            state.error = None;
        }
        drop(state);
        self.context.store().announce(Change::Link);
        Ok(())
    }

    async fn read_business(&self, app: &BusinessApp, pending: &Pending) -> Result<(String, Business), tiktok::Error> {
        let client = self.context.caller().client();
        let open_id = match &pending.open_id {
            Some(open_id) => open_id.clone(),
            None => oauth::token_info(client, app, &pending.tokens.access).await?.creator_id,
        };
        let mut question = GetBusiness::new(open_id.clone());
        question.fields = vec!["username", "display_name", "profile_image"];
        Ok((open_id, client.call(&pending.tokens.access, question).await?))
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
        let state = self.state();
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
    pub async fn reject(&self) {
        let pending = self.state().pending.take();
        self.restart(None);
        if let (Some(pending), Ok(Some(app))) = (pending, self.context.caller().tokens().app().await) {
            self.give_back(&app, &pending.tokens, pending.open_id.as_deref()).await;
        }
    }

    /// It is the right account: tokens into the keychain, the account into the database, and off it goes.
    ///
    /// # Errors
    /// [`LinkError::NotStarted`], [`LinkError::Secrets`], [`LinkError::Store`]; then it can be confirmed again.
    pub async fn confirm(&self) -> Result<AccountId, LinkError> {
        let pending = {
            let mut state = self.state();
            state.pending.take_if(|pending| pending.profile.is_some()).ok_or(LinkError::NotStarted)?
        };
        let Pending { tokens, open_id: Some(open_id), profile: Some(profile) } = &*pending else {
            return Err(LinkError::NotStarted);
        };
        match self.keep_account(tokens, open_id, profile).await {
            Ok(id) => {
                let mut state = self.state();
                state.signed_in_as = None;
                state.wanted = None;
                state.skipped = false;
                drop(state);
                self.restart(None);
                Ok(id)
            }
            Err(error) => {
                self.state().pending = Some(pending);
                Err(error)
            }
        }
    }

    async fn keep_account(
        &self,
        tokens: &BusinessTokens,
        open_id: &str,
        profile: &Profile,
    ) -> Result<AccountId, LinkError> {
        // Everything written since is news, so it must not be tomorrow by this computer's clock.
        self.context.caller().learn_time();
        let remote_id = open_id.to_owned();
        let known = self.context.store().read(move |sql| account::find(sql, &remote_id)).await?;
        let (store, now_ms) = (self.context.store(), self.context.clock().now_ms());
        let event = TokenEvent { at_ms: now_ms, kind: TokenEventKind::Linked, detail: String::new() };
        let (remote_id, profile) = (open_id.to_owned(), profile.clone());
        let link = move |times| {
            let Profile { handle, display_name, avatar } = profile;
            let new = NewAccount { remote_id, handle, display_name, avatar, tokens: times };
            store.write(move |tx| {
                let id = account::link(tx, &new, now_ms)?;
                token_event::record(tx, id, &event)?;
                Ok(id)
            })
        };
        let id =
            self.context.caller().tokens().link(known.as_ref().map(|known| known.id), open_id, tokens, link).await?;
        // It has a link of its own now, whatever it went through before.
        self.context.caller().gateway().remove_account(id);
        let account = self.context.store().read(move |sql| account::get(sql, id)).await?;
        self.accounts.follow(&account);
        if known.is_some() {
            self.accounts.resume_access(id).await?;
        }
        tracing::info!(account = id.0, relink = known.is_some(), "an account was linked");
        Ok(id)
    }

    /// Gives access back that is not to be kept. That of an account which is linked already is not: TikTok ends all access
    /// of the app to it, that in use too.
    async fn give_back(&self, app: &BusinessApp, tokens: &BusinessTokens, open_id: Option<&str>) {
        // It is not known whose it is: it might be one in use.
        let Some(open_id) = open_id.map(str::to_owned) else { return };
        match self.context.store().read(move |sql| account::find(sql, &open_id)).await {
            Ok(None) => {}
            Ok(Some(known)) if known.unlinked_at_ms.is_some() => {}
            // Or that is not known: then it is left as it is.
            Ok(Some(_)) | Err(_) => return,
        }
        if let Err(error) = oauth::revoke(self.context.caller().client(), app, &tokens.access).await {
            tracing::warn!(%error, "could not give back access that is not kept");
        }
    }
}

/// Whether these are still the permissions that are being asked about.
fn is_same(state: Option<&Pending>, asked: &Pending) -> bool {
    state.is_some_and(|pending| pending.tokens.access.expose() == asked.tokens.access.expose())
}
