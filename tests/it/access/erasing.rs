//! Erasing to the end: whatever breaks it off, fails or is under way meanwhile, in the end nothing of the account is left.

use desk::commands::{GetMediaUsage, GetOverview, UnlinkAccount};
use std::path::{Path, PathBuf};
use std::time::Duration;

use desk::{Fault as DeskFault, Request};
use model::AccountId;
use sandbox::{Fault, Times};
use serde_json::{Value, json};
use store::table::{account, setting};
use tests::World;

use super::unlinking::files_with;

/// A world with an account that holds a bit of everything, and words that are nowhere else.
async fn furnished() -> (World, AccountId, Vec<String>) {
    let world = World::start().await;
    let quoll = world.customer("Quollbert");
    quoll.says("do you have a zylophant?");
    quoll.sends_image();
    world.until_thread(&quoll, "<image kept>").await;
    world.until("the avatar is here", async |world| world.row(&quoll).await.person.avatar.is_some()).await;
    world.reply(&quoll, "Only a brambleton.").await;
    world.settle().await;
    let words = ["zylophant", "quollbert", "brambleton", "maisonbloom"].map(str::to_owned).to_vec();
    let id = world.account();
    (world, id, words)
}

/// All that erasing does in the tables, and nothing of what comes after.
async fn erase_rows(world: &World, id: AccountId) {
    world.ask(UnlinkAccount { account: id, erase: false }).await;
    while world.desk().engine().store().write(move |tx| account::erase_slice(tx, id, 500)).await.unwrap() {}
}

/// Whether something of an erased account may still be on the disk.
async fn unfinished(world: &World) -> bool {
    world.desk().engine().store().read(|sql| setting::get(sql, "erase_pending")).await.unwrap().is_some()
}

async fn until_finished(world: &World) {
    world.until("it is erased to the end", async |world| !unfinished(world).await).await;
}

async fn usage(world: &World) -> u32 {
    world.ask(GetMediaUsage {}).await.pictures
}

/// The pictures and films on the disk.
fn media_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.path().is_dir() { found.extend(media_files(&entry.path())) } else { found.push(entry.path()) }
    }
    found
}

async fn assert_nothing_left(world: &mut World, words: &[String]) {
    assert_eq!(usage(world).await, json!(0));
    assert_eq!(media_files(&world.folder().join("media")), Vec::<PathBuf>::new());
    assert_eq!(files_with(world.folder(), words), Vec::<String>::new(), "while it is open");
    world.close().await;
    assert_eq!(files_with(world.folder(), words), Vec::<String>::new(), "and once it is closed");
}

/// Begins to erase an account.
fn erase(world: &World, id: AccountId) -> tokio::task::JoinHandle<Result<Value, DeskFault>> {
    let desk = world.desk().clone();
    let args = json!({ "account": id, "erase": true });
    tokio::spawn(async move { desk.answer(Request { command: "unlinkAccount".to_owned(), args }).await })
}

#[tokio::test]
async fn erasing_that_a_crash_broke_off_after_the_last_row_is_finished_by_the_next_start() {
    let (mut world, id, words) = furnished().await;
    erase_rows(&world, id).await;
    std::fs::create_dir(world.folder().join("damaged-20260101T000000Z")).unwrap();
    std::fs::write(world.folder().join("damaged-20260101T000000Z/deskbell.db"), "a zylophant").unwrap();
    world.crash().await;
    assert_ne!(files_with(world.folder(), &words), Vec::<String>::new(), "there is something to be done");
    world.restart().await;
    until_finished(&world).await;
    assert_nothing_left(&mut world, &words).await;
}

#[tokio::test]
async fn one_thing_that_cannot_be_erased_yet_does_not_keep_the_others() {
    let (mut world, id, words) = furnished().await;
    erase_rows(&world, id).await;
    let rename = async |world: &World, from: &'static str, to: &'static str| {
        let rename = format!("ALTER TABLE {from} RENAME TO {to}");
        world.desk().engine().store().write(move |tx| Ok(tx.execute_batch(&rename)?)).await.unwrap();
    };
    // Without its table the index cannot be merged. Other tables stand in its place, or the next start would mend it.
    const STAND_INS: [&str; 5] =
        ["search_person", "search_person_data", "search_person_idx", "search_person_docsize", "search_person_config"];
    let batch = async |world: &World, line: fn(&str) -> String| {
        let lines: Vec<String> = STAND_INS.into_iter().map(line).collect();
        world.desk().engine().store().write(move |tx| Ok(tx.execute_batch(&lines.join(";"))?)).await.unwrap();
    };
    rename(&world, "search_person", "elsewhere").await;
    batch(&world, |table| format!("CREATE TABLE {table} (words TEXT)")).await;
    world.crash().await;
    world.restart().await;
    world.until("the pictures are gone", async |world| usage(world).await == json!(0)).await;
    assert!(unfinished(&world).await, "and it is known that something is not");
    batch(&world, |table| format!("DROP TABLE {table}")).await;
    rename(&world, "elsewhere", "search_person").await;
    until_finished(&world).await;
    assert_nothing_left(&mut world, &words).await;
}

