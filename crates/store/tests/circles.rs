//! No file of the store or the model imports, over whatever detours, a file that imports it.
//!
//! An import through a module that only gathers others counts for the file that defines the name. Tests are left out.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "the whole file is a test"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

type Names = Vec<String>;

/// A `use` of one name, as it is written.
struct Import {
    path: Names,
    renamed: Option<String>,
    is_public: bool,
}

/// The files under a source folder, by module path (`table/outbox/row`; the root is empty).
struct Source {
    files: BTreeMap<String, String>,
    imports: BTreeMap<String, Vec<Import>>,
    /// The names that a module passes on, and where they come from.
    passed_on: BTreeMap<(String, String), Names>,
}

fn read(folder: &Path, module: &[String], files: &mut BTreeMap<String, String>) {
    for entry in std::fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("a file").path();
        let stem = path.file_stem().expect("a name").to_string_lossy().into_owned();
        if stem == "tests" {
            continue;
        }
        let below: Names = module.iter().cloned().chain((stem != "lib").then_some(stem)).collect();
        if path.is_dir() {
            read(&path, &below, files);
        } else {
            let text = std::fs::read_to_string(&path).expect("a source");
            let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
            let lines = code.lines().map(|line| line.split("//").next().unwrap_or_default());
            files.insert(below.join("/"), lines.collect::<Vec<_>>().join("\n"));
        }
    }
}

/// Every name of a `use` tree.
fn flatten(tree: &str, before: &[String], is_public: bool, out: &mut Vec<Import>) {
    let names = |path: &str| -> Names {
        before.iter().cloned().chain(path.split("::").map(|name| name.trim().to_owned())).collect()
    };
    let tree = tree.trim();
    let Some((path, inside)) = tree.split_once('{') else {
        let (path, renamed) =
            tree.split_once(" as ").map_or((tree, None), |(path, name)| (path, Some(name.trim().to_owned())));
        out.push(Import { path: names(path), renamed, is_public });
        return;
    };
    let path: Names = names(path).into_iter().filter(|name| !name.is_empty()).collect();
    let (mut depth, mut from) = (0, 0);
    let inside = &inside[..inside.rfind('}').expect("a closed brace")];
    for (at, c) in inside.char_indices().chain([(inside.len(), ',')]) {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                let one = inside[from..at].trim();
                if !one.is_empty() {
                    flatten(one, &path, is_public, out);
                }
                from = at + 1;
            }
            _ => {}
        }
    }
}

impl Source {
    fn read(folder: &Path) -> Self {
        let mut source = Self { files: BTreeMap::new(), imports: BTreeMap::new(), passed_on: BTreeMap::new() };
        read(folder, &[], &mut source.files);
        for (module, code) in &mut source.files {
            let mut imports = Vec::new();
            let mut rest = String::new();
            for statement in code.split_inclusive(';') {
                // What comes before a `use` on lines of its own belongs to the rest.
                let at = statement.match_indices("use ").map(|(at, _)| at).find(|at| {
                    let line = statement[..*at].rsplit('\n').next().unwrap_or_default().trim();
                    line.is_empty() || line.starts_with("pub")
                });
                match at {
                    Some(at) if statement.ends_with(';') => {
                        let is_public = statement[..at].rsplit('\n').next().is_some_and(|line| line.contains("pub"));
                        flatten(statement[at + 4..].trim_end_matches(';'), &[], is_public, &mut imports);
                        rest.push_str(statement[..at].rsplit_once('\n').map_or("", |(before, _)| before));
                    }
                    _ => rest.push_str(statement),
                }
            }
            *code = rest;
            source.imports.insert(module.clone(), imports);
        }
        let mut passed_on = BTreeMap::new();
        for (module, imports) in &source.imports {
            for import in imports.iter().filter(|import| import.is_public) {
                if let Some(path) = source.absolute(module, &import.path) {
                    let name = import.renamed.clone().or_else(|| path.last().cloned()).unwrap_or_default();
                    passed_on.insert((module.clone(), name), path);
                }
            }
        }
        source.passed_on = passed_on;
        source
    }

