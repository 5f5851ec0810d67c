//! From a `.x` file to Rust, with what it lacks supplied.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Component, Path};

/// What the compiler made of a file.
#[derive(Debug)]
pub enum Generated {
    /// Rust.
    Rust {
        /// Its text.
        text: String,
        /// Foreign types that were supplied, by their names in the file.
        types: BTreeSet<String>,
        /// How many foreign constants were supplied.
        constants: usize,
        /// How many included `.x` files were supplied, with nothing in them.
        files: usize,
    },
    /// It was refused.
    Refused {
        /// The whole message.
        message: String,
    },
}

/// How often what is missing is supplied: files first, then types, constants, those that only then come to light.
const ROUNDS: usize = 8;

/// What the first foreign constant is: more than what the file itself is likely to number its cases with.
const FIRST_CONSTANT: usize = 1001;

/// Generates Rust from `file`, by way of `scratch`; `at` numbers it, for the paths of the types that are supplied.
pub(super) fn generate(file: &Path, at: usize, scratch: &Path) -> io::Result<Generated> {
    let folder = scratch.join(format!("generated/{at}"));
    let includes = folder.join("included");
    fs::create_dir_all(&includes)?;
    let mut files: BTreeSet<String> = BTreeSet::new();
    let (mut types, mut constants): (BTreeSet<String>, BTreeSet<String>) = Default::default();
    let mut message = String::new();
    for _ in 0..ROUNDS {
        let mut config = xdrgen::configure().out_dir(&folder).include_path(&includes);
        for name in &types {
            config = config.extern_type(name, format!("crate::foreign_{at}::{}", identifier(name)));
        }
        for (number, name) in constants.iter().enumerate() {
            config = config.define(format!("{name}={}", FIRST_CONSTANT + number));
        }
        match config.compile([file]) {
            Ok(()) => {
                let name = file.with_extension("rs");
                let text = fs::read_to_string(folder.join(name.file_name().unwrap_or_default()))?;
                return Ok(Generated::Rust { text, types, constants: constants.len(), files: files.len() });
            }
            Err(error) => message = error.to_string(),
        }
        let known = types.len() + constants.len() + files.len();
        for name in missing_files(&message) {
            supply(&includes, &name)?;
            files.insert(name);
        }
        types.extend(advised(&message, ".extern_type(\"", '"'));
        constants.extend(advised(&message, ".define(\"", '='));
        if types.len() + constants.len() + files.len() == known {
            break;
        }
    }
    Ok(Generated::Refused { message })
}

/// The names in the lines that an error advises to add.
fn advised(message: &str, start: &str, end: char) -> Vec<String> {
    let names =
        message.lines().filter_map(|line| line.trim_start_matches(['=', ' ']).strip_prefix(start)?.split(end).next());
    names.map(ToOwned::to_owned).collect()
}

/// The `.x` files that an error says are not there.
fn missing_files(message: &str) -> Vec<String> {
    let names = message.lines().filter_map(|line| line.strip_prefix("error[missing-include]: there is no file "));
    names.map(ToOwned::to_owned).collect()
}

/// Puts an empty file `name` into `folder`, unless it would be outside.
fn supply(folder: &Path, name: &str) -> io::Result<()> {
    let inside = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
    if !inside {
        return Ok(());
    }
    let path = folder.join(name);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(path, "")
}

/// A Rust name for a foreign type.
pub(super) fn identifier(name: &str) -> String {
    let clean: String = name.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' }).collect();
    format!("T_{clean}")
}
