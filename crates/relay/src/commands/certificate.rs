//! The certificate that `serve` shows.

use std::sync::Arc;

use anyhow::Context as _;
use rustls::ServerConfig;

use crate::acme;
use crate::config::{Config, TlsConfig};
use crate::context::Context;
use crate::tls::{ShownCertificate, server_config};

/// How the relay answers over TLS, and the task that keeps the certificate new; none if a proxy has it.
pub(super) async fn start(config: &Config, context: &Context) -> anyhow::Result<Option<Arc<ServerConfig>>> {
    let shown = Arc::new(ShownCertificate::default());
    match &config.tls {
        TlsConfig::Plain => return Ok(None),
        TlsConfig::Files(files) => {
            let validity = files.load(&shown).context("the certificate cannot be used")?;
            context.metrics.set_certificate_expires(validity.not_after_s);
            tokio::spawn(files.clone().follow(Arc::clone(&shown), context.metrics.clone()));
        }
        TlsConfig::Acme(acme) => {
            tokio::spawn(acme::keep_certificate(context.clone(), acme.clone(), Arc::clone(&shown)));
        }
    }
    Ok(Some(server_config(shown)?))
}
