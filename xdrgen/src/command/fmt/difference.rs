//! What formatting must not change: the tokens, in their order, and the comments. One that says what ends behind a body on
//! one line moves to where the body begins.

use std::collections::HashMap;

use super::comments::words;
use crate::preprocess::lexer::{RawKind, RawToken, lex};

/// Where `formatted` first says something else than `text`.
pub(super) fn first_difference(text: &str, formatted: &str) -> Option<usize> {
    let (old, new) = (Said::by(text), Said::by(formatted));
    let same = |one: &RawToken, two: &RawToken| {
        let (before, after) = (&text[one.start..one.end], &formatted[two.start..two.end]);
        one.kind == two.kind
            && (before == after || (!matches!(one.kind, RawKind::Text) && words(before) == words(after)))
    };
    let at = old.code.iter().zip(&new.code).position(|(one, two)| !same(one, two));
    let in_code = match at {
        Some(at) => Some(old.code[at].start),
        None if old.code.len() == new.code.len() => None,
        None => Some(old.code.get(new.code.len()).map_or(text.len(), |token| token.start)),
    };
    in_code.or_else(|| {
        let mut there: HashMap<Vec<&str>, usize> = HashMap::new();
        for comment in &new.comments {
            *there.entry(words(&formatted[comment.start..comment.end])).or_default() += 1;
        }
        let lost = old.comments.iter().find(|comment| {
            let left = there.get_mut(&words(&text[comment.start..comment.end])).filter(|left| **left > 0);
            left.map(|left| *left -= 1).is_none()
        });
        lost.map(|comment| comment.start).or((old.comments.len() != new.comments.len()).then_some(text.len()))
    })
}

/// Whether the first of `tokens`, which begins a line, begins a directive: `#`, but not `#[…]`.
pub(super) fn is_directive(text: &str, tokens: &[RawToken]) -> bool {
    let mut words = tokens.iter().filter(|token| !token.kind.is_comment()).map(|token| &text[token.start..token.end]);
    words.next() == Some("#") && words.next() != Some("[")
}

/// What a file says.
struct Said {
    code: Vec<RawToken>,
    comments: Vec<RawToken>,
}

impl Said {
    fn by(text: &str) -> Self {
        let tokens = lex(text);
        let mut said = Self { code: Vec::with_capacity(tokens.len()), comments: Vec::new() };
        // Ends of lines say something behind directives alone.
        let mut in_directive: Option<bool> = None;
        for (at, token) in tokens.iter().enumerate() {
            if token.kind.is_comment() {
                said.comments.push(*token);
            } else if token.kind != RawKind::Newline {
                in_directive.get_or_insert_with(|| is_directive(text, &tokens[at..]));
                said.code.push(*token);
            } else if in_directive.take() == Some(true) {
                said.code.push(*token);
            }
        }
        said
    }
}

#[cfg(test)]
mod tests {
    use super::first_difference;

    #[test]
    fn whatever_is_lost_or_changed_is_found() {
        let text = "#define A 1\nconst B = 2; /* b */ /* b */\n";
        assert_eq!(first_difference(text, "#define  A 1 \n/* b */\n\nconst B=2; /*  b\n*/"), None);
        for (other, place) in [
            ("#define A 1 const B = 2; /* b */ /* b */\n", "\nconst"),
            ("#define A 1\nconst B = 3; /* b */ /* b */\n", "2;"),
            ("#define A 1\nconst B = 2; /* b */\n", "/* b */\n"),
            ("#define A 1\nconst B = 2; /* b */ /* c */\n", "/* b */\n"),
        ] {
            assert_eq!(first_difference(text, other), text.find(place), "{other}");
        }
        assert_eq!(first_difference(text, &format!("{text}// c")), Some(text.len()));
        assert_eq!(first_difference("const A = 1;", "const A = 1; const"), Some(12));
    }
}
