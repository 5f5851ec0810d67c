//! All the Rust in one crate, compiled.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::Outcome;
use super::generate::{Generated, identifier};
use crate::cargo::for_made_crates;

/// Whether the Rust of a file compiles.
#[derive(Debug)]
pub enum Compiled {
    /// It does, without a warning.
    Yes,
    /// It does not; the first message.
    No(String),
}

/// Compiles the Rust of all files in one crate, and notes of each whether it does. A module with errors hides those of later
/// passes in others, so it is taken out and the rest compiled again.
pub(super) fn compile(outcomes: &mut [Outcome], scratch: &Path) -> io::Result<()> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    fs::create_dir_all(scratch.join("src"))?;
    fs::write(scratch.join("Cargo.toml"), manifest(workspace))?;
    fs::copy(workspace.join("Cargo.lock"), scratch.join("Cargo.lock"))?;
    let mut left: BTreeSet<usize> = BTreeSet::new();
    for (at, outcome) in outcomes.iter().enumerate() {
        if let Generated::Rust { text, types, .. } = &outcome.generated {
            fs::write(scratch.join(format!("src/file_{at}.rs")), text)?;
            fs::write(scratch.join(format!("src/foreign_{at}.rs")), foreign(types))?;
            left.insert(at);
        }
    }
    while !left.is_empty() {
        fs::write(scratch.join("src/lib.rs"), library(&left))?;
        let errors = check(scratch)?;
        if errors.is_empty() {
            break;
        }
        for (at, message) in errors {
            left.remove(&at);
            outcomes[at].compiled = Some(Compiled::No(message));
        }
    }
    for at in left {
        outcomes[at].compiled = Some(Compiled::Yes);
    }
    Ok(())
}

fn manifest(workspace: &Path) -> String {
    format!(
        "[package]\nname = \"corpus\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n\
         onc-runtime = {{ path = {:?} }}\n",
        workspace.join("onc-runtime")
    )
}

/// Each file in a module of its own, with what a strict user forbids.
fn library(left: &BTreeSet<usize>) -> String {
    let mut text = String::from("//! Everything that was generated.\n#![deny(warnings, missing_docs)]\n");
    for at in left {
        writeln!(
            text,
            "#[doc = \"of file {at}\"] pub mod file_{at};\n#[doc = \"for file {at}\"] #[allow(missing_docs, \
             non_camel_case_types)] pub mod foreign_{at};"
        )
        .expect("a String takes everything");
    }
    text
}

/// Stand-ins for types that C headers define.
fn foreign(types: &BTreeSet<String>) -> String {
    let mut text = String::new();
    for name in types {
        writeln!(
            text,
            "#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, onc_runtime::Xdr)]\npub struct \
             {}(pub i32);",
            identifier(name)
        )
        .expect("a String takes everything");
    }
    text
}

/// Runs `cargo check`; the first error of each file that has one.
fn check(scratch: &Path) -> io::Result<BTreeMap<usize, String>> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| scratch.to_owned(), PathBuf::from);
    let output = for_made_crates(&target)
        .args(["check", "--quiet", "--offline", "--message-format=json"])
        .current_dir(scratch)
        .output()?;
    let mut errors = BTreeMap::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let Ok(Value::Object(entry)) = serde_json::from_str(line) else { continue };
        let Some(message) = entry.get("message").filter(|message| message["level"] == "error") else { continue };
        let rendered = message["rendered"].as_str().unwrap_or_default().to_owned();
        let file =
            message["spans"].as_array().into_iter().flatten().find_map(|span| {
                span["file_name"].as_str()?.strip_prefix("src/file_")?.strip_suffix(".rs")?.parse().ok()
            });
        if let Some(at) = file {
            errors.entry(at).or_insert(rendered);
        }
    }
    if errors.is_empty() && !output.status.success() {
        return Err(io::Error::other(format!("cargo check failed: {}", String::from_utf8_lossy(&output.stderr))));
    }
    Ok(errors)
}
