//! The engine's files: no circle of imports among them, and nothing that reaches up to `engine.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A file's place in the crate: `["media", "film"]` for `media/film.rs`.
type Module = Vec<String>;

fn source() -> PathBuf {
    let folder = std::env::var_os("ENGINE_SOURCE").map(PathBuf::from);
    folder.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/engine/src"))
}

/// The code of a file without comments, strings and the tests at its end.
fn code(text: &str) -> String {
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let lines = code.lines().map(|line| line.split("//").next().unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}

/// All files but those of tests, each with its code.
fn files() -> BTreeMap<Module, String> {
    let (root, mut files, mut folders) = (source(), BTreeMap::new(), vec![source()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder of the engine") {
            let path = entry.expect("an entry").path();
            if path.ends_with("model_test") || path.ends_with("model_test.rs") {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let place = path.strip_prefix(&root).expect("below").with_extension("");
            let module = place.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
            files.insert(module, code(&std::fs::read_to_string(&path).expect("a source file")));
        }
    }
    files
}

/// Writes out the braces of a `use` tree: `a::{b, c::{self, d}}` is `a::b`, `a::c` and `a::c::d`. What follows `as` is left out.
fn expand(tree: &str) -> Vec<String> {
    let tree = tree.trim();
    let Some((before, rest)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap_or_default().trim().trim_end_matches("::self");
        return vec![path.to_owned()];
    };
    let inside = rest.rsplit_once('}').map_or(rest, |(inside, _)| inside);
    let (mut parts, mut depth, mut begin) = (Vec::new(), 0, 0);
    for (at, one) in inside.char_indices() {
        match one {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&inside[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&inside[begin..]);
    let parts = parts.into_iter().filter(|part| !part.trim().is_empty());
    parts.flat_map(|part| expand(&format!("{before}{}", part.trim()))).collect()
}

/// A path from a file as one from the crate's root; none if it leads out of the crate.
fn absolute(module: &Module, path: &str, children: &BTreeSet<&str>) -> Option<Vec<String>> {
    let mut parts: Vec<String> = path.split("::").map(|part| part.trim().to_owned()).collect();
    let mut base = if module == &["lib"] { Module::new() } else { module.clone() };
    match parts.first()?.as_str() {
        "crate" => {
            parts.remove(0);
            return Some(parts);
        }
        "self" => drop(parts.remove(0)),
        "super" => {
            while parts.first().is_some_and(|part| part == "super") {
                parts.remove(0);
                base.pop();
            }
        }
        first if children.contains(first) => {}
        _ => return None,
    }
    base.extend(parts);
    Some(base)
}

/// Which file each file names, and how: its `use` items, and `crate::…`, `super::…` and its children's names within the code. A name that a file
/// passes on from another one (`pub use`) counts as the other's.
fn imports(files: &BTreeMap<Module, String>) -> BTreeMap<Module, BTreeSet<Module>> {
    let children = |module: &Module| -> BTreeSet<&str> {
        let base: &[String] = if module == &["lib"] { &[] } else { module };
        let below = files.keys().filter(|file| file.len() == base.len() + 1 && file.starts_with(base));
        below.filter_map(|file| file.last().map(String::as_str)).collect()
    };
    let (mut named, mut passed_on) = (Vec::new(), BTreeMap::new());
    for (module, code) in files {
        let children = children(module);
        let mut rest = String::new();
        for (at, statement) in code.split(';').enumerate() {
            let found = statement.rfind("use ").filter(|at| {
                let line = statement[..*at].rsplit('\n').next().unwrap_or_default().trim();
                line.is_empty() || line.starts_with("pub")
            });
            let Some(begin) = found else {
                rest.push_str(statement);
                rest.push_str(if at == 0 { "" } else { ";" });
                continue;
            };
            let line = statement[..begin].rsplit('\n').next().unwrap_or_default().trim();
            for path in expand(&statement[begin + 4..]) {
                let Some(path) = absolute(module, &path, &children) else { continue };
                if line.starts_with("pub") {
                    let name = path.last().cloned().unwrap_or_default();
                    // The file may use it itself as well.
                    if code.split(|one: char| !one.is_alphanumeric() && one != '_').filter(|word| *word == name).count()
                        > 1
                    {
                        named.push((module.clone(), path.clone()));
                    }
                    let place = if module == &["lib"] { Module::new() } else { module.clone() };
                    passed_on.insert([place, vec![name]].concat(), path);
                } else {
                    named.push((module.clone(), path));
                }
            }
            rest.push_str(&statement[..begin]);
        }
        let starts = ["crate", "super"].into_iter().chain(children.iter().copied()).map(|start| format!("{start}::"));
        for start in starts {
            for (at, _) in rest.match_indices(&start) {
                let before = rest[..at].chars().next_back();
                if before.is_some_and(|before| before.is_alphanumeric() || matches!(before, ':' | '_' | '$')) {
                    continue;
                }
                let path: String =
                    rest[at..].chars().take_while(|one| one.is_alphanumeric() || matches!(one, '_' | ':')).collect();
                if let Some(path) = absolute(module, path.trim_end_matches(':'), &children) {
                    named.push((module.clone(), path));
                }
            }
        }
    }
    let mut imports: BTreeMap<Module, BTreeSet<Module>> =
        files.keys().map(|file| (file.clone(), BTreeSet::new())).collect();
    for (module, mut path) in named {
        // The longest beginning that is passed on from elsewhere, as often as it is.
        for _ in 0..8 {
            let Some(length) = (1..=path.len()).rev().find(|length| passed_on.contains_key(&path[..*length])) else {
                break;
            };
            path = [passed_on[&path[..length]].clone(), path[length..].to_vec()].concat();
        }
        let file = (1..=path.len()).rev().map(|length| path[..length].to_vec()).find(|file| files.contains_key(file));
        if let Some(file) = file.filter(|file| *file != module) {
            imports.entry(module).or_default().insert(file);
        }
    }
    imports
}

/// The circles: sets of files each of which leads to each other.
fn circles(imports: &BTreeMap<Module, BTreeSet<Module>>) -> Vec<BTreeSet<&Module>> {
    let reach = |from: &Module| -> BTreeSet<&Module> {
        let (mut seen, mut next) = (BTreeSet::new(), vec![imports.get_key_value(from).expect("a file").1]);
        while let Some(files) = next.pop() {
            for file in files {
                if seen.insert(file) {
                    next.extend(imports.get(file));
                }
            }
        }
        seen
    };
    let reached: BTreeMap<&Module, BTreeSet<&Module>> = imports.keys().map(|file| (file, reach(file))).collect();
    let mut circles: Vec<BTreeSet<&Module>> = Vec::new();
    for (file, from_it) in reached.iter().filter(|(file, from_it)| from_it.contains(*file)) {
        if circles.iter().all(|circle| !circle.contains(file)) {
            circles.push(from_it.iter().copied().filter(|other| reached[other].contains(file)).collect());
        }
    }
    circles
}

fn name(module: &Module) -> String {
    module.join("/")
}

#[test]
fn the_files_of_the_engine_import_downwards_only() {
    let files = files();
    let imports = imports(&files);
    let arrows: usize = imports.values().map(BTreeSet::len).sum();
    println!("{} files, {arrows} arrows", files.len());
    let circles: Vec<Vec<String>> =
        circles(&imports).iter().map(|circle| circle.iter().map(|file| name(file)).collect()).collect();
    for circle in &circles {
        println!("a circle of {}: {}", circle.len(), circle.join(", "));
    }
    let top = vec!["engine".to_owned()];
    let up: Vec<String> = imports
        .iter()
        .filter(|(file, named)| **file != ["lib"] && named.contains(&top))
        .map(|(file, _)| name(file))
        .collect();
    println!("{} files name engine.rs: {}", up.len(), up.join(", "));
    assert!(circles.is_empty(), "files that import each other in a circle: {circles:#?}");
    assert!(up.is_empty(), "only lib.rs may name engine.rs: {up:#?}");
    for (part, used) in
        [("sync", "conversation_fetch"), ("media/video", "context"), ("engine", "outbox"), ("rules", "rules/evaluated")]
    {
        let found =
            imports.iter().any(|(file, named)| name(file) == part && named.iter().any(|file| name(file) == used));
        assert!(found, "it looked: {part} -> {used}");
    }
}

#[test]
fn the_engine_has_methods_in_its_own_file_only() {
    let files = files();
    let elsewhere: Vec<String> = files
        .iter()
        .filter(|(file, code)| **file != ["engine"] && code.contains("impl Engine {"))
        .map(|(file, _)| name(file))
        .collect();
    assert!(elsewhere.is_empty(), "{elsewhere:#?}");
    let long: Vec<String> = files
        .iter()
        .filter(|(_, code)| code.lines().count() > 500)
        .map(|(file, code)| format!("{}: {} lines", name(file), code.lines().count()))
        .collect();
    assert!(long.is_empty(), "{long:#?}");
}
