//! The blanks between the tokens of a line.

use crate::preprocess::lexer::RawKind;

/// A token to be put on a line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece<'t> {
    /// What it is.
    pub(super) kind: RawKind,
    /// Its text.
    pub(super) text: &'t str,
}

impl Piece<'_> {
    pub(super) fn is_name(&self, text: &str) -> bool {
        self.kind == RawKind::Name && self.text == text
    }

    pub(super) fn is_comment(&self) -> bool {
        matches!(self.kind, RawKind::BlockComment | RawKind::LineComment)
    }
}

/// Decides of each token whether a blank goes before it.
#[derive(Debug, Default)]
pub(super) struct Spacing {
    /// Brackets that are open: `(`, `[`, `<`.
    open: Vec<u8>,
    /// What follows is a constant expression, not a declaration.
    in_expression: bool,
    /// The token before, as far as it matters.
    before: Before,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Before {
    /// Nothing, or a token that takes no blank behind it.
    #[default]
    Tight,
    /// A name, a number, a closing bracket: an operator behind it has two sides.
    Operand,
    /// `switch`, `case`: words before an expression or a bracket.
    Word,
    /// An operator with two sides, a comma.
    Operator,
    /// A comment.
    Comment,
}

impl Spacing {
    /// Whether a blank goes before `piece`, which is next.
    pub(super) fn before(&mut self, piece: &Piece<'_>) -> bool {
        let before = self.before;
        let loose = before != Before::Tight;
        let (blank, after) = match (piece.kind, piece.text) {
            (RawKind::BlockComment | RawKind::LineComment, _) => (loose, Before::Comment),
            (RawKind::Name, "switch" | "case") => {
                self.in_expression |= piece.text == "case";
                (loose, Before::Word)
            }
            (RawKind::Mark, mark) => return self.before_mark(mark, before),
            _ => (loose, Before::Operand),
        };
        self.before = after;
        blank
    }

    fn before_mark(&mut self, mark: &str, before: Before) -> bool {
        let loose = before != Before::Tight;
        let in_expression = self.in_expression || matches!(self.open.last(), Some(b'[' | b'<'));
        let (blank, after) = match mark {
            ";" | "," => (before == Before::Comment, Before::Operator),
            ":" => {
                self.in_expression = false;
                (before == Before::Comment, Before::Operator)
            }
            ")" | "]" => {
                self.open.pop();
                (false, Before::Operand)
            }
            ">" if self.open.last() == Some(&b'<') => {
                self.open.pop();
                (false, Before::Operand)
            }
            "(" => {
                self.open.push(b'(');
                (matches!(before, Before::Word | Before::Operator | Before::Comment), Before::Tight)
            }
            "[" => {
                self.open.push(b'[');
                (false, Before::Tight)
            }
            "<" if !in_expression => {
                self.open.push(b'<');
                (false, Before::Tight)
            }
            "::" => (false, Before::Tight),
            "=" => {
                self.in_expression = true;
                (true, Before::Operator)
            }
            "{" => (loose, Before::Operator),
            "}" => (loose, Before::Operand),
            "*" if !in_expression => (loose, Before::Tight),
            // An operator without a left side.
            "-" | "+" | "~" | "!" if before != Before::Operand => (loose, Before::Tight),
            _ => (true, Before::Operator),
        };
        self.before = after;
        blank
    }
}
