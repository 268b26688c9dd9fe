//! The relay's own certificate: its dates and its names.

use rustls::client::verify_server_name;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::ParsedCertificate;

use super::findings::Findings;
use crate::acme;
use crate::clock::now_ms;
use crate::config::{Config, TlsConfig};
use crate::context::Context;
use crate::tls::{ShownCertificate, Validity};

const DAY_S: i64 = 86_400;
/// A certificate with less time than this should have been renewed.
const SOON_DAYS: i64 = 14;
const SUBJECT: &str = "certificate";

pub(super) async fn look(config: &Config, context: &Context, findings: &mut Findings) {
    let (chain, validity) = match &config.tls {
        TlsConfig::Plain => return findings.ok(SUBJECT, "is the proxy's; see `tls` below"),
        TlsConfig::Files(files) => match (files.read(), files.load(&ShownCertificate::default())) {
            (Ok((chain, _)), Ok(validity)) => (chain, validity),
            (Err(error), _) | (_, Err(error)) => return findings.fail(SUBJECT, error),
        },
        TlsConfig::Acme(acme) => match acme::stored_certificate(context).await {
            Ok(Some(kept)) => {
                let shown = ShownCertificate::default().show(kept.chain.as_bytes(), kept.key.as_bytes());
                match shown {
                    Ok(validity) => (kept.chain.into_bytes(), validity),
                    Err(error) => return findings.fail(SUBJECT, error),
                }
            }
            Ok(None) => {
                return findings.warn(SUBJECT, format!("there is none for {} yet: `serve` gets it", acme.name));
            }
            Err(error) => return findings.fail(SUBJECT, format!("{error:#}")),
        },
    };
    judge_dates(validity, now_ms().div_euclid(1_000), findings);
    if let Some(name) = config.public_url.as_ref().and_then(url::Url::host_str)
        && !covers(&chain, name)
    {
        findings.fail(SUBJECT, format!("is not for {name}, the name in `public_url`"));
    }
}

fn judge_dates(validity: Validity, now_s: i64, findings: &mut Findings) {
    let left_days = validity.not_after_s.saturating_sub(now_s).div_euclid(DAY_S);
    if now_s < validity.not_before_s {
        findings.fail(SUBJECT, "is not valid yet: look at the clock");
    } else if now_s > validity.not_after_s {
        findings.fail(SUBJECT, "has ended: renew it; the relay shows a new file within seconds");
    } else if left_days < SOON_DAYS {
        findings.warn(SUBJECT, format!("ends in {left_days} days: look why it was not renewed"));
    } else {
        findings.ok(SUBJECT, format!("is valid for {left_days} more days"));
    }
}

/// Whether the first certificate of a chain is for this name.
fn covers(chain_pem: &[u8], name: &str) -> bool {
    let Ok(leaf) = CertificateDer::from_pem_slice(chain_pem) else { return false };
    let (Ok(parsed), Ok(name)) = (ParsedCertificate::try_from(&leaf), ServerName::try_from(name)) else { return false };
    verify_server_name(&parsed, &name).is_ok()
}

#[cfg(test)]
mod tests {
    use super::super::findings::Level;
    use super::*;

    #[test]
    fn a_certificate_is_for_its_names_only() {
        let made = rcgen::generate_simple_self_signed(vec!["relay.example".to_owned()]).unwrap();
        let pem = made.cert.pem();
        assert!(covers(pem.as_bytes(), "relay.example"));
        assert!(!covers(pem.as_bytes(), "other.example"));
        assert!(!covers(b"", "relay.example"));
    }

    #[test]
    fn dates_are_judged() {
        let validity = Validity { not_before_s: 100 * DAY_S, not_after_s: 190 * DAY_S };
        for (day, level) in
            [(99, Level::Fail), (101, Level::Ok), (175, Level::Ok), (180, Level::Warn), (191, Level::Fail)]
        {
            let mut findings = Findings::default();
            judge_dates(validity, day * DAY_S, &mut findings);
            assert_eq!(findings.lines()[0].0, level, "day {day}: {}", findings.lines()[0].1);
        }
    }
}
