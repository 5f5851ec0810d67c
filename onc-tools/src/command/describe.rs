//! `onc list` and `onc describe`: what a `.x` file holds.

use clap::Args;

use crate::dynamic;

use super::Failure;
use super::input::Source;

/// List the programs, versions and procedures of a `.x` file
#[derive(Args, Debug)]
pub(super) struct List {
    #[command(flatten)]
    source: Source,
}

/// Show a type or a procedure of a `.x` file with its comment
#[derive(Args, Debug)]
pub(super) struct Describe {
    #[command(flatten)]
    source: Source,
    /// Its name
    name: String,
}

impl List {
    pub(super) fn run(self) -> Result<(), Failure> {
        print!("{}", dynamic::list(&self.source.model()?));
        Ok(())
    }
}

impl Describe {
    pub(super) fn run(self) -> Result<(), Failure> {
        let model = self.source.model()?;
        let text = dynamic::describe(&model, &self.name).ok_or_else(|| {
            Failure::new(format!("{} has no type or procedure {:?}", self.source.path().display(), self.name))
        })?;
        print!("{text}");
        Ok(())
    }
}
