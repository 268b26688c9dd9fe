//! The inside of a crate: which file imports which, and that no imports lead back to where they began.
//!
//! An import is a `use`, or a path in the code, that leads to an item of another file of the same crate. A re-export
//! counts as the file it leads to; `mod name;` and test code do not count.

#![expect(clippy::string_slice, reason = "every place comes from the text itself")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Crates whose files import each other without a circle.
const WITHOUT_CIRCLES_OF_FILES: &[&str] = &["desk", "engine", "model", "sandbox", "store", "tiktok"];
/// Crates in which this holds for top-level modules too, each taken together with everything below it.
const WITHOUT_CIRCLES_OF_MODULES: &[&str] = &["sandbox", "tiktok"];

type ModulePath = Vec<String>;

/// A crate's modules, by their paths; an inline module is part of its file.
#[derive(Default)]
struct Modules {
    files: BTreeMap<ModulePath, String>,
    tokens: BTreeMap<ModulePath, Vec<String>>,
    /// What a module re-exports: a name, or `*`, and the path it leads to, as seen from the crate's root.
    reexports: BTreeMap<ModulePath, Vec<(String, ModulePath)>>,
    definitions: BTreeMap<ModulePath, BTreeSet<String>>,
}

/// Who imports whom, by the files' names.
type Imports = BTreeMap<String, BTreeSet<String>>;

/// One `use`, flattened: where it stands, its path, the name it gives to what it leads to, and whether it is `pub`.
struct Use {
    module: ModulePath,
    path: Vec<String>,
    name: String,
    public: bool,
}

impl Modules {
    fn of_crate(name: &str) -> Modules {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").join("crates").join(name);
        let source = source.join("src");
        let mut files = Vec::new();
        collect(&source, &source, &mut files);
        assert!(files.len() > 3, "{name} has {} files", files.len());
        Modules::of(files.iter().map(|(name, text)| (name.as_str(), text.as_str())))
    }

    /// From the files of a `src` folder, each by its place there. A program's `main.rs` sees the library from outside.
    fn of<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Modules {
        let mut modules = Modules::default();
        for (file, text) in files {
            let parts: Vec<&str> = file.trim_end_matches(".rs").split('/').collect();
            let path: ModulePath = match parts.as_slice() {
                ["main"] => continue,
                ["lib"] => Vec::new(),
                parts => parts.iter().map(ToString::to_string).collect(),
            };
            modules.files.insert(path.clone(), file.to_owned());
            modules.tokens.insert(path, without_tests(&tokens(text)));
        }
        let every: Vec<ModulePath> = modules.tokens.keys().cloned().collect();
        for path in every {
            modules.definitions.insert(path.clone(), defined(&modules.tokens[&path]));
            for found in uses(&path, &modules.tokens[&path]).into_iter().filter(|found| found.public) {
                if let Some(target) = modules.path_from_root(&found.module, &found.path) {
                    modules.reexports.entry(path.clone()).or_default().push((found.name, target));
                }
            }
        }
        modules
    }

    /// A path as seen from the crate's root; none if it leads into another crate.
    fn path_from_root(&self, module: &ModulePath, path: &[String]) -> Option<ModulePath> {
        let mut at = module.clone();
        let mut rest = path;
        match rest.first().map(String::as_str)? {
            "crate" => (at, rest) = (Vec::new(), &rest[1..]),
            "self" => rest = &rest[1..],
            "super" => {
                while rest.first().is_some_and(|first| first == "super") {
                    at.pop()?;
                    rest = &rest[1..];
                }
            }
            first => {
                at.push(first.to_owned());
                self.files.contains_key(&at).then_some(())?;
                rest = &rest[1..];
            }
        }
        Some(at.into_iter().chain(rest.iter().cloned()).collect())
    }

    /// The module in whose file the item at this path, seen from the root, is written.
    fn home(&self, path: &[String], depth: usize) -> ModulePath {
        let known = (0..=path.len()).rev().find(|end| self.files.contains_key(&path[..*end])).unwrap_or(0);
        let module = path[..known].to_vec();
        let Some(item) = path.get(known).filter(|_| depth < 8) else {
            return module;
        };
        let reexports = self.reexports.get(&module).map_or(&[][..], Vec::as_slice);
        if let Some((_, target)) = reexports.iter().find(|(name, _)| name == item) {
            return self.home(&[target.as_slice(), &path[known + 1..]].concat(), depth + 1);
        }
        if self.definitions[&module].contains(item) {
            return module;
        }
        for (_, target) in reexports.iter().filter(|(name, _)| name == "*") {
            let home = self.home(&[target.as_slice(), &path[known..]].concat(), depth + 1);
            if self.definitions[&home].contains(item) {
                return home;
            }
        }
        module
    }

