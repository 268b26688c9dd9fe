//! Two hundred ways to damage a database, from one seed.

use std::collections::BTreeSet;
use std::path::Path;

use rusqlite::Connection;

use super::{Folder, KEYS, Lies, Lot, lies, rows, shop};
use crate::CheckOutcome;
use crate::files::DATABASE;
use crate::files::{MARKER, log_of};
use crate::recovery;
use crate::{OpenError, Store};

const PAGE: usize = 4096;
const FRAME: usize = 24 + PAGE;

/// A healthy database to be damaged.
struct Healthy {
    database: Vec<u8>,
    log: Vec<u8>,
    /// How long the log was before its newest transaction, of which nothing tells that it was lost.
    promised: usize,
    lies: Vec<Lies>,
    rows: Vec<BTreeSet<String>>,
}

/// A damaged copy of it.
struct Mutant {
    what: String,
    database: Vec<u8>,
    log: Vec<u8>,
    /// The pages that are damaged.
    hit: BTreeSet<u32>,
    /// Nobody can tell which pages.
    unprovable: bool,
    /// The newest transaction may be lost, and nothing tells that there was one.
    unpromised: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Mended,
    Healthy,
    Refused,
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn all_rows(sql: &Connection) -> Vec<BTreeSet<String>> {
    KEYS.iter().map(|(table, columns)| rows(sql, table, columns)).collect()
}

/// The same shop twice: closed in order, and with all of it in its log, where its newest changes are as well.
fn healthy(conversations: i64, messages: i64) -> (Healthy, Healthy) {
    let folder = Folder::new();
    let path = folder.path().join(DATABASE);
    runtime().block_on(async { shop(folder.path(), conversations, messages).await.close().await });
    let sql = Connection::open(&path).unwrap();
    let closed = keep(&path, &sql, 0);
    sql.execute_batch("PRAGMA wal_autocheckpoint = 0; PRAGMA secure_delete = ON; VACUUM").unwrap();
    let mut promised = 0;
    for n in 0..6 {
        promised = std::fs::read(log_of(&path)).unwrap().len();
        // A reply goes out, another waits no longer, something is typed.
        sql.execute_batch(&format!(
            "BEGIN; DELETE FROM outbox WHERE message_id = (SELECT min(message_id) FROM outbox WHERE state = 'queued');
             UPDATE message SET remote_id = 'sent' || id WHERE outgoing = 1 AND remote_id IS NULL AND id NOT IN (SELECT message_id FROM outbox);
             UPDATE draft SET body = 'typed {n}' WHERE conversation_id = (SELECT min(conversation_id) + {n} FROM draft); COMMIT"
        ))
        .unwrap();
    }
    let logged = keep(&path, &sql, promised);
    assert!(closed.log.is_empty() && !logged.log.is_empty());
    (closed, logged)
}

fn keep(path: &Path, sql: &Connection, promised: usize) -> Healthy {
    let log = std::fs::read(log_of(path)).unwrap_or_default();
    Healthy { database: std::fs::read(path).unwrap(), log, promised, lies: lies(path), rows: all_rows(sql) }
}

fn garbage(lot: &mut Lot, bytes: &mut [u8]) {
    for byte in bytes {
        *byte = lot.next().to_be_bytes()[3];
    }
}

fn mutant(seed: usize, closed: &Healthy, logged: &Healthy) -> (Mutant, bool) {
    let mut lot = Lot::new(u64::try_from(seed).unwrap() + 1);
    let with_log = matches!(seed % 20, 9..=13);
    let from = if with_log { logged } else { closed };
    let mut mutant = Mutant {
        what: String::new(),
        database: from.database.clone(),
        log: from.log.clone(),
        hit: BTreeSet::new(),
        unprovable: false,
        unpromised: false,
    };
    let (pages, promised) = (from.database.len() / PAGE, from.promised);
    match seed % 20 {
        0..=5 => {
            for _ in 0..=lot.below(4) {
                let page = lot.below(pages);
                garbage(&mut lot, &mut mutant.database[page * PAGE..(page + 1) * PAGE]);
                mutant.hit.insert(u32::try_from(page + 1).unwrap());
            }
            mutant.what = format!("pages {:?} are garbage", mutant.hit);
        }
        6..=8 => {
            let length = lot.below(mutant.database.len());
            mutant.database.truncate(length);
            mutant.hit = (u32::try_from(length / PAGE + 1).unwrap()..=u32::try_from(pages).unwrap()).collect();
            mutant.what = format!("cut at {length}");
        }
        9 => {
            mutant.database.clear();
            mutant.what = "empty, with a log".to_owned();
        }
        10 => {
            garbage(&mut lot, &mut mutant.log);
            mutant.unprovable = true;
            mutant.what = "the log is garbage".to_owned();
        }
        11..=13 => {
            let from = lot.below(mutant.log.len());
            let to = (from + PAGE).min(mutant.log.len());
            garbage(&mut lot, &mut mutant.log[from..to]);
            mutant.unprovable = true;
            // Only what stands behind the end of a transaction proves that it ended.
            mutant.unpromised = to > promised - FRAME;
            mutant.what = format!("the log is garbage from {from}");
        }
        14 | 15 => {
            let length = [16, 100, PAGE][lot.below(3)];
            garbage(&mut lot, &mut mutant.database[..length]);
            mutant.hit.insert(1);
            mutant.what = format!("the first {length} bytes are garbage");
        }
        _ => {
            let at = lot.below(mutant.database.len());
            mutant.database[at] ^= 1 << lot.below(8);
            mutant.hit.insert(u32::try_from(at / PAGE + 1).unwrap());
            mutant.what = format!("a bit is flipped at {at}");
        }
    }
    mutant.what = format!("mutant {seed}: {}", mutant.what);
    (mutant, with_log)
}

/// Opens a mutant as the desk would, twice, and looks at what came of it.
async fn live_through(mutant: &Mutant, healthy: &Healthy) -> Outcome {
    let what = &mutant.what;
    let folder = Folder::new();
    let path = folder.path().join(DATABASE);
    std::fs::write(&path, &mutant.database).unwrap();
    if !mutant.log.is_empty() {
        std::fs::write(log_of(&path), &mutant.log).unwrap();
    }
    std::fs::write(folder.path().join("deskbell.lock"), "A database of Deskbell is in this folder.\n").unwrap();

    let mut opened = Store::open_or_recover(folder.path());
    let mut damaged = (mutant.database.clone(), mutant.log.clone());
    if let Ok((store, None)) = &opened {
        let checked = store.check().await.unwrap();
        if checked == CheckOutcome::Sound {
            let found = store.read(|sql| Ok(all_rows(sql))).await.unwrap();
            for ((table, _), (found, known)) in KEYS.iter().zip(found.iter().zip(&healthy.rows)) {
                // With the end of one transaction goes the one after it.
                let lost = if mutant.unpromised { 2 } else { 0 };
                assert!(found.len().abs_diff(known.len()) <= lost, "{what}: {table} opens healthy with all rows");
            }
            store.close().await;
            return Outcome::Healthy;
        }
        assert!(folder.path().join(MARKER).exists(), "{what}: it is remembered");
        assert!(matches!(Store::open(folder.path()), Err(OpenError::InUse { .. })));
        store.close().await;
        damaged = (std::fs::read(&path).unwrap(), std::fs::read(log_of(&path)).unwrap_or_default());
        assert!(
            matches!(Store::open(folder.path()), Err(OpenError::Damaged { .. })),
            "{what}: and not opened any more"
        );
        opened = Store::open_or_recover(folder.path());
    }
    let (store, report) = match opened {
        Ok(opened) => opened,
        Err(error) => {
            assert!(matches!(error, OpenError::Newer { .. } | OpenError::NotOurs { .. }), "{what}: {error:?}");
            assert!(std::fs::read(&path).unwrap() == mutant.database, "{what}: refused and not touched");
            return Outcome::Refused;
        }
    };
    let report = report.unwrap_or_else(|| panic!("{what}: it is reported"));
    let aside = folder.path().join(&report.set_aside).join(DATABASE);
    assert!(std::fs::read(&aside).unwrap() == damaged.0, "{what}: what was set aside is as it was");
    assert!(std::fs::read(log_of(&aside)).unwrap_or_default() == damaged.1, "{what}: and so is its log");
    look_at(&store, mutant, healthy, &report).await;
    store.close().await;

    let (again, nothing) = Store::open_or_recover(folder.path()).unwrap();
    assert_eq!(nothing, None, "{what}: the second start has nothing to mend");
    assert_eq!(again.read(recovery::report).await.unwrap().as_ref(), Some(&report), "{what}: the report stays");
    again.write(recovery::dismiss).await.unwrap();
    assert_eq!(again.read(recovery::report).await.unwrap(), None);
    again.close().await;
    Outcome::Mended
}

/// What a mended database owes.
async fn look_at(store: &Store, mutant: &Mutant, healthy: &Healthy, report: &recovery::Report) {
    let what = &mutant.what;
    assert_eq!(store.check().await.unwrap(), CheckOutcome::Sound, "{what}");
    let (found, counts) = store
        .read(|sql| {
            let count = |question: &str| Ok::<i64, crate::StoreError>(sql.query_row(question, [], |row| row.get(0))?);
            Ok((
                all_rows(sql),
                [
                    count("SELECT count(*) FROM pragma_foreign_key_check")?,
                    count("SELECT count(*) FROM outbox LEFT JOIN message ON id = message_id WHERE id IS NULL")?,
                    count("SELECT count(*) FROM message m WHERE outgoing = 1 AND remote_id IS NULL AND NOT EXISTS (SELECT 1 FROM outbox WHERE message_id = m.id)")?,
                    count("SELECT count(*) FROM account a WHERE open_count <> (SELECT count(*) FROM conversation WHERE account_id = a.id AND status = 'open')
                           OR waiting_count <> (SELECT count(*) FROM conversation WHERE account_id = a.id AND status = 'open' AND waiting = 1)
                           OR unsent_count <> (SELECT count(*) FROM conversation WHERE account_id = a.id AND unsent > 0)
                           OR unsent_reply_count <> (SELECT count(*) FROM outbox WHERE account_id = a.id) + (SELECT count(*) FROM scheduled WHERE account_id = a.id)
                           OR fetched_count <> (SELECT count(*) FROM conversation WHERE account_id = a.id AND fetched_updated_ms > 0)
                           OR (SELECT coalesce(sum(open_count), 0) FROM agent_load WHERE account_id = a.id)
                               <> (SELECT count(*) FROM conversation WHERE account_id = a.id AND status = 'open' AND assignee_id IS NOT NULL)
                           OR (SELECT coalesce(sum(conversations), 0) FROM list_day WHERE account_id = a.id)
                               <> (SELECT count(*) FROM conversation WHERE account_id = a.id AND snoozed_until_ms IS NULL)")?,
                    count("SELECT count(*) FROM outbox WHERE state IN ('held', 'queued', 'sending')")?,
                    count("SELECT count(*) FROM account WHERE complete_to_ms IS NOT NULL OR backfilled = 1")?,
                    count("SELECT count(*) FROM setting WHERE name = 'search_rebuild' AND value = '9223372036854775807'")?,
                ],
            ))
        })
        .await
        .unwrap();
    let [strangers, voices, silent, miscounted, about_to_go, proven, to_index] = counts;
    assert_eq!(strangers, 0, "{what}: every row belongs to something");
    assert_eq!(voices, 0, "{what}: every reply has its bubble");
    assert_eq!(silent, 0, "{what}: no reply passes for sent because its row is lost");
    assert_eq!(miscounted, 0, "{what}: the tabs' counts are right");
    assert!(!report.stale || about_to_go == 0, "{what}: nothing that may have gone out goes out again by itself");
    assert!(report.lost.messages == Some(0) || proven == 0, "{what}: no history is claimed whole");
    assert!(to_index == 1 || report.kept.messages == 0, "{what}: the words are to be indexed anew");
    if mutant.unprovable {
        return;
    }
    let of = |name: &str| KEYS.iter().position(|(table, _)| *table == name).unwrap();
    let ids =
        |rows: &BTreeSet<String>| rows.iter().map(|row| row.split(' ').next().unwrap().to_owned()).collect::<Vec<_>>();
    let known: BTreeSet<String> =
        healthy.lies.iter().filter(|lies| lies.table == "outbox").map(|lies| lies.row.clone()).collect();
    let replies = ids(&found[of("outbox")]);
    assert_eq!(replies.len(), replies.iter().collect::<BTreeSet<_>>().len(), "{what}: no reply twice");
    let known = ids(&known);
    let flipped = what.contains("bit");
    assert!(flipped || replies.iter().all(|reply| known.contains(reply)), "{what}: no reply out of nowhere");
    for lies in healthy.lies.iter().filter(|lies| !mutant.hit.contains(&lies.page)) {
        // What was said of a message goes with it.
        let with_its_message = matches!(lies.table, "message_raw" | "picture") && report.lost.messages != Some(0);
        assert!(
            with_its_message || found[of(lies.table)].contains(&lies.row),
            "{what}: a row of {} stands on page {}, which is whole, and is not kept: {}\n{report:#?}",
            lies.table,
            lies.page,
            lies.row
        );
    }
    if mutant.hit.is_empty() {
        let lost = serde_json::to_string(&report.lost).unwrap();
        assert!(!lost.contains("null") && !lost.contains(['1', '2', '3']), "{what}: nothing is lost: {lost}");
    }
}

#[test]
fn two_hundred_mutants_are_mended_or_healthy_and_never_empty_in_silence() {
    let (small, large) = (healthy(40, 400), healthy(300, 5_000));
    let outcomes = std::thread::scope(|scope| {
        let (small, large) = (&small, &large);
        let threads: Vec<_> = (0..2)
            .map(|thread| {
                scope.spawn(move || {
                    let runtime = runtime();
                    let seeds = (thread..200).step_by(2);
                    let lived = seeds.map(|seed| {
                        // A large one now and then, of each kind.
                        let (closed, logged) = if seed % 23 == 0 { large } else { small };
                        let (mutant, with_log) = mutant(seed, closed, logged);
                        let outcome = runtime.block_on(live_through(&mutant, if with_log { logged } else { closed }));
                        (mutant.what.contains("bit"), outcome)
                    });
                    lived.collect::<Vec<_>>()
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    let count = |wanted| outcomes.iter().filter(|(_, outcome)| *outcome == wanted).count();
    let (mended, healthy, refused) = (count(Outcome::Mended), count(Outcome::Healthy), count(Outcome::Refused));
    println!("{mended} mended, {healthy} healthy, {refused} refused");
    assert_eq!(mended + healthy + refused, 200);
    assert!(mended > 120, "{mended} were mended");
    let gross = outcomes.iter().filter(|(flipped, outcome)| !flipped && *outcome == Outcome::Refused).count();
    assert_eq!(gross, 0, "only a bit can turn a database into a newer one");
}

/// A file of another application that happens to lie here is left alone, whole or not.
#[test]
fn what_was_never_ours_is_refused_and_not_touched() {
    let make = |path: &Path| {
        let sql = Connection::open(path).unwrap();
        sql.execute_batch("CREATE TABLE bookmarks (url TEXT); INSERT INTO bookmarks VALUES (zeroblob(20000))").unwrap();
    };
    for cut in [None, Some(0), Some(30), Some(5_000)] {
        for lived_here in [false, true] {
            let folder = Folder::new();
            let path = folder.path().join(DATABASE);
            make(&path);
            if let Some(cut) = cut {
                let bytes = std::fs::read(&path).unwrap();
                std::fs::write(&path, if cut == 0 { vec![7; 5_000] } else { bytes[..cut].to_vec() }).unwrap();
            }
            if lived_here && cut != Some(0) {
                std::fs::write(folder.path().join("deskbell.lock"), "x").unwrap();
            }
            let before = std::fs::read(&path).unwrap();
            let refused = Store::open_or_recover(folder.path()).expect_err("refused");
            assert!(matches!(refused, OpenError::NotOurs { .. }), "{cut:?}: {refused:?}");
            assert!(std::fs::read(&path).unwrap() == before, "{cut:?}: not a byte was changed");
        }
    }
}
