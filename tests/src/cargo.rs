//! Programs of the workspace's other packages, built by the cargo that runs the tests.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::process::{Finished, command};

/// Longer than a build from nothing takes on a slow machine.
const LIMIT: Duration = Duration::from_secs(1200);

/// The folder of the workspace.
///
/// # Panics
///
/// Never: this package is in it.
#[must_use]
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace")
}

/// Builds a program and says where it is: `["-p", "xdrgen", "--bin", "xdrgen"]`. As a rule the tests' own build has it
/// already, and nothing is left to do.
///
/// # Panics
///
/// If it cannot be built.
#[must_use]
pub fn build(what: &[&str]) -> PathBuf {
    let mut build = command(env!("CARGO"));
    build.args(["build", "--offline", "--message-format", "json"]).args(what).current_dir(workspace());
    let finished = Finished::run(build, LIMIT);
    assert!(finished.status.success(), "{what:?}: {}\n{}", finished.status, finished.stderr);
    // The last artifact is the one asked for. No path that cargo makes needs JSON's escapes here.
    let executable = finished.stdout.lines().rev().find_map(|line| {
        let (_, rest) = line.split_once(r#""executable":""#)?;
        rest.split_once('"').map(|(path, _)| PathBuf::from(path))
    });
    executable.unwrap_or_else(|| panic!("{what:?}: no program in what cargo says:\n{}", finished.stdout))
}

/// A cargo command for crates that a test makes, outside the workspace, with its versions of all dependencies. Their target
/// folder is kept in `scratch` (a test's `CARGO_TARGET_TMPDIR`); it is one for all, so that dependencies are compiled once.
#[must_use]
pub fn for_made_crates(scratch: &Path) -> Command {
    let mut cargo = command(env!("CARGO"));
    cargo.env("CARGO_TARGET_DIR", scratch.join("made-crates"));
    // What speeds a second build, and what a debugger reads, would treble the disk it takes.
    cargo.env("CARGO_INCREMENTAL", "0").env("CARGO_PROFILE_DEV_DEBUG", "none");
    cargo
}

/// Checks such a crate with `cargo check`: what the compiler says, and whether it is content.
///
/// # Panics
///
/// If cargo cannot be run.
#[must_use]
pub fn check(manifest: &Path, scratch: &Path) -> Finished {
    let mut check = for_made_crates(scratch);
    check.args(["check", "--offline", "--quiet", "--color", "never", "--manifest-path"]).arg(manifest);
    Finished::run(check, LIMIT)
}
