//! Trying the compiler on folders full of real `.x` files.
//!
//! Types and constants that a file takes from C headers are supplied: a foreign type is a number, a foreign constant another
//! number each time, so that everything else of the file is tried. A file that it includes and that is not there is supplied
//! with nothing in it, which makes its types foreign.

mod compile;
mod generate;
mod peer;
mod table;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

pub use self::compile::Compiled;
pub use self::generate::Generated;
pub use self::peer::rpcgen;
pub use self::table::print;

/// What came of one file.
#[derive(Debug)]
pub struct Outcome {
    /// The file, below the folder that was asked for.
    pub file: PathBuf,
    /// What the compiler made of it.
    pub generated: Generated,
    /// Whether its Rust compiles; `None`: there is none.
    pub compiled: Option<Compiled>,
    /// Whether rpcgen accepts it; `None`: there is no rpcgen here.
    pub rpcgen: Option<bool>,
}

/// Tries every `.x` file below `folder`; the crate that their Rust is compiled in is made in `scratch`.
///
/// # Errors
///
/// A folder or file cannot be read or written, or cargo cannot be run.
pub fn run(folder: &Path, scratch: &Path) -> io::Result<Vec<Outcome>> {
    let mut files = Vec::new();
    find(folder, &mut files)?;
    files.sort();
    let mut outcomes = Vec::new();
    for (at, file) in files.into_iter().enumerate() {
        let generated = generate::generate(&file, at, scratch)?;
        let rpcgen = peer::rpcgen(&file);
        let file = file.strip_prefix(folder).map(Path::to_owned).unwrap_or(file);
        outcomes.push(Outcome { file, generated, compiled: None, rpcgen });
    }
    compile::compile(&mut outcomes, scratch)?;
    Ok(outcomes)
}

fn find(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            find(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "x") {
            files.push(path);
        }
    }
    Ok(())
}