#[tokio::test]
async fn while_the_log_cannot_be_cut_it_is_not_called_erased() {
    let (mut world, id, words) = furnished().await;
    let (release, wait) = std::sync::mpsc::channel::<()>();
    let (begun, reading) = tokio::sync::oneshot::channel();
    let store = world.desk().engine().store().clone();
    let reader = tokio::spawn(async move {
        let read = store.read(move |sql| {
            account::all(sql)?;
            let _ = begun.send(());
            let _ = wait.recv();
            Ok(())
        });
        read.await
    });
    reading.await.unwrap();
    let fault = erase(&world, id).await.unwrap().expect_err("a reader still has the old words");
    assert_eq!(json!(fault.code), "eraseUnfinished");
    assert_ne!(files_with(world.folder(), &words), Vec::<String>::new());
    assert!(world.ask(GetOverview {}).await.accounts.is_empty(), "the account is gone all the same");
    drop(release);
    reader.await.unwrap().unwrap();
    until_finished(&world).await;
    assert_nothing_left(&mut world, &words).await;
}

#[tokio::test]
async fn a_film_that_arrives_after_its_account_was_erased_leaves_nothing() {
    let (mut world, id, words) = furnished().await;
    let quoll = world.customer("Quollbert");
    quoll.sends_video();
    world.until_thread(&quoll, "<video>").await;
    let message = world.messages(&quoll).await.pop().unwrap()["id"].clone();
    world.tiktok.fault("media", Fault::Delay(Duration::from_secs(2)), Times::Next(1));
    let before = world.tiktok.ledger().calls("media");
    let desk = world.desk().clone();
    let args = json!({ "message": message });
    let opening = tokio::spawn(async move { desk.answer(Request { command: "openVideo".to_owned(), args }).await });
    world.until("the film is on its way", async |world| world.tiktok.ledger().calls("media") > before).await;
    erase(&world, id).await.unwrap().unwrap();
    opening.await.unwrap().expect_err("there is no such message any more");
    assert_eq!(world.host.films(), Vec::<PathBuf>::new());
    assert_nothing_left(&mut world, &words).await;
}

#[tokio::test]
async fn a_picture_on_its_way_into_the_vault_goes_with_its_account() {
    let (mut world, id, words) = furnished().await;
    let quoll = world.customer("Quollbert");
    let kept = media_files(&world.folder().join("media"));
    world.tiktok.fault("media", Fault::AnswerLate(Duration::from_secs(1)), Times::Next(1));
    let before = world.tiktok.ledger().calls("media");
    quoll.sends_image();
    world.until("the picture is on its way", async |world| world.tiktok.ledger().calls("media") > before).await;
    // The writer is busy, so the picture's file comes before its row.
    let (release, wait) = std::sync::mpsc::channel::<()>();
    let store = world.desk().engine().store().clone();
    let busy = tokio::spawn(async move {
        store
            .write(move |_| {
                let _ = wait.recv();
                Ok(())
            })
            .await
    });
    let folder = world.folder().join("media");
    world.until("its file is there", async |_| media_files(&folder).len() > kept.len()).await;
    let erasing = erase(&world, id);
    world.until("its access is given back", async |world| world.tiktok.ledger().calls("revoke") == 1).await;
    drop(release);
    busy.await.unwrap().unwrap();
    erasing.await.unwrap().unwrap();
    assert_nothing_left(&mut world, &words).await;
}

#[tokio::test]
async fn rows_go_in_slices_conversations_too() {
    let world = World::start().await;
    let id = world.account();
    for name in ["Ana", "Ben", "Cleo"] {
        let customer = world.customer(name);
        customer.says("hello");
        world.conversation(&customer).await;
    }
    world.ask(UnlinkAccount { account: id, erase: false }).await;
    let store = world.desk().engine().store();
    let count = async || {
        let counted = store.read(|sql| Ok(sql.query_row("SELECT count(*) FROM conversation", [], |row| row.get(0))?));
        counted.await.unwrap()
    };
    let mut left: i64 = count().await;
    assert_eq!(left, 3);
    while store.write(move |tx| account::erase_slice(tx, id, 1)).await.unwrap() {
        let now = count().await;
        assert!(left - now <= 1, "{left} became {now} in one slice");
        left = now;
    }
    assert_eq!((left, count().await), (0, 0));
}