    fn imports(&self) -> Imports {
        let mut imports = Imports::new();
        for (path, tokens) in &self.tokens {
            let file = &self.files[path];
            let all = uses(path, tokens).into_iter().map(|found| (found.module, found.path));
            for (module, named) in all.chain(inline(path, tokens)) {
                if let Some(target) = self.path_from_root(&module, &named) {
                    let home = &self.files[&self.home(&target, 0)];
                    // What an inline module takes from its own file is no import.
                    if home != file {
                        imports.entry(file.clone()).or_default().insert(home.clone());
                    }
                }
            }
        }
        imports
    }
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).expect("a folder of ours") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(root, &path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(root).expect("below").to_str().expect("plain names").replace('\\', "/");
            let is_test = |part: &str| matches!(part.trim_end_matches(".rs"), "tests" | "model_test");
            if !name.split('/').any(is_test) {
                files.push((name, std::fs::read_to_string(&path).expect("a source file")));
            }
        }
    }
}

/// Words, `::`, and single signs; no comments, no literals.
fn tokens(text: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let word = |c: char| c.is_alphanumeric() || c == '_';
        let end = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |at| at + 2)
        } else if let Some(end) = literal(rest) {
            end
        } else if word(first) {
            let end = rest.find(|c| !word(c)).unwrap_or(rest.len());
            all.push(rest[..end].to_owned());
            end
        } else if rest.starts_with("::") {
            all.push("::".to_owned());
            2
        } else {
            if !first.is_whitespace() {
                all.push(first.to_string());
            }
            first.len_utf8()
        };
        rest = &rest[end..];
    }
    all
}

/// Where a string, byte or character literal ends that begins here.
fn literal(rest: &str) -> Option<usize> {
    let body = rest.trim_start_matches(['b', 'c']);
    let prefix = rest.len() - body.len();
    if let Some(raw) = body.strip_prefix('r') {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        raw[hashes..].strip_prefix('"').filter(|_| prefix <= 1)?;
        let close = format!("\"{}", "#".repeat(hashes));
        let from = prefix + 1 + hashes + 1;
        return Some(rest[from..].find(&close).map_or(rest.len(), |at| from + at + close.len()));
    }
    let quote = body.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let mut chars = body.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => drop(chars.next()),
            // `'a` is a lifetime where no quote closes it after one character.
            c if quote == '\'' && at > 1 && c != '\'' && !body[1..at].starts_with('\\') => return None,
            c if c == quote => return Some(prefix + at + 1),
            _ => {}
        }
    }
    None
}

/// The same without what is compiled for tests alone: an item behind `#[cfg(test)]` up to its block's or its own end.
fn without_tests(tokens: &[String]) -> Vec<String> {
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if tokens[at..].iter().take(7).eq(["#", "[", "cfg", "(", "test", ")", "]"].iter()) {
            let mut depth = 0;
            at += 7;
            while let Some(token) = tokens.get(at) {
                at += 1;
                depth += i32::from(token == "{") - i32::from(token == "}");
                if depth == 0 && (token == "}" || token == ";") {
                    break;
                }
            }
        } else {
            kept.push(tokens[at].clone());
            at += 1;
        }
    }
    kept
}

/// The names a file defines.
fn defined(tokens: &[String]) -> BTreeSet<String> {
    let kinds = ["struct", "enum", "trait", "type", "fn", "const", "static", "union", "mod"];
    let pairs = tokens.windows(2).filter(|pair| kinds.contains(&pair[0].as_str()));
    let mut names: BTreeSet<String> = pairs.map(|pair| pair[1].clone()).collect();
    // `const fn name` and `static mut NAME` have their name one further on.
    names.extend(tokens.windows(3).filter(|three| three[0] == "const").map(|three| three[2].clone()));
    names
}

