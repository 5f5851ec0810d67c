//! `onc list` and `onc describe`: what a `.x` file holds.

use clap::Args;

use crate::dynamic;

use super::input::Source;
use super::{Failure, say};

/// List the programs, versions and procedures of a .x file
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  onc list calc.x
  onc list -I /usr/include/rpcsvc -D DEBUG=1 proto/nfs3.x")]
pub(super) struct List {
    #[command(flatten)]
    source: Source,
}

/// Show a type, a procedure or a constant of a .x file with its comment
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  onc describe nfs3.x NFSPROC3_LOOKUP    a procedure
  onc describe nfs3.x diropargs3         a type
  onc describe nfs3.x NFS3ERR_NOENT      the enum that has this member")]
pub(super) struct Describe {
    #[command(flatten)]
    source: Source,
    /// Its name: of a type, a procedure, a constant, a member of an enum, a program, a version
    name: String,
}

impl List {
    pub(super) fn run(self) -> Result<(), Failure> {
        say(dynamic::list(&self.source.model()?))
    }
}

impl Describe {
    pub(super) fn run(self) -> Result<(), Failure> {
        let model = self.source.model()?;
        let text = dynamic::describe(&model, &self.name);
        let text = text.map_err(|error| Failure::usage(format!("{}: {error}", self.source.path().display())))?;
        say(text)
    }
}
