//! What `#[derive(Xdr)]` accepts, and what it says of what it does not: `derive/good` compiles, each file of `derive/bad`
//! gives the errors in the `.stderr` beside it, all of them in one run.
//!
//! `TRYBUILD=overwrite cargo test --test derive_compile` rewrites the expected errors.

#[test]
fn good_uses_compile_and_bad_ones_are_explained() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/derive/good/*.rs");
    cases.compile_fail("tests/derive/bad/*.rs");
}
