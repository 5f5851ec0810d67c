//! Why a compilation failed, and whose fault it was.

use std::{fmt, io, path::PathBuf};

use crate::diagnostics::Report;

/// Why nothing was generated.
///
/// `Display` and `Debug` both print the whole story, so that a build script whose `main` returns
/// `Result<(), xdrgen::Error>` shows the marked source text.
pub struct Error(Box<Kind>);

/// What went wrong.
pub(crate) enum Kind {
    /// A file could not be read or written.
    Io {
        /// What was to be done: "read", "write".
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The `.x` file is wrong.
    Input(Report),
    /// The configuration is wrong.
    Misuse(String),
}

impl Error {
    /// A file could not be read or written.
    pub(crate) fn io(action: &'static str, path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self(Box::new(Kind::Io { action, path: path.into(), source }))
    }

    /// The `.x` file is wrong.
    pub(crate) fn input(report: Report) -> Self {
        Self(Box::new(Kind::Input(report)))
    }

    /// The configuration is wrong: what is, and what to do.
    pub(crate) fn misuse(message: impl Into<String>) -> Self {
        Self(Box::new(Kind::Misuse(message.into())))
    }

    /// Whether the `.x` file is at fault: it holds errors, as opposed to not being readable or to a wrong configuration.
    #[must_use]
    pub fn is_input(&self) -> bool {
        matches!(*self.0, Kind::Input(_))
    }

    /// Whether a file could not be read or written.
    #[must_use]
    pub fn is_io(&self) -> bool {
        matches!(*self.0, Kind::Io { .. })
    }

    /// Whether the configuration is at fault: a path that names nothing, an attribute that is no Rust.
    #[must_use]
    pub fn is_misuse(&self) -> bool {
        matches!(*self.0, Kind::Misuse(_))
    }

    /// As `Display` has it, in colours when `colour` is set.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        match &*self.0 {
            Kind::Io { action, path, source } => format!("cannot {action} {}: {source}", path.display()),
            Kind::Input(report) => format!("{}\n\n{}", report.render(colour), summary(report)),
            Kind::Misuse(message) => message.clone(),
        }
    }

    /// What was wrong with the input, if it was the input.
    pub(crate) fn report(&self) -> Option<&Report> {
        match &*self.0 {
            Kind::Input(report) => Some(report),
            _ => None,
        }
    }
}

fn summary(report: &Report) -> String {
    let (errors, warnings) = report.counts();
    let plural = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    match warnings {
        0 => format!("{}; nothing was generated", plural(errors, "error")),
        _ => format!("{}, {}; nothing was generated", plural(errors, "error"), plural(warnings, "warning")),
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // `fn main() -> Result<(), Error>` prints this.
        if matches!(*self.0, Kind::Input(_)) {
            f.write_str("\n\n")?;
        }
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &*self.0 {
            Kind::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}
