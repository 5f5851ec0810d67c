//! Runs every seed through its target's check: on any toolchain, without the fuzzer.

use std::fs;
use std::panic;
use std::path::{Path, PathBuf};

use onc_fuzz::{Check, TARGETS};

fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    entries.map(|entry| entry.expect("a readable folder").path()).collect()
}

/// Whether the check holds for a file, and if so, whether it is accepted.
fn replay(check: Check, file: &Path) -> Option<bool> {
    let input = fs::read(file).expect("a readable file");
    panic::catch_unwind(|| check(&input)).inspect_err(|_| eprintln!("it fails on {}", file.display())).ok()
}

#[test]
fn every_check_holds_for_every_seed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut failed = 0;
    for (target, check) in TARGETS {
        let seeds = files(&root.join("seeds").join(target));
        let outcomes: Vec<Option<bool>> = seeds.iter().map(|seed| replay(*check, seed)).collect();
        assert!(outcomes.contains(&Some(true)), "{target} has no seed that is accepted");
        failed += outcomes.iter().filter(|outcome| outcome.is_none()).count();
    }
    assert_eq!(failed, 0, "seeds on which a check fails");
}

#[test]
fn every_target_is_built_and_replayed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut targets: Vec<String> = files(&root.join("fuzz_targets"))
        .iter()
        .map(|file| file.file_stem().expect("a name").to_str().expect("in ASCII").to_owned())
        .collect();
    targets.sort();
    let replayed: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
    assert_eq!(targets, replayed);
    for target in targets {
        let path = format!("path = \"fuzz_targets/{target}.rs\"");
        assert!(include_str!("../Cargo.toml").contains(&path), "Cargo.toml has no [[bin]] with {path}");
    }
}
