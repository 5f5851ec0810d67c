//! A module imports only from floors below its own, as ARCHITECTURE.md lists them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

#[test]
fn the_runtime_keeps_its_floors() {
    keeps_its_floors("onc-runtime/src");
}

#[test]
fn the_compiler_keeps_its_floors() {
    keeps_its_floors("xdrgen/src");
}

#[test]
fn the_tools_keep_their_floors() {
    keeps_its_floors("onc-tools/src");
}

fn keeps_its_floors(sources: &str) {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let architecture = fs::read_to_string(workspace.join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    let floors = listed_floors(&architecture, sources);
    let root = workspace.join(sources);
    let modules = modules_in(&root);

    let listed: BTreeSet<String> = floors.keys().cloned().collect();
    let found: BTreeSet<String> = modules.keys().cloned().collect();
    assert_eq!(listed, found, "the modules that ARCHITECTURE.md lists for {sources}, and those that there are");

    let library = fs::read_to_string(root.join("lib.rs")).expect("lib.rs");
    let exported = exports(&tokens(&library));
    let mut wrong = Vec::new();
    for (module, files) in &modules {
        for (file, path) in files {
            let text = fs::read_to_string(file).expect("a source file");
            for name in imports(&tokens(&text), path.len()) {
                let target = exported.get(&name).unwrap_or(&name);
                if target == module {
                    continue;
                }
                // What the library defines itself, a macro say, is on no floor.
                let Some(floor) = floors.get(target) else { continue };
                if *floor >= floors[module] {
                    wrong.push(format!("{}: {module} imports {target}", file.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "imports from the same floor or a higher one:\n{}", wrong.join("\n"));
}

/// The modules and their floors, from the block that starts "```text floors of SOURCES": in each line a number, and
/// after it, up to two blanks, names with commas between them.
fn listed_floors(architecture: &str, sources: &str) -> BTreeMap<String, u32> {
    let start = format!("```text floors of {sources}");
    let mut floors = BTreeMap::new();
    let block = architecture.lines().skip_while(|line| *line != start).skip(1).take_while(|line| *line != "```");
    for line in block {
        let (number, rest) = line.trim_start().split_once("  ").unwrap_or_else(|| panic!("no floor: {line}"));
        let number: u32 = number.parse().unwrap_or_else(|_| panic!("no number of a floor: {line}"));
        let names = rest.trim_start().split("  ").next().unwrap_or_default();
        for name in names.split(',') {
            let twice = floors.insert(name.trim().to_owned(), number);
            assert!(twice.is_none(), "{name} is listed twice");
        }
    }
    assert!(!floors.is_empty(), "ARCHITECTURE.md has no block `{start}`");
    floors
}

/// The files of each module at the top of a crate, with their module paths.
type Files = Vec<(PathBuf, Vec<String>)>;

fn modules_in(root: &Path) -> BTreeMap<String, Files> {
    let mut modules: BTreeMap<String, Files> = BTreeMap::new();
    let mut folders = vec![(root.to_owned(), Vec::new())];
    while let Some((folder, path)) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of sources") {
            let file = entry.expect("an entry of that folder").path();
            let name = file.file_stem().expect("a name").to_string_lossy().into_owned();
            let mut inner: Vec<String> = path.clone();
            // Unit tests may take what makes them short from any floor.
            if name == "tests" {
                continue;
            }
            if file.is_dir() {
                inner.push(name);
                folders.push((file, inner));
            } else if file.extension().is_some_and(|extension| extension == "rs") {
                if name != "mod" {
                    inner.push(name);
                }
                // lib.rs and main.rs are above all floors.
                if let Some(module) = inner.first().filter(|name| !["lib", "main"].contains(&name.as_str())) {
                    modules.entry(module.clone()).or_default().push((file, inner));
                }
            }
        }
    }
    modules
}

fn tokens(text: &str) -> Vec<TokenTree> {
    text.parse::<TokenStream>().expect("Rust").into_iter().collect()
}

/// What lib.rs re-exports, and from which module: of `pub use self::error::{Error, Limit}` both names.
fn exports(tokens: &[TokenTree]) -> BTreeMap<String, String> {
    let mut exported = BTreeMap::new();
    let mut at = 0;
    while at < tokens.len() {
        let end = (at..tokens.len()).find(|&at| is_punct(&tokens[at], ';')).unwrap_or(tokens.len());
        if let Some(start) = (at..end).find(|&at| is_ident(&tokens[at], "use")) {
            let path: Vec<String> = tokens[start + 1..end]
                .iter()
                .filter_map(ident)
                .filter(|name| name != "self" && name != "crate")
                .collect();
            if let Some((module, rest)) = path.split_first() {
                let group = tokens[start + 1..end].iter().find_map(|token| match token {
                    TokenTree::Group(group) => {
                        Some(group.stream().into_iter().filter_map(|token| ident(&token)).collect())
                    }
                    _ => None,
                });
                for name in group.unwrap_or_else(|| rest.last().cloned().into_iter().collect::<Vec<_>>()) {
                    exported.insert(name, module.clone());
                }
            }
        }
        at = end + 1;
    }
    exported
}

/// What is named at the crate's root by a file that is `depth` modules below it: of `crate::a::X`, `crate::{a, b::Y}`
/// and enough `super`s, a and b.
fn imports(tokens: &[TokenTree], depth: usize) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut at = 0;
    while at < tokens.len() {
        match &tokens[at] {
            TokenTree::Group(group) => {
                let inside: Vec<TokenTree> = group.stream().into_iter().collect();
                let module = at >= 2 && is_ident(&tokens[at - 2], "mod") && group.delimiter() == Delimiter::Brace;
                found.extend(imports(&inside, depth + usize::from(module)));
                at += 1;
            }
            token if is_ident(token, "crate") || is_ident(token, "onc_runtime") => {
                found.extend(names_after(&tokens[at + 1..]));
                at += 1;
            }
            token if is_ident(token, "super") => {
                let mut up = 1;
                at += 1;
                while separator(&tokens[at..]) && tokens.get(at + 2).is_some_and(|token| is_ident(token, "super")) {
                    up += 1;
                    at += 3;
                }
                if up >= depth {
                    found.extend(names_after(&tokens[at..]));
                }
            }
            _ => at += 1,
        }
    }
    found
}

/// Of `::a::X` the name `a`, of `::{a, b::Y}` the names `a` and `b`.
fn names_after(tokens: &[TokenTree]) -> Vec<String> {
    if !separator(tokens) {
        return Vec::new();
    }
    match tokens.get(2) {
        Some(TokenTree::Group(group)) => {
            let inside: Vec<TokenTree> = group.stream().into_iter().collect();
            inside.split(|token| is_punct(token, ',')).filter_map(|part| part.first().and_then(ident)).collect()
        }
        Some(token) => ident(token).into_iter().collect(),
        None => Vec::new(),
    }
}

fn separator(tokens: &[TokenTree]) -> bool {
    tokens.len() > 2 && is_punct(&tokens[0], ':') && is_punct(&tokens[1], ':')
}

fn ident(token: &TokenTree) -> Option<String> {
    match token {
        TokenTree::Ident(ident) => Some(ident.to_string()),
        _ => None,
    }
}

fn is_ident(token: &TokenTree, name: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident == name)
}

fn is_punct(token: &TokenTree, mark: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == mark)
}

#[test]
fn every_way_to_import_is_seen() {
    let text = r#"
        //! Not [`crate::comment`], nor "crate::string".
        use crate::alone;
        use crate::{first, second::Item, third::{self, Other}};
        pub(crate) use super::super::above::Thing;
        use super::beside;
        fn f() -> crate::result::R { println!("{}", crate::in_macro::X); ::onc_runtime::own::call() }
        mod inner { use super::super::super::from_inner; use super::super::not_root; }
    "#;
    let names: Vec<String> = imports(&tokens(text), 2).into_iter().collect();
    assert_eq!(names, ["above", "alone", "first", "from_inner", "in_macro", "own", "result", "second", "third"]);
}

#[test]
fn exports_are_traced_to_their_modules() {
    let text = "pub mod a; pub use self::a::{X, Y}; pub use b::c::Z; pub use other_crate::W; use crate::d::V;";
    let exported = exports(&tokens(text));
    assert_eq!(exported["X"], "a");
    assert_eq!(exported["Y"], "a");
    assert_eq!(exported["Z"], "b");
    assert_eq!(exported["V"], "d");
}

#[test]
fn floors_are_read_from_their_block() {
    let text = "# A\n```text floors of x/src\n2  top, side    what it does, in words\n 1  xdr\n```\n";
    let floors = listed_floors(text, "x/src");
    assert_eq!(floors.into_iter().collect::<Vec<_>>(), [("side".into(), 2), ("top".into(), 2), ("xdr".into(), 1)]);
}
