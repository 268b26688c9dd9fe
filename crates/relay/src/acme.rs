//! A certificate that the relay gets by itself, by ACME (RFC 8555).
//!
//! The certificate authority asks over TLS on port 443 whether the name is ours (`tls-alpn-01`, RFC 8737), so no second
//! port is needed. Account and certificate are kept in the database, sealed: authorities limit how many they give.
//! One relay process gets certificates; where several share a name, a proxy in front has the certificate.

mod order;
mod storage;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use crate::clock::now_ms;
use crate::config::AcmeConfig;
use crate::context::Context;
use crate::tls::{ShownCertificate, Validity};

/// How often it is looked whether the certificate is due.
const LOOK_INTERVAL: Duration = Duration::from_secs(3_600);
/// The first wait after a failure; it doubles up to the longest. Authorities count failures.
const FIRST_RETRY: Duration = Duration::from_secs(300);
const LONGEST_RETRY: Duration = Duration::from_secs(6 * 3_600);
/// How long an order may take in all.
const ORDER_TIMEOUT: Duration = Duration::from_secs(180);

pub(crate) use storage::certificate as stored_certificate;

/// Shows the certificate that is kept, and gets a new one whenever a third of its life is left. Never returns.
pub(crate) async fn keep_certificate(context: Context, config: AcmeConfig, shown: Arc<ShownCertificate>) {
    let mut retry = FIRST_RETRY;
    loop {
        let wait = match renew_if_due(&context, &config, &shown).await {
            Ok(()) => {
                retry = FIRST_RETRY;
                LOOK_INTERVAL
            }
            Err(error) => {
                tracing::error!(%error, retry_s = retry.as_secs(), "could not get a certificate; trying again later");
                let wait = retry;
                retry = (retry * 2).min(LONGEST_RETRY);
                wait
            }
        };
        tokio::time::sleep(wait).await;
    }
}

async fn renew_if_due(context: &Context, config: &AcmeConfig, shown: &Arc<ShownCertificate>) -> anyhow::Result<()> {
    let kept = storage::certificate(context).await?;
    let kept = kept.filter(|kept| kept.name == config.name && kept.directory == config.directory);
    if let Some(kept) = kept {
        let validity = shown.show(kept.chain.as_bytes(), kept.key.as_bytes())?;
        context.metrics.set_certificate_expires(validity.not_after_s);
        if !is_due(validity, now_ms().div_euclid(1_000)) {
            return Ok(());
        }
    }
    let ordered = tokio::time::timeout(ORDER_TIMEOUT, order::order(context, config, shown)).await;
    let certificate = ordered.map_err(|_| anyhow::anyhow!("the authority took too long"))??;
    let validity = shown.show(certificate.chain.as_bytes(), certificate.key.as_bytes())?;
    context.metrics.set_certificate_expires(validity.not_after_s);
    storage::keep_certificate(context, &certificate).await?;
    tracing::info!(not_after_s = validity.not_after_s, "the relay has a new certificate");
    Ok(())
}

/// A certificate is renewed when a third of its life is left.
fn is_due(validity: Validity, now_s: i64) -> bool {
    let life_s = validity.not_after_s.saturating_sub(validity.not_before_s);
    now_s >= validity.not_after_s.saturating_sub(life_s / 3)
}
