//! Constant expressions: pest reads them flat, C's precedences make the tree.

use pest::iterators::Pair;

use super::{Rule, build::Builder};
use crate::{
    ast::{Expression, ExpressionKind, Operator},
    diagnostics::Diagnostic,
    literal,
    model::Radix,
};

/// Operands of one expression: the tree they make is walked by recursion.
const MOST_OPERANDS: usize = 256;

impl Builder<'_, '_> {
    pub(super) fn expression(&mut self, pair: Pair<'_, Rule>) -> Expression {
        let span = self.span(&pair);
        let count = pair.clone().into_inner().filter(|part| part.as_rule() == Rule::unary).count();
        if count > MOST_OPERANDS {
            self.error(Diagnostic::error("nesting", "this expression has too many parts").at(span, ""));
            return Expression { kind: ExpressionKind::Number(0, Radix::Decimal), span };
        }
        // The operands not yet joined, each with the operator before it.
        let mut operands: Vec<(Option<Operator>, Expression)> = Vec::new();
        let mut operator = None;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::OPERATOR => {
                    let next = operator_of(part.as_str());
                    join(&mut operands, strength(next));
                    operator = Some(next);
                }
                _ => {
                    let operand = self.unary(part);
                    operands.push((operator.take(), operand));
                }
            }
        }
        join(&mut operands, 0);
        operands.pop().map_or(Expression { kind: ExpressionKind::Number(0, Radix::Decimal), span }, |(_, whole)| whole)
    }

    fn unary(&mut self, pair: Pair<'_, Rule>) -> Expression {
        let whole = self.span(&pair);
        let mut signs = Vec::new();
        let mut value = Expression { kind: ExpressionKind::Number(0, Radix::Decimal), span: whole };
        for part in pair.into_inner() {
            let span = self.span(&part);
            let text = part.as_str();
            match part.as_rule() {
                Rule::SIGN => signs.extend(text.chars().next().map(|sign| (sign, span))),
                Rule::expression => value = self.expression(part),
                Rule::number => value = self.literal(literal::number(text), span),
                Rule::character => {
                    value = self.literal(literal::character(text).map(|value| (value, Radix::Character)), span);
                }
                Rule::text => {
                    let decoded = literal::text(text).unwrap_or_else(|message| {
                        self.error(Diagnostic::error("bad-literal", message).at(span, ""));
                        String::new()
                    });
                    value = Expression { kind: ExpressionKind::Text(decoded), span };
                }
                Rule::path => {
                    let kind = match self.constant(&part) {
                        Some(constant) => ExpressionKind::Macro(constant),
                        None => ExpressionKind::Name(self.path(part)),
                    };
                    value = Expression { kind, span };
                }
                _ => {}
            }
        }
        if signs.len() > MOST_OPERANDS {
            self.error(Diagnostic::error("nesting", "this expression has too many signs").at(whole, ""));
            signs.clear();
        }
        for (sign, span) in signs.into_iter().rev() {
            let span = span.to(value.span);
            value = Expression { kind: ExpressionKind::Prefix(sign, Box::new(value)), span };
        }
        value
    }

    fn literal(&mut self, value: Result<(i128, Radix), String>, span: crate::source::Span) -> Expression {
        let (value, radix) = value.unwrap_or_else(|message| {
            self.error(Diagnostic::error("bad-literal", message).at(span, ""));
            (0, Radix::Decimal)
        });
        Expression { kind: ExpressionKind::Number(value, radix), span }
    }
}

/// Joins the operands whose operators bind at least as strongly as `lowest`, from the right.
fn join(operands: &mut Vec<(Option<Operator>, Expression)>, lowest: u8) {
    while let Some((Some(operator), right)) =
        operands.pop_if(|(operator, _)| operator.is_some_and(|one| strength(one) >= lowest))
    {
        let Some((before, left)) = operands.pop() else { return };
        let span = left.span.to(right.span);
        let kind = ExpressionKind::Binary(Box::new(left), operator, Box::new(right));
        operands.push((before, Expression { kind, span }));
    }
}

fn operator_of(text: &str) -> Operator {
    match text {
        "+" => Operator::Add,
        "-" => Operator::Subtract,
        "*" => Operator::Multiply,
        "/" => Operator::Divide,
        "%" => Operator::Remainder,
        "<<" => Operator::ShiftLeft,
        ">>" => Operator::ShiftRight,
        "&" => Operator::And,
        "|" => Operator::Or,
        _ => Operator::Xor,
    }
}

fn strength(operator: Operator) -> u8 {
    match operator {
        Operator::Or => 1,
        Operator::Xor => 2,
        Operator::And => 3,
        Operator::ShiftLeft | Operator::ShiftRight => 4,
        Operator::Add | Operator::Subtract => 5,
        Operator::Multiply | Operator::Divide | Operator::Remainder => 6,
    }
}
