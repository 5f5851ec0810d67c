//! `xdrgen fmt`, from outside.

mod command;

use std::{fs, path::Path};

use command::{Folder, run, run_in, run_with};

const ROUGH: &str = "/* A */\nstruct  a{int x;/* x */ string s< 5 >;};\n#define B  1\n%#include <x.h>\n";
const SMOOTH: &str = "/* A */\nstruct a {\n    int x; /* x */\n    string s<5>;\n};\n#define B  1\n%#include <x.h>\n";

#[test]
fn formats_in_place() {
    let folder = Folder::new();
    folder.write("a.x", ROUGH);
    let ended = run_in(&folder, &["fmt", "a.x"]);
    assert_eq!((ended.status, ended.stdout.as_str(), ended.stderr.as_str()), (0, "", ""));
    assert_eq!(folder.read("a.x"), SMOOTH);
    assert_eq!(folder.names("."), ["a.x"]);
}

#[test]
fn check_changes_nothing_and_names_the_file() {
    let folder = Folder::new();
    folder.write("a.x", ROUGH);
    folder.write("b.x", SMOOTH);
    let ended = run_in(&folder, &["fmt", "--check", "a.x", "b.x"]);
    assert_eq!((ended.status, ended.stdout.as_str()), (1, "a.x\n"));
    assert_eq!(folder.read("a.x"), ROUGH);
    assert_eq!(run_in(&folder, &["fmt", "--check", "b.x"]).status, 0);
}

#[test]
fn formats_what_it_reads() {
    let ended = run_with(Path::new("."), &["fmt", "-"], ROUGH);
    assert_eq!((ended.status, ended.stdout.as_str()), (0, SMOOTH));
}

#[test]
fn what_cannot_be_formatted_stays() {
    let folder = Folder::new();
    folder.write("a.x", "struct a {\n");
    let ended = run_in(&folder, &["fmt", "a.x"]);
    assert_eq!((ended.status, ended.stderr.as_str()), (1, "error: a.x:1: this `{` is never closed\n"));
    assert_eq!(folder.read("a.x"), "struct a {\n");
    assert_eq!(run(&["fmt", "missing.x"]).status, 2);
}

/// Formatted, every golden file generates the same Rust, and is formatted already.
#[test]
fn formatting_changes_no_meaning() {
    let folder = Folder::new();
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    for entry in fs::read_dir(&golden).expect("the folder is there") {
        let path = entry.expect("it can be read").path();
        if path.extension().is_some_and(|extension| extension == "x") {
            let name = path.file_name().expect("it has a name").to_string_lossy().into_owned();
            folder.write(&name, &fs::read_to_string(&path).expect("it can be read"));
        }
    }
    let names = folder.names(".");
    let generate = |name: &String| {
        let externs = ["--extern-type", "mode=crate::Mode", "--extern-type", "off_t=u64", "--extern-type", "price=u32"];
        let externs: &[&str] = if name == "extern_types.x" { &externs } else { &[] };
        let ended = run_in(&folder, &[&["generate", name.as_str(), "-o", "-"][..], externs].concat());
        assert_eq!(ended.status, 0, "{name}: {}", ended.stderr);
        ended.stdout
    };
    let before: Vec<String> = names.iter().map(generate).collect();
    for name in &names {
        assert_eq!(run_in(&folder, &["fmt", name]).status, 0, "{name}");
        assert_eq!(run_in(&folder, &["fmt", "--check", name]).status, 0, "{name} is not formatted after it was");
    }
    for (name, before) in names.iter().zip(before) {
        assert_eq!(generate(name), before, "{name}");
    }
}
