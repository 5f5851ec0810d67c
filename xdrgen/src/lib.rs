//! Compiles rpcgen's `.x` files to Rust: types, clients and servers for [ONC RPC](https://www.rfc-editor.org/rfc/rfc5531).
//!
//! Nothing but Rust is needed: no rpcgen, no C preprocessor. In `build.rs`:
//!
//! ```no_run
//! fn main() -> Result<(), xdrgen::Error> {
//!     xdrgen::compile("proto/calc.x")
//! }
//! ```
//!
//! and in the crate, which depends on `onc-runtime`:
//!
//! ```ignore
//! pub mod calc {
//!     onc_runtime::include_xdr!("calc");
//! }
//! ```
//!
//! [`configure`] is for those who want more. The command `xdrgen` does the same without a build script, and also checks, formats and
//! compares `.x` files. It needs the feature `command`, which is on by default; build scripts do without it:
//!
//! ```toml
//! [build-dependencies]
//! xdrgen = { version = "0.1", default-features = false }
//! ```
//!
//! # What becomes of what
//!
//! | `.x` | Rust |
//! |---|---|
//! | `int`, `unsigned hyper`, `bool`, `double`, … | `i32`, `u64`, `bool`, `f64`, … |
//! | `string<255>` | `String`, with `#[xdr(max = 255)]` |
//! | `opaque<>`, `opaque[16]` | `Bytes`, `[u8; 16]` |
//! | `item<10>`, `item[10]`, `item *` | `Vec<Item>`, `[Item; 10]`, `Option<Item>` |
//! | `struct` | a struct |
//! | `struct node { …; node *next; }` | a struct without `next`; a pointer to one is a `Vec<Node>` |
//! | another type that contains itself | `Box` where it has to be |
//! | `enum` | an enum; with [`Choice::Open`] a number with named values |
//! | `union` | an enum with data; several labels and `default` keep the discriminant |
//! | `typedef` | a type alias; its bound is at every use |
//! | `const` | a `u32`, or another integer where that is too small; it may be the number of a program, a version or a procedure |
//! | `int<> LIST(void)`, `int LIST<>(void)`, `item *FIND(int)` | what the procedure returns, as of a field |
//! | `version` | a trait to implement, a `…Server` that answers calls with it, a `…Client` that calls |
//! | `namespace` | a module |
//! | comments | documentation, see below |
//!
//! `Debug` shows opaque data in hexadecimal, and long data shortened. A union with one arm of data converts to and from `Result`, or
//! `Option` when it is switched on a bool.
//!
//! # Comments
//!
//! A comment documents what it stands right before, without an empty line between, or what it follows on the same line:
//! `int x; /* of x */ int y;`. Behind the bracket that opens a body it is about the whole, unless something follows it on that line:
//! `{ /* of x */ int x; }`. Before a `;` or a `,` it is as if behind. Comments that follow and go on below, at the same column,
//! are one. What is apart at the head of the file is the module's.
//!
//! Left out are comments that nothing to document is beside: between two empty lines, at the end of a body, behind the end of a body
//! of several lines (`}; /* struct a */`), and within a declaration (`int /* signed */ x;`), parameters of procedures included,
//! which Rust has no documentation for. `xdrgen fmt` loses no comment, and changes nothing of what they document.
//!
//! # Names
//!
//! Names get Rust's case. A word ends at `_`, before a capital after a small letter, before the last of several capitals when a
//! small letter follows, and (except in fields, parameters, methods and constants) after digits: `LOOKUP3args` is `Lookup3Args`, `nfs_fh3`
//! is `NfsFh3`, `nextCookie` is `next_cookie`. The file's own name is a doc alias, so that rustdoc's search finds it.
//!
//! - **Members of an enum** lose the leading words that all of them share, unless nothing or a digit would be left of one: `NFS3_OK`
//!   of `nfsstat3` is `Nfsstat3::Ok`. A member of the same value as an earlier one is an associated constant.
//! - **Procedures** lose the leading words that name their program, when all procedures of the version have them:
//!   `NFSPROC3_READ` of `NFS_PROGRAM` is `read`, `REMOTE_PROC_OPEN` of `REMOTE_PROGRAM` is `open`.
//! - **Variants of a union** are called as their label; as their field when the label is a number or there are several;
//!   `Case5` when there is neither. `default` is `Other`.
//! - **Parameters** without a name are `arg`, or `a`, `b`, `c` when there are several; `_1`, a name without a letter, is `arg_1`.
//! - **Anonymous bodies** are called as what they are in and their field, joined.
//! - **Keywords** are raw identifiers (`r#type`); `self`, `Self`, `super` and `crate`, which cannot be, get a `_`. So do procedures
//!   that are called as a method that every client has: `new`, `connect`, `connect_to`, `from_client`, `clone`. What would begin
//!   with a digit begins with `_`. With [`Config::serde`], types and namespaces called as Rust's own types (`u64`, `str`) get a `_`, too:
//!   serde's derives would mean those.
//! - **Names of the prelude** (`Option`, `String`, …) stay: the generated code then says `::core::option::Option` where it means that.
//! - **Names that fall together**: who is spelled in Rust's way already keeps the name, then who comes first; the others
//!   get a number, from 2: `Foo`, `Foo2`. A version whose trait, server, client or module would clash with a type gets its
//!   program's name before its own. The constant with the number of a program or version is left out when there is one of
//!   that name. A parameter called as a constant gets a number, too, as a constant does that is called as a variable of the generated
//!   code (`value`, with [`Config::keep_names`]): in Rust it would be a pattern.
//!
//! With [`Config::keep_names`] names stay as they are, and only the last four rules hold.

