//! The expressions of `#if`.

use super::{lexer::RawKind, macros::PpToken};
use crate::{
    literal,
    source::{SourceMap, Span},
};

/// What is wrong with an expression, and where.
pub(super) struct BadCondition {
    pub(super) message: String,
    pub(super) span: Span,
}

/// The value of `tokens`, in which macros are expanded and `defined` is answered; a name that is left is 0.
pub(super) fn evaluate(tokens: &[PpToken], after: Span, sources: &SourceMap) -> Result<i128, BadCondition> {
    let mut parser = Parser { tokens, at: 0, sources, after, depth: 0 };
    let value = parser.ternary()?;
    match parser.tokens.get(parser.at) {
        None => Ok(value),
        Some(token) => Err(BadCondition {
            message: format!("`{}` does not belong here", sources.text(token.text)),
            span: token.span(),
        }),
    }
}

/// Parentheses in parentheses.
const DEEPEST: usize = 64;

struct Parser<'a> {
    tokens: &'a [PpToken],
    at: usize,
    sources: &'a SourceMap,
    after: Span,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn ternary(&mut self) -> Result<i128, BadCondition> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(BadCondition { message: "this condition is nested too deep".to_owned(), span: self.here() });
        }
        let mut value = self.binary(0)?;
        if self.take("?") {
            let yes = self.ternary()?;
            if !self.take(":") {
                return Err(self.expected("`:`"));
            }
            let no = self.ternary()?;
            value = if value != 0 { yes } else { no };
        }
        self.depth -= 1;
        Ok(value)
    }

    fn binary(&mut self, lowest: u8) -> Result<i128, BadCondition> {
        let mut left = self.unary()?;
        while let Some((operator, strength)) = self.operator().filter(|(_, strength)| *strength >= lowest) {
            let span = self.here();
            self.at += 1;
            let right = self.binary(strength + 1)?;
            left = apply(operator, left, right)
                .ok_or_else(|| BadCondition { message: "this divides by zero".to_owned(), span })?;
        }
        Ok(left)
    }

    fn operator(&self) -> Option<(&'a str, u8)> {
        let text = self.text()?;
        let strength = match text {
            "||" => 1,
            "&&" => 2,
            "|" => 3,
            "^" => 4,
            "&" => 5,
            "==" | "!=" => 6,
            "<" | ">" | "<=" | ">=" => 7,
            "<<" | ">>" => 8,
            "+" | "-" => 9,
            "*" | "/" | "%" => 10,
            _ => return None,
        };
        Some((text, strength))
    }

    fn unary(&mut self) -> Result<i128, BadCondition> {
        let mut signs = Vec::new();
        while let Some(sign @ ("!" | "-" | "+" | "~")) = self.text() {
            signs.push(sign);
            self.at += 1;
        }
        let value = self.primary()?;
        Ok(signs.into_iter().rev().fold(value, |value, sign| match sign {
            "!" => i128::from(value == 0),
            "-" => value.wrapping_neg(),
            "~" => !value,
            _ => value,
        }))
    }

    fn primary(&mut self) -> Result<i128, BadCondition> {
        let Some(token) = self.tokens.get(self.at) else {
            return Err(self.expected("a number"));
        };
        let text = self.sources.text(token.text);
        let span = token.span();
        if text == "(" {
            self.at += 1;
            let value = self.ternary()?;
            if !self.take(")") {
                return Err(self.expected("`)`"));
            }
            return Ok(value);
        }
        let value = match token.kind {
            RawKind::Name => Ok(0),
            RawKind::Number => literal::number(text).map(|(value, _)| value),
            RawKind::Character => literal::character(text),
            _ => return Err(self.expected("a number")),
        };
        self.at += 1;
        value.map_err(|message| BadCondition { message, span })
    }

    fn text(&self) -> Option<&'a str> {
        self.tokens.get(self.at).map(|token| self.sources.text(token.text))
    }

    fn take(&mut self, text: &str) -> bool {
        let found = self.text() == Some(text);
        self.at += usize::from(found);
        found
    }

    fn here(&self) -> Span {
        self.tokens.get(self.at).map_or(self.after, PpToken::span)
    }

    fn expected(&self, what: &str) -> BadCondition {
        BadCondition { message: format!("expected {what}"), span: self.here() }
    }
}

/// `None`: a division by zero. Everything else wraps: a condition may not fail on a large number.
fn apply(operator: &str, left: i128, right: i128) -> Option<i128> {
    let shift = |by: i128| u32::try_from(by).ok().filter(|by| *by < 64);
    Some(match operator {
        "||" => i128::from(left != 0 || right != 0),
        "&&" => i128::from(left != 0 && right != 0),
        "|" => left | right,
        "^" => left ^ right,
        "&" => left & right,
        "==" => i128::from(left == right),
        "!=" => i128::from(left != right),
        "<" => i128::from(left < right),
        ">" => i128::from(left > right),
        "<=" => i128::from(left <= right),
        ">=" => i128::from(left >= right),
        "<<" => shift(right).map_or(0, |by| left.wrapping_shl(by)),
        ">>" => shift(right).map_or(0, |by| left.wrapping_shr(by)),
        "+" => left.wrapping_add(right),
        "-" => left.wrapping_sub(right),
        "*" => left.wrapping_mul(right),
        "/" => (right != 0).then(|| left.wrapping_div(right))?,
        _ => (right != 0).then(|| left.wrapping_rem(right))?,
    })
}
