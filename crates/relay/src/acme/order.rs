//! One order: the authority's question is answered, and the certificate taken.

use std::sync::Arc;

use anyhow::{Context as _, anyhow, bail};
use instant_acme::{
    Account, AccountCredentials, AuthorizationStatus, ChallengeType, Identifier, NewAccount, NewOrder, OrderStatus,
    RetryPolicy,
};
use rcgen::{CertificateParams, CustomExtension, KeyPair};

use super::storage::{self, Certificate, StoredAccount};
use crate::config::AcmeConfig;
use crate::context::Context;
use crate::tls::{ShownCertificate, challenge_key};

/// Gets a certificate for the name.
pub(super) async fn order(
    context: &Context,
    config: &AcmeConfig,
    shown: &Arc<ShownCertificate>,
) -> anyhow::Result<Certificate> {
    let account = account(context, config).await?;
    let names = [Identifier::Dns(config.name.clone())];
    let mut order = account.new_order(&NewOrder::new(&names)).await.context("the order was refused")?;
    let mut authorizations = order.authorizations();
    let mut asked = None;
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization?;
        match authorization.status {
            AuthorizationStatus::Valid => continue,
            AuthorizationStatus::Pending => {}
            AuthorizationStatus::Invalid
            | AuthorizationStatus::Revoked
            | AuthorizationStatus::Expired
            | AuthorizationStatus::Deactivated => bail!("the authority asks nothing, and does not agree either"),
        }
        let mut challenge = authorization
            .challenge(ChallengeType::TlsAlpn01)
            .ok_or_else(|| anyhow!("the authority does not ask over TLS (tls-alpn-01)"))?;
        let digest = challenge.key_authorization().digest();
        let (chain, key) = challenge_certificate(&config.name, digest.as_ref())?;
        shown.begin_challenge(&config.name, challenge_key(chain.as_bytes(), key.as_bytes())?);
        asked = Some(EndChallenge { shown: Arc::clone(shown), name: config.name.clone() });
        challenge.set_ready().await.context("the authority did not take the answer")?;
    }
    let status = order.poll_ready(&RetryPolicy::default()).await.context("the authority did not come to an end")?;
    drop(asked);
    if status != OrderStatus::Ready {
        bail!("the authority could not reach this relay as {} on port 443: the order is {status:?}", config.name);
    }
    let key = order.finalize().await.context("the certificate was refused")?;
    let chain = order.poll_certificate(&RetryPolicy::default()).await.context("the certificate did not come")?;
    Ok(Certificate { chain, key, name: config.name.clone(), directory: config.directory.clone() })
}

/// Ends the challenge however the order ends.
struct EndChallenge {
    shown: Arc<ShownCertificate>,
    name: String,
}

impl Drop for EndChallenge {
    fn drop(&mut self) {
        self.shown.end_challenge(&self.name);
    }
}

/// The account at the authority that is kept, or a new one.
async fn account(context: &Context, config: &AcmeConfig) -> anyhow::Result<Account> {
    let builder = match &config.root {
        Some(root) => Account::builder_with_root(root).context("`acme_root` is no certificate in PEM")?,
        None => Account::builder().context("the system's certificates are missing")?,
    };
    let kept = storage::account(context).await?.filter(|kept| kept.directory == config.directory);
    if let Some(StoredAccount { credentials, .. }) = kept {
        // The error quotes nothing: the account's key is in there.
        let credentials: AccountCredentials =
            serde_json::from_value(credentials).map_err(|_| anyhow!("the kept account is not as it should be"))?;
        return builder.from_credentials(credentials).await.context("the authority does not know the kept account");
    }
    let contact: Vec<&str> = config.contact.iter().map(String::as_str).collect();
    let new = NewAccount { contact: &contact, terms_of_service_agreed: true, only_return_existing: false };
    let made = builder.create(&new, config.directory.clone(), None).await;
    let (account, credentials) = made.context("the authority did not make an account")?;
    let stored =
        StoredAccount { directory: config.directory.clone(), credentials: serde_json::to_value(&credentials)? };
    storage::keep_account(context, &stored).await?;
    Ok(account)
}

/// The certificate that answers the authority's question (RFC 8737, 3), and its key.
fn challenge_certificate(name: &str, digest: &[u8]) -> anyhow::Result<(String, String)> {
    let mut parameters = CertificateParams::new(vec![name.to_owned()])?;
    parameters.custom_extensions.push(CustomExtension::new_acme_identifier(digest));
    let key = KeyPair::generate()?;
    let certificate = parameters.self_signed(&key)?;
    Ok((certificate.pem(), key.serialize_pem()))
}
