//! `xdrgen generate`, from outside.

mod command;

use std::fs;

use command::{Folder, run, run_in};

const RIGHT: &str = "struct pair { int a; int b; };\n";
const WRONG: &str = "struct pair { int a; nosuch b; };\nconst N = ;\nenum e { A, A };\n";

#[test]
fn writes_a_file_for_each() {
    let folder = Folder::new();
    folder.write("one.x", RIGHT);
    folder.write("two.x", "const N = 3;\n");
    let ended = run_in(&folder, &["generate", "one.x", "two.x", "-o", "out/deep"]);
    assert_eq!((ended.status, ended.stderr.as_str()), (0, ""));
    assert!(folder.read("out/deep/one.rs").contains("pub struct Pair"));
    assert!(folder.read("out/deep/two.rs").contains("pub const N: u32 = 3;"));
    assert_eq!(folder.names("out/deep"), ["one.rs", "two.rs"], "nothing else is left there");
}

#[test]
fn a_wrong_file_is_1_and_writes_nothing() {
    let folder = Folder::new();
    folder.write("one.x", RIGHT);
    folder.write("two.x", WRONG);
    let ended = run_in(&folder, &["generate", "one.x", "two.x", "-o", "out"]);
    assert_eq!(ended.status, 1);
    for place in ["two.x:1:", "two.x:2:", "two.x:3:"] {
        assert!(ended.stderr.contains(place), "{place} is not in {}", ended.stderr);
    }
    assert!(!folder.path("out").exists());
}

#[test]
fn every_wrong_file_is_reported() {
    let folder = Folder::new();
    folder.write("one.x", WRONG);
    folder.write("two.x", WRONG);
    let ended = run_in(&folder, &["generate", "one.x", "two.x", "-o", "out"]);
    assert_eq!(ended.status, 1);
    assert!(ended.stderr.contains("one.x:1:") && ended.stderr.contains("two.x:1:"), "{}", ended.stderr);
}

#[test]
fn a_wrong_call_is_2() {
    let folder = Folder::new();
    folder.write("one.x", RIGHT);
    fs::create_dir(folder.path("other")).expect("a folder");
    folder.write("other/one.x", RIGHT);
    for arguments in [
        &["generate", "one.x"][..],
        &["generate", "-o", "out"],
        &["generate", "missing.x", "-o", "out"],
        &["generate", "one.x", "other/one.x", "-o", "out"],
        &["generate", "one.x", "-o", "out", "--with", "pair.nosuch=boxed"],
        &["generate", "one.x", "-o", "out", "--with", "pair=round"],
        &["generate", "one.x", "-o", "out", "--with", "pair=#[derive("],
        &["generate", "one.x", "-o", "out", "--extern-type", "mode"],
        &["generate", "one.x", "-o", "out", "--extern-type", "mode=no type"],
        &["generate", "one.x", "-o", "out", "--runtime-path", "a b"],
        &["generate", "one.x", "-o", "out", "-D", "=3"],
        &["nosuch"],
        &[],
    ] {
        let ended = run_in(&folder, arguments);
        assert_eq!(ended.status, 2, "{arguments:?}: {}", ended.stderr);
        assert!(!ended.stderr.is_empty(), "{arguments:?} fails without a word");
        assert!(!folder.path("out").exists(), "{arguments:?} wrote something");
    }
}

#[test]
fn prints_instead() {
    let folder = Folder::new();
    folder.write("one.x", RIGHT);
    let ended = run_in(&folder, &["generate", "one.x", "-o", "-"]);
    assert_eq!(ended.status, 0);
    assert!(ended.stdout.contains("pub struct Pair"));
    assert_eq!(folder.names("."), ["one.x"]);
}

#[test]
fn what_does_not_change_is_not_touched() {
    let folder = Folder::new();
    folder.write("one.x", RIGHT);
    let modified = || fs::metadata(folder.path("one.rs")).and_then(|data| data.modified()).expect("it is there");
    assert_eq!(run_in(&folder, &["generate", "one.x", "-o", "."]).status, 0);
    let long_ago = std::time::SystemTime::UNIX_EPOCH;
    let file = fs::File::options().write(true).open(folder.path("one.rs")).expect("it is there");
    file.set_modified(long_ago).expect("a file's time can be set");
    assert_eq!(run_in(&folder, &["generate", "one.x", "-o", "."]).status, 0);
    assert_eq!(modified(), long_ago);
    folder.write("one.x", "struct other { int a; };\n");
    assert_eq!(run_in(&folder, &["generate", "one.x", "-o", "."]).status, 0);
    assert_ne!(modified(), long_ago);
}

#[test]
fn options_reach_the_code() {
    let folder = Folder::new();
    folder.write("include/limits.x", "const LIMIT = 9;\n");
    folder.write(
        "one.x",
        "#include \"limits.x\"\n#ifdef WIDE\ntypedef hyper number;\n#else\ntypedef int number;\n#endif\n\
         %#include \"c.h\"\nenum color { RED, GREEN };\nstruct s { number n; mode m; string t<LIMIT>; };\n\
         program P { version V { int F(int) = 1; } = 1; } = 0x20000000;\n",
    );
    let ended = run_in(
        &folder,
        &[
            "generate",
            "one.x",
            "-o",
            "-",
            "-I",
            "include",
            "-D",
            "WIDE",
            "--extern-type",
            "mode=crate::Mode",
            "--with",
            "color=open",
            "--with",
            "s.t=bytes",
            "--with",
            "s=#[derive(Hash)]",
            "--with",
            "P.V.F=idempotent",
            "--services",
            "client",
            "--runtime-path",
            "::my::runtime",
            "--list-passthrough",
        ],
    );
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    for expected in [
        "pub type Number = i64;",
        "pub const LIMIT: u32 = 9;",
        "pub struct Color(",
        "pub m: crate::Mode",
        "pub t: ::my::runtime::Bytes",
        "PartialEq, Hash, ::my::runtime::Xdr",
        "#[xdr(crate = \"::my::runtime\")]",
        "const IDEMPOTENT: bool = true;",
        "pub struct VClient",
        "// #include \"c.h\"",
    ] {
        assert!(ended.stdout.contains(expected), "{expected} is not in {}", ended.stdout);
    }
    assert!(!ended.stdout.contains("pub trait"), "{}", ended.stdout);
}

#[test]
fn help_has_examples() {
    for arguments in [&["--help"][..], &["generate", "--help"], &["check", "--help"], &["fmt", "--help"]] {
        let ended = run(arguments);
        assert_eq!(ended.status, 0);
        assert!(ended.stdout.contains("Examples:\n  xdrgen "), "{}", ended.stdout);
    }
}

#[test]
fn completions_for_shells() {
    for shell in ["bash", "zsh", "fish"] {
        let ended = run(&["completions", shell]);
        assert_eq!(ended.status, 0);
        assert!(ended.stdout.contains("breaking"), "{}", ended.stdout);
    }
}
