use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tiktok::AccessToken;
use wire::event::AccountState;
use wire::{EventBody, FailureCode};

use super::{access, list, replace, set_needs_linking, unlink};
use crate::context::Context;
use crate::gateway::tests::fake::Fault;
use crate::gateway::tests::shop::{ACCOUNT, Shop, age, link, settings};
use crate::testing::{TestDatabase, execute, number, on_both_engines, until};

on_both_engines!(
    a_pair_is_renewed_once_at_four_fifths_of_its_life,
    two_relays_renew_once,
    a_renewal_that_fails_costs_nothing_while_the_token_is_good,
    an_expired_token_that_cannot_be_renewed_is_not_used,
    a_new_pair_is_kept_though_the_database_fails,
    a_new_pair_is_kept_though_the_caller_goes,
    a_new_link_is_not_overwritten_by_an_old_links_pair,
    an_account_is_unlinked_and_its_token_given_back,
    a_token_that_was_given_just_now_is_not_renewed_again,
    the_right_app_mends_what_no_link_can,
);

const HOUR_MS: i64 = 3_600_000;

async fn token(context: &Context) -> String {
    access(context, ACCOUNT).await.unwrap().expose().to_owned()
}

async fn states(shop: &Shop) -> Vec<AccountState> {
    let state = |body| if let EventBody::Account(account) = body { Some(account.state) } else { None };
    shop.events().await.into_iter().filter_map(state).collect()
}

async fn a_pair_is_renewed_once_at_four_fifths_of_its_life(database: TestDatabase) {
    let shop = Shop::open(database).await;
    age(&shop.context, 18 * HOUR_MS).await;
    assert_eq!(token(&shop.context).await, "act.canary-0", "19 of 24 hours");
    age(&shop.context, HOUR_MS).await;
    let tokens = join_all((0..20).map(|_| token(&shop.context))).await;
    assert!(tokens.iter().any(|token| token == "act.canary-1"));
    assert!(tokens.iter().all(|token| ["act.canary-0", "act.canary-1"].contains(&token.as_str())), "both are good");
    assert_eq!(token(&shop.context).await, "act.canary-1");
    assert_eq!(shop.tiktok.lock().renewals, 1);
    age(&shop.context, 20 * HOUR_MS).await;
    assert_eq!(token(&shop.context).await, "act.canary-2", "with the refresh token that came with the pair");
    assert_eq!(states(&shop).await, [AccountState::Linked], "nothing to tell");
    let account = list(&shop.context).await.unwrap().remove(0);
    assert_eq!((account.handle.as_str(), account.scopes.as_slice()), ("shop", &["message.list.read".to_owned()][..]));
}

async fn two_relays_renew_once(database: TestDatabase) {
    let shop = Shop::open(database).await;
    let (other, _gateway, _) = shop.another(settings()).await;
    // Expired: there is no old one to go on with.
    age(&shop.context, 24 * HOUR_MS).await;
    let tokens = join_all((0..20).map(|index| token(if index % 2 == 0 { &shop.context } else { &other }))).await;
    assert_eq!(tokens, vec!["act.canary-1"; 20]);
    assert_eq!(shop.tiktok.lock().renewals, 1);
}

async fn a_renewal_that_fails_costs_nothing_while_the_token_is_good(database: TestDatabase) {
    let shop = Shop::open(database).await;
    age(&shop.context, 20 * HOUR_MS).await;
    shop.tiktok.lock().renewal_faults.extend([Fault::HangUpBefore, Fault::Refused(60_001, "maintenance")]);
    for _ in 0..5 {
        assert_eq!(token(&shop.context).await, "act.canary-0");
    }
    assert_eq!(shop.tiktok.lock().renewal_faults.len(), 1, "asked once, and not with every call");
    execute(&shop.context.database, "UPDATE account SET renewing_until_ms = 0").await;
    assert_eq!(token(&shop.context).await, "act.canary-0");
    execute(&shop.context.database, "UPDATE account SET renewing_until_ms = 0").await;
    assert_eq!(token(&shop.context).await, "act.canary-1");
}

async fn an_expired_token_that_cannot_be_renewed_is_not_used(database: TestDatabase) {
    let shop = Shop::open(database).await;
    age(&shop.context, 24 * HOUR_MS).await;
    shop.tiktok.lock().renewal_faults.push_back(Fault::HangUpBefore);
    for _ in 0..2 {
        let failure = access(&shop.context, ACCOUNT).await.unwrap_err().0;
        assert_eq!(failure.code, FailureCode::SlowDown);
        assert!(failure.retry_after_ms.is_some_and(|wait| (1..=60_000).contains(&wait)), "{failure:?}");
    }
    assert_eq!(shop.tiktok.lock().renewals, 0);
}

