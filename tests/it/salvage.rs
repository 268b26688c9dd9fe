//! A database is damaged while Deskbell is not running: what was typed is kept, what TikTok still lists comes back, and
//! nothing goes out twice.

use desk::commands::SaveDraft;
use std::path::Path;

use sandbox::{Fault, Times};
use store::{Connection, Store, recovery};
use tests::World;

/// Overwrites the first page of each of these tables.
fn damage(folder: &Path, tables: &[&str]) {
    let path = folder.join("deskbell.db");
    let sql = Connection::open(&path).unwrap();
    let root = |table: &&str| -> u32 {
        sql.query_row("SELECT rootpage FROM sqlite_schema WHERE name = ?1", [table], |row| row.get(0)).unwrap()
    };
    let pages: Vec<u32> = tables.iter().map(root).collect();
    drop(sql);
    let mut bytes = std::fs::read(&path).unwrap();
    for page in pages {
        let end = page as usize * 4096;
        bytes[end - 4096..end].fill(0x5A);
    }
    std::fs::write(&path, bytes).unwrap();
}

#[tokio::test]
async fn a_damaged_database_keeps_what_was_typed_and_fetches_the_rest_again() {
    let mut world = World::start().await;
    let (ana, ben) = (world.customer("Ana"), world.customer("Ben"));
    ana.says("where is my order?");
    ben.says("do you have it in blue?");
    world.until_thread(&ben, "in blue?").await;
    world.reply(&ana, "On its way.").await;
    world.until_thread(&ana, "On its way. [deskbell, sent]").await;
    // With this our reply is listed as well: it is not a colleague's when it comes back.
    ana.says("thank you");
    world.until_thread(&ana, "thank you").await;
    let conversation = world.conversation(&ben).await;
    world.ask(SaveDraft { conversation, body: "Only in gr".to_owned(), quoted: None }).await;
    world.tiktok.fault("send", Fault::RateLimited, Times::UntilCleared);
    world.reply(&ana, "It should be there tomorrow.").await;
    world.until_thread(&ana, "It should be there tomorrow. [deskbell, ").await;
    world.close().await;

    damage(world.folder(), &["message", "message_raw", "conversation"]);
    let (store, report) = match Store::open_or_recover(world.folder()) {
        Ok((store, None)) => {
            // The window does not wait for the check; the next start mends what it finds.
            let store::CheckOutcome::Damaged { .. } = store.check().await.unwrap() else { panic!("it is not sound") };
            store.close().await;
            Store::open_or_recover(world.folder()).unwrap()
        }
        opened => opened.unwrap(),
    };
    let report = report.expect("it is reported");
    assert_eq!((report.kept.drafts, report.kept.replies), (1, 1), "{report:#?}");
    assert!(report.lost.messages != Some(0), "{report:#?}");
    store.close().await;

    world.tiktok.clear_faults();
    world.restart().await;
    world.until_thread(&ana, "where is my order?").await;
    world.until_thread(&ben, "do you have it in blue?").await;
    world.until_thread(&ana, "It should be there tomorrow. [deskbell, sent]").await;
    let view = world.view(&ben).await;
    assert_eq!(view.draft.body, "Only in gr");
    let texts = world.tiktok.ledger().texts_to("Ana");
    assert_eq!(texts, ["On its way.", "It should be there tomorrow."], "each once");
}

#[tokio::test]
async fn the_report_waits_in_the_new_database_until_it_is_dismissed() {
    let mut world = World::start().await;
    let ana = world.customer("Ana");
    ana.says("hello");
    world.until_thread(&ana, "hello").await;
    world.close().await;
    let path = world.folder().join("deskbell.db");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[..100].fill(0);
    std::fs::write(&path, &bytes).unwrap();

    let (store, report) = Store::open_or_recover(world.folder()).unwrap();
    let report = report.expect("it is reported");
    assert_eq!((report.kept.accounts, report.kept.messages, report.lost.messages), (1, 1, Some(0)));
    let aside = std::fs::read(world.folder().join(&report.set_aside).join("deskbell.db")).unwrap();
    assert!(aside == bytes, "what was set aside is as it was");
    assert_eq!(store.read(recovery::report).await.unwrap(), Some(report));
    store.write(recovery::dismiss).await.unwrap();
    store.close().await;
    world.restart().await;
    ana.says("anyone?");
    world.until_thread(&ana, "anyone?").await;
    assert!(world.reads(&ana).await.contains("hello"));
}
