//! The grants of both platforms: codes, access tokens, refresh tokens. Codes live ten minutes and work once; a refresh
//! token dies when it is used, so a client that loses the answer must link again (§2.4, §3.2, §3.3).

use std::collections::HashMap;

use crate::{clock::MINUTE_MS, ids, ledger::Platform};

/// The account and the scopes that a code or a token stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Grant {
    pub(crate) platform: Platform,
    pub(crate) account: usize,
    pub(crate) scopes: Vec<String>,
}

/// A code that waits for its exchange.
#[derive(Debug, Clone)]
pub(crate) struct AuthCode {
    pub(crate) grant: Grant,
    pub(crate) redirect_uri: String,
    pub(crate) challenge: Option<String>,
    expires_at: i64,
    used: bool,
}

#[derive(Debug, Clone)]
struct Token {
    grant: Grant,
    expires_at: i64,
    dead: bool,
}

/// A fresh pair of tokens with their lifetimes in seconds.
#[derive(Debug, Clone)]
pub(crate) struct TokenPair {
    pub(crate) grant: Grant,
    pub(crate) access: String,
    pub(crate) access_s: i64,
    pub(crate) refresh: String,
    pub(crate) refresh_s: i64,
}

/// Why a code or a token is not good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InvalidToken {
    Unknown,
    Expired,
}

#[derive(Debug)]
pub(crate) struct Grants {
    seed: u64,
    minted: u64,
    codes: HashMap<String, AuthCode>,
    access: HashMap<String, Token>,
    refresh: HashMap<String, Token>,
    /// Grants that were agreed to before: an authorize page may skip asking for them.
    agreed: Vec<Grant>,
}

impl Grants {
    pub(crate) fn new(seed: u64) -> Grants {
        Grants {
            seed,
            minted: 0,
            codes: HashMap::new(),
            access: HashMap::new(),
            refresh: HashMap::new(),
            agreed: Vec::new(),
        }
    }

    fn mint(&mut self, label: &str) -> String {
        self.minted += 1;
        ids::base64url(&ids::digest(self.seed, label, &[&self.minted.to_string()]))
    }

    /// A code for the redirect. It holds characters that a query escapes, for it must be decoded before use (§2.3).
    pub(crate) fn code(&mut self, grant: Grant, redirect_uri: String, challenge: Option<String>, now: i64) -> String {
        let code = format!("{}*1!{}.va", self.mint("code"), 4000 + self.minted % 1000);
        self.agreed.retain(|earlier| earlier.platform != grant.platform || earlier.account != grant.account);
        self.agreed.push(grant.clone());
        let entry = AuthCode { grant, redirect_uri, challenge, expires_at: now + 10 * MINUTE_MS, used: false };
        self.codes.insert(code.clone(), entry);
        code
    }

    /// Whether these scopes were agreed to before.
    pub(crate) fn agreed(&self, wanted: &Grant) -> bool {
        self.agreed.iter().any(|earlier| {
            (earlier.platform, earlier.account) == (wanted.platform, wanted.account)
                && wanted.scopes.iter().all(|scope| earlier.scopes.contains(scope))
        })
    }

    /// A code that is still good; it is used up by [`Grants::use_up`] once everything else was right.
    pub(crate) fn good_code(&self, code: &str, now: i64) -> Result<&AuthCode, InvalidToken> {
        match self.codes.get(code) {
            Some(found) if found.used || found.expires_at <= now => Err(InvalidToken::Expired),
            Some(found) => Ok(found),
            None => Err(InvalidToken::Unknown),
        }
    }

    pub(crate) fn use_up(&mut self, code: &str) {
        if let Some(code) = self.codes.get_mut(code) {
            code.used = true;
        }
    }

    /// A new pair for this grant. Lifetimes in seconds.
    pub(crate) fn issue(&mut self, grant: Grant, (access_s, refresh_s): (i64, i64), now: i64) -> TokenPair {
        let access = format!("act.{}!{}.va", self.mint("access"), 4000 + self.minted % 1000);
        let refresh = format!("rft.{}!{}.va", self.mint("refresh"), 4000 + self.minted % 1000);
        let token = |seconds| Token { grant: grant.clone(), expires_at: now + seconds * 1000, dead: false };
        self.access.insert(access.clone(), token(access_s));
        self.refresh.insert(refresh.clone(), token(refresh_s));
        TokenPair { grant, access, access_s, refresh, refresh_s }
    }

    /// Uses up a refresh token. Returns its grant, and how many seconds it had left.
    pub(crate) fn rotate(&mut self, refresh: &str, platform: Platform, now: i64) -> Result<(Grant, i64), InvalidToken> {
        let token = self.refresh.get_mut(refresh).filter(|token| !token.dead && token.grant.platform == platform);
        let token = token.ok_or(InvalidToken::Unknown)?;
        if token.expires_at <= now {
            return Err(InvalidToken::Expired);
        }
        token.dead = true;
        Ok((token.grant.clone(), (token.expires_at - now) / 1000))
    }

    /// The grant that an access token stands for.
    pub(crate) fn bearer(&self, access: &str, platform: Platform, now: i64) -> Result<&Grant, InvalidToken> {
        let token = self.access.get(access).filter(|token| !token.dead && token.grant.platform == platform);
        let token = token.ok_or(InvalidToken::Unknown)?;
        if token.expires_at <= now { Err(InvalidToken::Expired) } else { Ok(&token.grant) }
    }

    /// Revokes an access token and every token of the same grant, as a user's "remove access" does.
    pub(crate) fn revoke(&mut self, access: &str, platform: Platform) -> Result<(), InvalidToken> {
        let known = self.access.get(access).filter(|token| !token.dead && token.grant.platform == platform);
        let account = known.ok_or(InvalidToken::Unknown)?.grant.account;
        self.kill(|grant| grant.account == account && grant.platform == platform);
        Ok(())
    }

    /// Every token dies, refresh tokens too.
    pub(crate) fn revoke_all(&mut self) {
        self.kill(|_| true);
    }

    /// Every access token expires now.
    pub(crate) fn expire_access(&mut self, now: i64) {
        for token in self.access.values_mut() {
            token.expires_at = token.expires_at.min(now);
        }
    }

    /// Every refresh token expires now.
    pub(crate) fn expire_refresh(&mut self, now: i64) {
        for token in self.refresh.values_mut() {
            token.expires_at = token.expires_at.min(now);
        }
    }

    /// Every token that was ever given out.
    pub(crate) fn all(&self) -> Vec<String> {
        self.access.keys().chain(self.refresh.keys()).cloned().collect()
    }

    /// Every refresh token dies; access tokens live on.
    pub(crate) fn kill_refresh(&mut self) {
        for token in self.refresh.values_mut() {
            token.dead = true;
        }
    }

    fn kill(&mut self, of: impl Fn(&Grant) -> bool) {
        for token in self.access.values_mut().chain(self.refresh.values_mut()).filter(|token| of(&token.grant)) {
            token.dead = true;
        }
        self.agreed.retain(|grant| !of(grant));
    }
}
