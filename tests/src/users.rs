//! Programs run as users who are not root.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::command;

/// The number of a user without rights.
pub const NOBODY: &str = "65534";

/// The command as this user, or as who we are; in a folder where everybody may be.
#[must_use]
pub fn as_user(user: Option<&str>, program: impl AsRef<OsStr>) -> Command {
    let mut run = match user {
        Some(id) => {
            let mut run = command("setpriv");
            run.args(["--reuid", id, "--regid", id, "--clear-groups"]).arg(program);
            run
        }
        None => command(program),
    };
    run.current_dir("/");
    run
}

/// A copy of a program, or the program itself if it is there already, that every user may go to and run: `/run` is the test's
/// own [inside](crate::namespace::inside).
///
/// # Panics
///
/// If it cannot be copied.
#[must_use]
pub fn for_everybody(program: impl AsRef<Path>) -> PathBuf {
    let program = program.as_ref();
    let copy = Path::new("/run").join(program.file_name().expect("a program has a name"));
    if program != copy {
        fs::copy(program, &copy).expect("copied");
    }
    // Whatever files are by default.
    fs::set_permissions(&copy, fs::Permissions::from_mode(0o755)).expect("it is ours");
    copy
}
