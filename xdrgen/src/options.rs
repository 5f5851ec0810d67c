//! What the front is told beside the file: where to look, what is defined, what is special.
//!
//! The builder in `config` fills this in; nothing here is public.

use std::{collections::BTreeMap, path::PathBuf};

use crate::model::Integer;

/// Everything that changes how a `.x` file is read.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Options {
    /// Folders to look in for `#include`, after the folder of the file that has it.
    pub(crate) include_paths: Vec<PathBuf>,
    /// `-D NAME` and `-D NAME=TEXT`, in order. `None`: defined as `1`, as `cpp` does.
    pub(crate) defines: Vec<(String, Option<String>)>,
    /// What becomes of an included `.x` file.
    pub(crate) includes: IncludeMode,
    /// Types that no `.x` file defines: name in the file (`ns::name` within a namespace), Rust path.
    pub(crate) extern_types: BTreeMap<String, String>,
    /// Symbols that become cfg features: `#ifdef NAME` is then neither true nor false, but marks what it holds.
    pub(crate) features: Vec<String>,
    /// What is said of an item by its path in the file.
    ///
    /// A path is names joined by dots: `fattr3`, `fattr3.size`, `filename3`, `CALC_PROG.CALC_V1.ADD`, a namespace
    /// before it as `stellar::Price.n`. `*` means everything. Several entries that fit add up.
    pub(crate) paths: Vec<(String, PathOptions)>,
}

/// What becomes of an included `.x` file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum IncludeMode {
    /// Its definitions are generated as if they stood in the including file.
    #[default]
    Inline,
    /// It is compiled on its own; this file's code refers to the module of its name beside it.
    Use,
}

/// Wishes for one path.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct PathOptions {
    /// An enum keeps values that it does not know.
    pub(crate) open: bool,
    /// Strings are handed over as bytes: of the field, or of everything within the type.
    pub(crate) bytes: bool,
    /// The field is a `Box`.
    pub(crate) boxed: bool,
    /// The procedure may be sent again after a lost connection.
    pub(crate) idempotent: bool,
    /// Attributes to put before the type or the field, as Rust source.
    pub(crate) attributes: Vec<String>,
    /// The integer to use in place of the declared one, of the same size on the wire.
    pub(crate) integer: Option<Integer>,
}
