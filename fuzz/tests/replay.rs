//! Runs every seed, and what the fuzzer has found since, through its target's check: on any toolchain, without the fuzzer.

use std::fs;
use std::panic;
use std::path::{Path, PathBuf};

use onc_fuzz::TARGETS;

fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    entries.map(|entry| entry.expect("a readable folder").path()).collect()
}

/// Whether the check holds for a file, and if so, whether it is accepted.
fn replay(check: fn(&[u8]) -> bool, file: &Path) -> Option<bool> {
    let input = fs::read(file).expect("a readable file");
    panic::catch_unwind(|| check(&input)).inspect_err(|_| eprintln!("it fails on {}", file.display())).ok()
}

#[test]
fn every_check_holds_for_every_seed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut failed = 0;
    for (target, check) in TARGETS {
        let outcomes = |folder| files(&root.join(folder).join(target)).into_iter().map(|file| replay(*check, &file));
        let seeds: Vec<Option<bool>> = outcomes("seeds").collect();
        assert!(seeds.contains(&Some(true)), "{target} has no seed that is accepted");
        failed += seeds.into_iter().chain(outcomes("corpus")).filter(Option::is_none).count();
    }
    assert_eq!(failed, 0, "files on which a check fails");
}

#[test]
fn every_target_is_replayed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut targets: Vec<String> = files(&root.join("fuzz_targets"))
        .iter()
        .map(|file| file.file_stem().expect("a name").to_str().expect("in ASCII").to_owned())
        .collect();
    targets.sort();
    let replayed: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
    assert_eq!(targets, replayed);
}
