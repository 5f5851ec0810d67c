//! What is wrong with a file, as data; `render` shows it to people, `json` to programs.

#[cfg(feature = "command")]
mod json;
mod render;

#[cfg(feature = "command")]
pub(crate) use self::json::place;

use std::{collections::BTreeSet, fmt};

use crate::source::{SourceMap, Span};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Severity {
    /// Nothing is generated.
    Error,
    /// Probably not meant.
    Warning,
    /// Good to know.
    Note,
}

/// One thing to say about a file.
#[derive(Clone, Debug)]
pub(crate) struct Diagnostic {
    /// How bad it is.
    pub(crate) severity: Severity,
    /// The rule, by a stable name: `duplicate-field`.
    pub(crate) code: &'static str,
    /// The sentence.
    pub(crate) message: String,
    /// The places, the first one the primary. Empty: it is about no place in particular.
    pub(crate) labels: Vec<Label>,
    /// Why.
    pub(crate) notes: Vec<String>,
    /// What to do.
    pub(crate) helps: Vec<String>,
    /// What to write instead.
    pub(crate) fix: Option<Fix>,
}

/// A place and what to say about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Label {
    /// Where.
    pub(crate) span: Span,
    /// What; may be empty.
    pub(crate) text: String,
}

/// A replacement that would mend it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fix {
    /// What it does: "add the missing semicolon".
    pub(crate) message: String,
    /// The text to replace; empty to insert.
    pub(crate) span: Span,
    /// What to put there.
    pub(crate) replacement: String,
}

/// Everything that was said about one compilation, with the files it speaks of.
#[derive(Clone, Default)]
pub(crate) struct Report {
    /// The files.
    pub(crate) sources: SourceMap,
    /// In the order found; errors and warnings mixed.
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// Collects diagnostics. Says the same thing of the same place once.
#[derive(Debug, Default)]
pub(crate) struct Diagnostics {
    list: Vec<Diagnostic>,
    seen: BTreeSet<(&'static str, Option<Span>, String)>,
    left_out: usize,
}

/// No file needs more to be mended, and rendering each costs.
const MOST: usize = 100;

impl Diagnostic {
    pub(crate) fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, message.into())
    }

    pub(crate) fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, message.into())
    }

    pub(crate) fn note(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Note, code, message.into())
    }

    fn new(severity: Severity, code: &'static str, message: String) -> Self {
        Self { severity, code, message, labels: Vec::new(), notes: Vec::new(), helps: Vec::new(), fix: None }
    }

    /// Adds a place; the first one added is the primary.
    #[must_use]
    pub(crate) fn at(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    #[must_use]
    pub(crate) fn because(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    #[must_use]
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.helps.push(help.into());
        self
    }

    #[must_use]
    pub(crate) fn fix(mut self, message: impl Into<String>, span: Span, replacement: impl Into<String>) -> Self {
        self.fix = Some(Fix { message: message.into(), span, replacement: replacement.into() });
        self
    }
}

impl Diagnostics {
    pub(crate) fn push(&mut self, diagnostic: Diagnostic) {
        let place = diagnostic.labels.first().map(|label| label.span);
        if !self.seen.insert((diagnostic.code, place, diagnostic.message.clone())) {
            return;
        }
        if self.list.len() < MOST {
            self.list.push(diagnostic);
        } else if diagnostic.severity == Severity::Error && !self.has_errors() {
            // However many warnings came first: an error is never lost.
            self.list.push(diagnostic);
        } else {
            self.left_out += 1;
        }
    }

    pub(crate) fn has_errors(&self) -> bool {
        self.list.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// All of it, in the order of the files.
    pub(crate) fn finish(mut self) -> Vec<Diagnostic> {
        self.list.sort_by_key(|diagnostic| diagnostic.labels.first().map(|label| label.span));
        if self.left_out > 0 {
            self.list.push(Diagnostic::note("more", format!("and {} more like these", self.left_out)));
        }
        self.list
    }
}

impl Report {
    /// How many errors and how many warnings there are.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let count = |severity| self.diagnostics.iter().filter(|one| one.severity == severity).count();
        (count(Severity::Error), count(Severity::Warning))
    }

    /// For people: as rustc shows it. `colour`: with ANSI colours.
    pub(crate) fn render(&self, colour: bool) -> String {
        self.diagnostics.iter().map(|diagnostic| self.render_one(diagnostic, colour)).collect::<Vec<_>>().join("\n\n")
    }

    /// [`render`](Self::render) of one of its diagnostics.
    pub(crate) fn render_one(&self, diagnostic: &Diagnostic, colour: bool) -> String {
        render::render(&self.sources, diagnostic, colour)
    }

    /// For programs: one JSON object a line.
    #[cfg(feature = "command")]
    pub(crate) fn json(&self) -> String {
        self.diagnostics.iter().map(|diagnostic| json::line(&self.sources, diagnostic)).collect()
    }
}

impl fmt::Debug for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}
