//! The process that decodes pictures: what its end costs, what it may take, and what it is given.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use desk::FaultCode;
use tests::World;

use super::made::webp_of_tables;
use super::{conversation, fixture, photo, refused, taken};

/// A decoder that does nothing but this.
fn decoder_that(folder: &Path, does: &str) -> PathBuf {
    let program = folder.join("decoder");
    // Whole before it has its name: a program that is still being written cannot be started.
    let written = folder.join("decoder.new");
    fs::write(&written, format!("#!/bin/sh\n{does}\n")).unwrap();
    fs::set_permissions(&written, fs::Permissions::from_mode(0o755)).unwrap();
    fs::rename(&written, &program).unwrap();
    program
}

fn tries(world: &World) -> Vec<String> {
    let entries = fs::read_dir(world.folder().join("media/tries")).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[tokio::test]
async fn a_customers_picture_that_breaks_its_decoder_is_a_placeholder_and_the_next_one_is_shown() {
    let world = World::start().await;
    let ana = world.customer("Ana");
    for name in ["animated-frame-size-1.webp", "animated-frame-size-2.webp"] {
        ana.sends_image_of(fixture(name));
    }
    ana.sends_image_of(webp_of_tables(32_768));
    ana.sends_image();
    world
        .until("three are given up and one is shown", async |world| {
            let messages = world.messages(&ana).await;
            let states: Vec<_> = messages.iter().map(|one| one["content"]["media"]["state"].clone()).collect();
            states == ["unavailable", "unavailable", "unavailable", "kept"]
        })
        .await;
}

#[tokio::test]
async fn memory_that_no_limit_of_a_decoder_counts_is_limited_by_its_process() {
    let world = World::start().await;
    let at = conversation(&world).await;
    let (held, _, _) = taken(&world, at, webp_of_tables(100)).await;
    assert_eq!((held.width, held.height), (8, 8), "it is a picture");
    assert_eq!(refused(&world, at, webp_of_tables(32_768)).await, FaultCode::ImageBroken, "of too many tables");
    taken(&world, at, photo(64, 48)).await;
}

#[tokio::test]
async fn a_decoder_that_is_killed_or_hangs_costs_its_picture_only() {
    let mut world = World::paced(|timing| timing.decode = Duration::from_millis(400)).await;
    let at = conversation(&world).await;
    let ana = world.customer("Ana");
    world.until("nothing else is decoded", async |world| world.row(&ana).await.person.avatar.is_some()).await;
    let place = tempfile::tempdir().unwrap();
    for does in [
        "kill -SEGV $$",
        "kill -ABRT $$",
        "exit 0",
        "echo nonsense",
        "exec sleep 600",
        "cat >/dev/null; exec sleep 600",
    ] {
        world.crash().await;
        world.restart_with_decoder(decoder_that(place.path(), does)).await;
        assert_eq!(refused(&world, at, photo(64, 48)).await, FaultCode::ImageBroken, "{does}");
    }
    world.crash().await;
    world.restart_with_decoder(place.path().join("not there")).await;
    assert_eq!(refused(&world, at, photo(64, 48)).await, FaultCode::Unexpected, "not the picture's fault");
    assert!(tries(&world).is_empty(), "each try has ended");
}

#[tokio::test]
async fn the_try_is_on_disk_before_the_decoder_sees_the_picture_and_few_are_made() {
    let mut world = World::start().await;
    let at = conversation(&world).await;
    let ana = world.customer("Ana");
    world.until("nothing else is decoded", async |world| world.row(&ana).await.person.avatar.is_some()).await;
    let place = tempfile::tempdir().unwrap();
    let (folder, seen) = (world.folder().join("media/tries"), place.path().join("seen"));
    world.crash().await;
    let looks = format!("head -c 1 >/dev/null; ls '{}' > '{}'", folder.display(), seen.display());
    world.restart_with_decoder(decoder_that(place.path(), &looks)).await;
    assert_eq!(refused(&world, at, photo(64, 48)).await, FaultCode::ImageBroken);
    let key = fs::read_to_string(&seen).unwrap().trim().to_owned();
    assert_eq!(key.len(), 64, "one try, known by the file's hash: {key:?}");
    assert!(tries(&world).is_empty(), "and it ended");

    // The program ended three times while it was decoded, as a power cut ends it.
    world.crash().await;
    world.restart_with_decoder(tests::picture_decoder()).await;
    fs::write(folder.join(&key), "...").unwrap();
    assert_eq!(refused(&world, at, photo(64, 48)).await, FaultCode::ImageBroken, "it is not tried again");
    taken(&world, at, photo(66, 48)).await;
    fs::write(folder.join(&key), "..").unwrap();
    taken(&world, at, photo(64, 48)).await;
    assert!(tries(&world).is_empty(), "what could be decoded has its tries back");
}

/// What Linux says of a limit: its present value.
#[cfg(target_os = "linux")]
fn limit(pid: u32, name: &str) -> Option<u64> {
    let limits = fs::read_to_string(format!("/proc/{pid}/limits")).ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_decoder_is_limited_and_inherits_nothing() {
    // A file that whoever started us left open.
    let open = fs::File::open("/dev/null").unwrap();
    rustix::io::fcntl_setfd(&open, rustix::io::FdFlags::empty()).unwrap();
    let mut child = Command::new(tests::picture_decoder())
        .arg("--decode-pictures")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let memory = tests::process::wait_until("its limit of memory", || limit(child.id(), "Max address space")).unwrap();
    assert!(memory < 500 * 1024 * 1024, "{memory} bytes");
    let files = fs::read_dir(format!("/proc/{}/fd", child.id())).unwrap();
    let mut files: Vec<_> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    files.sort();
    assert_eq!(files, ["0", "1", "2"]);
    assert_eq!(limit(child.id(), "Max core file size"), Some(0));
    assert_eq!(limit(child.id(), "Max file size"), Some(0));
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success(), "it ends with its input");

    let mut world = World::start().await;
    let at = conversation(&world).await;
    let place = tempfile::tempdir().unwrap();
    let seen = place.path().join("seen");
    world.crash().await;
    world.restart_with_decoder(decoder_that(place.path(), &format!("export -p > '{}'", seen.display()))).await;
    assert_eq!(refused(&world, at, photo(64, 48)).await, FaultCode::ImageBroken);
    // The shell itself says where it is.
    let own = |line: &&str| ["PWD", "OLDPWD", "LD_LIBRARY_PATH"].iter().any(|name| line.contains(name));
    let seen = fs::read_to_string(&seen).unwrap();
    assert_eq!(seen.lines().filter(|line| !own(line)).collect::<Vec<_>>(), Vec::<&str>::new());
}
