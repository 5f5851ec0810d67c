//! `xdrgen breaking`, from outside.

mod command;

use std::process::{Command, Stdio};

use command::{Folder, run_in};

const OLD: &str = "struct pair { int a; int b; };\nprogram P { version V { pair F(pair) = 1; } = 1; } = 0x20000000;\n";

fn status(old: &str, new: &str) -> (i32, String) {
    let folder = Folder::new();
    folder.write("old.x", old);
    folder.write("new.x", new);
    let ended = run_in(&folder, &["breaking", "old.x", "new.x"]);
    (ended.status, ended.stdout)
}

#[test]
fn the_exit_status_says_which() {
    assert_eq!(status(OLD, OLD), (0, "nothing breaks\n".to_owned()));
    assert_eq!(status(OLD, &OLD.replace("= 1; } = 1;", "= 1; int G(void) = 2; } = 1;")).0, 0);
    let (wire, text) = status("typedef string s<5>;", "typedef string s<6>;");
    assert_eq!((wire, text.as_str()), (4, "On the wire:\n  widens   s: the bound was 5, is 6\n"));
    let (rust, text) = status(OLD, &OLD.replace("int b", "int c"));
    assert_eq!(rust, 8, "{text}");
    assert!(text.starts_with("In the Rust:\n  breaks   Pair.b: is gone\n"), "{text}");
    let (both, text) = status(OLD, &OLD.replace("int b", "hyper b"));
    assert_eq!(both, 12, "{text}");
    assert_eq!(status(OLD, "struct pair {").0, 1);
}

#[test]
fn a_revision_is_read_with_what_it_includes() {
    let folder = Folder::new();
    let git = |arguments: &[&str]| {
        let ended = Command::new("git")
            .args(["-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "init.defaultBranch=main"])
            .args(arguments)
            .current_dir(folder.path("."))
            .stdout(Stdio::null())
            .status();
        assert!(ended.is_ok_and(|status| status.success()), "git {arguments:?}");
    };
    folder.write("proto/types.x", "struct pair { int a; int b; };\n");
    folder.write(
        "proto/calc.x",
        "#include \"types.x\"\nprogram P { version V { pair F(pair) = 1; } = 1; } = 0x20000000;\n",
    );
    git(&["init", "-q"]);
    git(&["add", "."]);
    git(&["commit", "-q", "-m", "first"]);
    assert_eq!(run_in(&folder, &["breaking", "HEAD", "proto/calc.x"]).status, 0);
    folder.write("proto/types.x", "struct pair { int a; hyper b; };\n");
    for old in ["HEAD", "HEAD:proto/calc.x"] {
        let ended = run_in(&folder, &["breaking", old, "proto/calc.x"]);
        assert_eq!(ended.status, 12, "{}", ended.stderr);
        assert!(ended.stdout.contains("breaks   pair.b: was `int`, is `hyper`"), "{}", ended.stdout);
    }
    for nothing in ["nosuch", "HEAD:nosuch.x", "--all", "HEAD:../calc.x"] {
        let ended = run_in(&folder, &["breaking", "--", nothing, "proto/calc.x"]);
        assert_eq!(ended.status, 2, "{nothing}: {}", ended.stderr);
        assert!(ended.stderr.contains("neither a file nor a git revision"), "{}", ended.stderr);
    }
}
