//! RecoveryFailed that is cut short starts over, wherever it was cut.

use std::path::Path;

use super::{Folder, KEYS, lies, rows, shop};
use crate::files::DATABASE;
use crate::files::{MARKER, log_of};
use crate::recovery::copy::Budget;
use crate::recovery::{self, Marker, RECOVERING, mark, read_marker, recover_within, set_aside, write_marker};
use crate::{OpenError, Store};

/// A database with a hole in it, and all that is known of it.
async fn damaged() -> (Folder, Vec<u8>) {
    let folder = Folder::new();
    shop(folder.path(), 20, 200).await.close().await;
    let path = folder.path().join(DATABASE);
    let mut bytes = std::fs::read(&path).unwrap();
    let page = lies(&path).iter().filter(|lies| lies.table == "message").nth(100).unwrap().page as usize;
    bytes[(page - 1) * 4096..page * 4096].fill(0xAB);
    std::fs::write(&path, &bytes).unwrap();
    (folder, bytes)
}

async fn rows_of(store: &Store) -> Vec<usize> {
    store.read(|sql| Ok(KEYS.iter().map(|(table, columns)| rows(sql, table, columns).len()).collect())).await.unwrap()
}

/// Mends to the end and compares with mending in one go.
async fn mends_alike(folder: &Path, bytes: &[u8], wanted: &[usize], what: &str) {
    let (store, report) = Store::open_or_recover(folder).unwrap_or_else(|error| panic!("{what}: {error}"));
    let report = report.unwrap_or_else(|| panic!("{what}: it is reported"));
    assert_eq!(rows_of(&store).await, wanted, "{what}");
    store.close().await;
    let aside: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("damaged-"))
        .collect();
    assert_eq!(aside, [report.set_aside.as_str()], "{what}: it is set aside once");
    assert!(std::fs::read(folder.join(&aside[0]).join(DATABASE)).unwrap() == bytes, "{what}: and as it was");
    let left: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert!(left.iter().all(|name| !name.starts_with(RECOVERING) && !name.starts_with(MARKER)), "{what}: {left:?}");
}

#[tokio::test]
async fn mending_that_is_cut_short_starts_over_from_what_was_set_aside() {
    let (whole, bytes) = damaged().await;
    mark(whole.path(), "a check found it").unwrap();
    let (store, report) = Store::open_or_recover(whole.path()).unwrap();
    assert_eq!(report.unwrap().detail, "a check found it");
    let wanted = rows_of(&store).await;
    store.close().await;

    let again = |what: &'static str, cut: &'static dyn Fn(&Path)| {
        let (bytes, wanted) = (bytes.clone(), wanted.clone());
        async move {
            let folder = Folder::new();
            std::fs::write(folder.path().join(DATABASE), &bytes).unwrap();
            mark(folder.path(), "a check found it").unwrap();
            cut(folder.path());
            mends_alike(folder.path(), &bytes, &wanted, what).await;
        }
    };
    again("before anything was moved", &|_| {}).await;
    again("the folder is named and not made", &|folder| {
        let set_aside = Some("damaged-20261118T110640Z".to_owned());
        write_marker(folder, &Marker { detail: "x".to_owned(), set_aside, moved: false }).unwrap();
    })
    .await;
    again("moved, and not noted", &|folder| {
        let mut marker = read_marker(folder).unwrap();
        set_aside(folder, &mut marker).unwrap();
        write_marker(folder, &Marker { moved: false, ..marker }).unwrap();
    })
    .await;
    again("moved, and something of a new database is there", &|folder| {
        let mut marker = read_marker(folder).unwrap();
        set_aside(folder, &mut marker).unwrap();
        std::fs::write(folder.join(RECOVERING), "half a database").unwrap();
        std::fs::write(folder.join(format!("{RECOVERING}-journal")), "half a journal").unwrap();
    })
    .await;
    again("the marker was being written", &|folder| {
        std::fs::write(folder.join(format!("{MARKER}.new")), "{").unwrap();
    })
    .await;
    for rows in [0, 1, 50, 300, 500] {
        let folder = Folder::new();
        std::fs::write(folder.path().join(DATABASE), &bytes).unwrap();
        let cut = recover_within(folder.path(), "x", &mut Budget { rows: Some(rows) }).expect_err("cut short");
        assert!(matches!(cut, OpenError::RecoveryFailed { .. }), "{cut:?}");
        assert!(!folder.path().join(DATABASE).exists(), "nothing stands in its place that is not whole");
        assert!(matches!(Store::open(folder.path()), Err(OpenError::Damaged { .. })), "nor is it begun afresh");
        mends_alike(folder.path(), &bytes, &wanted, "after some rows").await;
    }
}

