//! Backups while the relay serves, and what a restore begins.

use std::path::{Path, PathBuf};
use std::time::Duration;

use wire::api::Role;
use wire::paths;

use super::fake_tiktok::ACCOUNT;
use super::shop::{Laptop, Shop};
use crate::backup::{BackupError, backup, mark_restored, restore};
use crate::database::DatabaseAddress;
use crate::linking;
use crate::testing::{TestDatabase, hint, on_both_engines};

on_both_engines!(
    a_backup_under_load_is_consistent_and_restores_with_a_new_epoch,
    a_restore_ends_what_must_not_come_back,
    nothing_is_overwritten_and_nonsense_is_no_backup,
);

/// A new place for a database of the same kind.
async fn empty_place(like: &DatabaseAddress, folder: &Path) -> DatabaseAddress {
    match like {
        DatabaseAddress::Sqlite(_) => DatabaseAddress::Sqlite(folder.join("restored.db")),
        DatabaseAddress::Postgres(_) => TestDatabase::postgres().await.address,
    }
}

async fn append(shop: &Shop, prefix: &str, count: usize) {
    for number in 0..count {
        shop.context.log.append(hint(&format!("{prefix}{number}")), Duration::from_secs(20)).await.unwrap();
    }
}

async fn a_backup_under_load_is_consistent_and_restores_with_a_new_epoch(database: TestDatabase) {
    let shop = Shop::open(database).await;
    shop.set_app().await;
    let admin = shop.device("Dao's desktop", Role::Admin).await;
    let begun = linking::begin(&shop.context, "").await.unwrap();
    let state = begun.authorize_url.split("state=").nth(1).unwrap().split('&').next().unwrap();
    assert_eq!(shop.browse(&format!("{}/authorized/?code=c&state={state}", shop.base)).await.status, 200);
    append(&shop, "before", 20).await;

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("backup");
    let (bytes, ()) = tokio::join!(backup(&shop.address, &file), append(&shop, "meanwhile", 40));
    assert_eq!(bytes.unwrap(), std::fs::metadata(&file).unwrap().len());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    append(&shop, "after", 20).await;

    let place = empty_place(&shop.address, folder.path()).await;
    let restored = restore(&file, &place).await.unwrap();
    assert_eq!(restored.devices, ["Dao's desktop"]);
    let second = shop.at(place.clone()).await;
    let ends = second.context.log.ends().borrow().clone();
    assert_ne!(ends.epoch, shop.context.log.ends().borrow().epoch);
    assert!(ends.epoch.starts_with(&restored.epoch), "{ends:?} {restored:?}");
    // One snapshot: the events are there up to the head, without a hole, and what came after the backup is not.
    assert!((21..=61).contains(&ends.head), "{ends:?}");
    let mut sequences = Vec::new();
    while let Some(last) = sequences.last().copied().or(Some(0)).filter(|last| *last < ends.head) {
        sequences.extend(second.context.log.read(last, 1_000).await.unwrap().iter().map(|event| event.id.sequence));
    }
    assert_eq!(sequences, (1..=ends.head).collect::<Vec<u64>>());
    // It is a relay: its devices, accounts and secrets work, and it goes on from there.
    let me = second.me(&admin).await;
    assert_eq!(me.accounts[0].id, ACCOUNT);
    assert_eq!(me.head.epoch, ends.epoch);
    assert_eq!(
        crate::apps::business(&second.context).await.unwrap().unwrap().secret.expose(),
        super::fake_tiktok::APP_SECRET
    );
    append(&second, "again", 1).await;
    assert_eq!(second.trail().await.last().unwrap(), &format!("command line database.restored {}", restored.epoch));
    if let DatabaseAddress::Sqlite(path) = &place {
        assert!(!beside(path, ".restoring").exists());
    }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    PathBuf::from(format!("{}{suffix}", path.display()))
}

async fn a_restore_ends_what_must_not_come_back(database: TestDatabase) {
    let shop = Shop::open(database).await;
    shop.set_app().await;
    let (admin, lost) = (shop.device("Dao", Role::Admin).await, shop.device("Lost laptop", Role::Agent).await);
    let code = shop.code(Role::Admin).await;
    let begun = linking::begin(&shop.context, "").await.unwrap();
    let state = begun.authorize_url.split("state=").nth(1).unwrap().split('&').next().unwrap();
    shop.sql("INSERT INTO lease (account, device, until_ms) VALUES ('a', 'd', 9000000000000)").await;
    let revoke = |device: Laptop| {
        let path = format!("{}/{}", paths::DEVICES, device.id);
        let (shop, admin) = (&shop, &admin);
        async move { shop.call("DELETE", &path, Some(&admin.token), None).await.status }
    };

    // By hand, as after PostgreSQL's own tools.
    let before = shop.context.log.ends().borrow().epoch.clone();
    let restored = mark_restored(&shop.context.database).await.unwrap();
    shop.context.log.look().await;
    assert_ne!(shop.context.log.ends().borrow().epoch, before);
    assert_eq!(restored.devices, ["Dao", "Lost laptop"]);
    assert_eq!(shop.pair_from("192.0.2.1", &code).await.status, 400);
    assert_eq!(shop.browse(&format!("{}/authorized/?code=c&state={state}", shop.base)).await.status, 400);
    assert_eq!(shop.number("SELECT CAST(count(*) AS BIGINT) AS n FROM lease").await, 0);
    assert_eq!(revoke(lost).await, 204);
}

async fn nothing_is_overwritten_and_nonsense_is_no_backup(database: TestDatabase) {
    let shop = Shop::open(database).await;
    let folder = tempfile::tempdir().unwrap();
    let (file, nonsense) = (folder.path().join("backup"), folder.path().join("nonsense"));
    std::fs::write(&nonsense, "no backup at all").unwrap();
    backup(&shop.address, &file).await.unwrap();
    let whole = std::fs::read(&file).unwrap();
    assert!(matches!(backup(&shop.address, &file).await, Err(BackupError::Exists(_))));
    assert_eq!(std::fs::read(&file).unwrap(), whole);

    // Into a database that is in use.
    let refused = restore(&file, &shop.address).await.unwrap_err();
    assert!(matches!(refused, BackupError::Exists(_) | BackupError::NotEmpty), "{refused:?}");

    // Damaged, of another program, or not there.
    let place = empty_place(&shop.address, folder.path()).await;
    let damaged = folder.path().join("damaged");
    std::fs::write(&damaged, &whole[..whole.len() / 2]).unwrap();
    for bad in [&nonsense, &damaged, &folder.path().join("missing")] {
        let refused = restore(bad, &place).await.unwrap_err();
        assert!(!matches!(refused, BackupError::Database(_) | BackupError::NotMarked(_)), "{bad:?}: {refused:?}");
        assert!(!refused.to_string().is_empty());
    }
    // None of them has left anything in the way.
    restore(&file, &place).await.unwrap();
}
