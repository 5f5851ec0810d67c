//! What to do when a foreign peer is not on this machine: say so, or fail where everything has to be there.

use std::env;
use std::io::{self, Write as _};
use std::path::PathBuf;

/// Says on standard error that the running test leaves something out, and why.
///
/// The line goes past the test harness, which shows what a test prints only when it fails.
///
/// # Panics
///
/// If the environment variable `CI` is `true`: there nothing may be left out.
pub fn leave_out(what: &str) {
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    assert!(env::var("CI").as_deref() != Ok("true"), "{test} cannot run: {what}");
    // Nothing can be done about a closed standard error.
    let _ = writeln!(io::stderr(), "LEFT OUT {test}: {what}");
}

/// Where a program is, also when it is in a system directory that the search path of ordinary users lacks.
#[must_use]
pub fn find_program(name: &str) -> Option<PathBuf> {
    env::split_paths(&search_path()).map(|directory| directory.join(name)).find(|path| path.is_file())
}

/// The search path and the system's directories.
#[must_use]
pub fn search_path() -> std::ffi::OsString {
    let own = env::var_os("PATH").unwrap_or_default();
    let system = ["/usr/sbin", "/sbin", "/usr/bin", "/bin"].map(PathBuf::from);
    let directories: Vec<PathBuf> = env::split_paths(&own).chain(system).collect();
    // A directory that came from a search path can go back into one.
    env::join_paths(directories).unwrap_or(own)
}

/// Of these programs the ones that are not on this machine, ready for [`leave_out`].
///
/// # Errors
///
/// What is missing, and how to get it.
pub fn need_programs(names: &[&str]) -> Result<(), String> {
    let missing: Vec<&str> = names.iter().copied().filter(|name| find_program(name).is_none()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(format!("{} not installed (on Debian and Ubuntu, tests/run installs what the tests need)", missing.join(", ")))
}
