//! `onc`: ONC RPC at a terminal.

use std::process::ExitCode;

fn main() -> ExitCode {
    onc_tools::command::main()
}
