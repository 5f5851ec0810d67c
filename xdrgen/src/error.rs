//! Why a compilation failed, and whose fault it was.

use std::{collections::HashSet, fmt, io, path::PathBuf};

use crate::diagnostics::{Report, Severity};

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
    /// Several files failed, each for reasons of its own: more than one, none of them this.
    Several(Vec<Error>),
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

    /// All that failed in one run. `None`: nothing did.
    pub(crate) fn several(mut errors: Vec<Self>) -> Option<Self> {
        match errors.len() {
            0 | 1 => errors.pop(),
            _ => Some(Self(Box::new(Kind::Several(errors)))),
        }
    }

    /// Whether a `.x` file is at fault: it holds errors, as opposed to not being readable or to a wrong configuration. Where
    /// several files failed, this and its neighbours say whether it is so of any.
    #[must_use]
    pub fn is_input(&self) -> bool {
        self.each().iter().any(|one| matches!(*one.0, Kind::Input(_)))
    }

    /// Whether a file could not be read or written.
    #[must_use]
    pub fn is_io(&self) -> bool {
        self.each().iter().any(|one| matches!(*one.0, Kind::Io { .. }))
    }

    /// Whether the configuration is at fault: a path that names nothing, an attribute that is no Rust.
    #[must_use]
    pub fn is_misuse(&self) -> bool {
        self.each().iter().any(|one| matches!(*one.0, Kind::Misuse(_)))
    }

    /// As `Display` has it, in colours when `colour` is set.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        match &*self.0 {
            Kind::Io { action, path, source } => format!("cannot {action} {}: {source}", path.display()),
            Kind::Input(report) => {
                let (errors, warnings) = report.counts();
                format!("{}\n\n{}", report.render(colour), summary(errors, warnings, 1))
            }
            Kind::Misuse(message) => message.clone(),
            Kind::Several(all) => render_all(all, colour),
        }
    }

    /// What was wrong with the input, if it was the input of one file.
    pub(crate) fn report(&self) -> Option<&Report> {
        match &*self.0 {
            Kind::Input(report) => Some(report),
            _ => None,
        }
    }

    /// Whether it is shown with the word "error" before it, not before the sentence.
    pub(crate) fn shows_itself(&self) -> bool {
        matches!(*self.0, Kind::Input(_) | Kind::Several(_))
    }

    /// The errors of all files.
    fn each(&self) -> &[Self] {
        match &*self.0 {
            Kind::Several(all) => all,
            _ => std::slice::from_ref(self),
        }
    }
}

/// One after the other. A mistake in a file that several include is shown once.
fn render_all(all: &[Error], colour: bool) -> String {
    let (mut texts, mut seen) = (Vec::new(), HashSet::new());
    let (mut errors, mut warnings) = (0, 0);
    for error in all {
        let Kind::Input(report) = &*error.0 else {
            errors += 1;
            texts.push(format!("error: {}", error.render(colour)));
            continue;
        };
        for diagnostic in &report.diagnostics {
            let place = diagnostic
                .labels
                .first()
                .map(|label| (&report.sources.file(label.span.file).path, label.span.start, label.span.end));
            // How each of them came there is told of the first.
            if place.is_none() || seen.insert((place, diagnostic.code, &diagnostic.message)) {
                errors += usize::from(diagnostic.severity == Severity::Error);
                warnings += usize::from(diagnostic.severity == Severity::Warning);
                texts.push(report.render_one(diagnostic, colour));
            }
        }
    }
    format!("{}\n\n{}", texts.join("\n\n"), summary(errors, warnings, all.len()))
}

/// How much was wrong, in so many files.
fn summary(errors: usize, warnings: usize, files: usize) -> String {
    let plural = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let files = if files == 1 { String::new() } else { format!(" in {files} files") };
    match warnings {
        0 => format!("{}{files}; nothing was generated", plural(errors, "error")),
        _ => format!("{}, {}{files}; nothing was generated", plural(errors, "error"), plural(warnings, "warning")),
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
        if self.shows_itself() {
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
