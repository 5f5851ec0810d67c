//! `xdrgen fmt`

mod comments;
mod difference;
#[cfg(test)]
mod every_place;
mod layout;
mod lines;
mod spacing;

use std::{
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

use clap::Args;

use super::output::{self, Outcome};
use crate::{Error, compile};

/// Format .x files in place. Comments, directives and % lines stay.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The .x files; `-` formats standard input to standard output.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Change nothing; end with 1 when a file would change, and name it.
    #[arg(long)]
    check: bool,
}

const EXAMPLES: &str = "\
Examples:
  xdrgen fmt proto/*.x
  xdrgen fmt --check proto/*.x     in CI
  xdrgen fmt - < calc.x            in an editor";

pub(super) fn run(arguments: Arguments) -> Outcome {
    arguments.files.iter().map(|file| one(file, arguments.check)).max().unwrap_or(Outcome::Well)
}

fn one(file: &Path, check: bool) -> Outcome {
    let from_input = file == Path::new("-");
    let read = if from_input {
        let mut bytes = Vec::new();
        io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        fs::read(file)
    };
    let bytes = match read {
        Ok(bytes) => bytes,
        Err(error) => return output::fail(&Error::io("read", file, error)),
    };
    let formatted = match format(&bytes) {
        Ok(formatted) => formatted,
        Err(fault) => {
            eprintln!("error: {}:{}: {}", file.display(), fault.line, fault.what);
            return Outcome::Wrong;
        }
    };
    if check {
        if formatted == bytes {
            return Outcome::Well;
        }
        return output::print(&format!("{}\n", file.display())).max(Outcome::Wrong);
    }
    if from_input {
        return output::print_bytes(&formatted);
    }
    if formatted != bytes
        && let Err(error) = compile::write(file, &formatted)
    {
        return output::fail(&error);
    }
    Outcome::Well
}

/// Why a file cannot be formatted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// From 1.
    line: usize,
    /// What is there.
    what: String,
}

/// Formats a file; bytes that are not UTF-8 keep the encoding that they have, line ends are what the first one is.
fn format(bytes: &[u8]) -> Result<Vec<u8>, Fault> {
    let (text, is_utf8) = match str::from_utf8(bytes) {
        Ok(text) => (text.to_owned(), true),
        Err(_) => (bytes.iter().map(|byte| char::from(*byte)).collect(), false),
    };
    let with_returns = text.find('\n').is_some_and(|at| text[..at].ends_with('\r'));
    let mut formatted = layout::format(&text.replace("\r\n", "\n"))?;
    if with_returns {
        formatted = formatted.replace('\n', "\r\n");
    }
    if is_utf8 {
        return Ok(formatted.into_bytes());
    }
    // Every character came from one byte.
    Ok(formatted.chars().filter_map(|char| u8::try_from(u32::from(char)).ok()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_stay() {
        let latin = b"/* caf\xe9 */\r\nconst   A=1;\r\n";
        assert_eq!(format(latin).as_deref(), Ok(&b"/* caf\xe9 */\r\nconst A = 1;\r\n"[..]));
        let utf8 = "/* café */\nconst A = 1;\n".as_bytes();
        assert_eq!(format(utf8).as_deref(), Ok(utf8));
    }
}