/// Calls `visit` with each token's place and the module that is open there.
fn by_module(path: &ModulePath, tokens: &[String], mut visit: impl FnMut(usize, &ModulePath)) {
    let (mut module, mut depth, mut opened) = (path.clone(), 0, Vec::new());
    for (at, token) in tokens.iter().enumerate() {
        match token.as_str() {
            "{" => {
                if at > 1 && tokens[at - 2] == "mod" {
                    module.push(tokens[at - 1].clone());
                    opened.push(depth);
                }
                depth += 1;
            }
            "}" => {
                depth -= 1;
                if opened.last() == Some(&depth) {
                    opened.pop();
                    module.pop();
                }
            }
            _ => visit(at, &module),
        }
    }
}

fn uses(path: &ModulePath, tokens: &[String]) -> Vec<Use> {
    let mut all = Vec::new();
    by_module(path, tokens, |at, module| {
        // `use<'a>` in a type names lifetimes.
        if tokens[at] == "use" && tokens.get(at + 1).is_some_and(|next| next != "<") {
            let public = at > 0 && (tokens[at - 1] == "pub" || tokens[..at].ends_with(&[")".to_owned()]));
            let mut place = at + 1;
            tree(tokens, &mut place, &Vec::new(), &mut |path, name| {
                all.push(Use { module: module.clone(), path, name, public });
            });
        }
    });
    all
}

/// Flattens a `use` tree.
fn tree(tokens: &[String], at: &mut usize, before: &[String], found: &mut impl FnMut(Vec<String>, String)) {
    let mut path = before.to_vec();
    let mut name = None;
    while let Some(token) = tokens.get(*at) {
        match token.as_str() {
            "::" => {}
            "{" => {
                *at += 1;
                while tokens.get(*at).is_some_and(|token| !matches!(token.as_str(), "}" | ";")) {
                    tree(tokens, at, &path, found);
                    if tokens.get(*at).is_some_and(|token| token == ",") {
                        *at += 1;
                    }
                }
                *at += 1;
                return;
            }
            "as" => {
                *at += 1;
                name = tokens.get(*at).cloned();
            }
            "," | "}" | ";" => break,
            "*" => name = Some("*".to_owned()),
            "self" if path.len() > before.len() || !before.is_empty() => {}
            _ => path.push(token.clone()),
        }
        *at += 1;
    }
    let name = name.or_else(|| path.last().cloned()).unwrap_or_default();
    found(path, name);
}

/// Paths in the code, outside of `use`.
fn inline(path: &ModulePath, tokens: &[String]) -> Vec<(ModulePath, Vec<String>)> {
    let mut all = Vec::new();
    let mut in_use = false;
    by_module(path, tokens, |at, module| {
        in_use = (in_use || tokens[at] == "use") && tokens[at] != ";";
        let begins = tokens.get(at + 1).is_some_and(|next| next == "::") && (at == 0 || tokens[at - 1] != "::");
        if begins && !in_use {
            let mut named = vec![tokens[at].clone()];
            let mut next = at + 1;
            while tokens.get(next).is_some_and(|token| token == "::")
                && let Some(word) = tokens.get(next + 1).filter(|word| word.starts_with(|c: char| c.is_alphabetic()))
            {
                named.push(word.clone());
                next += 2;
            }
            all.push((module.clone(), named));
        }
    });
    all
}

/// The circles: files, or modules, each of which leads to each other one.
fn circles(imports: &Imports) -> Vec<BTreeSet<String>> {
    let reach = |from: &String| {
        let (mut seen, mut left) = (BTreeSet::new(), vec![from.clone()]);
        while let Some(at) = left.pop() {
            left.extend(imports.get(&at).into_iter().flatten().filter(|next| seen.insert((*next).clone())).cloned());
        }
        seen
    };
    let reached: BTreeMap<&String, BTreeSet<String>> = imports.keys().map(|from| (from, reach(from))).collect();
    let mut all: BTreeSet<BTreeSet<String>> = BTreeSet::new();
    for (from, there) in reached.iter().filter(|(from, there)| there.contains(**from)) {
        let back = there.iter().filter(|to| reached.get(to).is_some_and(|there| there.contains(*from)));
        all.insert(back.cloned().collect());
    }
    all.into_iter().collect()
}

/// The imports within one circle, to be read by whoever has to cut it.
fn within(circle: &BTreeSet<String>, imports: &Imports) -> Vec<String> {
    let arrows = circle.iter().flat_map(|from| imports.get(from).into_iter().flatten().map(move |to| (from, to)));
    arrows.filter(|(_, to)| circle.contains(*to)).map(|(from, to)| format!("{from} -> {to}")).collect()
}

