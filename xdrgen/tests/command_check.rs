//! `xdrgen check`, from outside.

mod command;

use command::{Folder, run_in};

#[test]
fn a_right_file_is_0_without_a_word() {
    let folder = Folder::new();
    folder.write("a.x", "struct a { int x; };\n");
    let ended = run_in(&folder, &["check", "a.x"]);
    assert_eq!((ended.status, ended.stdout.as_str(), ended.stderr.as_str()), (0, "", ""));
}

#[test]
fn a_wrong_file_is_1_and_shown() {
    let folder = Folder::new();
    folder.write("a.x", "struct a { int x; };\n");
    folder.write("b.x", "struct b { nosuch x; };\n");
    let ended = run_in(&folder, &["check", "a.x", "b.x"]);
    assert_eq!(ended.status, 1);
    assert!(ended.stderr.contains("b.x:1:12") && ended.stderr.contains("`nosuch`"), "{}", ended.stderr);
    assert_eq!(run_in(&folder, &["check", "missing.x"]).status, 2);
}

#[test]
fn a_header_that_is_not_there_is_a_note() {
    let folder = Folder::new();
    folder.write("a.x", "#include <rpc/nosuch.h>\nstruct a { int x; };\n");
    let ended = run_in(&folder, &["check", "a.x"]);
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    assert!(
        ended.stderr.starts_with("note[missing-header]: rpc/nosuch.h was included, but not found\n"),
        "{}",
        ended.stderr
    );
    assert!(ended.stderr.contains("a.x:1:10"), "{}", ended.stderr);
    let ended = run_in(&folder, &["generate", "a.x", "-o", "-"]);
    assert_eq!((ended.status, ended.stderr.as_str()), (0, ""), "in a build it would be a nuisance");
}

#[test]
fn json_is_an_object_a_line() {
    let folder = Folder::new();
    folder.write("b.x", "struct b { nosuch x; };\nenum e { A = 1, B = };\n");
    let ended = run_in(&folder, &["check", "--format", "json", "b.x"]);
    assert_eq!(ended.status, 1);
    let objects: Vec<serde_json::Value> =
        ended.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert!(objects.len() >= 2, "{}", ended.stdout);
    for object in &objects {
        assert_eq!(object["severity"], "error");
        assert!(object["labels"][0]["line"].as_u64().is_some_and(|line| line <= 2), "{object}");
    }
    assert_eq!(ended.stderr, "");
}

/// Of each place the way to its file, not of the first alone.
#[test]
fn json_says_how_files_are_included() {
    let folder = Folder::new();
    folder.write("main.x", "struct a { int x; };\n#include \"outer.x\"\n");
    folder.write("outer.x", "#include \"inner.x\"\n");
    folder.write("inner.x", "struct a { int y; };\n");
    let ended = run_in(&folder, &["check", "--format", "json", "main.x"]);
    let object: serde_json::Value = serde_json::from_str(ended.stdout.trim()).expect("one object");
    let way = |object: &serde_json::Value| -> Vec<String> {
        let includes = object["included_from"].as_array().expect("a list").iter();
        includes.map(|include| format!("{}:{}", include["file"].as_str().expect("a path"), include["line"])).collect()
    };
    let ways: Vec<_> = object["labels"].as_array().expect("a list").iter().map(way).collect();
    assert_eq!(ways, [vec!["outer.x:1".to_owned(), "main.x:2".to_owned()], vec![]], "{object}");
    assert_eq!(way(&object), ways[0]);
}

/// What rpcgen 1.4.3 said of each, when it was asked; `None`: it took it.
const PROBES: [(&str, Option<&str>); 43] = [
    ("const A = -5;", None),
    ("const A = +5;", Some("an expression")),
    ("const A = 1 + 2;", Some("an expression")),
    ("const A = 0XFF;", Some("`0X`")),
    ("const A = 'x';", Some("a character")),
    ("enum e { A = 1, };", Some("a comma")),
    ("enum e { A = 1+1 };", Some("an expression")),
    ("struct s { unsigned long long x; };", Some("`long long`")),
    ("struct s { long long x; };", Some("`long long`")),
    ("struct s { signed int x; };", Some("`signed`")),
    ("struct s { long int x; };", None),
    ("struct s { unsigned x; };", None),
    ("struct s { string x<>; };", None),
    ("struct s { string x; };", Some("a `string`")),
    ("struct s { int *x[3]; };", Some("an array of pointers")),
    ("struct s { int *x; };", None),
    ("struct s { };", Some("a struct without fields")),
    ("struct s { struct { int a; } x; };", Some("a type defined within")),
    ("struct s { enum { A = 0 } x; };", Some("a type defined within")),
    ("struct s { union switch (int d) { case 0: int a; } x; };", Some("a type defined within")),
    ("struct s { int a, b; };", Some("several names")),
    ("typedef struct { int a; } t;", Some("a type defined within")),
    ("union u switch (int d) { default: int a; };", Some("a union without a `case`")),
    ("union u switch (int d) { default: void; case 0: int a; };", Some("a `default` that is not last")),
    ("union u switch (int d) { case 'a': int a; };", None),
    ("union u switch (int d) { case 0: case 1: int a; default: void; };", None),
    ("program P { version V { int F(int, int) = 1; } = 1; } = 0x20000000;", Some("several arguments")),
    ("program P { version V { int F(int *) = 1; } = 1; } = 0x20000000;", None),
    ("program P { version V { int *F(int) = 1; } = 1; } = 0x20000000;", Some("a pointer as a result")),
    ("program P { version V { int<> F(int) = 1; } = 1; } = 0x20000000;", Some("an array as an argument or a result")),
    ("program P { version V { int F<>(int) = 1; } = 1; } = 0x20000000;", Some("an array as an argument or a result")),
    (
        "program P { version V { string<9> F(int) = 1; } = 1; } = 0x20000000;",
        Some("an array as an argument or a result"),
    ),
    (
        "program P { version V { string F<>(int) = 1; } = 1; } = 0x20000000;",
        Some("an array as an argument or a result"),
    ),
    ("program P { version V { int F(int a<>) = 1; } = 1; } = 0x20000000;", Some("an array as an argument")),
    ("program P { version V { opaque F(opaque) = 1; } = 1; } = 0x20000000;", Some("`opaque` as an argument")),
    ("program P { version V { string F(string<> s) = 1; } = 1; } = 0x20000000;", None),
    ("program P { version V { string F(string s<>) = 1; } = 1; } = 0x20000000;", None),
    ("program P { version V { int F() = 1; } = 1; } = 0x20000000;", None),
    ("program P { version V { void F(void) = 1; } = 1; } = 0x20000000;", None),
    ("const N = 1; program P { version V { int F(int) = N; } = 1; } = 0x20000000;", None),
    ("// hi\nconst A = 1;", Some("`//` comments")),
    ("const A = 1;;", Some("an empty declaration")),
    ("namespace n { const A = 1; }", Some("`namespace`")),
];

#[test]
fn what_rpcgen_refuses() {
    let folder = Folder::new();
    for (text, refused) in PROBES {
        folder.write("probe.x", text);
        assert_eq!(run_in(&folder, &["check", "probe.x"]).status, 0, "{text} is right here");
        let ended = run_in(&folder, &["check", "--rpcgen", "probe.x"]);
        match refused {
            Some(what) => {
                assert_eq!(ended.status, 1, "{text}");
                assert!(ended.stderr.contains(&format!("rpcgen refuses {what}")), "{text}: {}", ended.stderr);
            }
            None => assert_eq!((ended.status, ended.stderr.as_str()), (0, ""), "{text}"),
        }
    }
}
