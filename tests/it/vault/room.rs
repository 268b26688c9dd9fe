//! Room on disk: what goes when there is too little, what stays, and what a crash leaves.

use desk::commands::{FetchImage, RemoveAttachment, SendReply, UnlinkAccount};
use std::time::{Duration, SystemTime};

use model::{AccountId, Content, MediaState, Surface};
use sandbox::{Fault, Times, WindowRule};
use serde_json::json;
use store::table::message::IncomingMessage;
use store::table::{media, message};
use tests::{World, parsed};

use super::{avatar, drafted, file, id, key, opens, shown, states, until_all};
use crate::pictures::photo;

const DAY_MS: i64 = 24 * 3_600_000;

async fn until_health(world: &World, id: AccountId, state: &str) {
    world
        .until(state, async |world| {
            let overview = world.ask_json("getOverview", json!({})).await;
            let accounts = overview["accounts"].as_array().cloned().unwrap_or_default();
            accounts.iter().any(|one| one["id"] == json!(id) && one["health"]["state"] == state)
        })
        .await;
}

async fn usage(world: &World) -> (u64, u64) {
    let usage = world.ask_json("getMediaUsage", json!({})).await;
    (usage["bytes"].as_u64().unwrap(), usage["pictures"].as_u64().unwrap())
}

#[tokio::test]
async fn the_picture_not_shown_for_longest_goes_first_and_comes_back_under_the_same_key() {
    let world = World::start().await;
    let ana = world.customer("Ana");
    for _ in 0..5 {
        ana.sends_image();
    }
    let pictures = until_all(&world, &ana, 5, "kept").await;
    world.until("the avatar is here", async |world| avatar(world, &ana).await.is_some()).await;
    // All but the third are looked at.
    for (at, picture) in pictures.iter().enumerate() {
        assert!(at == 2 || opens(&world, &key(picture)).await);
    }
    let (before, count) = usage(&world).await;
    let third = key(&pictures[2]);
    assert!(file(&world, &third).exists());
    world.desk().engine().media().set_limit(Some(before - 1));
    world.until("one goes", async |world| states(world, &ana).await.contains(&"released".to_owned())).await;
    assert_eq!(states(&world, &ana).await, ["kept", "kept", "released", "kept", "kept"]);
    world.until("and its file with it", async |world| !file(world, &third).exists()).await;
    let (after, left) = usage(&world).await;
    assert!(after <= before / 10 * 9 && left == count - 1, "{after} of {before} bytes, {left} of {count}");
    assert!(!opens(&world, &third).await);

    world.desk().engine().media().set_limit(None);
    let asked = json!({ "message": pictures[2]["id"] });
    world.tiktok.fault("media_download", Fault::Delay(Duration::from_millis(200)), Times::Next(1));
    world.ask_json("fetchImage", asked.clone()).await;
    assert_eq!(states(&world, &ana).await[2], "pending", "the bubble shows that it comes");
    let again = until_all(&world, &ana, 5, "kept").await;
    assert_eq!(key(&again[2]), third);
    assert!(opens(&world, &third).await);
    assert_eq!(usage(&world).await, (before, count));
    let calls = world.tiktok.ledger().calls("media_download");
    world.ask_json("fetchImage", asked).await;
    assert_eq!(states(&world, &ana).await, ["kept"; 5], "what is here is not asked for");
    assert_eq!(world.tiktok.ledger().calls("media_download"), calls);
}

#[tokio::test]
async fn what_cannot_be_had_again_stays_however_little_room_there_is() {
    let world = World::start().await;
    let ana = world.customer("Ana");
    ana.says("look");
    let conversation = world.conversation(&ana).await;
    let draft = drafted(&world, &ana).await;
    ana.sends_sticker();
    ana.sends_image();
    until_all(&world, &ana, 2, "kept").await;
    world.until("the avatar is here", async |world| avatar(world, &ana).await.is_some()).await;
    // A picture of ours that TikTok has, and one from long ago that TikTok has forgotten.
    let sent = world.desk().attach(conversation, photo(100, 80)).await.unwrap().key;
    let told = SendReply { attachment: Some(sent.clone()), ..tests::press(conversation, "") };
    world.ask(told).await;
    world.until_thread(&ana, "<image kept> [deskbell, sent]").await;
    world.desk().attach(conversation, photo(320, 200)).await.unwrap();
    let (held, hand) = world.desk().engine().media().keep(photo(90, 90)).await.unwrap();
    let (old, account, now_ms) = (held.key.clone(), world.account(), world.desk().engine().clock().now_ms());
    world
        .desk()
        .engine()
        .store()
        .write(move |tx| {
            media::record(tx, &held, now_ms)?;
            let media = MediaState::Kept { key: held.key.clone(), width: 90, height: 90 };
            let news = IncomingMessage {
                remote_id: "long ago".to_owned(),
                sent_at_ms: now_ms - 100 * DAY_MS,
                is_timed: true,
                outgoing: false,
                surface: Surface::Phone,
                auto: None,
                content: Content::Image { media_id: "m".to_owned(), media },
                quoted_remote_id: None,
                reactions: Vec::new(),
                raw: "{}".to_owned(),
            };
            message::insert(tx, account, conversation, &news, true)
        })
        .await
        .unwrap();
    drop(hand);
    let fresh = key(&shown(&world, &ana).await[2]);

    world.desk().engine().media().set_limit(Some(1));
    world.until("what can go has gone", async |world| states(world, &ana).await[2] == "released").await;
    // The loop goes on and finds nothing more; then it is quiet.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let avatar = avatar(&world, &ana).await.unwrap();
    for (what, key) in [("the old one", old), ("the draft's", draft), ("the avatar", avatar)] {
        assert!(opens(&world, &key).await, "{what}");
    }
    assert_eq!(states(&world, &ana).await[..3], ["kept", "kept", "released"], "old, sticker, photo");
    let sticker = key(&shown(&world, &ana).await[1]);
    assert!(opens(&world, &sticker).await, "the sticker");
    assert!(!opens(&world, &fresh).await);
    assert!(usage(&world).await.0 > 1, "more than allowed, and that is said");
}

