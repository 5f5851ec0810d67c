//! The subcommands of `onc`.
//!
//! Exit status: 0, it went well; 1, the server refused or could not be reached, or the data is wrong; 2, the command line is
//! wrong.

mod call;
mod codec;
mod describe;
mod info;
mod input;
mod ping;
mod place;
mod portmap;

use std::fmt;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// ONC RPC at a terminal: look into port mappers, be one, call any procedure of any server, decode bytes.
#[derive(Debug, Parser)]
#[command(name = "onc", version, propagate_version = true, arg_required_else_help = true)]
pub struct Onc {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Info(info::Info),
    Ping(ping::Ping),
    Portmap(portmap::Portmap),
    Call(call::Call),
    List(describe::List),
    Describe(describe::Describe),
    Encode(codec::Encode),
    Decode(codec::Decode),
}

/// Why a command failed, as the user reads it.
#[derive(Debug)]
pub struct Failure {
    /// `None`: what was printed says it already.
    message: Option<String>,
    status: u8,
}

impl Failure {
    fn new(message: impl fmt::Display) -> Self {
        Self { message: Some(message.to_string()), status: 1 }
    }

    /// What was printed says it already.
    fn said() -> Self {
        Self { message: None, status: 1 }
    }

    /// The command line is wrong, in a way that its definition does not see.
    fn usage(message: impl fmt::Display) -> Self {
        Self { status: 2, ..Self::new(message) }
    }

    /// Tells it, under the name that the command was called by.
    fn end(self, name: &str) -> ExitCode {
        if let Some(message) = self.message {
            eprintln!("{name}: {message}");
        }
        ExitCode::from(self.status)
    }
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::new(error)
    }
}

/// Runs the command that this process was called as: `onc`, or `rpcinfo` through a link of that name.
#[must_use]
pub fn main() -> ExitCode {
    let called = std::env::args_os().next().unwrap_or_default();
    if Path::new(&called).file_stem().is_some_and(|name| name == "rpcinfo") {
        return info::Rpcinfo::parse().run().map_or_else(|failure| failure.end("rpcinfo"), |()| ExitCode::SUCCESS);
    }
    Onc::parse().run()
}

/// Prints to standard output. Whoever has stopped reading it, as `head` does, ends the command without a word.
fn say(text: impl fmt::Display) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match write!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Err(Failure { message: None, status: 0 }),
        outcome => Ok(outcome?),
    }
}

/// Waits for the end of a command, on this thread.
fn block_on(command: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(command)
}

impl Onc {
    /// Runs the command and says how it went.
    #[must_use]
    pub fn run(self) -> ExitCode {
        let done = match self.command {
            Command::Info(info) => info.run(),
            Command::Ping(ping) => ping.run(),
            Command::Portmap(portmap) => portmap.run(),
            Command::Call(call) => call.run(),
            Command::List(list) => list.run(),
            Command::Describe(describe) => describe.run(),
            Command::Encode(encode) => encode.run(),
            Command::Decode(decode) => decode.run(),
        };
        done.map_or_else(|failure| failure.end("onc"), |()| ExitCode::SUCCESS)
    }
}
