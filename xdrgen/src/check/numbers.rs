//! The numbers of programs, versions and procedures. rpcgen makes a macro of each, so constants may be made of them.

use std::collections::HashSet;

use super::{
    Checker, ValueId,
    collect::{Scope, full_name},
    constants::{Lookup, State},
};
use crate::{
    ast::{Expression, Ident, Program},
    diagnostics::Diagnostic,
    model::ConstantValue,
    source::Span,
};

/// What one name is the number of; several versions may have a procedure of that name.
pub(super) struct NumberName<'a> {
    scope: Scope,
    /// One at least.
    defined: Vec<(&'a Ident, &'a Expression)>,
    state: State,
}

impl<'a> NumberName<'a> {
    /// Where it stands first.
    pub(super) fn first(&self) -> (&'a Ident, &'a Expression) {
        self.defined[0]
    }
}

impl<'a> Checker<'a, '_> {
    /// Remembers the names of a program. What a version has twice is an error by itself: the second says nothing here.
    pub(super) fn collect_numbers(&mut self, program: &'a Program, scope: &Scope) {
        self.collect_number(&program.name, &program.number, scope);
        let mut versions = HashSet::new();
        for version in &program.versions {
            if versions.insert(&version.name.text) {
                self.collect_number(&version.name, &version.number, scope);
            }
            let mut procedures = HashSet::new();
            for procedure in &version.procedures {
                if procedures.insert(&procedure.name.text) {
                    self.collect_number(&procedure.name, &procedure.number, scope);
                }
            }
        }
    }

    fn collect_number(&mut self, name: &'a Ident, number: &'a Expression, scope: &Scope) {
        let at = *self.number_names.entry(full_name(scope, &name.text)).or_insert_with(|| {
            self.numbers.push(NumberName { scope: Scope::clone(scope), defined: Vec::new(), state: State::New });
            self.numbers.len() - 1
        });
        self.numbers[at].defined.push((name, number));
    }

    /// Makes the names known as values where nothing else has them.
    pub(super) fn place_numbers(&mut self) {
        for (name, at) in std::mem::take(&mut self.number_names) {
            self.values.entry(name).or_insert(ValueId::Number(at));
        }
    }

    /// The value of a number as it is written where it is given to a program, a version or a procedure.
    pub(super) fn given_number(&mut self, written: &'a Expression, scope: &Scope) -> Option<i128> {
        if let Some(value) = self.given_numbers.get(&std::ptr::from_ref(written)) {
            return *value;
        }
        let value = self.integer(written, Lookup::new(scope));
        self.given_numbers.insert(written, value);
        value
    }

    /// The value of a name. `None`: it is wrong, and that has been said.
    pub(super) fn named_number(&mut self, at: usize, used: Span) -> Option<ConstantValue> {
        match &self.numbers[at].state {
            State::Done(value) => return value.clone(),
            State::Busy => return self.circle(self.numbers[at].first().0.span, used),
            State::New => self.numbers[at].state = State::Busy,
        }
        let value = self.only_number(at, used).map(ConstantValue::Integer);
        self.numbers[at].state = State::Done(value.clone());
        value
    }

    /// The number that all of one name have.
    fn only_number(&mut self, at: usize, used: Span) -> Option<i128> {
        let scope = Scope::clone(&self.numbers[at].scope);
        let mut first: Option<(&Ident, i128)> = None;
        for (name, written) in self.numbers[at].defined.clone() {
            let value = self.given_number(written, &scope)?;
            match first {
                None => first = Some((name, value)),
                Some((_, before)) if before == value => {}
                Some((other, before)) => {
                    self.ambiguous_number(used, (other, before), (name, value));
                    return None;
                }
            }
        }
        first.map(|(_, value)| value)
    }

    fn ambiguous_number(&mut self, used: Span, one: (&Ident, i128), two: (&Ident, i128)) {
        // Of a macro that nothing uses nobody asks what it means.
        if self.unknown.quiet {
            return;
        }
        let ((first, first_value), (second, second_value)) = (one, two);
        self.error(
            Diagnostic::error("ambiguous-number", format!("`{}` is the name of different numbers", first.text))
                .at(used, "which one is meant?")
                .at(first.span, format!("this is {first_value}"))
                .at(second.span, format!("this is {second_value}"))
                .help("write the number that is meant"),
        );
    }
}
