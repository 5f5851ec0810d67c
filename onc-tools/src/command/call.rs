//! `onc call`: any procedure of any server.

use clap::Args;
use serde_json::Value;

use crate::dynamic::{arguments_template, encode_arguments};

use super::dial::{Dial, Server, Which};
use super::input::{self, Source};
use super::{Failure, block_on, say};

/// Call a procedure of a server: arguments from JSON, result as JSON
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  onc call localhost calc.x ADD '{\"a\":2,\"b\":40}'
  onc call localhost calc.x ADD '[1,2]' '[3,4]'
  onc call server:2049 nfs3.x NFSPROC3_GETATTR @handle.json --time
  jq -c .[] calls.json | onc call localhost calc.x ADD -
  onc call - calc.x ADD --template

One argument: the JSON is that argument. Several: an object with their names, or an array in their order. None: leave it out.
A file and standard input may hold several JSON values one after the other, a call each. All are checked before the first call
is made.

Integers are numbers, or strings that keep all digits and may be hexadecimal; enums are the names of their members, or numbers;
opaque data is hexadecimal digits, {\"base64\": \"...\"} or {\"text\": \"...\"}; structs are objects, and so are unions, with their
discriminant and the field that goes with it: {\"status\": \"NFS3_OK\", \"resok\": {...}}. Arrays and linked lists are arrays. What
may be absent is null, or left out.

A result whose padding is not zero, whose text is not UTF-8 or that has bytes left over is printed, and the exit status is 1.")]
pub(super) struct Call {
    #[command(flatten)]
    dial: Dial,
    #[command(flatten)]
    source: Source,
    /// The procedure's name or number
    #[arg(value_name = "PROC")]
    procedure: String,
    /// The arguments of a call as JSON, @FILE, or - for standard input; a call for each
    #[arg(value_name = "JSON", allow_negative_numbers = true)]
    arguments: Vec<String>,
    /// As JSON
    #[arg(short = 'd', long = "data", value_name = "JSON", allow_negative_numbers = true)]
    data: Vec<String>,
    #[command(flatten)]
    which: Which,
    /// Say how long each call took
    #[arg(long)]
    time: bool,
    /// Print the JSON to fill in, and call nothing
    #[arg(long)]
    template: bool,
}

impl Call {
    pub(super) fn run(self) -> Result<(), Failure> {
        let model = self.source.model()?;
        let found = self.which.find(&model, &self.procedure)?;
        if self.template {
            return say(format_args!("{:#}\n", arguments_template(&model, found.procedure)));
        }
        let mut calls = Vec::new();
        for text in self.arguments.iter().chain(&self.data) {
            for document in input::json(text)? {
                let encoded = encode_arguments(&model, found.procedure, document.value());
                calls.push(encoded.map_err(|error| document.wrong(&error))?);
            }
        }
        if calls.is_empty() {
            calls.push(encode_arguments(&model, found.procedure, &Value::Null).map_err(Failure::usage)?);
        }
        block_on(async {
            let mut server = Server::new(self.dial, &model);
            for arguments in calls {
                server.call(found, arguments).await?.show(self.time)?;
            }
            Ok(())
        })
    }
}
