//! The documents hold: the crates, files and names that they mention exist.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::house::{ARROWS, house, walk};

/// The documents, with their place below the repository.
fn documents() -> Vec<(PathBuf, String)> {
    let mut places: Vec<PathBuf> = Vec::new();
    for folder in ["", "docs/decisions"] {
        for entry in std::fs::read_dir(house().join(folder)).expect("a folder of ours") {
            let path = entry.expect("an entry").path();
            places.extend(path.extension().is_some_and(|ending| ending == "md").then_some(path));
        }
    }
    places.sort();
    places
        .into_iter()
        .map(|path| {
            let text = std::fs::read_to_string(&path).expect("a document");
            (path.strip_prefix(house()).expect("below").to_owned(), text)
        })
        .collect()
}

/// What stands in backticks, outside of code blocks.
fn code_spans(text: &str) -> Vec<&str> {
    let prose = text.split("```").step_by(2);
    prose.flat_map(|part| part.split('`').skip(1).step_by(2)).collect()
}

/// Where links lead that do not leave the repository.
fn links(text: &str) -> Vec<&str> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    targets.filter(|target| !target.contains("://")).map(|target| target.split('#').next().unwrap_or(target)).collect()
}

/// Every file of ours, below the repository, with `/` between folders.
fn files() -> BTreeSet<String> {
    let mut files = BTreeSet::new();
    walk(&house(), &mut |path| {
        let below = path.strip_prefix(house()).expect("below");
        let parts: Vec<_> = below.components().map(|part| part.as_os_str().to_string_lossy()).collect();
        files.insert(parts.join("/"));
    });
    files
}

/// Whether the name in the document may be a file of ours, and whether there is one. `NAME` stands for any.
fn is_missing(span: &str, files: &BTreeSet<String>) -> bool {
    let is_path = span.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/'));
    let parts: Vec<&str> = span.split('/').collect();
    if !is_path || parts.iter().any(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_uppercase())) {
        return false;
    }
    let span = span.trim_end_matches('/');
    let is_below_root = parts.len() > 1 && files.iter().any(|file| file.split('/').next() == parts.first().copied());
    let is_source = Path::new(span).extension().and_then(|ending| ending.to_str()).is_some_and(|ending| {
        matches!(ending, "rs" | "ts" | "svelte" | "sql" | "toml" | "md" | "css") && span.len() > ending.len() + 1
    });
    if is_below_root {
        !files.contains(span) && !files.iter().any(|file| file.starts_with(&format!("{span}/")))
    } else {
        is_source && !files.contains(span) && !files.iter().any(|file| file.ends_with(&format!("/{span}")))
    }
}

#[test]
fn the_architecture_lists_the_arrows() {
    let text = std::fs::read_to_string(house().join("ARCHITECTURE.md")).expect("the map");
    let listed: BTreeMap<&str, BTreeSet<&str>> = text
        .lines()
        .filter_map(|line| line.split_once('→'))
        .filter(|(name, _)| !name.trim().contains(' '))
        .map(|(name, uses)| (name.trim(), uses.split(',').map(str::trim).filter(|name| !name.is_empty()).collect()))
        .collect();
    let folder = |name: &'static str| if name == "deskbell" { "src-tauri" } else { name };
    // xtask has no crate of ours.
    let drawn: BTreeMap<&str, BTreeSet<&str>> = ARROWS
        .iter()
        .filter(|(name, _)| *name != "xtask")
        .map(|(name, uses)| (folder(name), uses.iter().copied().collect()))
        .collect();
    assert_eq!(listed, drawn);
}

#[test]
fn every_path_in_the_documents_exists() {
    let files = files();
    let mut wrong = Vec::new();
    let mut seen = 0;
    for (place, text) in documents() {
        for span in code_spans(&text) {
            seen += usize::from(span.contains('/'));
            if is_missing(span, &files) {
                wrong.push(format!("{}: `{span}`", place.display()));
            }
        }
        for link in links(&text) {
            let target = house().join(&place).with_file_name("").join(link);
            if !target.exists() {
                wrong.push(format!("{}: ({link})", place.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(seen > 50, "it saw {seen} paths");
}

#[test]
fn every_name_of_a_crate_in_the_documents_exists() {
    let mut words: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (name, folder) in [
        ("desk", "crates/desk/src"),
        ("engine", "crates/engine/src"),
        ("model", "crates/model/src"),
        ("sandbox", "crates/sandbox/src"),
        ("store", "crates/store/src"),
        ("tests", "tests/world"),
        ("tiktok", "crates/tiktok/src"),
    ] {
        let known = words.entry(name).or_default();
        walk(&house().join(folder), &mut |path| {
            known.extend(path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
            let text = std::fs::read_to_string(path).unwrap_or_default();
            known.extend(text.split(|c: char| !c.is_alphanumeric() && c != '_').map(str::to_owned));
        });
    }
    let mut wrong = Vec::new();
    let mut seen = 0;
    for (place, text) in documents() {
        for span in code_spans(&text) {
            let mut parts = span.split("::");
            let Some(known) = parts.next().and_then(|name| words.get(name)) else { continue };
            for part in parts {
                seen += 1;
                let name = part.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or(part);
                if !known.contains(name) {
                    wrong.push(format!("{}: `{span}` names no {name:?}", place.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(seen > 20, "it saw {seen} names");
}
