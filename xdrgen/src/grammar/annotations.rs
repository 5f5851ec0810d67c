//! What other compilers are told of their output within a definition: `unsigned _unboxed int` and `struct entry _prefix "en_" {`
//! (ocamlnet), `[doc("…")] struct entry {` (oncrpcgen). It means nothing to others and changes nothing on the wire.

use std::ops::Range;

use super::repair::Repaired;
use crate::{
    diagnostics::{Diagnostic, Diagnostics},
    preprocess::Text,
    source::Span,
};

/// The first annotation of each kind that was passed over.
#[derive(Debug, Default)]
pub(super) struct PassedOver {
    pub(super) words: Option<Span>,
    pub(super) brackets: Option<Span>,
}

impl PassedOver {
    /// Warns of what was passed over, once.
    pub(super) fn report(&self, diagnostics: &mut Diagnostics) {
        let kinds = [
            (self.words, "annotations of ocamlnet are passed over", "they say how its OCaml looks"),
            (
                self.brackets,
                "annotations in brackets, of oncrpcgen, are passed over",
                "they document, and say how its output looks",
            ),
        ];
        for (first, message, what) in kinds {
            if let Some(first) = first {
                diagnostics.push(
                    Diagnostic::warning("annotation", message)
                        .at(first, "the first one")
                        .because(format!("{what}, and change nothing on the wire")),
                );
            }
        }
    }
}

/// Blanks the annotations of the definition that `tokens` are out of `repaired`.
pub(super) fn pass_over(text: &Text, tokens: Range<usize>, repaired: &mut Repaired<'_>, passed_over: &mut PassedOver) {
    let word = |at: usize| text.tokens.get(at).filter(|_| tokens.contains(&at)).map_or("", |token| text.text(token));
    let mut blank = |at: usize, last: usize, first: &mut Option<Span>| {
        repaired.blank(text.tokens[at].start, text.tokens[last].end);
        *first = first.or(Some(text.tokens[at].span.to(text.tokens[last].span)));
    };
    for at in tokens.clone().skip(1) {
        if word(at) == "[" && matches!(word(at - 1), "{" | "}" | ";" | "," | ":" | "(" | "]" | "typedef") {
            if let Some(end) = brackets(text, at..tokens.end) {
                blank(at, end - 1, &mut passed_over.brackets);
            }
            continue;
        }
        if !word(at).starts_with('_') {
            continue;
        }
        let (before, behind) = (word(at - 1), word(at + 1));
        let last = match word(at) {
            "_prefix" | "_equals" if behind.starts_with('"') => at + 1,
            "_tuple" | "_lowercase" | "_uppercase" | "_capitalized"
                if is_name(before) && (matches!(behind, "{" | "switch") || behind.starts_with('_')) =>
            {
                at
            }
            "_unboxed" | "_int" | "_int32" | "_int64" | "_abstract" | "_managed"
                if is_type(before) && is_name(behind) || is_type(behind) =>
            {
                at
            }
            _ => continue,
        };
        blank(at, last, &mut passed_over.words);
    }
}

/// Where the annotation in brackets ends with which `tokens` begin: `[name, name("text", 1)]`.
pub(super) fn brackets(text: &Text, tokens: Range<usize>) -> Option<usize> {
    let word = |at: usize| text.tokens.get(at).filter(|_| tokens.contains(&at)).map_or("", |token| text.text(token));
    let mut at = tokens.start + 1;
    loop {
        if !is_name(word(at)) || word(at).starts_with('"') {
            return None;
        }
        at += 1;
        if word(at) == "(" {
            // Texts, numbers and names; no other brackets.
            while !matches!(word(at), ")" | "" | ";" | "{" | "}" | "[" | "]") {
                at += 1;
            }
            if word(at) != ")" {
                return None;
            }
            at += 1;
        }
        match (word(at), word(at + 1)) {
            ("]", _) => return Some(at + 1),
            (",", "]") => return Some(at + 2),
            (",", _) => at += 1,
            _ => return None,
        }
    }
}

fn is_type(word: &str) -> bool {
    matches!(word, "unsigned" | "int" | "hyper" | "long" | "short" | "string" | "opaque")
}

fn is_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || c == '"')
        && !matches!(word, "struct" | "union" | "enum")
}
