//! The data folder and its files: what is opened, what is refused, and who may read it.

use std::path::Path;
use store::table::account;
use store::{Connection, OpenError, Store};

use super::{fresh, shop};

fn bytes_of(folder: &Path) -> Vec<u8> {
    std::fs::read(folder.join("deskbell.db")).unwrap()
}

#[tokio::test]
async fn a_newer_database_is_refused_in_a_sentence_and_not_touched() {
    let (folder, store) = fresh();
    shop(&store).await;
    store.close().await;
    let file = folder.path().join("deskbell.db");
    Connection::open(&file).unwrap().execute_batch("PRAGMA user_version = 99; PRAGMA journal_mode = DELETE;").unwrap();
    let before = bytes_of(folder.path());
    let refused = Store::open(folder.path()).expect_err("refused");
    let OpenError::Newer { found: 99, known } = refused else { panic!("{refused:?}") };
    assert_eq!(
        refused.to_string(),
        format!(
            "This data was written by a newer Deskbell (format 99; this one knows up to {known}). Install the newer version again; nothing was changed."
        )
    );
    assert!(bytes_of(folder.path()) == before, "not a byte was changed");
    Connection::open(&file).unwrap().pragma_update(None, "user_version", known).unwrap();
    let again = Store::open(folder.path()).expect("a refusal leaves no lock behind");
    assert_eq!(again.read(account::all).await.unwrap().len(), 1, "and loses nothing");
}

#[tokio::test]
async fn a_file_that_is_not_ours_is_refused_and_not_touched() {
    let write_sqlite = |file: &Path| {
        Connection::open(file)
            .unwrap()
            .execute_batch("CREATE TABLE bookmarks (url TEXT); INSERT INTO bookmarks VALUES ('x')")
            .unwrap();
    };
    let write_text = |file: &Path| std::fs::write(file, "Dear diary, ".repeat(200)).unwrap();
    let write_short = |file: &Path| std::fs::write(file, "hello").unwrap();
    for make in [&write_sqlite as &dyn Fn(&Path), &write_text, &write_short] {
        let folder = tempfile::tempdir().unwrap();
        make(&folder.path().join("deskbell.db"));
        let before = bytes_of(folder.path());
        let refused = Store::open(folder.path()).expect_err("refused");
        assert!(matches!(refused, OpenError::NotOurs { .. }), "{refused:?}");
        assert!(refused.to_string().contains("is not a Deskbell database. Move it away and start again."), "{refused}");
        assert!(bytes_of(folder.path()) == before, "not a byte was changed");
    }
}

#[tokio::test]
async fn two_at_once_on_one_folder_are_one_too_many() {
    let (folder, store) = fresh();
    let second = Store::open(folder.path()).expect_err("refused");
    assert!(matches!(second, OpenError::InUse { .. }), "{second:?}");
    assert!(second.to_string().starts_with("Deskbell is already running on this data"), "{second}");
    shop(&store).await;
    store.close().await;
    let next = Store::open(folder.path()).expect("free once the first is closed");
    assert_eq!(next.read(account::all).await.unwrap().len(), 1);
}

#[cfg(unix)]
#[tokio::test]
async fn the_data_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("made/here");
    let store = Store::open(&folder).unwrap();
    shop(&store).await;
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    let files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(files.iter().any(|file| file.ends_with("deskbell.db-wal")), "in its first session too: {files:?}");
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_folder_that_is_somebody_elses_keeps_its_mode() {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let open = |path: &Path| std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    // With other files in it, it is refused in a sentence.
    let theirs = tempfile::tempdir().unwrap();
    std::fs::write(theirs.path().join("letter.txt"), "Dear diary").unwrap();
    open(theirs.path());
    let refused = Store::open(theirs.path()).expect_err("refused");
    assert!(matches!(refused, OpenError::NotOurFolder { .. }), "{refused:?}");
    assert!(refused.to_string().contains("can be read by others"), "{refused}");
    assert_eq!(mode(theirs.path()), 0o755);
    assert_eq!(std::fs::read_dir(theirs.path()).unwrap().count(), 1, "and nothing is put into it");
    // An empty one is used as it is; what is in it is private by itself.
    let empty = tempfile::tempdir().unwrap();
    open(empty.path());
    let store = Store::open(empty.path()).unwrap();
    assert_eq!(mode(empty.path()), 0o755);
    assert_eq!(mode(&empty.path().join("deskbell.db")), 0o600);
    store.close().await;
    // From then on it is ours.
    Store::open(empty.path()).unwrap();
    assert_eq!(mode(empty.path()), 0o700);
}
