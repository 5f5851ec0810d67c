//! What the preprocessor hands over: text for the grammar, with the way back to the files.

use super::macros::PpToken;
use crate::source::{SourceFile, Span, columns};

/// Tokens, each followed by one blank.
#[derive(Debug, Default)]
pub(crate) struct Text {
    /// The text.
    pub(crate) text: String,
    /// Where each token of it lies and came from, in order.
    pub(crate) tokens: Vec<Token>,
}

/// A token of [`Text`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token {
    /// First byte in [`Text::text`].
    pub(crate) start: usize,
    /// The byte after it.
    pub(crate) end: usize,
    /// Where it stands in the files; of a macro's expansion: where the macro was used.
    pub(crate) span: Span,
    /// Where its text was written, when a macro brought it.
    pub(crate) definition: Option<Span>,
    /// The first token of its line.
    pub(crate) line_start: bool,
    /// It names a macro that is a constant: index into [`Preprocessed::constants`](super::Preprocessed::constants).
    pub(crate) constant: Option<u32>,
    /// The feature that guards it: index into [`Preprocessed::features`](super::Preprocessed::features).
    pub(crate) feature: Option<u16>,
}

/// A comment, with its marks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Comment {
    /// Where it stands.
    pub(crate) span: Span,
    /// Nothing but comments is before it on its line.
    pub(crate) alone: bool,
    /// It continues the one above, which follows something on its line: it begins right below it, and nothing follows it.
    pub(crate) goes_on: bool,
}

impl Comment {
    /// The comment at `span` of `file`; `above`: the one before it in the file.
    pub(super) fn new(span: Span, above: Option<&Comment>, file: &SourceFile) -> Self {
        let indent = |at: u32| {
            let start = file.line_start(file.line(at));
            columns(&file.text[start..], at as usize - start)
        };
        let start = file.line_start(file.line(span.start));
        let behind = above.filter(|above| above.alone).map_or(0, |above| above.span.end as usize);
        let alone = file.text[start.max(behind)..span.start as usize].chars().all(char::is_whitespace);
        let below = |above: &Comment| {
            file.line(above.span.end.saturating_sub(1)) + 1 == file.line(span.start)
                && indent(above.span.start) == indent(span.start)
                && file.text[above.span.end as usize..span.start as usize].chars().all(char::is_whitespace)
        };
        let beside = |above: &Comment| above.goes_on && behind >= start;
        let goes_on = |above: &Comment| {
            beside(above)
                || (!above.alone || above.goes_on)
                    && below(above)
                    && matches!(next_on_line(&file.text[span.end as usize..]), None | Some('}'))
        };
        Self { span, alone, goes_on: alone && above.is_some_and(goes_on) }
    }
}

/// What is next on the line, comments apart.
fn next_on_line(mut rest: &str) -> Option<char> {
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\r']);
        match rest.strip_prefix("/*").and_then(|inside| inside.split_once("*/")) {
            Some((_, behind)) => rest = behind,
            None => return rest.chars().next().filter(|next| *next != '\n' && !rest.starts_with("//")),
        }
    }
}

/// A line that starts with `%`.
#[derive(Clone, Debug)]
pub(crate) struct Passthrough {
    /// The line without the `%`.
    pub(crate) text: String,
}

impl Text {
    pub(super) fn push(&mut self, text: &str, token: &PpToken, feature: Option<u16>) {
        let start = self.text.len();
        self.text.push_str(text);
        self.tokens.push(Token {
            start,
            end: self.text.len(),
            span: token.used_at.unwrap_or(token.text),
            definition: token.used_at.map(|_| token.text),
            line_start: token.line_start,
            constant: token.constant,
            feature,
        });
        self.text.push(' ');
    }

    /// The text of a token.
    pub(crate) fn text(&self, token: &Token) -> &str {
        &self.text[token.start..token.end]
    }

    /// Index of the token at the byte `at`, or of the next one; the number of tokens past the end.
    pub(crate) fn token_at(&self, at: usize) -> usize {
        self.tokens.partition_point(|token| token.end <= at)
    }

    /// As [`token_at`](Self::token_at), faster when it is at `near` or a little behind.
    pub(crate) fn token_near(&self, at: usize, near: usize) -> usize {
        let window = self.tokens.get(near..self.tokens.len().min(near + 8)).unwrap_or(&[]);
        match window.iter().position(|token| token.end > at) {
            Some(found) if found > 0 || near == 0 || self.tokens[near - 1].end <= at => near + found,
            _ => self.token_at(at),
        }
    }

    /// Where the bytes from `start` to `end` came from, of which the first belongs to the token `first`.
    pub(crate) fn span_from(&self, first: usize, end: usize) -> Span {
        // Most of what is asked for is one token.
        let last = match self.tokens.get(first) {
            Some(token) if token.end < end => {
                first + self.tokens[first..].partition_point(|token| token.start < end).max(1) - 1
            }
            _ => first,
        };
        match (self.tokens.get(first), self.tokens.get(last)) {
            (Some(first), Some(last)) => first.span.to(last.span),
            (Some(first), None) => first.span,
            _ => self.tokens.last().map(|token| token.span.after()).unwrap_or_default(),
        }
    }
}
