//! The subcommands of `onc`.
//!
//! Exit status: 0, it went well; 1, the server refused or could not be reached, or the data is wrong; 2, the command line is
//! wrong.

mod call;
mod codec;
mod describe;
mod input;

use std::fmt;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// ONC RPC at a terminal: call any procedure of any server, look into `.x` files, decode bytes.
#[derive(Debug, Parser)]
#[command(name = "onc", version, propagate_version = true, arg_required_else_help = true)]
pub struct Onc {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Call(call::Call),
    List(describe::List),
    Describe(describe::Describe),
    Encode(codec::Encode),
    Decode(codec::Decode),
}

/// Why a command failed, as the user reads it.
#[derive(Debug)]
pub struct Failure(String);

impl Failure {
    fn new(message: impl fmt::Display) -> Self {
        Self(message.to_string())
    }
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

impl Onc {
    /// Runs the command and says how it went.
    #[must_use]
    pub fn run(self) -> ExitCode {
        let done = match self.command {
            Command::Call(call) => call.run(),
            Command::List(list) => list.run(),
            Command::Describe(describe) => describe.run(),
            Command::Encode(encode) => encode.run(),
            Command::Decode(decode) => decode.run(),
        };
        match done {
            Ok(()) => ExitCode::SUCCESS,
            Err(Failure(message)) => {
                eprintln!("onc: {message}");
                ExitCode::FAILURE
            }
        }
    }
}
