//! The house itself: which crate may name which, and names that say nothing.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

/// All arrows there are: who names whom in its ordinary code. ARCHITECTURE.md draws them.
pub(super) const ARROWS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("tiktok", &[]),
    ("sandbox", &[]),
    ("store", &["model"]),
    ("wire", &[]),
    ("relay", &["tiktok", "wire"]),
    ("engine", &["model", "store", "tiktok", "wire"]),
    ("desk", &["engine", "model", "store"]),
    ("practice", &["desk", "sandbox"]),
    ("webhost", &["desk", "model", "practice", "sandbox"]),
    ("deskbell", &["desk", "model", "practice", "sandbox"]),
    ("fuzz", &["engine", "relay", "store", "tiktok", "wire"]),
    ("tests", &["desk", "engine", "model", "relay", "sandbox", "store", "tiktok", "webhost", "wire"]),
    ("xtask", &[]),
];
/// Outside crates that stay in few rooms.
const ROOMS: &[(&str, &[&str])] = &[
    ("rusqlite", &["store", "relay"]),
    ("libsqlite3-sys", &["store", "relay"]),
    ("tokio-postgres", &["relay"]),
    ("tauri", &["deskbell"]),
    ("keyring", &["deskbell"]),
    ("wry", &["deskbell"]),
];
const NO_NAMES: [&str; 8] = ["mod", "common", "misc", "util", "utils", "helper", "helpers", "core"];
const NO_ENDINGS: [&str; 5] = ["Manager", "Service", "Helper", "Handler", "Util"];

pub(super) fn house() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

fn metadata() -> Metadata {
    MetadataCommand::new()
        .manifest_path(house().join("Cargo.toml"))
        .no_deps()
        .other_options(["--offline".to_owned()])
        .exec()
        .expect("cargo metadata")
}

/// A room and everything that is built on its name: `tauri-plugin-dialog` is `tauri`'s.
fn belongs(name: &str, family: &str) -> bool {
    name == family || name.strip_prefix(family).is_some_and(|rest| rest.starts_with('-'))
}

#[test]
fn the_arrows_are_those_on_the_map_and_no_others() {
    let metadata = metadata();
    let ours: BTreeSet<&str> = metadata.packages.iter().map(|package| package.name.as_str()).collect();
    let mapped: BTreeSet<&str> = ARROWS.iter().map(|(name, _)| *name).collect();
    assert_eq!(ours, mapped, "every crate has its place on the map");
    let arrows = |package: &Package, kinds: &[DependencyKind]| -> BTreeSet<String> {
        let named = package.dependencies.iter().filter(|dependency| kinds.contains(&dependency.kind));
        named.map(|dependency| dependency.name.clone()).filter(|name| ours.contains(name.as_str())).collect()
    };
    let mut wrong = Vec::new();
    for package in &metadata.packages {
        let allowed = ARROWS.iter().find(|(name, _)| package.name.as_str() == *name).expect("mapped").1;
        let everything = [DependencyKind::Normal, DependencyKind::Build, DependencyKind::Development];
        let named = if package.name.as_str() == "tests" {
            arrows(package, &everything)
        } else {
            let odd = arrows(package, &[DependencyKind::Build, DependencyKind::Development]);
            wrong.extend(
                odd.into_iter().map(|name| format!("{} -> {name} (only `tests` tests across rooms)", package.name)),
            );
            arrows(package, &[DependencyKind::Normal])
        };
        wrong.extend(
            named
                .iter()
                .filter(|name| !allowed.contains(&name.as_str()))
                .map(|name| format!("{} -> {name}", package.name)),
        );
        let optional = package.name.as_str() == "xtask";
        wrong.extend(
            allowed
                .iter()
                .filter(|name| !named.contains(**name) && !optional)
                .map(|name| format!("{} -/-> {name}, which the map draws", package.name)),
        );
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn outside_crates_stay_in_their_rooms() {
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for package in metadata().packages {
        for dependency in &package.dependencies {
            for (family, rooms) in ROOMS.iter().filter(|(family, _)| belongs(&dependency.name, family)) {
                seen.insert(*family);
                if !rooms.contains(&package.name.as_str()) {
                    wrong.push(format!("{} names {}", package.name, dependency.name));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(["rusqlite", "tauri", "keyring"].iter().all(|family| seen.contains(family)), "it looked: {seen:?}");
}

pub(super) fn walk(folder: &Path, visit: &mut impl FnMut(&Path)) {
    for entry in std::fs::read_dir(folder).expect("a folder of ours") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() {
            if !matches!(name, "target" | "node_modules" | "dist" | "gen") && !name.starts_with('.') {
                walk(&path, visit);
            }
        } else {
            visit(&path);
        }
    }
}

#[test]
fn nothing_bears_a_name_that_says_nothing() {
    let mut wrong = Vec::new();
    let mut files = 0;
    for root in ["crates", "src-tauri", "tests", "xtask", "ui/src"] {
        walk(&house().join(root), &mut |path| {
            let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
            if !matches!(extension, "rs" | "ts" | "tsx" | "css") {
                return;
            }
            files += 1;
            let named = path.components().filter_map(|part| Path::new(part.as_os_str()).file_stem()?.to_str());
            let inside = named.skip(house().components().count());
            if inside.into_iter().any(|stem| NO_NAMES.contains(&stem)) {
                wrong.push(path.display().to_string());
            }
            if extension == "rs" {
                let text = std::fs::read_to_string(path).expect("a source file");
                for line in text.lines() {
                    let words: Vec<&str> = line.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
                    let named = words.windows(2).find(|pair| matches!(pair[0], "struct" | "enum" | "trait" | "type"));
                    if let Some([_, name]) = named.map(|pair| [pair[0], pair[1]])
                        && !line.trim_start().starts_with("//")
                        && NO_ENDINGS.iter().any(|ending| name.ends_with(ending))
                    {
                        wrong.push(format!("{}: {name}", path.display()));
                    }
                }
            }
        });
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(files > 100, "it looked at {files} files");
}

#[test]
fn only_one_file_of_the_page_knows_tauri_and_no_feature_another() {
    let mut wrong = Vec::new();
    let mut files = 0;
    let page = house().join("ui/src");
    walk(&page, &mut |path| {
        let place = path.strip_prefix(&page).expect("below").display().to_string();
        if !(place.ends_with(".ts") || place.ends_with(".tsx")) {
            return;
        }
        files += 1;
        let text = std::fs::read_to_string(path).expect("a source file");
        let imports = text
            .lines()
            .filter(|line| line.contains("from \"") || line.contains("import(\"") || line.starts_with("import \""));
        let feature = place.strip_prefix("features/").and_then(|rest| rest.split('/').next());
        for line in imports {
            if line.contains("@tauri-apps/") && place != "ipc/tauri.ts" {
                wrong.push(format!("{place}: {line}"));
            }
            let other = line.split("features/").nth(1).and_then(|rest| rest.split(['/', '"']).next());
            if let (Some(feature), Some(other)) = (feature, other)
                && feature != other
            {
                wrong.push(format!("{place}: {line}"));
            }
            if let Some(feature) = feature
                && let Some(up) = line.split("from \"../").nth(1)
                && !up.starts_with("../")
                && place.matches('/').count() == 2
                && !up.starts_with(feature)
            {
                wrong.push(format!("{place}: {line}"));
            }
        }
    });
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(files > 10, "it looked at {files} files");
}