// The command shows what build scripts do not ask for: JSON, trees, positions.
#![cfg_attr(not(feature = "command"), allow(dead_code))]

mod ast;
mod check;
#[cfg(feature = "command")]
#[doc(hidden)]
pub mod command;
mod compile;
mod config;
mod diagnostics;
mod error;
mod front;
mod generate;
mod grammar;
mod literal;
// For onc-tools, which encodes and decodes by it at run time. Not a stable interface.
#[doc(hidden)]
pub mod model;
mod options;
mod preprocess;
mod source;
mod suggest;

pub use self::config::{Choice, Config, Includes};
pub use self::error::Error;
pub use self::generate::Services;
pub use self::model::Integer;

use std::path::Path;

/// Compiles a `.x` file in a build script: `proto/calc.x` to `calc.rs` in cargo's `OUT_DIR`, where
/// `onc_runtime::include_xdr!("calc")` finds it.
///
/// # Errors
///
/// The file cannot be read or holds errors, or `OUT_DIR` cannot be written to. The error's `Debug` is as readable as its `Display`:
/// a build script whose `main` returns it shows the marked source text.
pub fn compile(path: impl AsRef<Path>) -> Result<(), Error> {
    configure().compile([path])
}

/// Says how to compile, before [`Config::compile`].
pub fn configure() -> Config {
    Config::default()
}

/// The model of a file, for onc-tools. Not a stable interface.
///
/// # Errors
///
/// As [`Config::compile`].
#[doc(hidden)]
pub fn load(config: &Config, path: &Path) -> Result<model::Model, Error> {
    front::load(path, &config.options).map(|loaded| loaded.model)
}

/// What is noticed in a file, or in `text` in its place: for tests, no part of the interface.
///
/// # Errors
///
/// As [`Config::compile_str`](Config::compile_str).
#[doc(hidden)]
pub fn inspect(config: &Config, path: &Path, text: Option<&str>) -> Result<String, Error> {
    let loaded = match text {
        Some(text) => front::load_source(path, text, &config.options)?,
        None => front::load(path, &config.options)?,
    };
    Ok(loaded.warnings.render(false))
}
