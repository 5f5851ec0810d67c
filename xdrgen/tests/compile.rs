//! `xdrgen::compile` in a build script.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use xdrgen::{Choice, configure};

/// The build script: this test program, started again by the tests below. Does nothing when it is run as a test.
#[test]
fn as_build_script() {
    let Some(files) = env::var_os("XDRGEN_TEST_FILES") else { return };
    let files: Vec<PathBuf> = env::split_paths(&files).collect();
    if let Err(error) = configure().compile(files) {
        eprintln!("Error: {error:?}");
        std::process::exit(1);
    }
}

struct Built {
    ended_well: bool,
    stdout: String,
    stderr: String,
}

fn build(folder: &Path, files: &[&str]) -> Built {
    let files = env::join_paths(files.iter().map(|file| folder.join(file))).expect("paths without a separator");
    let output = Command::new(env::current_exe().expect("the test has a path"))
        .args(["as_build_script", "--exact", "--nocapture"])
        .env("XDRGEN_TEST_FILES", files)
        .env("OUT_DIR", folder.join("out"))
        .output()
        .expect("the test can be started");
    Built {
        ended_well: output.status.success(),
        stdout: String::from_utf8(output.stdout).expect("text"),
        stderr: String::from_utf8(output.stderr).expect("text"),
    }
}

fn folder(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("compile-{name}"));
    // Of an earlier run.
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder for the test");
    for (file, text) in files {
        fs::write(folder.join(file), text).expect("a file");
    }
    folder
}

#[test]
fn cargo_is_told_of_every_file_and_of_warnings() {
    let folder = folder(
        "told",
        &[
            (
                "a.x",
                "#include \"b.x\"\nstruct a { b inner; };\nprogram P { version V { int F(int) = 1; } = 1; } = 0x60000000;\n",
            ),
            ("b.x", "struct b { int x; };\n"),
        ],
    );
    let built = build(&folder, &["a.x"]);
    assert!(built.ended_well, "{}", built.stderr);
    for file in ["a.x", "b.x"] {
        let line = format!("cargo:rerun-if-changed={}", folder.join(file).display());
        assert!(built.stdout.lines().any(|other| other == line), "{line} is not in {}", built.stdout);
    }
    let warning = format!("cargo:warning={}:3:", folder.join("a.x").display());
    assert!(built.stdout.lines().any(|line| line.starts_with(&warning)), "{warning} is not in {}", built.stdout);
    let code = fs::read_to_string(folder.join("out/a.rs")).expect("it was written");
    assert!(code.contains("pub struct A") && code.contains("pub struct B"), "{code}");
}

#[test]
fn an_error_shows_the_source() {
    let folder = folder("error", &[("a.x", "struct a { nosuch inner; };\n"), ("b.x", "struct b { int x; };\n")]);
    let built = build(&folder, &["b.x", "a.x"]);
    assert!(!built.ended_well);
    assert!(built.stderr.contains("struct a { nosuch inner; };"), "{}", built.stderr);
    assert!(!folder.join("out/b.rs").exists(), "a part was written");
    let line = format!("cargo:rerun-if-changed={}", folder.join("a.x").display());
    assert!(built.stdout.lines().any(|other| other == line), "{}", built.stdout);
}

#[test]
fn all_wrong_files_are_reported_and_what_they_share_once() {
    let folder = folder(
        "all-wrong",
        &[
            ("shared.x", "struct shared { int x; int x; };\n"),
            ("a.x", "#include \"shared.x\"\nstruct a { nosuch inner; };\n"),
            ("b.x", "#include \"shared.x\"\nstruct b { int x; };\n"),
            ("c.x", "struct c { nosuch inner; }\n"),
            ("good.x", "struct good { int x; };\n"),
        ],
    );
    let built = build(&folder, &["a.x", "good.x", "b.x", "gone.x", "c.x"]);
    assert!(!built.ended_well);
    let shown = &built.stderr;
    assert_eq!(shown.matches("field `x` is defined twice").count(), 1, "{shown}");
    for file in ["a.x:2:", "c.x:1:"] {
        assert!(shown.contains(&format!("--> {}", folder.join(file).display())), "{file}: {shown}");
    }
    assert!(shown.contains(&format!("error: cannot read {}", folder.join("gone.x").display())), "{shown}");
    assert!(shown.trim_end().ends_with("5 errors in 4 files; nothing was generated"), "{shown}");
    assert!(!folder.join("out").exists(), "a part was written");
    let files = ["a.x", "gone.x"].map(|file| folder.join(file));
    let error = configure().out_dir(folder.join("out")).compile(files).expect_err("both are wrong");
    assert!(error.is_input() && error.is_io() && !error.is_misuse(), "{error}");
}

#[test]
fn slips_in_the_configuration_are_misuse() {
    let source = "struct a { int x; };\nenum e { E_A };\n";
    for config in [
        configure().with("a.y", Choice::Boxed),
        configure().with("b", Choice::derive("Hash")),
        configure().with("a", Choice::attribute("derive(Hash)")),
        configure().with("a", Choice::attribute("")),
        configure().with("a", Choice::Open),
        configure().extern_type("mode", "crate::Mode"),
        configure().extern_type("mode", "1 + 1"),
        configure().runtime_path("not a path"),
        configure().define("1A"),
    ] {
        let error = config.compile_str("a.x", source).expect_err("it is a slip");
        assert!(error.is_misuse(), "{config:?}: {error}");
        assert!(!error.to_string().is_empty());
    }
}

#[test]
fn a_path_that_one_of_several_files_has_is_enough() {
    let folder = folder("several", &[("a.x", "struct a { int x; };\n"), ("b.x", "struct b { int x; };\n")]);
    let files = [folder.join("a.x"), folder.join("b.x")];
    let config = configure().out_dir(folder.join("out"));
    config.clone().with("b", Choice::derive("Hash")).compile(&files).expect("b.x has it");
    let error = config.with("c", Choice::derive("Hash")).compile(&files).expect_err("neither has it");
    assert!(error.is_misuse() && error.to_string().contains("`c`"), "{error}");
}
