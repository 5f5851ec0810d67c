//! Macros that are constants, among the other definitions.

use std::collections::HashMap;

use super::{Checker, ConstantDef, Source, ValueId, collect::Scope, constants::State};
use crate::{
    model::{self, Name},
    source::{FileId, Span},
};

impl Checker<'_, '_> {
    /// Puts the macros between the definitions, as they stood in their file.
    pub(super) fn place_macros(&mut self) {
        let macros = self.macro_constants.iter().flatten().copied();
        let macros: Vec<(usize, Span)> = macros
            .filter(|at| self.constants[*at].named && self.constants[*at].module.is_none())
            .map(|at| (at, self.constants[at].span))
            .collect();
        if macros.is_empty() {
            return;
        }
        // The first definition behind each place, file by file.
        let mut by_file: HashMap<FileId, Vec<(u32, usize)>> = HashMap::new();
        for (at, (_, span)) in self.order.iter().enumerate() {
            by_file.entry(span.file).or_default().push((span.start, at));
        }
        let mut keyed: Vec<((usize, usize, u32), model::Item, Span)> =
            self.order.iter().enumerate().map(|(at, (item, span))| ((at, 1, 0), *item, *span)).collect();
        for (at, span) in macros {
            let list = by_file.get(&span.file).map_or(&[] as &[_], Vec::as_slice);
            let behind = list.partition_point(|(start, _)| *start < span.start);
            let key = match (list.get(behind), list.last()) {
                (Some((_, next)), _) => (*next, 0, span.start),
                (None, Some((_, last))) => (*last, 2, span.start),
                (None, None) => (0, 0, span.start),
            };
            keyed.push((key, model::Item::Constant(at), span));
        }
        keyed.sort_by_key(|(key, ..)| *key);
        self.order = keyed.into_iter().map(|(_, item, span)| (item, span)).collect();
    }

    /// Macros that are constants become constants, unless their name had several values.
    pub(super) fn collect_macros(&mut self) {
        let parsed = self.parsed;
        let macros = &parsed.preprocessed.constants;
        let mut count: HashMap<&str, usize> = HashMap::new();
        for one in macros {
            *count.entry(&one.name).or_default() += 1;
        }
        let comments = self.comments();
        for one in macros {
            let unique = count.get(one.name.as_str()) == Some(&1);
            let docs = one.line.map(|line| comments.of(line, line)).unwrap_or_default();
            let expression = self.macro_expression(one);
            self.macro_constants.push(Some(self.constants.len()));
            if unique && !one.for_c {
                self.values.insert(one.name.clone(), ValueId::Constant(self.constants.len()));
            }
            self.constants.push(ConstantDef {
                name: Name { namespace: Vec::new(), ident: one.name.clone() },
                scope: Scope::from([]),
                span: one.span,
                docs,
                feature: None,
                module: one.line.and_then(|line| self.module(line)),
                value: Source::Macro(expression),
                named: one.line.is_some(),
                if_used: one.for_c,
                state: State::New,
            });
        }
    }

    /// What lines for C define is known where nothing else is.
    pub(super) fn collect_for_c(&mut self) {
        for at in 0..self.macro_constants.len() {
            if let Some(constant) = self.macro_constants[at].filter(|constant| self.constants[*constant].if_used) {
                let name = self.constants[constant].name.ident.clone();
                self.values.entry(name).or_insert(ValueId::Constant(constant));
            }
        }
    }
}
