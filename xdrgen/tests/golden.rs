//! What is generated, next to what it is generated from: `golden/*.x` and `golden/*.rs`.
//!
//! `XDRGEN_BLESS=1 cargo test -p xdrgen --test golden` rewrites the expected files; read their diff before committing it.

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
};

use xdrgen::{Choice, Config, Includes, Integer, Services, configure};

/// How each file is compiled; those that are not here, as they are.
fn config(name: &str) -> Config {
    let config = configure().include_path(folder());
    match name {
        "choices" => config
            .with("flavor", Choice::Open)
            .with("later", Choice::Open)
            .with("entry.name", Choice::Bytes)
            .with("all_bytes", Choice::Bytes)
            .with("entry.flags", Choice::Integer(Integer::U32))
            .with("reply.large", Choice::Boxed)
            .with("entry", Choice::derive("Hash, PartialOrd"))
            .with("entry.size", Choice::attribute("#[doc(hidden)]"))
            .with("reply", Choice::attribute("#[non_exhaustive]"))
            .with("CHOICE_PROG.CHOICE_V1.LOOKUP", Choice::Idempotent)
            .list_passthrough(true),
        "extern_types" => {
            config.extern_type("mode", "super::Mode").extern_type("off_t", "u64").extern_type("price", "super::Price")
        }
        "features" => config.feature("WITH_LOCKS"),
        "feature_parts" => config
            .feature("WITH_LINKS")
            .feature("WITH_SIZES")
            .with("open_kind", Choice::Open)
            .serde(true)
            .services(Services::None),
        "keep_names" => config.keep_names(true),
        "kept_serde" => config.keep_names(true).serde(true),
        "serde" => {
            config.serde(true).with("mode", Choice::Open).with("entry.fileName", Choice::Bytes).services(Services::None)
        }
        "users" => config.includes(Includes::Use).services(Services::Client),
        _ => config,
    }
}

#[test]
fn every_file_generates_what_is_expected() {
    let bless = env::var_os("XDRGEN_BLESS").is_some();
    let mut wrong = Vec::new();
    for (path, name) in inputs() {
        let source = fs::read_to_string(&path).expect("the file is there");
        let generated = match config(&name).compile_str(&path, &source) {
            Ok(generated) => generated,
            Err(error) => {
                wrong.push(format!("{name}.x is refused:\n{error}"));
                continue;
            }
        };
        let expected_path = path.with_extension("rs");
        let expected = fs::read_to_string(&expected_path).unwrap_or_default();
        if generated == expected {
            continue;
        }
        if bless {
            fs::write(&expected_path, generated).expect("the folder can be written to");
        } else {
            wrong.push(format!("{name}.rs differs:\n{}", difference(&expected, &generated)));
        }
    }
    assert!(wrong.is_empty(), "{}\n\nXDRGEN_BLESS=1 rewrites the expected files", wrong.join("\n\n"));
}

/// An expected file whose input has gone would be compared with nothing.
#[test]
fn every_expected_file_has_its_input() {
    let inputs: BTreeSet<String> = inputs().into_iter().map(|(_, name)| name).collect();
    assert!(inputs.len() >= 14, "only {} files", inputs.len());
    let expected: BTreeSet<String> = files("rs").into_iter().map(|path| stem(&path)).collect();
    assert_eq!(inputs, expected);
}

/// The same input gives the same output, whatever the order of hash maps.
#[test]
fn output_is_reproducible() {
    for (path, name) in inputs() {
        let source = fs::read_to_string(&path).expect("the file is there");
        let generate = || config(&name).compile_str(&path, &source).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(generate(), generate(), "{name}");
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn inputs() -> Vec<(PathBuf, String)> {
    files("x").into_iter().map(|path| (path.clone(), stem(&path))).collect()
}

fn files(extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder()).expect("the folder is there");
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("the folder can be read").path())
        .filter(|path| path.extension().is_some_and(|other| other == extension))
        .collect();
    paths.sort();
    paths
}

fn stem(path: &Path) -> String {
    path.file_stem().expect("it has a name").to_string_lossy().into_owned()
}

/// The lines that differ, between the first and the last of them.
fn difference(expected: &str, generated: &str) -> String {
    let (expected, generated): (Vec<&str>, Vec<&str>) = (expected.lines().collect(), generated.lines().collect());
    let same = expected.iter().zip(&generated).take_while(|(one, two)| one == two).count();
    let (one, two) = (&expected[same..], &generated[same..]);
    let same_end = one.iter().rev().zip(two.iter().rev()).take_while(|(one, two)| one == two).count();
    let marked = |mark: &str, lines: &[&str]| -> Vec<String> {
        lines[..lines.len() - same_end].iter().take(40).map(|line| format!("{mark} {line}")).collect()
    };
    let mut lines = vec![format!("@@ line {} @@", same + 1)];
    lines.extend(marked("-", one));
    lines.extend(marked("+", two));
    lines.join("\n")
}