#[tokio::test]
async fn what_a_shop_without_access_could_not_ask_for_stays() {
    for revoked in [false, true] {
        let mut world = World::start().await;
        let (bloom, ana) = (world.account(), world.customer("Ana"));
        ana.sends_image();
        let photo = key(&until_all(&world, &ana, 1, "kept").await[0]);
        let conversation = world.conversation(&ana).await;
        world.tiktok.open_account("cornershop", "Corner Shop", WindowRule::B);
        let ben = world.customer("Ben");
        ben.sends_image();
        world.link().await;
        until_all(&world, &ben, 1, "kept").await;
        if revoked {
            world.tiktok.revoke_tokens();
            until_health(&world, bloom, "relink").await;
            let corner = world.link().await;
            until_health(&world, corner, "live").await;
        } else {
            world.ask(UnlinkAccount { account: bloom, erase: false }).await;
        }
        world.desk().engine().media().set_limit(Some(1));
        // Of both shops' photos, that of the shop with access goes: so all of them were looked at.
        until_all(&world, &ben, 1, "released").await;
        let thread = world.thread(conversation).await;
        assert!(thread.contains("<image kept>"), "{thread}");
        assert!(opens(&world, &photo).await, "revoked: {revoked}");
    }
}

#[tokio::test]
async fn a_released_picture_that_tiktok_has_forgotten_is_said_to_be_gone() {
    let world = World::start().await;
    let ana = world.customer("Ana");
    ana.sends_image();
    until_all(&world, &ana, 1, "kept").await;
    world.desk().engine().media().set_limit(Some(1));
    let picture = until_all(&world, &ana, 1, "released").await.remove(0);
    world.desk().engine().media().set_limit(None);
    world.tiktok.fault("media_download", Fault::code(40007), Times::Next(1));
    world.ask(FetchImage { message: parsed(&picture["id"]) }).await;
    until_all(&world, &ana, 1, "unavailable").await;
}

#[tokio::test]
async fn the_agents_settings_say_how_much_room_there_is() {
    let mut world = World::start().await;
    let mut settings = world.ask_json("getOverview", json!({})).await["settings"].clone();
    assert_eq!(settings["mediaBudgetMib"], 2048);
    let ana = world.customer("Ana");
    for _ in 0..10 {
        ana.sends_image();
    }
    until_all(&world, &ana, 10, "kept").await;
    // More than a megabyte of photos: noise does not compress.
    for n in 0..3 {
        let (held, _hand) = world.desk().engine().media().keep(crate::pictures::grain(1500 + n)).await.unwrap();
        let now_ms = world.desk().engine().clock().now_ms();
        world.desk().engine().store().write(move |tx| media::record(tx, &held, now_ms)).await.unwrap();
    }
    assert!(usage(&world).await.0 > 1 << 20, "{:?}", usage(&world).await);
    settings["mediaBudgetMib"] = json!(1);
    world.ask_json("saveSettings", json!({ "settings": settings })).await;
    until_all(&world, &ana, 10, "released").await;
    settings["mediaBudgetMib"] = json!(0);
    world.ask_json("saveSettings", json!({ "settings": settings })).await;
    world.close().await;
    world.restart().await;
    let picture = shown(&world, &ana).await.remove(0);
    world.ask(FetchImage { message: parsed(&picture["id"]) }).await;
    world.until("it is back, and stays", async |world| states(world, &ana).await[0] == "kept").await;
}

