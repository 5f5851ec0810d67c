//! Values: constants, enum members, bounds, numbers of programs.

use super::{
    Body, Checker, Source, ValueId, builtin,
    collect::{Scope, full_name},
};
use crate::{
    ast::{Enumerator, Expression, ExpressionKind, Operator, Path, TypeSpec, TypeSpecKind},
    diagnostics::Diagnostic,
    grammar,
    model::{self, ConstantValue, Number, Radix, Symbol, TypeId},
    preprocess::MacroConstant,
    source::Span,
};

/// How far a value is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum State {
    /// Not looked at.
    New,
    /// Being evaluated: who comes here again goes in a circle.
    Busy,
    /// Known. `None`: it is wrong, and that has been said.
    Done(Option<ConstantValue>),
}

/// The values of an enum's members, as far as they are known.
#[derive(Debug, Default)]
pub(super) struct EnumValues {
    /// From the first member on. `None`: it is wrong, and that has been said.
    done: Vec<Option<i128>>,
    /// The next one is being evaluated.
    busy: bool,
}

/// Constants made of constants made of constants.
const DEEPEST: usize = 400;

/// Where a name is looked up.
#[derive(Clone, Copy)]
pub(super) struct Lookup<'s> {
    /// The namespaces around.
    pub(super) scope: &'s Scope,
    /// The enum whose members come first.
    pub(super) members_of: Option<TypeId>,
}

impl<'s> Lookup<'s> {
    pub(super) fn new(scope: &'s Scope) -> Self {
        Self { scope, members_of: None }
    }
}

