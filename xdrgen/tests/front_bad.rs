//! Files that are wrong, and what their author is told: `bad/NAME.x`, and beside it `bad/NAME.snap`.
//!
//! `INSTA_UPDATE=always cargo test -p xdrgen --test front_bad` rewrites them all.

use std::{fs, panic, path::PathBuf};

use xdrgen::configure;

fn inputs() -> Vec<PathBuf> {
    let entries = fs::read_dir("tests/bad").expect("the folder is there");
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("it can be listed").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "x"))
        .collect();
    paths.sort();
    paths
}

#[test]
fn messages() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("bad");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let mut failed = Vec::new();
    for path in inputs() {
        let name = path.file_stem().expect("it has a name").to_string_lossy().into_owned();
        let message = match xdrgen::inspect(&configure(), &path, None) {
            Ok(warnings) => {
                assert!(name.starts_with("warn_"), "{name} was accepted");
                warnings
            }
            Err(error) => {
                assert!(!name.starts_with("warn_"), "{name} was refused:\n{error}");
                assert!(error.is_input(), "{name}: {error}");
                error.to_string()
            }
        };
        assert!(!message.is_empty(), "nothing was said of {name}");
        let same = panic::catch_unwind(panic::AssertUnwindSafe(|| {
            settings.bind(|| insta::assert_snapshot!(name.as_str(), message));
        }));
        if same.is_err() {
            failed.push(name);
        }
    }
    assert!(failed.is_empty(), "other messages than in tests/bad: {failed:?}");
}

#[test]
fn there_are_enough() {
    assert!(inputs().len() >= 80, "{}", inputs().len());
}
