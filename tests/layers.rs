//! The modules of `src` form layers: a table lists the imports that each module may have, and imports form no cycle.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test reads the sources"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Each module in `src`, from the lowest layer to the highest, and the modules that it may import.
const ALLOWED: [(&str, &[&str]); 16] = [
    ("text", &[]),
    ("size", &["text"]),
    ("format", &["size", "text"]),
    ("digest", &["text"]),
    ("geometry", &["size", "text"]),
    ("model", &["geometry", "size", "text"]),
    ("scene", &["geometry"]),
    ("prompt", &["geometry", "model", "scene", "size"]),
    ("request", &["digest", "format", "geometry", "model", "prompt", "scene", "size", "text"]),
    ("plan", &["digest", "format", "geometry", "model", "prompt", "request", "scene", "size", "text"]),
    ("pixels", &["format", "geometry", "size"]),
    ("generate", &["digest", "format", "geometry", "model", "pixels", "plan", "prompt", "request", "size"]),
    ("run", &["digest", "format", "generate", "geometry", "model", "pixels", "plan", "request", "size"]),
    ("error", &["format", "generate", "geometry", "model", "pixels", "plan", "request", "run", "scene", "size"]),
    ("resize", &["error", "generate", "pixels", "plan", "request", "run"]),
    ("wire", &["digest", "format", "generate", "model", "request", "run", "scene", "size"]),
];

#[test]
fn every_import_is_allowed_by_the_table() {
    let allowed: BTreeMap<_, _> = ALLOWED.into_iter().collect();
    for module in modules() {
        let Some(own) = module.path.first() else { continue };
        let may = allowed.get(own.as_str()).unwrap_or_else(|| panic!("the module {own} is not in the table"));
        for import in &module.imports {
            let other = &import[0];
            assert!(
                other == own || may.contains(&other.as_str()),
                "{} imports {}; {own} may import {may:?}",
                module.path.join("::"),
                import.join("::"),
            );
        }
    }
}

/// Each entry of the table is an import that the code has, and each module comes after the modules that it imports.
#[test]
fn the_table_is_ordered_and_has_no_unused_entry() {
    let modules = modules();
    for (index, (own, may)) in ALLOWED.iter().enumerate() {
        let below: Vec<_> = ALLOWED.iter().take(index).map(|(name, _)| *name).collect();
        let used: BTreeSet<_> = modules
            .iter()
            .filter(|module| module.path.first().is_some_and(|name| name == own))
            .flat_map(|module| module.imports.iter().map(|import| import[0].as_str()))
            .collect();
        for other in *may {
            assert!(below.contains(other), "{own} may import {other}, which is not below it");
            assert!(used.contains(other), "{own} does not import {other}");
        }
    }
}

/// A re-export (`pub use`) is not an import. A submodule may import from its parents.
#[test]
fn imports_form_no_cycle() {
    let modules = modules();
    let names: BTreeSet<_> = modules.iter().map(|module| module.path.clone()).collect();
    // The module that an import path leads to: its longest prefix that is a module.
    let target = |import: &[String]| (1..=import.len()).rev().map(|n| import[..n].to_vec()).find(|p| names.contains(p));
    let arrows: BTreeMap<_, BTreeSet<_>> = modules
        .iter()
        .map(|module| {
            let targets = module.imports.iter().filter_map(|import| target(import));
            (module.path.clone(), targets.filter(|target| !module.path.starts_with(target)).collect())
        })
        .collect();
    for start in &names {
        let (mut seen, mut next) = (BTreeSet::new(), vec![(start, vec![start.join("::")])]);
        while let Some((at, way)) = next.pop() {
            for to in &arrows[at] {
                let way = [way.clone(), vec![to.join("::")]].concat();
                assert!(to != start, "an import cycle: {}", way.join(" -> "));
                if seen.insert(to) {
                    next.push((to, way));
                }
            }
        }
    }
}

struct Module {
    path: Vec<String>,
    /// The path of each imported name, from the crate root.
    imports: Vec<Vec<String>>,
}

fn modules() -> Vec<Module> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let modules: Vec<_> = files(&root).iter().map(|file| read(&root, file)).collect();
    assert!(modules.len() > 50 && modules.iter().any(|module| module.imports.len() > 5), "the sources were not read");
    modules
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.sort();
    found.into_iter().flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn read(root: &Path, file: &Path) -> Module {
    let relative = file.strip_prefix(root).unwrap().with_extension("");
    let mut path: Vec<_> = relative.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
    if path == ["lib"] {
        path.clear();
    }
    let text = fs::read_to_string(file).unwrap();
    // Comments may mention any module, and the tests at the end of a file may import any module.
    let code: String = text
        .lines()
        .take_while(|line| *line != "#[cfg(test)]")
        .map(|line| line.split("//").next().unwrap_or_default())
        .flat_map(|line| [line, "\n"])
        .collect();
    let mut imports = Vec::new();
    for statement in code.split(';') {
        // An import starts a line. This excludes `pub use`, which is a re-export.
        let Some((before, tree)) = statement.rsplit_once("use ") else { continue };
        if !before.is_empty() && !before.ends_with('\n') {
            continue;
        }
        flatten(tree.trim(), &[], &mut |import| imports.extend(resolved(&import, &path)));
    }
    // Paths that begin with `crate::` in the rest of the code.
    for (at, _) in code.match_indices("crate::") {
        let name: String = code[at + 7..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        if !name.is_empty() {
            imports.push(vec![name]);
        }
    }
    if path.is_empty() {
        // The crate root only re-exports.
        imports.clear();
    }
    Module { path, imports }
}

/// Calls `found` with each path of a use tree such as `a::{b, c::d}`.
fn flatten(tree: &str, prefix: &[String], found: &mut impl FnMut(Vec<String>)) {
    let (mut depth, mut part) = (0, String::new());
    if let Some(inner) = tree.strip_prefix('{') {
        for c in inner.strip_suffix('}').unwrap().chars().chain([',']) {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    if !part.trim().is_empty() {
                        flatten(part.trim(), prefix, found);
                    }
                    part.clear();
                    continue;
                }
                _ => {}
            }
            part.push(c);
        }
        return;
    }
    let (head, rest) = tree.split_once("::").map_or((tree, None), |(head, rest)| (head, Some(rest)));
    let head = head.split(" as ").next().unwrap_or_default().trim().to_owned();
    let path = [prefix, &[head]].concat();
    match rest {
        Some(rest) => flatten(rest.trim(), &path, found),
        None => found(path),
    }
}

/// Returns the path from the crate root; `None` for a path into another crate or to a name in scope.
fn resolved(import: &[String], module: &[String]) -> Option<Vec<String>> {
    match import.first().map(String::as_str) {
        Some("crate") => Some(import[1..].to_vec()),
        Some("self") => Some([module, &import[1..]].concat()),
        Some("super") => {
            let ups = import.iter().take_while(|part| *part == "super").count();
            Some([&module[..module.len() - ups], &import[ups..]].concat())
        }
        _ => None,
    }
}
