//! `xdrgen breaking`

mod revision;
mod rust;
mod wire;

use std::{
    fmt,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;

use self::revision::Revision;
use super::{
    arguments::{Generating, Reading},
    output::{self, Outcome},
};
use crate::{Config, Error, front, model::Model};

/// Compare two versions of a .x file: what changes on the wire, what changes in the Rust.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The old version: a file, a git revision of NEW, or REVISION:PATH.
    old: PathBuf,
    /// The new version.
    new: PathBuf,
    #[command(flatten)]
    reading: Reading,
    #[command(flatten)]
    generating: Generating,
}

const EXAMPLES: &str = "\
breaks   old and new do not understand each other
widens   the new side may send what the old side refuses
narrows  the new side refuses what the old side may send

Exit status: 0 nothing of this, 4 on the wire, 8 in the Rust, 12 both; 1 a file is wrong, 2 the call is wrong.

Examples:
  xdrgen breaking old/calc.x new/calc.x
  xdrgen breaking origin/main proto/calc.x        against a branch
  xdrgen breaking v1.0:calc.x proto/calc.x        it has moved since";

/// Something that differs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Change {
    effect: Effect,
    /// What differs: `CALC_PROG.CALC_V1.ADD`, `pair.b`.
    place: String,
    /// How.
    what: String,
}

/// What a change does to those who know the old version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Effect {
    /// Old and new do not understand each other; old code does not compile.
    Breaks,
    /// The new side may send what the old side refuses.
    Widens,
    /// The new side refuses what the old side may send.
    Narrows,
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Breaks => "breaks",
            Self::Widens => "widens",
            Self::Narrows => "narrows",
        })
    }
}

const WIRE: u8 = 4;
const RUST: u8 = 8;

pub(super) fn run(arguments: Arguments) -> ExitCode {
    let config = arguments.reading.config().and_then(|config| arguments.generating.apply(config));
    let compared = config.and_then(|config| compare(&config, &arguments.old, &arguments.new));
    let (wire, rust) = match compared {
        Ok(changes) => changes,
        Err(error) => return output::fail(&error).into(),
    };
    let mut text = section("On the wire", &wire);
    text.push_str(&section("In the Rust", &rust));
    if text.is_empty() {
        text.push_str("nothing breaks\n");
    }
    match output::print(&text) {
        Outcome::Well => {
            let wire = if wire.is_empty() { 0 } else { WIRE };
            let rust = if rust.is_empty() { 0 } else { RUST };
            ExitCode::from(wire | rust)
        }
        other => other.into(),
    }
}

fn compare(config: &Config, old: &Path, new: &Path) -> Result<(Vec<Change>, Vec<Change>), Error> {
    config.validate()?;
    let new_model = load(config, new)?;
    let old_model = if old.exists() {
        load(config, old)?
    } else {
        let revision = Revision::check_out(old, new)?;
        load(config, revision.file())?
    };
    Ok((wire::changes(&old_model, &new_model), rust::changes(&old_model, &new_model, &config.settings)))
}

fn load(config: &Config, file: &Path) -> Result<Model, Error> {
    front::load(file, &config.options).map(|loaded| loaded.model)
}

fn section(title: &str, changes: &[Change]) -> String {
    if changes.is_empty() {
        return String::new();
    }
    let lines: String =
        changes.iter().map(|Change { effect, place, what }| format!("  {effect:<8} {place}: {what}\n")).collect();
    format!("{title}:\n{lines}")
}
