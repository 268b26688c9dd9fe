//! Certificates from an authority of the tests' own, which asks over TLS as a real one does.

mod authority;

use authority::Authority;

use super::*;
use crate::testing::TestDatabase;

#[test]
fn a_certificate_is_due_in_the_last_third_of_its_life() {
    let validity = Validity { not_before_s: 1_000, not_after_s: 1_900 };
    assert!(!is_due(validity, 1_000) && !is_due(validity, 1_599));
    assert!(is_due(validity, 1_600) && is_due(validity, 9_999));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_is_got_kept_and_renewed_with_the_same_account() {
    let database = TestDatabase::sqlite().await;
    let context = database.context().await;
    let shown = Arc::new(ShownCertificate::default());
    // It ends in an hour, so it is not due yet.
    let authority = Authority::start(Arc::clone(&shown), 3_600).await;
    let config = authority.config("relay.example");
    renew_if_due(&context, &config, &shown).await.unwrap();
    assert!(shown.is_there());
    assert_eq!((authority.accounts(), authority.orders()), (1, 1));
    let first = stored_certificate(&context).await.unwrap().unwrap();
    assert_eq!(first.name, "relay.example");

    // After a restart it is shown without asking.
    let again = Arc::new(ShownCertificate::default());
    renew_if_due(&context, &config, &again).await.unwrap();
    assert!(again.is_there());
    assert_eq!((authority.accounts(), authority.orders()), (1, 1));

    // The next one is due at once.
    authority.set_lifetime(0);
    let other = AcmeConfig { name: "other.example".to_owned(), ..config.clone() };
    renew_if_due(&context, &other, &shown).await.unwrap();
    renew_if_due(&context, &other, &shown).await.unwrap();
    assert_eq!((authority.accounts(), authority.orders()), (1, 3), "the account is kept, the certificate was due");
    assert_ne!(stored_certificate(&context).await.unwrap().unwrap().chain, first.chain);

    // Nothing of it is in the database in clear.
    let rows: Result<Vec<String>, crate::database::DatabaseError> = context
        .database
        .read(|tx| {
            Box::pin(async move {
                let rows = tx.query("SELECT value FROM setting", &[]).await?;
                rows.iter().map(|row| row.text("value")).collect()
            })
        })
        .await;
    let rows = rows.unwrap();
    assert_eq!(rows.len(), 2);
    assert!(rows.iter().all(|value| !value.contains("PRIVATE") && !value.contains("key_pkcs8")), "{rows:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_authority_that_cannot_reach_the_relay_gives_nothing() {
    let database = TestDatabase::sqlite().await;
    let context = database.context().await;
    let shown = Arc::new(ShownCertificate::default());
    // The authority asks another server than ours.
    let authority = Authority::start(Arc::default(), 3_600).await;
    let error = renew_if_due(&context, &authority.config("relay.example"), &shown).await.unwrap_err().to_string();
    assert!(error.contains("could not reach this relay as relay.example"), "{error}");
    assert!(!shown.is_there());
    assert!(stored_certificate(&context).await.unwrap().is_none());
}
