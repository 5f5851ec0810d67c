//! `onc`: ONC RPC at a terminal.

use std::process::ExitCode;

use clap::Parser;
use onc_tools::command::Onc;

fn main() -> ExitCode {
    Onc::parse().run()
}
