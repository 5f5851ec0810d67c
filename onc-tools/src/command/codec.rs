//! `onc encode` and `onc decode`: values to bytes and back.

use std::fmt::Write as _;

use clap::Args;
use xdrgen::model::Shape;

use crate::dynamic::{decode, encode, find_type};
use crate::terminal::Json;

use super::input::{self, Source};
use super::outcome::say_bytes;
use super::{Failure, say};

/// Encode JSON as a type of a .x file, to standard output
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  onc encode nfs3.x diropargs3 '{\"dir\":{\"data\":\"00\"},\"name\":\"motd\"}' | xxd
  onc encode nfs3.x filename3 '\"motd\"' --hex
  onc encode nfs3.x diropargs3 @value.json > value.xdr")]
pub(super) struct Encode {
    #[command(flatten)]
    source: Source,
    /// The type
    #[arg(value_name = "TYPE")]
    name: String,
    /// The value as JSON, @FILE, or - for standard input
    #[arg(value_name = "JSON", default_value = "-", allow_negative_numbers = true)]
    value: String,
    /// Print hexadecimal digits instead of bytes
    #[arg(long)]
    hex: bool,
}

/// Decode bytes of standard input as a type of a .x file, to JSON
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  echo 00000004 6d6f7464 | onc decode --hex nfs3.x filename3
  onc decode nfs3.x diropargs3 < value.xdr

What strict decoders refuse although the value can be made out, padding that is not zero, text that is not UTF-8 and bytes left
over, is told after the value, and the exit status is 1.")]
pub(super) struct Decode {
    #[command(flatten)]
    source: Source,
    /// The type
    #[arg(value_name = "TYPE")]
    name: String,
    /// Standard input is hexadecimal digits instead of bytes
    #[arg(long)]
    hex: bool,
}

impl Encode {
    pub(super) fn run(self) -> Result<(), Failure> {
        let model = self.source.model()?;
        let (id, _) = find_type(&model, &self.name).map_err(Failure::usage)?;
        let mut bytes = Vec::new();
        for document in input::json(&self.value)? {
            encode(&model, &Shape::Named(id), document.value(), &mut bytes).map_err(|error| document.wrong(&error))?;
        }
        if !self.hex {
            return say_bytes(&bytes);
        }
        let mut text = String::new();
        for word in bytes.chunks(4) {
            word.iter().try_for_each(|byte| write!(text, "{byte:02x}"))?;
            text.push(' ');
        }
        say(format_args!("{}\n", text.trim_end()))
    }
}

impl Decode {
    pub(super) fn run(self) -> Result<(), Failure> {
        let model = self.source.model()?;
        let (id, _) = find_type(&model, &self.name).map_err(Failure::usage)?;
        let decoded = decode(&model, &Shape::Named(id), &input::bytes(self.hex)?)?;
        say(format_args!("{:#}\n", Json(&decoded.value)))?;
        decoded.flaw.map_or(Ok(()), |flaw| Err(flaw.into()))
    }
}
