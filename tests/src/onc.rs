//! The command `onc`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::cargo::{build, workspace};
use crate::namespace;
use crate::process::command;

/// The command, with these arguments.
///
/// # Panics
///
/// If the program cannot be built.
#[must_use]
pub fn onc(arguments: &[&str]) -> Command {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    let mut onc = command(PROGRAM.get_or_init(|| build(&["-p", "onc-tools", "--bin", "onc"])));
    onc.args(arguments).current_dir(Path::new("/"));
    onc
}

/// As [`namespace::inside`], with the program built before: that may take longer than a test.
///
/// # Panics
///
/// As that, or if the program cannot be built.
pub fn inside<F: FnOnce()>(body: F) {
    let _ = onc(&[]);
    namespace::inside(body);
}

/// The path of everything.x, as an argument.
///
/// # Panics
///
/// If the path of the workspace is not UTF-8.
#[must_use]
pub fn everything_x() -> String {
    workspace().join("tests/x/everything.x").into_os_string().into_string().expect("UTF-8")
}