impl<'a> Checker<'a, '_> {
    /// Evaluates what stands in the file, so that its mistakes are found if nothing uses it.
    pub(super) fn evaluate_all(&mut self) {
        for at in 0..self.constants.len() {
            if !matches!(self.constants[at].value, Source::Macro(_)) {
                self.constant_value(at);
            }
        }
        for at in 0..self.types.len() {
            if let Some(members) = self.members(TypeId(at)) {
                for member in 0..members.len() {
                    self.member_value(TypeId(at), member);
                }
            }
        }
    }

    /// The member of this name.
    fn member_named(&self, of: TypeId, name: &str) -> Option<usize> {
        self.member_names.get(&of)?.get(name).copied()
    }

    /// The members of a type that is an enum.
    pub(super) fn members(&self, id: TypeId) -> Option<&'a [Enumerator]> {
        match self.types[id.0].body {
            Body::Spec(TypeSpec { kind: TypeSpecKind::Enum { members, .. }, .. }) => Some(members),
            _ => None,
        }
    }

    /// The value of an expression that has to be an integer.
    pub(super) fn integer(&mut self, expression: &Expression, lookup: Lookup<'_>) -> Option<i128> {
        match self.value(expression, lookup)? {
            ConstantValue::Integer(value) => Some(value),
            ConstantValue::Text(_) => {
                self.error(
                    Diagnostic::error("not-a-number", "a number is needed here").at(expression.span, "this is a text"),
                );
                None
            }
        }
    }

    /// A number with the name that it was written as.
    pub(super) fn number(&mut self, expression: &Expression, lookup: Lookup<'_>) -> Option<Number> {
        let value = self.integer(expression, lookup)?;
        Some(self.as_written(value, expression, lookup))
    }

    /// An evaluated number with the name that it was written as.
    pub(super) fn as_written(&self, value: i128, expression: &Expression, lookup: Lookup<'_>) -> Number {
        let symbol = match &expression.kind {
            ExpressionKind::Name(path) => self.find_value(path, lookup).and_then(|id| self.symbol(id)),
            ExpressionKind::Macro(index) => self.symbol_of_macro(*index),
            _ => None,
        };
        Number { value, symbol, radix: self.radix(expression, lookup) }
    }

    /// How a number was written, here or where its name is defined.
    fn radix(&self, expression: &Expression, lookup: Lookup<'_>) -> Radix {
        let written = match &expression.kind {
            ExpressionKind::Name(path) => self.find_value(path, lookup).and_then(|id| self.written(id)),
            _ => Some(expression),
        };
        match written.map(|written| &written.kind) {
            Some(ExpressionKind::Number(_, radix)) => *radix,
            _ => Radix::Decimal,
        }
    }

    /// What a value is defined as.
    fn written(&self, id: ValueId) -> Option<&Expression> {
        match id {
            ValueId::Constant(at) => match &self.constants[at].value {
                Source::Expression(expression) => Some(expression),
                Source::Macro(expression) => expression.as_ref(),
                Source::Member(member, _) => member.value.as_ref(),
            },
            ValueId::Member(of, member) => self.members(of)?.get(member)?.value.as_ref(),
            ValueId::Number(at) => Some(self.numbers[at].first().1),
        }
    }

    fn symbol_of_macro(&self, index: u32) -> Option<Symbol> {
        let at = self.macro_constants.get(index as usize).copied().flatten()?;
        self.symbol(ValueId::Constant(at))
    }

    fn symbol(&self, id: ValueId) -> Option<Symbol> {
        match id {
            ValueId::Constant(at) => self.is_emitted(at).then(|| Symbol::Constant(self.constants[at].name.clone())),
            ValueId::Member(of, member) => Some(Symbol::Member { of, member }),
            ValueId::Number(at) => Some(Symbol::Number(self.numbers[at].first().0.text.clone())),
        }
    }

    /// Whether a constant is part of the model: a macro of several values, or from the command line, is not.
    pub(super) fn is_emitted(&self, at: usize) -> bool {
        let constant = &self.constants[at];
        let known = matches!(constant.state, State::Done(Some(_)));
        match &constant.value {
            Source::Macro(_) => {
                known && constant.named && self.values.get(&constant.name.ident) == Some(&ValueId::Constant(at))
            }
            _ => true,
        }
    }

    fn value(&mut self, expression: &Expression, lookup: Lookup<'_>) -> Option<ConstantValue> {
        self.depth += 1;
        let value = if self.depth > DEEPEST {
            self.error(
                Diagnostic::error("nesting", "this value is made of too many others")
                    .at(expression.span, "given up here"),
            );
            None
        } else {
            self.value_within(expression, lookup)
        };
        self.depth -= 1;
        value
    }

    fn value_within(&mut self, expression: &Expression, lookup: Lookup<'_>) -> Option<ConstantValue> {
        match &expression.kind {
            ExpressionKind::Number(value, _) => Some(ConstantValue::Integer(*value)),
            ExpressionKind::Text(text) => Some(ConstantValue::Text(text.clone())),
            ExpressionKind::Name(path) => match self.find_value(path, lookup) {
                Some(id) => self.value_of(id, expression.span),
                None => self.unknown_value(path),
            },
            ExpressionKind::Macro(index) => {
                let at = self.macro_constants.get(*index as usize).copied().flatten()?;
                self.value_of(ValueId::Constant(at), expression.span)
            }
            ExpressionKind::Prefix(sign, operand) => {
                let value = self.integer(operand, lookup)?;
                let value = match sign {
                    '-' => value.checked_neg(),
                    '~' => Some(!value),
                    _ => Some(value),
                };
                self.in_range(value, expression.span)
            }
            ExpressionKind::Binary(left, operator, right) => {
                let left = self.integer(left, lookup);
                let right_value = self.integer(right, lookup)?;
                let left = left?;
                let zero = right_value == 0 && matches!(operator, Operator::Divide | Operator::Remainder);
                if zero {
                    self.error(
                        Diagnostic::error("division-by-zero", "this divides by zero").at(right.span, "this is 0"),
                    );
                    return None;
                }
                self.in_range(apply(*operator, left, right_value), expression.span)
            }
        }
    }

    fn in_range(&mut self, value: Option<i128>, span: Span) -> Option<ConstantValue> {
        let range = i128::from(i64::MIN)..=i128::from(u64::MAX);
        match value.filter(|value| range.contains(value)) {
            Some(value) => Some(ConstantValue::Integer(value)),
            None => {
                self.error(Diagnostic::error("overflow", "this value does not fit into 64 bits").at(span, ""));
                None
            }
        }
    }

    fn value_of(&mut self, id: ValueId, used: Span) -> Option<ConstantValue> {
        match id {
            ValueId::Constant(at) => {
                if self.constants[at].state == State::Busy {
                    return self.circle(self.constants[at].span, used);
                }
                self.constant_value(at)
            }
            ValueId::Member(of, member) => {
                if self.enum_values.get(&of).is_some_and(|values| values.busy && values.done.len() <= member) {
                    return self.circle(self.member_span(of, member), used);
                }
                self.member_value(of, member)
            }
            ValueId::Number(at) => self.named_number(at, used),
        }
    }

    pub(super) fn circle(&mut self, defined: Span, used: Span) -> Option<ConstantValue> {
        self.error(
            Diagnostic::error("circular-value", "this value depends on itself")
                .at(used, "used here, before it is known")
                .at(defined, "defined here"),
        );
        None
    }

    pub(super) fn constant_value(&mut self, at: usize) -> Option<ConstantValue> {
        if let State::Done(value) = &self.constants[at].state {
            return value.clone();
        }
        self.constants[at].state = State::Busy;
        let scope = self.constants[at].scope.clone();
        let lookup = Lookup::new(&scope);
        let value = match &self.constants[at].value {
            Source::Expression(expression) => {
                let expression = *expression;
                self.value(expression, lookup)
            }
            Source::Macro(expression) => {
                let expression = expression.clone();
                expression.and_then(|expression| self.value(&expression, lookup))
            }
            Source::Member(member, previous) => {
                let (member, previous) = (*member, *previous);
                match (&member.value, previous) {
                    (Some(expression), _) => self.value(expression, lookup),
                    (None, None) => Some(ConstantValue::Integer(0)),
                    // In order: the one before is known.
                    (None, Some(previous)) => match self.constant_value(previous) {
                        Some(ConstantValue::Integer(value)) => Some(ConstantValue::Integer(value + 1)),
                        _ => None,
                    },
                }
            }
        };
        self.constants[at].state = State::Done(value.clone());
        value
    }

    /// The value of a member; those before it are evaluated first.
    pub(super) fn member_value(&mut self, of: TypeId, member: usize) -> Option<ConstantValue> {
        let members = self.members(of)?;
        let first = self.enum_values.entry(of).or_default().done.len();
        let scope = self.types[of.0].scope.clone();
        let lookup = Lookup { scope: &scope, members_of: Some(of) };
        for (at, one) in members.iter().enumerate().take(member + 1).skip(first) {
            self.set_busy(of, true);
            let value = match &one.value {
                Some(expression) => {
                    self.integer(expression, lookup).and_then(|value| self.member_range(value, expression.span))
                }
                None if at == 0 => Some(0),
                None => match self.member_state(of, at - 1) {
                    Some(value) => self.member_range(value + 1, one.name.span),
                    None => None,
                },
            };
            self.set_busy(of, false);
            if let Some(values) = self.enum_values.get_mut(&of) {
                values.done.push(value);
            }
        }
        self.member_state(of, member).map(ConstantValue::Integer)
    }

    /// The known value of a member.
    pub(super) fn member_state(&self, of: TypeId, member: usize) -> Option<i128> {
        self.enum_values.get(&of)?.done.get(member).copied().flatten()
    }

    fn set_busy(&mut self, of: TypeId, busy: bool) {
        if let Some(values) = self.enum_values.get_mut(&of) {
            values.busy = busy;
        }
    }

    /// RFC 4506 §4.3: an enum is a signed integer of 32 bits; C programmers write `0x80000000` for its lowest.
    fn member_range(&mut self, value: i128, span: Span) -> Option<i128> {
        if i32::try_from(value).is_ok() {
            return Some(value);
        }
        if let Ok(unsigned) = u32::try_from(value) {
            return Some(i128::from(unsigned.cast_signed()));
        }
        self.error(
            Diagnostic::error("enum-range", format!("{value} is no value of an enum"))
                .at(span, "an enum has 32 bits")
                .because("RFC 4506 §4.3"),
        );
        None
    }

    /// What a name means, from the innermost namespace outward.
    pub(super) fn find_value(&self, path: &Path, lookup: Lookup<'_>) -> Option<ValueId> {
        if let ([name], Some(of)) = (path.segments.as_slice(), lookup.members_of)
            && let Some(at) = self.member_named(of, &name.text)
        {
            return Some(ValueId::Member(of, at));
        }
        let name = path.to_string();
        let found = (0..=lookup.scope.len())
            .rev()
            .find_map(|outer| self.values.get(&full_name(&lookup.scope[..outer], &name)).copied());
        found.or_else(|| self.member_by_path(path, lookup))
    }

    /// `color::RED`: a member behind the name of its enum.
    fn member_by_path(&self, path: &Path, lookup: Lookup<'_>) -> Option<ValueId> {
        let (member, of) = path.segments.split_last().filter(|(_, of)| !of.is_empty())?;
        let of: Vec<&str> = of.iter().map(|segment| segment.text.as_str()).collect();
        let of = self.find_type_named(&of.join("::"), lookup.scope)?;
        let at = self.member_named(of, &member.text)?;
        Some(ValueId::Member(of, at))
    }

    fn unknown_value(&mut self, path: &Path) -> Option<ConstantValue> {
        if let Some(value) = builtin::value(path.last()) {
            return Some(ConstantValue::Integer(value));
        }
        if !self.is_unreadable(path.last()) {
            self.unknown.value(path);
        }
        None
    }

    pub(super) fn macro_expression(&mut self, one: &MacroConstant) -> Option<Expression> {
        match grammar::parse_expression(&one.text, one.value_span) {
            Ok(expression) => Some(expression),
            Err(diagnostic) => {
                self.error(*diagnostic);
                None
            }
        }
    }

    /// A constant as the model has it.
    pub(super) fn constant(&mut self, at: usize) -> Option<model::Constant> {
        if self.constants[at].if_used && self.constants[at].state == State::New {
            return None;
        }
        // A macro that nothing uses may be anything; it is no constant then.
        self.unknown.quiet = true;
        let value = self.constant_value(at);
        self.unknown.quiet = false;
        if !self.is_emitted(at) {
            return None;
        }
        let expression = self.written(ValueId::Constant(at));
        let scope = self.constants[at].scope.clone();
        let radix = expression.map_or(Radix::Decimal, |written| self.radix(written, Lookup::new(&scope)));
        let alias_of = match expression.map(|expression| &expression.kind) {
            Some(ExpressionKind::Name(path)) => {
                self.find_value(path, Lookup::new(&scope)).and_then(|id| self.symbol(id))
            }
            Some(ExpressionKind::Macro(index)) => self.symbol_of_macro(*index),
            _ => None,
        };
        let alias_of = match alias_of {
            Some(Symbol::Constant(name)) => Some(name),
            _ => None,
        };
        let constant = &self.constants[at];
        Some(model::Constant {
            name: constant.name.clone(),
            docs: constant.docs.clone(),
            module: constant.module.clone(),
            feature: self.feature(constant.feature),
            value: value?,
            alias_of,
            radix,
        })
    }
}

fn apply(operator: Operator, left: i128, right: i128) -> Option<i128> {
    let by = || u32::try_from(right).ok().filter(|by| *by < 64);
    match operator {
        Operator::Add => left.checked_add(right),
        Operator::Subtract => left.checked_sub(right),
        Operator::Multiply => left.checked_mul(right),
        Operator::Divide => left.checked_div(right),
        Operator::Remainder => left.checked_rem(right),
        // Both are at most 64 bits wide: 127 hold the result.
        Operator::ShiftLeft => by().and_then(|by| left.checked_mul(1 << by)),
        Operator::ShiftRight => by().map(|by| left >> by),
        Operator::And => Some(left & right),
        Operator::Or => Some(left | right),
        Operator::Xor => Some(left ^ right),
    }
}
