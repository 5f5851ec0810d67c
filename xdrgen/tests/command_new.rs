//! `xdrgen new`, from outside.

mod command;

use command::{Folder, run_in};

#[test]
fn makes_a_crate() {
    let folder = Folder::new();
    let ended = run_in(&folder, &["new", "disk-store"]);
    assert_eq!((ended.status, ended.stderr.as_str()), (0, ""));
    assert_eq!(folder.names("."), ["disk-store"]);
    assert_eq!(folder.names("disk-store"), [".gitignore", "Cargo.toml", "build.rs", "proto", "src", "tests"]);
    assert!(folder.read("disk-store/Cargo.toml").contains("name = \"disk-store\""));
    assert!(folder.read("disk-store/src/lib.rs").contains("impl protocol::DiskStoreV1 for Service"));
    // What it made is right, formatted, and as far as possible for C programs.
    for arguments in [
        &["fmt", "--check", "disk-store/proto/disk_store.x"][..],
        &["generate", "disk-store/proto/disk_store.x", "-o", "-"],
    ] {
        let ended = run_in(&folder, arguments);
        assert_eq!((ended.status, ended.stderr.as_str()), (0, ""), "{arguments:?}: {}", ended.stdout);
    }
}

#[test]
fn touches_nothing_that_is_there() {
    let folder = Folder::new();
    folder.write("calc/notes", "mine");
    let ended = run_in(&folder, &["new", "calc"]);
    assert_eq!(ended.status, 2);
    assert!(ended.stderr.contains("is there already"), "{}", ended.stderr);
    assert_eq!(folder.names("calc"), ["notes"]);
    for wrong in ["9p", "a b", "std"] {
        assert_eq!(run_in(&folder, &["new", wrong]).status, 2, "{wrong}");
    }
    assert_eq!(folder.names("."), ["calc"]);
}
