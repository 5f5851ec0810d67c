//! The `xdrgen` command.

mod arguments;
mod ast;
mod breaking;
mod check;
mod fmt;
mod generate;
mod new;
mod output;
mod rpcgen;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use self::output::Outcome;

/// Compiles, checks, formats and compares rpcgen's .x files.
#[derive(Debug, Parser)]
#[command(name = "xdrgen", version, about, after_help = EXAMPLES, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  xdrgen generate proto/calc.x -o src/generated    write src/generated/calc.rs
  xdrgen check proto/*.x                           errors, and what is probably not meant
  xdrgen fmt proto/*.x                             format in place
  xdrgen breaking origin/main proto/calc.x         what changes on the wire, and in the Rust
  xdrgen new calc                                  a crate with a .x file, a server and a client
  xdrgen completions bash > ~/.local/share/bash-completion/completions/xdrgen

Exit status: 0 all is well, 1 a .x file is wrong, 2 the call is wrong.";

#[derive(Debug, Subcommand)]
enum Command {
    Generate(generate::Arguments),
    Check(check::Arguments),
    Fmt(fmt::Arguments),
    Breaking(breaking::Arguments),
    Ast(ast::Arguments),
    New(new::Arguments),
    /// Print a completion script for a shell.
    Completions {
        /// Which one.
        shell: clap_complete::Shell,
    },
}

/// Runs the command with the arguments of this process.
pub fn main() -> ExitCode {
    // Clap ends the process itself, with 2 when the call is wrong and with 0 after `--help`.
    let outcome = match Arguments::parse().command {
        Command::Generate(arguments) => generate::run(arguments),
        Command::Check(arguments) => check::run(arguments),
        Command::Fmt(arguments) => fmt::run(arguments),
        Command::Breaking(arguments) => return breaking::run(arguments),
        Command::Ast(arguments) => ast::run(arguments),
        Command::New(arguments) => new::run(arguments),
        Command::Completions { shell } => completions(shell),
    };
    outcome.into()
}

fn completions(shell: clap_complete::Shell) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "xdrgen", &mut script);
    output::print(&String::from_utf8_lossy(&script))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_consistent() {
        Arguments::command().debug_assert();
    }
}
