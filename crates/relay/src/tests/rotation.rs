//! Keys are changed while the relay works.

use tiktok::ClientSecret;
use wire::api::{Platform, Role};

use super::fake_tiktok::{ACCESS_TOKEN, ACCOUNT, APP_SECRET};
use super::shop::Shop;
use crate::rotation::{Resealed, reseal_all};
use crate::seal::Seal;
use crate::testing::{TestDatabase, on_both_engines};
use crate::{apps, linking};

on_both_engines!(secrets_change_their_key_while_the_relay_works, what_no_key_opens_is_named_and_left);

/// A relay that holds one secret of each kind: two of the account, two of the app, and the key of the pairing codes.
async fn filled(database: TestDatabase, seal: &Seal) -> Shop {
    let mut shop = Shop::open(database).await;
    shop.context.seal = seal.clone();
    shop.set_app().await;
    apps::rotate_secret(&shop.context, "test", Platform::Business, "second").await.unwrap();
    shop.tiktok.behaviour().secret = "second".to_owned();
    let begun = linking::begin(&shop.context, "").await.unwrap();
    let state = begun.authorize_url.split("state=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    // The routes of this process have the key, too.
    let shop = shop.another().await;
    assert_eq!(shop.browse(&format!("{}/authorized/?code=c&state={state}", shop.base)).await.status, 200);
    shop.device("Dao's desktop", Role::Admin).await;
    shop
}

async fn token(shop: &Shop, seal: &Seal, column: &'static str) -> String {
    let sealed = shop
        .context
        .database
        .read::<_, crate::database::DatabaseError, _>(move |tx| {
            Box::pin(async move {
                let row = tx.query_one("SELECT access_token, refresh_token FROM account", &[]).await?.unwrap();
                row.bytes(column)
            })
        })
        .await
        .unwrap();
    seal.open(&format!("account/{ACCOUNT}/{column}"), &sealed).unwrap().to_string()
}

async fn secrets_change_their_key_while_the_relay_works(database: TestDatabase) {
    let (old, new) = (Seal::new_key(), Seal::new_key());
    let old_seal = Seal::from_text(&old).unwrap();
    let new_first = Seal::from_text(&format!("{} {}", *new, *old)).unwrap();
    let new_only = Seal::from_text(&new).unwrap();
    let shop = filled(database, &old_seal).await;
    let issued = "SELECT issued_at_ms AS n FROM account";
    let issued_before = shop.number(issued).await;
    // Made before and used after.
    let code = shop.code(Role::Agent).await;

    let mut context = shop.context.clone();
    context.seal = new_first.clone();
    // Two at once do the work once.
    let (one, two) = tokio::join!(reseal_all(&context, "test"), reseal_all(&context, "test"));
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_eq!((one.resealed + two.resealed, one.current + two.current), (5, 5), "{one:?} {two:?}");
    assert_eq!(reseal_all(&context, "test").await.unwrap(), Resealed { current: 5, ..Resealed::default() });

    // The old key can go: everything is read without it.
    context.seal = new_only.clone();
    let secrets = apps::webhook_secrets(&context, Platform::Business).await.unwrap();
    assert_eq!(secrets.iter().map(ClientSecret::expose).collect::<Vec<_>>(), ["second", APP_SECRET]);
    assert_eq!(token(&shop, &new_only, "access_token").await, ACCESS_TOKEN);
    assert_eq!(token(&shop, &new_only, "refresh_token").await, super::fake_tiktok::REFRESH_TOKEN);
    assert_eq!(shop.number(issued).await, issued_before);
    let mut shop = shop;
    shop.context.seal = new_only;
    let shop = shop.another().await;
    assert_eq!(shop.pair_from("192.0.2.1", &code).await.status, 200);
}

async fn what_no_key_opens_is_named_and_left(database: TestDatabase) {
    let (old, new) = (Seal::new_key(), Seal::new_key());
    let shop = filled(database, &Seal::from_text(&old).unwrap()).await;
    let mut context = shop.context.clone();
    context.seal = Seal::from_text(&new).unwrap();
    let lost = reseal_all(&context, "test").await.unwrap();
    assert_eq!((lost.resealed, lost.current), (0, 0));
    assert_eq!(
        lost.unreadable,
        [
            "account/_000canaryshop/access_token",
            "account/_000canaryshop/refresh_token",
            "app/business/secret",
            "app/business/previous_secret",
            "sealed/pairing_key"
        ]
    );
    // With the key back, nothing was lost.
    assert_eq!(reseal_all(&shop.context, "test").await.unwrap().current, 5);
}