/// The same between top-level modules; the crate's root is none.
fn by_top_level(imports: &Imports) -> Imports {
    let top = |file: &str| file.split('/').next().unwrap_or_default().trim_end_matches(".rs").to_owned();
    let mut folded = Imports::new();
    for (from, to) in imports.iter().flat_map(|(from, all)| all.iter().map(move |to| (top(from), top(to)))) {
        if from != to && from != "lib" {
            folded.entry(from).or_default().insert(to);
        }
    }
    folded
}

#[test]
fn no_file_imports_itself_by_way_of_others() {
    for name in WITHOUT_CIRCLES_OF_FILES {
        let imports = Modules::of_crate(name).imports();
        assert!(imports.len() > 3, "{name}: it looked at {imports:#?}");
        let found: Vec<_> = circles(&imports).iter().map(|circle| within(circle, &imports)).collect();
        assert!(found.is_empty(), "{name}: {found:#?}");
    }
}

#[test]
fn no_module_imports_itself_by_way_of_others() {
    for name in WITHOUT_CIRCLES_OF_MODULES {
        let imports = by_top_level(&Modules::of_crate(name).imports());
        let found: Vec<_> = circles(&imports).iter().map(|circle| within(circle, &imports)).collect();
        assert!(found.is_empty(), "{name}: {found:#?}");
    }
}

#[test]
fn nothing_in_the_engine_reaches_up_to_its_top() {
    let imports = Modules::of_crate("engine").imports();
    let names_the_top = |(file, named): &(&String, &BTreeSet<String>)| *file != "lib.rs" && named.contains("engine.rs");
    let up: Vec<_> = imports.iter().filter(names_the_top).map(|(file, _)| file).collect();
    assert!(up.is_empty(), "only lib.rs may name engine.rs (decision 18): {up:#?}");
    assert!(imports["engine.rs"].contains("outbox.rs"), "it looked at {imports:#?}");
}

#[test]
fn no_source_file_is_longer_than_500_lines() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let mut files = Vec::new();
    for folder in ["crates", "src-tauri/src", "tests", "xtask/src", "fuzz/src"] {
        collect(root, &root.join(folder), &mut files);
    }
    let lines = files.iter().map(|(name, text)| (name, text.lines().count()));
    let long: Vec<_> = lines.filter(|(_, lines)| *lines > 500).collect();
    assert!(files.len() > 300 && long.is_empty(), "{} files, too long: {long:#?}", files.len());
}

#[test]
fn imports_are_read_as_the_compiler_reads_them() {
    let modules = Modules::of([
        ("lib.rs", "mod a; mod b; mod c; pub use b::deep::{Deep, Other as Another};"),
        ("a.rs", "use crate::{Deep, b::{self, Plain}}; use std::fmt; fn f() { crate::c::g(b::deep::h) }"),
        (
            "b.rs",
            "pub(crate) mod deep; pub(crate) use deep::*; pub struct Plain; // crate::a::f\nconst T: &str = \"crate::a\";",
        ),
        ("b/deep.rs", "pub struct Deep; pub struct Other; pub fn h() {} mod inner { use super::Deep; }"),
        (
            "c.rs",
            "use crate::b::Deep; fn g<'a>(c: char) -> bool { c == '\"' } #[cfg(test)] mod tests { use crate::a::f; }",
        ),
        ("main.rs", "use crate::a;"),
    ]);
    let imports = modules.imports();
    let of = |file: &str| imports.get(file).into_iter().flatten().map(String::as_str).collect::<Vec<_>>();
    assert_eq!(of("a.rs"), ["b.rs", "b/deep.rs", "c.rs"]);
    assert_eq!(of("b.rs"), ["b/deep.rs"]);
    assert_eq!(of("b/deep.rs"), [""; 0]);
    assert_eq!(of("c.rs"), ["b/deep.rs"]);
    assert_eq!(of("lib.rs"), ["b/deep.rs"]);
    assert_eq!(circles(&imports), []);
    let bound =
        Modules::of([("lib.rs", "mod a; mod b;"), ("a.rs", "use super::b::B;"), ("b.rs", "type B = crate::a::A;")]);
    assert_eq!(circles(&bound.imports()).len(), 1);
}
