//! Diagnostics for programs: one JSON object a line.
//!
//! `{"severity", "code", "message", "labels": [{"file", "line", "column", "end_line", "end_column", "text", "included_from":
//! [{"file", …}]}], "notes", "helps", "fix": {"message", "file", …, "replacement"}, "included_from": [{…}]}`. Lines and columns
//! count from 1, columns in characters; the end is the character after the last. `included_from` is the way to the file of a label,
//! the nearest `#include` first; that of the whole is its first label's.

use serde_json::{Value, json};

use super::Diagnostic;
use crate::source::{SourceMap, Span};

pub(super) fn line(sources: &SourceMap, diagnostic: &Diagnostic) -> String {
    let labels: Vec<Value> = diagnostic
        .labels
        .iter()
        .map(|label| {
            let mut place = place(sources, label.span);
            place["text"] = label.text.as_str().into();
            place["included_from"] = included_from(sources, label.span);
            place
        })
        .collect();
    let fix = diagnostic.fix.as_ref().map(|fix| {
        let mut place = place(sources, fix.span);
        place["message"] = fix.message.as_str().into();
        place["replacement"] = fix.replacement.as_str().into();
        place
    });
    let included_from = match diagnostic.labels.first() {
        Some(label) => included_from(sources, label.span),
        None => json!([]),
    };
    let object = json!({
        "severity": match diagnostic.severity {
            super::Severity::Error => "error",
            super::Severity::Warning => "warning",
            super::Severity::Note => "note",
        },
        "code": diagnostic.code,
        "message": diagnostic.message,
        "labels": labels,
        "notes": diagnostic.notes,
        "helps": diagnostic.helps,
        "fix": fix,
        "included_from": included_from,
    });
    format!("{object}\n")
}

/// A span as JSON.
pub(crate) fn place(sources: &SourceMap, span: Span) -> Value {
    let file = sources.file(span.file);
    let (start, end) = (file.place(span.start), file.place(span.end));
    json!({
        "file": file.path.display().to_string(),
        "line": start.line,
        "column": start.column,
        "end_line": end.line,
        "end_column": end.column,
    })
}

fn included_from(sources: &SourceMap, span: Span) -> Value {
    sources.include_chain(span.file).map(|include| place(sources, include)).collect()
}
