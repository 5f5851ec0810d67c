//! The `xdrgen` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    xdrgen::command::main()
}