#[tokio::test]
async fn a_crash_between_a_file_and_its_row_leaves_nothing_wrong() {
    let mut world = World::start().await;
    let ana = world.customer("Ana");
    for _ in 0..3 {
        ana.sends_image();
    }
    let pictures = until_all(&world, &ana, 3, "kept").await;
    world.crash().await;
    let long_ago = SystemTime::now() - Duration::from_secs(2 * 3600);
    let put = |name: &str, modified: Option<SystemTime>| {
        let path = world.folder().join("media").join(name.get(..2).unwrap()).join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, "nobody's").unwrap();
        if let Some(modified) = modified {
            std::fs::File::options().append(true).open(&path).unwrap().set_modified(modified).unwrap();
        }
        path
    };
    // Files whose rows were never written, or went just before the end; one half written; one just being written.
    let orphan = put(&"ab".repeat(32), Some(long_ago));
    let half = put(&format!("{}.0badcafe", "cd".repeat(32)), Some(long_ago));
    let young = put(&"ef".repeat(32), None);
    for picture in &pictures {
        let path = file(&world, &key(picture));
        std::fs::File::options().append(true).open(&path).unwrap().set_modified(long_ago).unwrap();
    }
    // A row whose file is gone, as after a hand that tidied too much.
    let lost = key(&pictures[1]);
    std::fs::remove_file(file(&world, &lost)).unwrap();
    world.restart().await;
    world.until("they are swept up", async |_| !orphan.exists() && !half.exists()).await;
    assert!(young.exists(), "that one may be somebody's in a moment");
    for picture in [&pictures[0], &pictures[2]] {
        assert!(opens(&world, &key(picture)).await);
    }
    assert!(!opens(&world, &lost).await);
    world.ask(FetchImage { message: id(&pictures[1]) }).await;
    world.until("it is here again", async |world| opens(world, &lost).await).await;
}

#[tokio::test]
async fn a_kept_picture_whose_file_is_gone_or_damaged_comes_again() {
    let world = World::start().await;
    let ana = world.customer("Ana");
    ana.sends_sticker();
    ana.sends_image();
    for picture in until_all(&world, &ana, 2, "kept").await {
        let (key, asked) = (key(&picture), json!({ "message": picture["id"] }));
        let place = file(&world, &key);
        let whole = std::fs::read(&place).unwrap();
        // Damaged without a change of its length, as a disk does it; the clock of its last change tells nothing.
        let mut damaged = whole.clone();
        damaged.iter_mut().skip(20).for_each(|byte| *byte ^= 0x55);
        for left in [None, Some(&damaged[..]), Some(&[][..])] {
            match left {
                None => std::fs::remove_file(&place).unwrap(),
                Some(bytes) => std::fs::write(&place, bytes).unwrap(),
            }
            assert!(!opens(&world, &key).await);
            world.ask_json("fetchImage", asked.clone()).await;
            world.until("it is here again", async |world| opens(world, &key).await).await;
            until_all(&world, &ana, 2, "kept").await;
            assert!(std::fs::read(&place).unwrap() == whole, "as it was");
        }
    }
}

#[tokio::test]
async fn what_nothing_names_any_more_goes_after_a_while_and_the_rest_stays() {
    let world = World::paced(|timing| {
        timing.leftovers = Duration::from_millis(50);
        timing.leftover_rest = Duration::ZERO;
    })
    .await;
    let ana = world.customer("Ana");
    ana.sends_image();
    ana.sends_sticker();
    until_all(&world, &ana, 2, "kept").await;
    world.until("the avatar is here", async |world| avatar(world, &ana).await.is_some()).await;
    let first = avatar(&world, &ana).await.unwrap();
    let conversation = world.conversation(&ana).await;
    let draft = drafted(&world, &ana).await;
    assert!(file(&world, &draft).exists());
    world.desk().attach(conversation, photo(100, 80)).await.unwrap();
    world.until("the one before it goes", async |world| !file(world, &draft).exists()).await;
    assert!(!opens(&world, &draft).await);
    let second = world.view(&ana).await.draft.attachment.unwrap().key;
    let before = usage(&world).await;
    world.ask(RemoveAttachment { conversation }).await;
    world.until("a picture taken off a draft goes", async |world| usage(world).await.1 == before.1 - 1).await;
    assert!(!opens(&world, &second).await);

    ana.changes_picture();
    ana.says("new look");
    world.until("the avatar of before goes", async |world| !opens(world, &first).await).await;
    let now = avatar(&world, &ana).await.unwrap();
    assert!(now != first && opens(&world, &now).await);
    for picture in until_all(&world, &ana, 2, "kept").await {
        assert!(opens(&world, &key(&picture)).await);
    }
}

#[tokio::test]
async fn of_an_erased_account_no_picture_is_left() {
    let world = World::start().await;
    let ana = world.customer("Ana");
    ana.sends_image();
    ana.sends_sticker();
    let pictures = until_all(&world, &ana, 2, "kept").await;
    world.until("the avatar is here", async |world| avatar(world, &ana).await.is_some()).await;
    drafted(&world, &ana).await;
    world.ask(UnlinkAccount { account: world.account(), erase: true }).await;
    assert_eq!(usage(&world).await, (0, 0));
    for picture in &pictures {
        assert!(!file(&world, &key(picture)).exists());
    }
}
