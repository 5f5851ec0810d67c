//! What `#[derive(Xdr)]` accepts, and what it says of what it does not: `derive/good` compiles, each file of `derive/bad`
//! gives the errors in the `.stderr` beside it, all of them in one run.
//!
//! `TRYBUILD=overwrite cargo test -p onc-derive --test compile` rewrites the expected errors.

use std::env;
use std::process::Command;

/// What a debugger would read takes more disk than all else that is compiled for these tests.
const DEBUG: &str = "CARGO_PROFILE_DEV_DEBUG";

#[test]
fn good_uses_compile_and_bad_ones_are_explained() {
    if env::var(DEBUG).as_deref() != Ok("none") {
        // trybuild's cargo takes it from the environment, which a process with threads cannot change for itself.
        let mut again = Command::new(env::current_exe().expect("the path of the test"));
        again.args(["--exact", "good_uses_compile_and_bad_ones_are_explained", "--nocapture"]).env(DEBUG, "none");
        let output = again.output().expect("it runs");
        let (told, messages) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success() && told.contains("1 passed"), "{told}\n{messages}");
        return;
    }
    let cases = trybuild::TestCases::new();
    cases.pass("tests/derive/good/*.rs");
    cases.compile_fail("tests/derive/bad/*.rs");
}