    /// A path from the crate's root; nothing if it leads out of the crate.
    fn absolute(&self, module: &str, path: &[String]) -> Option<Names> {
        let mut here: Names = module.split('/').filter(|name| !name.is_empty()).map(str::to_owned).collect();
        let mut rest = path;
        match path.first().map(String::as_str) {
            Some("crate") => return Some(path[1..].to_vec()),
            Some("self") => rest = &path[1..],
            Some("super") => {
                while rest.first().is_some_and(|name| name == "super") {
                    here.pop();
                    rest = &rest[1..];
                }
            }
            Some(name)
                if self
                    .files
                    .contains_key(&here.iter().map(String::as_str).chain([name]).collect::<Vec<_>>().join("/")) => {}
            _ => return None,
        }
        Some(here.into_iter().chain(rest.iter().cloned()).collect())
    }

    /// The file that a path leads to, and what of it.
    fn resolve(&self, path: &[String]) -> (String, Names) {
        let mut path: Names = path.iter().filter(|name| *name != "self").cloned().collect();
        for _ in 0..9 {
            let length = (0..=path.len()).rev().find(|length| self.files.contains_key(&path[..*length].join("/")));
            let (module, rest) = path.split_at(length.unwrap_or(0));
            let passed = rest.first().and_then(|name| self.passed_on.get(&(module.join("/"), name.clone())));
            match passed {
                Some(origin) => path = origin.iter().chain(&rest[1..]).cloned().collect(),
                None => return (module.join("/"), rest.to_vec()),
            }
        }
        panic!("{path:?} is passed on in a circle")
    }

    /// The files that a file imports.
    fn arrows(&self, module: &str) -> BTreeSet<String> {
        let code = &self.files[module];
        let mut arrows = BTreeSet::new();
        let mut follow_names = |name: &str, origin: &[String]| {
            for used in names_after(code, name) {
                let path: Names = origin.iter().cloned().chain([used]).collect();
                arrows.insert(self.resolve(&path).0);
            }
        };
        let mut direct = BTreeSet::new();
        for import in &self.imports[module] {
            let Some(path) = self.absolute(module, &import.path) else { continue };
            let (target, rest) = self.resolve(&path);
            // A module that gathers its own parts does not build on them.
            if import.is_public && target != module && target.starts_with(module) {
                continue;
            }
            if rest.is_empty() {
                let last = import.path.iter().rev().find(|name| *name != "self").cloned().unwrap_or_default();
                let origin: Names = target.split('/').filter(|name| !name.is_empty()).map(str::to_owned).collect();
                follow_names(&import.renamed.clone().unwrap_or(last), &origin);
            } else {
                direct.insert(target);
            }
        }
        follow_names("crate", &[]);
        let here: Names = module.split('/').filter(|name| !name.is_empty()).map(str::to_owned).collect();
        for below in self.files.keys().filter_map(|file| file.strip_prefix(&format!("{module}/"))) {
            if !below.contains('/') && !module.is_empty() {
                let origin: Names = here.iter().cloned().chain([below.to_owned()]).collect();
                follow_names(below, &origin);
            }
        }
        arrows.extend(direct);
        arrows.remove(module);
        arrows.remove("");
        arrows
    }
}

/// What stands behind `name::` in a text.
fn names_after(code: &str, name: &str) -> BTreeSet<String> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let pattern = format!("{name}::");
    code.match_indices(&pattern)
        .filter(|(at, _)| !code[..*at].ends_with(|c: char| is_part(c) || c == ':'))
        .map(|(at, _)| code[at + pattern.len()..].chars().take_while(|c| is_part(*c)).collect())
        .collect()
}

/// The files that lead back to themselves.
fn in_circles(arrows: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let leads_back = |start: &String| {
        let mut seen = BTreeSet::new();
        let mut next: Vec<&String> = arrows[start].iter().collect();
        while let Some(file) = next.pop() {
            if file == start {
                return true;
            }
            if seen.insert(file) {
                next.extend(arrows.get(file).into_iter().flatten());
            }
        }
        false
    };
    arrows.keys().filter(|file| leads_back(file)).map(|file| format!("{file} -> {:?}", arrows[file])).collect()
}

#[test]
fn no_file_imports_a_file_that_imports_it() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crates");
    for (name, fewest) in [("store", 70), ("model", 20)] {
        let source = Source::read(&crates.join(name).join("src"));
        assert!(source.files.len() >= fewest, "{name} has {} files", source.files.len());
        let arrows: BTreeMap<String, BTreeSet<String>> =
            source.files.keys().map(|module| (module.clone(), source.arrows(module))).collect();
        let count: usize = arrows.values().map(BTreeSet::len).sum();
        assert!(count > source.files.len(), "{name}: {count} arrows are too few to be all");
        let circles = in_circles(&arrows);
        assert!(circles.is_empty(), "{name} has files in circles:\n{}", circles.join("\n"));
    }
}