#[tokio::test]
async fn a_new_database_in_its_place_is_not_mended_again() {
    let (folder, _) = damaged().await;
    mark(folder.path(), "x").unwrap();
    let (store, report) = Store::open_or_recover(folder.path()).unwrap();
    let set_aside = report.clone().unwrap().set_aside;
    store.close().await;
    // Cut short between putting it in place and taking the marker away.
    write_marker(folder.path(), &Marker { detail: "x".to_owned(), set_aside: Some(set_aside), moved: true }).unwrap();
    let before = std::fs::read(folder.path().join(DATABASE)).unwrap();
    let (store, again) = Store::open_or_recover(folder.path()).unwrap();
    assert_eq!(again, report, "it is told what was done");
    store.close().await;
    assert_eq!(std::fs::read(folder.path().join(DATABASE)).unwrap().len(), before.len());
}

#[tokio::test]
async fn a_second_mending_has_a_folder_of_its_own() {
    let (folder, _) = damaged().await;
    let mut names = Vec::new();
    for _ in 0..3 {
        mark(folder.path(), "x").unwrap();
        let (store, report) = Store::open_or_recover(folder.path()).unwrap();
        names.push(report.unwrap().set_aside);
        store.close().await;
    }
    names.dedup();
    assert_eq!(names.len(), 3, "{names:?}");
    for name in names {
        assert!(folder.path().join(name).join(DATABASE).exists());
    }
}

#[tokio::test]
async fn a_log_without_its_database_is_not_thrown_away() {
    let folder = Folder::new();
    let store = shop(folder.path(), 10, 100).await;
    let path = folder.path().join(DATABASE);
    let other = Folder::new();
    std::fs::copy(log_of(&path), log_of(&other.path().join(DATABASE))).unwrap();
    let wanted = rows_of(&store).await;
    let (mended, report) = Store::open_or_recover(other.path()).unwrap();
    assert_eq!(rows_of(&mended).await, wanted, "all of it was still in the log");
    assert!(report.unwrap().detail.contains("write-ahead log"));
}

#[cfg(unix)]
#[tokio::test]
async fn what_is_set_aside_and_what_is_new_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, _) = damaged().await;
    mark(folder.path(), "x").unwrap();
    let (_store, report) = Store::open_or_recover(folder.path()).unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder.path().join(report.unwrap().set_aside)), 0o700);
    assert_eq!(mode(&folder.path().join(DATABASE)), 0o600);
    assert!(matches!(Store::open_or_recover(folder.path()), Err(OpenError::InUse { .. })));
}

#[tokio::test]
async fn a_newer_database_is_not_mended_by_an_older_deskbell() {
    let (folder, _) = damaged().await;
    let path = folder.path().join(DATABASE);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[60..64].copy_from_slice(&99_u32.to_be_bytes());
    std::fs::write(&path, &bytes).unwrap();
    mark(folder.path(), "x").unwrap();
    assert!(matches!(Store::open_or_recover(folder.path()), Err(OpenError::Newer { found: 99, .. })));
    assert!(std::fs::read(&path).unwrap() == bytes, "not a byte was changed");
}

#[tokio::test]
async fn a_report_is_there_until_it_is_dismissed() {
    let (folder, _) = damaged().await;
    mark(folder.path(), "x").unwrap();
    let (store, report) = Store::open_or_recover(folder.path()).unwrap();
    let mut changes = store.changes();
    assert_eq!(store.read(recovery::report).await.unwrap(), report);
    store.write(recovery::dismiss).await.unwrap();
    assert_eq!(changes.recv().await.unwrap(), model::Change::Settings);
    assert_eq!(store.read(recovery::report).await.unwrap(), None);
}
