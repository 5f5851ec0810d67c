//! `xdrgen generate`

use std::path::{Path, PathBuf};

use clap::Args;

use super::{
    arguments::{Generating, Reading},
    output::{self, Outcome},
};
use crate::{Config, Error, compile};

/// Write Rust for .x files.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The .x files; each becomes a file of its name with the extension .rs.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The folder to write to; `-` prints instead.
    #[arg(short, long, value_name = "DIR")]
    out_dir: PathBuf,
    #[command(flatten)]
    reading: Reading,
    #[command(flatten)]
    generating: Generating,
}

const EXAMPLES: &str = "\
Nothing is written unless every file is right.

Examples:
  xdrgen generate calc.x -o src/generated
  xdrgen generate -I proto -D WITH_V4 proto/nfs.x -o - | less
  xdrgen generate nfs3.x -o src --extern-type mode=crate::Mode --with nfsstat3=open
  xdrgen generate shop.x -o src --serde --with '*=#[derive(Hash)]'";

pub(super) fn run(arguments: Arguments) -> Outcome {
    match arguments.reading.config().and_then(|config| arguments.generating.apply(config)) {
        Ok(config) => {
            generate(&config, &arguments.files, &arguments.out_dir).unwrap_or_else(|error| output::fail(&error))
        }
        Err(error) => output::fail(&error),
    }
}

fn generate(config: &Config, files: &[PathBuf], out_dir: &Path) -> Result<Outcome, Error> {
    let outputs = compile::outputs(config, files, out_dir)?;
    for one in &outputs {
        output::warn(&one.warnings);
    }
    if out_dir == Path::new("-") {
        return Ok(output::print(&outputs.into_iter().map(|one| one.text).collect::<String>()));
    }
    compile::write_all(&outputs)?;
    Ok(Outcome::Well)
}
