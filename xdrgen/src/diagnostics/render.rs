//! Diagnostics for people: the line, the underline, the label, as rustc shows them.

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Patch, Renderer, Snippet};

use super::{Diagnostic, Fix, Label, Severity};
use crate::source::{FileId, SourceMap, Span};

/// Lines shown around what is marked are chosen by the renderer; it is given this many to choose from.
const CONTEXT: u32 = 2;

pub(super) fn render(sources: &SourceMap, diagnostic: &Diagnostic, colour: bool) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let mut group = Group::with_title(level.primary_title(diagnostic.message.as_str()).id(diagnostic.code));
    for (file, labels) in by_file(&diagnostic.labels) {
        group = group.element(snippet(sources, file, &labels, diagnostic.labels.first()));
    }
    for note in way_there(sources, &diagnostic.labels) {
        group = group.element(Level::NOTE.message(note));
    }
    for note in &diagnostic.notes {
        group = group.element(Level::NOTE.message(note.as_str()));
    }
    for help in &diagnostic.helps {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    let mut groups = vec![group];
    if let Some(fix) = &diagnostic.fix {
        groups.push(suggestion(sources, fix));
    }
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    renderer.render(&groups)
}

/// How the files of the labels came to be read, each said once, and what another preprocessor called the primary place.
fn way_there(sources: &SourceMap, labels: &[Label]) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(primary) = labels.first() {
        let file = sources.file(primary.span.file);
        if let Some((name, line)) = file.presumed(file.line(primary.span.start)) {
            notes.push(format!("by its line mark this is line {line} of {name}"));
        }
    }
    for (mut file, _) in by_file(labels) {
        for include in sources.include_chain(file) {
            let (place, path) = (sources.place(include), &sources.file(include.file).path);
            let included = sources.file(file).path.display();
            let note = format!("{included} is included from {}:{}:{}", path.display(), place.line, place.column);
            file = include.file;
            // Files have includes in common, and a file that includes itself does so many times.
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
    }
    notes
}

fn by_file(labels: &[Label]) -> Vec<(FileId, Vec<&Label>)> {
    let mut files: Vec<(FileId, Vec<&Label>)> = Vec::new();
    for label in labels {
        match files.iter_mut().find(|(file, _)| *file == label.span.file) {
            Some((_, list)) => list.push(label),
            None => files.push((label.span.file, vec![label])),
        }
    }
    files
}

fn snippet<'a>(
    sources: &'a SourceMap,
    file: FileId,
    labels: &[&'a Label],
    primary: Option<&Label>,
) -> Snippet<'a, Annotation<'a>> {
    let window = Window::around(sources, file, labels.iter().map(|label| label.span));
    let annotations = labels.iter().map(|label| {
        let kind = if Some(*label) == primary { AnnotationKind::Primary } else { AnnotationKind::Context };
        let annotation = kind.span(window.range(label.span));
        if label.text.is_empty() { annotation } else { annotation.label(label.text.as_str()) }
    });
    Snippet::source(window.text)
        .line_start(window.first_line)
        .path(sources.file(file).path.display().to_string())
        .annotations(annotations)
}

fn suggestion<'a>(sources: &'a SourceMap, fix: &'a Fix) -> Group<'a> {
    let window = Window::around(sources, fix.span.file, std::iter::once(fix.span));
    Level::HELP.secondary_title(fix.message.as_str()).element(
        Snippet::<Patch<'_>>::source(window.text)
            .line_start(window.first_line)
            .path(sources.file(fix.span.file).path.display().to_string())
            .patch(Patch::new(window.range(fix.span), fix.replacement.as_str())),
    )
}

/// The lines of a file that matter: rendering takes time by the length of what it is given.
struct Window<'a> {
    text: &'a str,
    first_line: usize,
    start: usize,
}

impl<'a> Window<'a> {
    fn around(sources: &'a SourceMap, file: FileId, spans: impl Iterator<Item = Span>) -> Self {
        let file = sources.file(file);
        let (first, last) = spans.fold((u32::MAX, 1), |(first, last), span| {
            (first.min(file.line(span.start)), last.max(file.line(span.end)))
        });
        let first = first.min(last).saturating_sub(CONTEXT).max(1);
        let start = file.line_start(first);
        let end = file.line_start(last + CONTEXT + 1);
        Self { text: &file.text[start..end], first_line: first as usize, start }
    }

    fn range(&self, span: Span) -> std::ops::Range<usize> {
        let start = (span.start as usize).saturating_sub(self.start).min(self.text.len());
        let end = (span.end as usize).saturating_sub(self.start).min(self.text.len());
        start..end.max(start)
    }
}
