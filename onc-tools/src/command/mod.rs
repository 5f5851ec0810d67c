//! The subcommands of `onc`.

mod call;
mod codec;
mod completions;
mod describe;
mod dial;
mod info;
mod input;
mod man;
mod outcome;
mod ping;
mod place;
mod portmap;
mod repl;
mod trace;

use std::path::Path;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use self::outcome::{Failure, block_on, say};

/// ONC RPC at a terminal: look into port mappers, be one, call any procedure of any server, decode bytes and captures.
#[derive(Debug, Parser)]
#[command(name = "onc", version, propagate_version = true, arg_required_else_help = true, 
          after_help = format!("{EXAMPLES}\n\n{EXIT_STATUS}"))]
pub struct Onc {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  onc info nas                                     which programs the host nas has, and whether they answer
  onc call nas calc.x ADD '{\"a\":2,\"b\":40}'         one call, arguments and result as JSON
  onc list calc.x                                  the procedures of a file
  onc portmap --listen 127.0.0.1:1111 --no-socket  a port mapper for tests";

/// The end of `onc --help`, and a section of every manual page.
const EXIT_STATUS: &str = "\
Exit status: 0 done; 1 the peer says no or cannot be reached, or a file or the bytes that were read are wrong; 2 the call is
wrong: an option, a name that is nowhere, JSON that does not fit, a file that cannot be read.";

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
    Repl(repl::Repl),
    Trace(trace::Trace),
    Completions(completions::Completions),
    Man(man::Man),
}

/// Runs the command that this process was called as: `onc`, or `rpcinfo` through a link of that name.
#[must_use]
pub fn main() -> ExitCode {
    let called = std::env::args_os().next().unwrap_or_default();
    if Path::new(&called).file_stem().is_some_and(|name| name == "rpcinfo") {
        return info::Rpcinfo::main();
    }
    // Clap ends the process itself, with 2 when the call is wrong and with 0 after `--help`.
    Onc::parse().run()
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
            Command::Repl(repl) => repl.run(),
            Command::Trace(trace) => trace.run(),
            Command::Completions(completions) => completions.run(),
            Command::Man(man) => man.run(),
        };
        done.map_or_else(|failure| failure.end("onc"), |()| ExitCode::SUCCESS)
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn arguments_are_consistent() {
        Onc::command().debug_assert();
    }

    #[test]
    fn every_subcommand_has_examples() {
        for subcommand in Onc::command().get_subcommands() {
            let name = subcommand.get_name();
            let help = subcommand.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(
                help.contains(&format!("onc {name} ")) || help.contains(&format!("onc {name}\n")),
                "{name}: {help}"
            );
        }
    }
}
