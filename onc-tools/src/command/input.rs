//! What commands read: `.x` files, JSON, bytes.

use std::fs;
use std::io::{self, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use clap::Args;
use onc_runtime::xdr::Hex;
use serde_json::Value;
use xdrgen::model::Model;

use crate::dynamic::{ValueError, position};

use super::Failure;

/// A `.x` file.
#[derive(Args, Debug)]
pub(super) struct Source {
    /// The protocol, a .x file
    #[arg(value_name = "FILE.x")]
    file: PathBuf,
    #[command(flatten)]
    preprocessor: Preprocessor,
}

/// How `.x` files are read.
#[derive(Args, Debug)]
pub(super) struct Preprocessor {
    /// Folder to look for included files in; may be given several times
    #[arg(short = 'I', long = "include", value_name = "FOLDER")]
    include: Vec<PathBuf>,
    /// Symbol to define for the preprocessor; may be given several times
    #[arg(short = 'D', long = "define", value_name = "NAME[=TEXT]")]
    define: Vec<String>,
}

impl Source {
    /// The model of the file.
    pub(super) fn model(&self) -> Result<Model, Failure> {
        self.preprocessor.model(&self.file)
    }

    pub(super) fn path(&self) -> &Path {
        &self.file
    }
}

impl Preprocessor {
    /// The model of a file.
    pub(super) fn model(&self, file: &Path) -> Result<Model, Failure> {
        let mut config = xdrgen::configure();
        for folder in &self.include {
            config = config.include_path(folder);
        }
        for define in &self.define {
            config = config.define(define);
        }
        xdrgen::load(&config, file).map_err(|error| Failure::source(&error))
    }
}

/// A JSON value, and where it was read.
pub(super) struct Document {
    value: Value,
    /// All that was read before, and the value's own text.
    text: Rc<str>,
    /// Where in `text` the value begins and ends.
    range: Range<usize>,
    from: Rc<str>,
}

impl Document {
    /// The values in a text, one after the other, one at least.
    pub(super) fn all(text: &str, from: &str) -> Result<Vec<Self>, Failure> {
        let (text, from): (Rc<str>, Rc<str>) = (text.into(), from.into());
        let mut documents = Vec::new();
        let mut values = serde_json::Deserializer::from_str(&text).into_iter();
        let mut begin = 0;
        while let Some(value) = values.next() {
            let value = value.map_err(|error| Failure::usage(format!("the JSON of {from} is wrong: {error}")))?;
            let end = values.byte_offset();
            documents.push(Self { value, text: Rc::clone(&text), range: begin..end, from: Rc::clone(&from) });
            begin = end;
        }
        if documents.is_empty() {
            return Err(Failure::usage(format!("there is no JSON in {from}")));
        }
        Ok(documents)
    }

    pub(super) fn value(&self) -> &Value {
        &self.value
    }

    /// The value does not fit: says where in the text.
    pub(super) fn wrong(&self, error: &ValueError) -> Failure {
        let (line, column) = position(&self.text, self.range.clone(), error.path());
        Failure::usage(format!("{error} (line {line}, column {column} of {})", self.from))
    }
}

/// JSON from the command line: itself, `@FILE`, or `-` or `@-` for standard input. One value, or several one after the other.
pub(super) fn json(text: &str) -> Result<Vec<Document>, Failure> {
    let (bytes, from) = match text.strip_prefix('@') {
        Some(path) if path != "-" => {
            let bytes = fs::read(path);
            (bytes.map_err(|error| Failure::usage(format!("cannot read {path}: {error}")))?, path)
        }
        None if text != "-" => return Document::all(text, "the command line"),
        _ => {
            let mut bytes = Vec::new();
            io::stdin().read_to_end(&mut bytes)?;
            (bytes, "standard input")
        }
    };
    let text = String::from_utf8(bytes)
        .map_err(|error| Failure::usage(format!("the JSON of {from} is wrong: it is not UTF-8: {error}")))?;
    // Some editors begin a file with it.
    Document::all(text.strip_prefix('\u{feff}').unwrap_or(&text), from)
}

/// A span of time in seconds, as in `0.5`.
pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.filter(|span| !span.is_zero()).ok_or_else(|| "a number of seconds above 0 is needed, as in 0.5".into())
}

/// Bytes from standard input: as they are, or as hexadecimal digits with or without blanks.
pub(super) fn bytes(hex: bool) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    io::stdin().read_to_end(&mut bytes)?;
    if !hex {
        return Ok(bytes);
    }
    let text = String::from_utf8(bytes)?;
    let digits: String = text.split_whitespace().collect();
    Hex::parse(&digits).ok_or_else(|| {
        let message = match digits.chars().all(|digit| digit.is_ascii_hexdigit()) {
            true => "standard input holds half a byte: the number of hexadecimal digits is odd",
            false => "standard input holds more than hexadecimal digits and blanks",
        };
        Failure::new(message)
    })
}