async fn a_new_pair_is_kept_though_the_database_fails(database: TestDatabase) {
    let shop = Shop::open(database).await;
    age(&shop.context, 24 * HOUR_MS).await;
    // It takes the claim, and refuses the pair.
    execute(&shop.context.database, "ALTER TABLE team RENAME TO away").await;
    let renewed = token(&shop.context);
    let trouble = async {
        until("TikTok gave a pair", async || shop.tiktok.lock().renewals == 1).await;
        tokio::time::sleep(Duration::from_millis(600)).await;
        let kept =
            number(&shop.context.database, "SELECT CAST(count(*) AS BIGINT) AS n FROM account WHERE renewing_by <> ''");
        assert_eq!(kept.await, 1, "it is not kept yet");
        execute(&shop.context.database, "ALTER TABLE away RENAME TO team").await;
    };
    let (renewed, ()) = tokio::join!(renewed, trouble);
    assert_eq!(renewed, "act.canary-1");
    assert_eq!(token(&shop.context).await, "act.canary-1");
    age(&shop.context, 24 * HOUR_MS).await;
    assert_eq!(token(&shop.context).await, "act.canary-2", "and the refresh token with it");
}

async fn a_new_pair_is_kept_though_the_caller_goes(database: TestDatabase) {
    let shop = Shop::open(database).await;
    age(&shop.context, 24 * HOUR_MS).await;
    let context = shop.context.clone();
    let caller = tokio::spawn(async move { access(&context, ACCOUNT).await });
    until("TikTok gave a pair", async || shop.tiktok.lock().renewals == 1).await;
    caller.abort();
    assert!(super::finish(Duration::from_secs(20)).await);
    assert_eq!(token(&shop.context).await, "act.canary-1");
    assert_eq!(shop.tiktok.lock().renewals, 1);
}

async fn a_new_link_is_not_overwritten_by_an_old_links_pair(database: TestDatabase) {
    let shop = Shop::open(database).await;
    age(&shop.context, 24 * HOUR_MS).await;
    execute(&shop.context.database, "ALTER TABLE team RENAME TO away").await;
    let renewed = token(&shop.context);
    let relink = async {
        until("TikTok gave a pair", async || shop.tiktok.lock().renewals == 1).await;
        // The link's transaction comes first: both wait for the same lock.
        execute(&shop.context.database, "UPDATE account SET issued_at_ms = issued_at_ms + 1, access_expires_at_ms = access_expires_at_ms + 864000000").await;
        execute(&shop.context.database, "ALTER TABLE away RENAME TO team").await;
    };
    let (renewed, ()) = tokio::join!(renewed, relink);
    assert_eq!(renewed, "act.canary-0", "the pair of the new link");
}

async fn an_account_is_unlinked_and_its_token_given_back(database: TestDatabase) {
    let shop = Shop::open(database).await;
    unlink(&shop.context, ACCOUNT).await.unwrap();
    assert_eq!(shop.tiktok.lock().revoked, ["act.canary-0"]);
    assert_eq!(access(&shop.context, ACCOUNT).await.unwrap_err().0.code, FailureCode::NeedsLinking);
    assert_eq!(unlink(&shop.context, ACCOUNT).await.unwrap_err().0.code, FailureCode::NotFound);
    assert_eq!(unlink(&shop.context, "_000other").await.unwrap_err().0.code, FailureCode::NotFound);
    assert!(list(&shop.context).await.unwrap().is_empty());
    let sealed =
        "SELECT CAST(count(*) AS BIGINT) AS n FROM account WHERE access_token IS NOT NULL OR refresh_token IS NOT NULL";
    assert_eq!(number(&shop.context.database, sealed).await, 0);
    // What is heard of the old link later marks nothing.
    set_needs_linking(&shop.context, ACCOUNT).await.unwrap();
    link(&shop.context, "act.new", "rft.new").await;
    super::refuse_token(&shop.context, ACCOUNT, &AccessToken::new("act.canary-0")).await.unwrap();
    assert_eq!(token(&shop.context).await, "act.new");
    assert_eq!(states(&shop).await, [AccountState::Linked, AccountState::Unlinked, AccountState::Linked]);
}

async fn a_token_that_was_given_just_now_is_not_renewed_again(database: TestDatabase) {
    let shop = Shop::open(database).await;
    let stale = AccessToken::new("act.canary-0");
    assert_eq!(replace(&shop.context, ACCOUNT, &stale).await.unwrap().expose(), "act.canary-1");
    assert_eq!(replace(&shop.context, ACCOUNT, &stale).await.unwrap().expose(), "act.canary-1", "renewed by another");
    let failure = replace(&shop.context, ACCOUNT, &AccessToken::new("act.canary-1")).await.unwrap_err().0;
    assert_eq!(failure.code, FailureCode::SlowDown);
    assert!(failure.retry_after_ms.is_some_and(|wait| wait <= 60_000));
    assert_eq!(shop.tiktok.lock().renewals, 1);
}

async fn the_right_app_mends_what_no_link_can(database: TestDatabase) {
    let shop = Arc::new(Shop::open(database).await);
    age(&shop.context, 24 * HOUR_MS).await;
    shop.tiktok.lock().renewal_faults.push_back(Fault::Refused(40_101, "Invalid client."));
    assert_eq!(access(&shop.context, ACCOUNT).await.unwrap_err().0.code, FailureCode::Unavailable);
    assert_eq!(states(&shop).await, [AccountState::Linked]);
    execute(&shop.context.database, "UPDATE account SET renewing_until_ms = 0").await;
    assert_eq!(token(&shop.context).await, "act.canary-1");
}
