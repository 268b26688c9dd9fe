//! Unlinking: the access is given back and forgotten, the history stays or goes, and the other account is not touched.

use desk::commands::{AddTag, GetMediaUsage, GetOverview, SyncAccounts, UnlinkAccount};
use std::path::Path;

use serde_json::{Value, json};
use store::Connection;
use tests::{World, http, parsed};

use super::{events, link_again, reply, rows, shown, thread, token, two, until_health, until_said};

/// What TikTok answers to a token.
async fn code(world: &World, business_id: &str, token: &str) -> i64 {
    let address = format!("{}/open_api/v1.3/business/get/?business_id={business_id}", world.tiktok.base_url());
    let answer = http::ask("GET", &address, &[("Access-Token", token)], "").await.unwrap();
    serde_json::from_str::<Value>(&answer.body).unwrap()["code"].as_i64().expect("a code")
}

async fn found(world: &World, text: &str) -> usize {
    let asked = json!({ "text": text, "account": null, "limit": 20, "utcOffsetMin": 0 });
    world.ask_json("search", asked).await["messages"].as_array().map_or(0, Vec::len)
}

#[tokio::test]
async fn an_unlinked_account_is_silent_keeps_its_history_and_goes_on_when_linked_again() {
    for unreachable in [false, true] {
        let (mut world, [(corner, corner_id, _), (bloom, bloom_id, ana)]) = two().await;
        reply(&world, bloom, "Ana", "Hello Ana").await;
        world.settle().await;
        let [access, refresh] = ["access", "refresh"].map(|kind| token(&world, kind, &bloom_id).unwrap());
        if unreachable {
            world.tiktok.unplug().await;
        }
        world.ask(UnlinkAccount { account: bloom, erase: false }).await;
        assert_eq!(shown(&world, bloom).await["health"]["state"], "unlinked");
        for kind in ["access", "refresh"] {
            assert_eq!(token(&world, kind, &bloom_id), None, "nobody has the {kind} token any more");
        }
        assert!(token(&world, "access", &corner_id).is_some());
        if unreachable {
            world.tiktok.plug_in().await.unwrap();
            world.ask(SyncAccounts {}).await;
        } else {
            assert_eq!(world.tiktok.ledger().calls("revoke"), 1, "TikTok was told");
            assert_eq!(code(&world, &bloom_id, &access).await, 40_105);
        }
        assert_eq!(events(&world, bloom).await[0].0, "unlinked");

        // Silent, across a restart too.
        ana.says("are you there?");
        reply(&world, bloom, "Ana", "We are back.").await;
        for restart in [false, true] {
            if restart {
                world.close().await;
                world.restart().await;
            }
            let sweeps = || world.tiktok.ledger().calls("conversation_list");
            let before = sweeps();
            world.until("the other one was listed again and again", async |_| sweeps() >= before + 10).await;
            let thread = thread(&world, bloom, "Ana").await;
            assert!(thread.contains("hello Maison Bloom") && !thread.contains("are you there?"), "{thread}");
            assert!(thread.contains("We are back. [deskbell, queued relink]"), "{thread}");
            assert_eq!(world.tiktok.ledger().texts_to("Ana"), ["Hello Ana"]);
            assert_eq!(world.tiktok.ledger().refresh_calls(), 0, "nobody asks for a token");
            assert_eq!(found(&world, "hello Maison").await, 1, "and it can be searched");
            assert_eq!(shown(&world, bloom).await["health"]["state"], "unlinked");
            assert_eq!(shown(&world, corner).await["health"]["state"], "live");
        }
        link_again(&mut world).await;
        until_said(&world, bloom, "Ana", "are you there?").await;
        world.settle().await;
        assert_eq!(world.tiktok.ledger().texts_to("Ana"), ["Hello Ana", "We are back."]);
        assert_eq!(events(&world, bloom).await[0].0, "linked");
        assert_ne!(token(&world, "refresh", &bloom_id).unwrap(), refresh);
    }
}

/// The tables with a row that holds one of these, as text.
fn tables_with(sql: &Connection, needles: &[String]) -> Result<Vec<String>, store::StoreError> {
    let mut names = sql.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")?;
    let tables: Vec<String> = names.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    assert!(tables.len() > 20, "{tables:?}");
    let mut found = Vec::new();
    for table in tables {
        let columns: Vec<String> = sql
            .prepare(&format!(
                "SELECT 'coalesce(CAST(\"' || name || '\" AS TEXT), '''')' FROM pragma_table_xinfo('{table}')"
            ))?
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        let rows: Vec<Vec<u8>> = sql
            .prepare(&format!("SELECT CAST({} AS BLOB) FROM \"{table}\"", columns.join(" || ' ' || ")))?
            .query_map([], |row| row.get::<_, Option<Vec<u8>>>(0).map(Option::unwrap_or_default))?
            .collect::<Result<_, _>>()?;
        for needle in needles {
            if rows.iter().any(|row| holds(row, needle)) {
                found.push(format!("{table}: {needle}"));
            }
        }
    }
    Ok(found)
}

