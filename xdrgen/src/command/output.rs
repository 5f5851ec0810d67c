//! What the command says, and how it ends.

use std::{
    io::{self, IsTerminal, Write},
    process::ExitCode,
};

use crate::{Error, diagnostics::Report};

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Outcome {
    /// All is well.
    Well,
    /// A file is wrong, or differs where it should not.
    Wrong,
    /// The call is wrong: a file that is not there, an option that does not fit.
    Misused,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Well => ExitCode::SUCCESS,
            Outcome::Wrong => ExitCode::from(1),
            Outcome::Misused => ExitCode::from(2),
        }
    }
}

/// Prints to standard output. A reader that has gone, as `head` does, is no mistake.
pub(super) fn print(text: &str) -> Outcome {
    print_bytes(text.as_bytes())
}

/// As [`print`].
pub(super) fn print_bytes(bytes: &[u8]) -> Outcome {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Ok(()) => Outcome::Well,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Outcome::Well,
        Err(error) => fail(&Error::io("write to", "standard output", error)),
    }
}

/// Says why it failed. Where several files did, the worst counts.
pub(super) fn fail(error: &Error) -> Outcome {
    let text = error.render(coloured());
    eprintln!("{}", if error.shows_itself() { text } else { format!("error: {text}") });
    if error.is_io() || error.is_misuse() { Outcome::Misused } else { Outcome::Wrong }
}

/// Says what was noticed.
pub(super) fn warn(report: &Report) {
    if !report.diagnostics.is_empty() {
        eprintln!("{}\n", report.render(coloured()));
    }
}

/// Colours are for terminals, and for who did not refuse them (<https://no-color.org>).
fn coloured() -> bool {
    io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
