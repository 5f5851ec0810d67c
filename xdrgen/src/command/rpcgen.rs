//! What rpcgen (rpcsvc-proto 1.4) refuses of what is accepted here.

use crate::{
    ast::Parsed,
    ast::{
        Declaration, Declarator, Expression, ExpressionKind, Item, ItemKind, Passed, Procedure, Program, TypeSpec,
        TypeSpecKind, UnionBody,
    },
    diagnostics::{Diagnostic, Diagnostics},
    model::Radix,
    source::Span,
};

/// Everything in the file that rpcgen refuses.
pub(super) fn refusals(parsed: Parsed) -> Vec<Diagnostic> {
    let mut look = Look { parsed: &parsed, found: Diagnostics::default() };
    look.tokens();
    look.comments();
    for item in &parsed.file.items {
        look.item(item);
    }
    look.found.finish()
}

struct Look<'p> {
    parsed: &'p Parsed,
    found: Diagnostics,
}

impl Look<'_> {
    fn refuse(&mut self, span: Span, what: &str, help: &str) {
        self.found.push(Diagnostic::error("rpcgen", format!("rpcgen refuses {what}")).at(span, "").help(help));
    }

    /// What only the tokens show.
    fn tokens(&mut self) {
        let text = &self.parsed.preprocessed.text;
        for pair in text.tokens.windows(2) {
            match (text.text(&pair[0]), text.text(&pair[1])) {
                (",", "}") => self.refuse(pair[0].span, "a comma after the last member", "leave it out"),
                (";", ";") => self.refuse(pair[1].span, "an empty declaration", "leave the second semicolon out"),
                _ => {}
            }
        }
    }

    fn comments(&mut self) {
        let mut files: Vec<_> = self.parsed.preprocessed.comments.values().collect();
        files.sort_by_key(|comments| comments.first().map(|comment| comment.span));
        for comments in files {
            // One for each file says it.
            let line = comments.iter().find(|comment| self.parsed.sources.text(comment.span).starts_with("//"));
            if let Some(comment) = line {
                self.refuse(comment.span, "`//` comments", "write `/* … */`");
            }
        }
    }

    fn item(&mut self, item: &Item) {
        match &item.kind {
            ItemKind::Constant { value, .. } => self.constant(value),
            ItemKind::Typedef(declaration) => {
                if matches!(declaration.type_spec.kind, TypeSpecKind::Void) {
                    self.refuse(declaration.span, "a typedef of `void`", "write `void` where it is used");
                }
                self.declaration(declaration);
            }
            ItemKind::Type(spec) => self.definition(spec),
            ItemKind::Program(program) => self.program(program),
            ItemKind::Pragma(_) => self.refuse(item.span, "`pragma`", "it is for the Linux kernel's generator"),
            ItemKind::Namespace { items, .. } => {
                self.refuse(item.span, "`namespace`", "give the names a prefix instead");
                for item in items {
                    self.item(item);
                }
            }
        }
    }

    fn constant(&mut self, value: &Expression) {
        if matches!(value.kind, ExpressionKind::Number(_, Radix::Character)) {
            self.refuse(value.span, "a character as a constant", "write its number");
        } else {
            self.number(value);
        }
    }

    fn number(&mut self, value: &Expression) {
        let plain = match &value.kind {
            ExpressionKind::Prefix('-', number) => matches!(number.kind, ExpressionKind::Number(..)),
            ExpressionKind::Prefix(..) | ExpressionKind::Binary(..) => false,
            ExpressionKind::Number(..)
            | ExpressionKind::Text(_)
            | ExpressionKind::Name(_)
            | ExpressionKind::Macro(_) => true,
        };
        if !plain {
            self.refuse(value.span, "an expression", "write the number, or a `#define` that the preprocessor replaces");
        } else if self.parsed.sources.text(value.span).starts_with("0X") {
            self.refuse(value.span, "`0X`", "write `0x`");
        }
    }

    /// A type that is defined where it stands.
    fn definition(&mut self, spec: &TypeSpec) {
        match &spec.kind {
            TypeSpecKind::Struct { fields, .. } => {
                if fields.is_empty() {
                    self.refuse(spec.span, "a struct without fields", "give it one");
                }
                for field in fields {
                    if matches!(field.type_spec.kind, TypeSpecKind::Void) {
                        self.refuse(field.span, "`void` as a field", "leave it out");
                    }
                    self.declaration(field);
                }
            }
            TypeSpecKind::Enum { members, .. } => {
                if members.is_empty() {
                    self.refuse(spec.span, "an enum without members", "give it one");
                }
                for value in members.iter().filter_map(|member| member.value.as_ref()) {
                    self.number(value);
                }
            }
            TypeSpecKind::Union { body, .. } => self.union_(spec, body),
            _ => {}
        }
    }

    fn union_(&mut self, spec: &TypeSpec, body: &UnionBody) {
        let is_default = |arm: &crate::ast::UnionArm| arm.labels.iter().any(|label| label.value.is_none());
        if body.arms.iter().all(is_default) {
            self.refuse(spec.span, "a union without a `case`", "give it one");
        }
        for (at, arm) in body.arms.iter().enumerate() {
            let default = arm.labels.iter().find(|label| label.value.is_none());
            if let Some(default) = default {
                if at + 1 < body.arms.len() {
                    self.refuse(default.span, "a `default` that is not last", "put it behind the cases");
                }
                if arm.labels.len() > 1 {
                    self.refuse(default.span, "a `default` together with a `case`", "leave the case out");
                }
            }
            for value in arm.labels.iter().filter_map(|label| label.value.as_ref()) {
                self.number(value);
            }
            self.declaration(&arm.declaration);
        }
    }

    fn declaration(&mut self, declaration: &Declaration) {
        let spec = &declaration.type_spec;
        if matches!(spec.kind, TypeSpecKind::Struct { .. } | TypeSpecKind::Enum { .. } | TypeSpecKind::Union { .. }) {
            self.refuse(spec.span, "a type defined within another", "define it before, under a name");
            self.definition(spec);
        }
        self.words(spec);
        if let [_, second, ..] = declaration.declarators.as_slice() {
            self.refuse(second.span, "several names in one declaration", "write a declaration for each");
        }
        for declarator in &declaration.declarators {
            self.declarator(spec, declarator);
        }
    }

    fn declarator(&mut self, spec: &TypeSpec, declarator: &Declarator) {
        let typedef = "give the inner part a name with a typedef";
        let variable = |suffixes: &[crate::ast::Suffix]| matches!(suffixes, [one] if !one.fixed);
        match spec.kind {
            TypeSpecKind::String if declarator.pointers > 0 || !variable(&declarator.suffixes) => {
                self.refuse(spec.span.to(declarator.span), "a `string` without `<>`", "write `string name<>`");
            }
            TypeSpecKind::Opaque if declarator.pointers > 0 || declarator.suffixes.is_empty() => {
                self.refuse(
                    spec.span.to(declarator.span),
                    "an `opaque` without a size",
                    "write `opaque name[5]` or `opaque name<>`",
                );
            }
            _ if declarator.pointers > 1 => self.refuse(declarator.span, "a pointer to a pointer", typedef),
            _ if declarator.pointers > 0 && !declarator.suffixes.is_empty() => {
                self.refuse(declarator.span, "an array of pointers", typedef);
            }
            _ if declarator.suffixes.len() > 1 => self.refuse(declarator.span, "an array of arrays", typedef),
            _ => {}
        }
        for bound in declarator.suffixes.iter().filter_map(|suffix| suffix.bound.as_ref()) {
            self.number(bound);
        }
    }

    /// Integers that C has and rpcgen has not.
    fn words(&mut self, spec: &TypeSpec) {
        if !matches!(spec.kind, TypeSpecKind::Integer(_)) {
            return;
        }
        let words: Vec<&str> = self.parsed.sources.text(spec.span).split_whitespace().collect();
        if words.contains(&"signed") {
            self.refuse(spec.span, "`signed`", "leave it out: integers are signed unless they are `unsigned`");
        } else if words.iter().filter(|word| **word == "long").count() > 1 {
            self.refuse(spec.span, "`long long`", "write `hyper`");
        }
    }

    fn program(&mut self, program: &Program) {
        self.number(&program.number);
        if program.versions.is_empty() {
            self.refuse(program.name.span, "a program without versions", "give it one");
        }
        for version in &program.versions {
            self.number(&version.number);
            if version.procedures.is_empty() {
                self.refuse(version.name.span, "a version without procedures", "give it one");
            }
            for procedure in &version.procedures {
                self.procedure(procedure);
            }
        }
    }

    fn procedure(&mut self, procedure: &Procedure) {
        self.number(&procedure.number);
        if let [_, second, ..] = procedure.arguments.as_slice() {
            let span = second.type_spec.span.to(second.declarator.span);
            self.refuse(
                span,
                "several arguments, unless it is called with `-N`",
                "put them in a struct, or call `rpcgen -N`",
            );
        }
        self.passed(&procedure.result, true);
        for argument in &procedure.arguments {
            self.passed(argument, false);
        }
    }

    fn passed(&mut self, passed: &Passed, result: bool) {
        let Passed { type_spec, declarator } = passed;
        self.words(type_spec);
        let span = type_spec.span.to(declarator.span);
        let typedef = "give it a name with a typedef";
        // A bare `string` is a string without a bound, here and for rpcgen; as an argument it takes a bound, too.
        let string = matches!(type_spec.kind, TypeSpecKind::String) && !result;
        if matches!(type_spec.kind, TypeSpecKind::Opaque) {
            self.refuse(span, "`opaque` as an argument or a result", typedef);
        } else if !declarator.suffixes.is_empty() && !string {
            self.refuse(span, "an array as an argument or a result", typedef);
        } else if result && declarator.pointers > 0 {
            self.refuse(span, "a pointer as a result", typedef);
        }
    }
}