fn holds(bytes: &[u8], needle: &str) -> bool {
    bytes.windows(needle.len()).any(|part| part.eq_ignore_ascii_case(needle.as_bytes()))
}

/// The files below a folder that hold one of these.
pub(super) fn files_with(folder: &Path, needles: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        if entry.path().is_dir() {
            found.extend(files_with(&entry.path(), needles));
        } else if let Ok(bytes) = std::fs::read(entry.path()) {
            let held = needles.iter().filter(|needle| holds(&bytes, needle));
            found.extend(held.map(|needle| format!("{}: {needle}", entry.path().display())));
        }
    }
    found
}

async fn count(world: &World, account: i64) -> Vec<(String, i64)> {
    let counted = world.desk().engine().store().read(move |sql| {
        let mut names = sql.prepare("SELECT DISTINCT s.name FROM sqlite_schema s JOIN pragma_table_info(s.name) c WHERE s.type = 'table' AND c.name = 'account_id'")?;
        let tables: Vec<String> = names.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        let mut counted = Vec::new();
        for table in tables {
            let rows: i64 = sql.query_row(&format!("SELECT count(*) FROM \"{table}\" WHERE account_id = ?1"), [account], |row| row.get(0))?;
            counted.push((table, rows));
        }
        Ok(counted)
    });
    counted.await.unwrap()
}

#[tokio::test]
async fn an_erased_account_is_gone_from_every_table_and_file_and_the_other_is_untouched() {
    let (mut world, [(corner, _, _), (bloom, bloom_id, ana)]) = two().await;
    // A bit of everything, in words that are nowhere else.
    let message = ana.says("do you have a zylophant?");
    ana.sends_image();
    ana.likes(&message);
    until_said(&world, bloom, "Ana", "<image kept>").await;
    let quoll = world.customer("Quollbert");
    quoll.says("hello");
    until_said(&world, bloom, "Quollbert", "hello").await;
    let conversation =
        rows(&world, bloom).await.into_iter().find(|row| row["person"]["name"] == "Ana").unwrap()["id"].clone();
    world.ask(AddTag { conversation: parsed(&conversation), name: "Wurzeltag".to_owned() }).await;
    reply(&world, bloom, "Ana", "Only a brambleton.").await;
    world.settle().await;
    let later = json!({
        "conversation": conversation, "body": "Tomorrow: marzipone", "quoted": null, "attachment": null,
        "atMs": world.tiktok.now_ms() + 86_400_000,
    });
    world.ask_json("scheduleReply", later).await;
    world.tiktok.revoke_tokens();
    until_health(&world, bloom, "relink").await;
    reply(&world, bloom, "Ana", "Or a gloomstick.").await;
    world.ask_json("saveDraft", json!({ "conversation": conversation, "body": "And a fiddlecap" })).await;
    let words: Vec<String> = [
        "zylophant",
        "quollbert",
        "wurzeltag",
        "brambleton",
        "marzipone",
        "gloomstick",
        "fiddlecap",
        "maisonbloom",
        "hello Maison",
    ]
    .map(str::to_owned)
    .into_iter()
    .chain([bloom_id, ana.conversation_id()])
    .collect();
    let store = world.desk().engine().store().clone();
    let needles = words.clone();
    let held = store.read(move |sql| tables_with(sql, &needles)).await.unwrap();
    for word in &words {
        assert!(held.iter().any(|found| found.ends_with(word)), "{word} is somewhere: {held:?}");
    }
    let before = thread(&world, corner, "Ana").await;
    let pictures = world.ask(GetMediaUsage {}).await.pictures;

    world.ask(UnlinkAccount { account: bloom, erase: true }).await;
    let needles = words.clone();
    let left = store.read(move |sql| tables_with(sql, &needles)).await.unwrap();
    assert_eq!(left, Vec::<String>::new());
    for (table, rows) in count(&world, bloom.0).await {
        assert_eq!(rows, 0, "{table}");
    }
    assert!(count(&world, corner.0).await.iter().any(|(table, rows)| table == "conversation" && *rows == 1));
    assert_eq!(shown(&world, bloom).await, Value::Null);
    assert_eq!(thread(&world, corner, "Ana").await, before);
    assert_eq!((found(&world, "zylophant").await, found(&world, "hello Corner").await), (0, 1));
    assert!(world.ask(GetMediaUsage {}).await.pictures < pictures);

    drop(store);
    world.close().await;
    assert_eq!(files_with(world.folder(), &words), Vec::<String>::new(), "not in the files either");
    world.restart().await;
    assert_eq!(thread(&world, corner, "Ana").await, before);
    assert_eq!(world.ask(GetOverview {}).await.accounts.len(), 1);

    // It can be linked anew, with what TikTok still lists.
    let anew = world.link().await;
    until_said(&world, anew, "Ana", "zylophant").await;
    assert!(!thread(&world, anew, "Ana").await.contains("gloomstick"));
}
