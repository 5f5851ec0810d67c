//! A file as it was read: its text, its tokens, its definitions.

use std::path::PathBuf;

use crate::{preprocess::Preprocessed, source::SourceMap};

use super::File;

/// A file as it is written: what tools look at that do not generate.
#[derive(Debug)]
pub(crate) struct Parsed {
    /// The files read.
    pub(crate) sources: SourceMap,
    /// What the preprocessor left, with comments and `%` lines.
    pub(crate) preprocessed: Preprocessed,
    /// The definitions.
    pub(crate) file: File,
    /// Paths of the files read, the first one first.
    pub(crate) paths: Vec<PathBuf>,
}
