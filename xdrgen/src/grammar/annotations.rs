//! What ocamlnet's compiler is told within a definition, `unsigned _unboxed int` or `struct entry _prefix "en_" {`: how its OCaml
//! looks. It means nothing to others and changes nothing on the wire.

use std::ops::Range;

use super::repair::Repaired;
use crate::{preprocess::Text, source::Span};

/// Blanks the annotations of the definition that `tokens` are out of `repaired`. The place of the first.
pub(super) fn pass_over(text: &Text, tokens: Range<usize>, repaired: &mut Repaired<'_>) -> Option<Span> {
    let word = |at: usize| text.tokens.get(at).filter(|_| tokens.contains(&at)).map_or("", |token| text.text(token));
    let mut first = None;
    for at in tokens.clone().skip(1) {
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
        let (start, end) = (text.tokens[at].start, text.tokens[last].end);
        repaired.blank(start, end);
        first = first.or(Some(text.tokens[at].span.to(text.tokens[last].span)));
    }
    first
}

fn is_type(word: &str) -> bool {
    matches!(word, "unsigned" | "int" | "hyper" | "long" | "short" | "string" | "opaque")
}

fn is_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || c == '"')
        && !matches!(word, "struct" | "union" | "enum")
}
