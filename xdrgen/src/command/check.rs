//! `xdrgen check`

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::{
    arguments::Reading,
    output::{self, Outcome},
    rpcgen,
};
use crate::{
    Error,
    diagnostics::{Diagnostic, Report},
    front,
    options::Options,
    preprocess::Preprocessed,
};

/// Check .x files: errors, and what is probably not meant.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The .x files.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Report what rpcgen would refuse, too.
    #[arg(long)]
    rpcgen: bool,
    /// How to say it.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    #[command(flatten)]
    reading: Reading,
}

/// How to say what was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// The line, the underline, the label; on standard error.
    Human,
    /// An object a line, on standard output.
    Json,
}

const EXAMPLES: &str = "\
Ends with 1 when there is an error; with --rpcgen, what rpcgen refuses is one.

Examples:
  xdrgen check proto/*.x
  xdrgen check --rpcgen calc.x              will C programs be able to use it?
  xdrgen check --format json calc.x         for editors and CI

JSON: {\"severity\", \"code\", \"message\", \"labels\": [{\"file\", \"line\", \"column\", \"end_line\", \"end_column\", \"text\",
\"included_from\"}], \"notes\", \"helps\", \"fix\", \"included_from\"}; lines and columns count from 1, columns in characters.";

pub(super) fn run(arguments: Arguments) -> Outcome {
    let config = match arguments.reading.config().and_then(|config| config.validate().map(|()| config)) {
        Ok(config) => config,
        Err(error) => return output::fail(&error),
    };
    let outcomes = arguments.files.iter().map(|file| check(file, &config.options, &arguments));
    outcomes.max().unwrap_or(Outcome::Well)
}

fn check(file: &Path, options: &Options, arguments: &Arguments) -> Outcome {
    match look(file, options, arguments.rpcgen) {
        Ok(report) => {
            let outcome = if report.counts().0 > 0 { Outcome::Wrong } else { Outcome::Well };
            match arguments.format {
                Format::Human => output::warn(&report),
                Format::Json => return output::print(&report.json()).max(outcome),
            }
            outcome
        }
        Err(error) => match (error.report(), arguments.format) {
            (Some(report), Format::Json) => output::print(&report.json()).max(Outcome::Wrong),
            _ => output::fail(&error),
        },
    }
}

fn look(file: &Path, options: &Options, rpcgen: bool) -> Result<Report, Error> {
    // Both speak of the same files, read in the same order.
    let (loaded, parsed) = (front::load(file, options)?, front::parse(file, options)?);
    let mut report = loaded.warnings;
    report.diagnostics.extend(missing_headers(&parsed.preprocessed));
    if rpcgen {
        report.diagnostics.extend(rpcgen::refusals(parsed));
    }
    report.diagnostics.sort_by_key(|diagnostic| diagnostic.labels.first().map(|label| label.span));
    Ok(report)
}

/// C headers that are not there. If the file needed anything of them, there would be an error.
fn missing_headers(input: &Preprocessed) -> Option<Diagnostic> {
    let note = Diagnostic::note("missing-header", input.not_found()?).because("nothing that the file needs is missing");
    Some(input.missing_headers.iter().fold(note, |note, (span, _)| note.at(*span, "")))
}
