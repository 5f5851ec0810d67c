//! Programs, versions, procedures.

use std::collections::HashMap;

use super::{Checker, clash, collect::Scope, constants::Lookup, shapes::Place};
use crate::{
    ast::{self, Expression, Ident, Passed, TypeSpecKind},
    diagnostics::Diagnostic,
    model::{Argument, Name, Number, Procedure, Program, Shape, Version},
    source::Span,
};

impl<'a> Checker<'a, '_> {
    pub(super) fn programs(&mut self) -> Vec<Program> {
        let mut names: HashMap<String, Span> = HashMap::new();
        let mut numbers: HashMap<i128, Span> = HashMap::new();
        let mut out = Vec::new();
        let defs = std::mem::take(&mut self.programs);
        for def in &defs {
            let program = def.program;
            let key = super::collect::full_name(&def.scope, &program.name.text);
            if let Some(before) = names.insert(key, program.name.span) {
                self.error(clash("program", &program.name, before, "duplicate-program"));
            }
            let number = self.wire_number(&program.number, &def.scope, "program");
            if let Some(number) = &number {
                self.check_program_number(number.value, program, &mut numbers);
            }
            if program.versions.is_empty() {
                self.diagnostics.push(
                    Diagnostic::warning("empty-program", format!("program `{}` has no versions", program.name.text))
                        .at(program.name.span, "")
                        .because("nothing is generated for it"),
                );
            }
            let versions = self.versions(program, &def.scope);
            out.push(Program {
                name: Name { namespace: def.scope.to_vec(), ident: program.name.text.clone() },
                docs: def.docs.clone(),
                feature: self.feature(def.feature),
                number: number.unwrap_or_default(),
                versions,
            });
        }
        self.programs = defs;
        out
    }

    /// RFC 5531 §8.2: who gives out which numbers.
    fn check_program_number(&mut self, value: i128, program: &ast::Program, numbers: &mut HashMap<i128, Span>) {
        let span = program.number.span;
        let ranges = "0x20000000 to 0x3fffffff is for everyone's own use, 0x40000000 to 0x5fffffff for temporary use (RFC 5531 §8.2)";
        let complaint = match value {
            0 => Some("program number 0 is reserved".to_owned()),
            0x6000_0000.. => Some(format!("program number {value:#x} is in a range that is reserved")),
            _ => None,
        };
        if let Some(complaint) = complaint {
            self.diagnostics.push(Diagnostic::warning("reserved-program", complaint).at(span, "").because(ranges));
        }
        if let Some(before) = numbers.insert(value, span) {
            self.diagnostics.push(
                Diagnostic::warning("shared-program-number", format!("two programs have the number {value:#x}"))
                    .at(span, "again here")
                    .at(before, "first here")
                    .because("a server cannot offer both"),
            );
        }
    }

    fn versions(&mut self, program: &'a ast::Program, scope: &Scope) -> Vec<Version> {
        let mut names: HashMap<&str, Span> = HashMap::new();
        let mut numbers: HashMap<i128, Span> = HashMap::new();
        let mut out = Vec::new();
        for version in &program.versions {
            if let Some(before) = names.insert(&version.name.text, version.name.span) {
                self.error(clash("version", &version.name, before, "duplicate-version"));
            }
            let number = self.wire_number(&version.number, scope, "version");
            if let Some(number) = &number {
                self.unique_number("version", number, &version.number, &mut numbers, "duplicate-version-number");
            }
            let procedures = self.procedures(version, scope);
            out.push(Version {
                name: version.name.text.clone(),
                docs: version.docs.clone(),
                number: number.unwrap_or_default(),
                procedures,
            });
        }
        out
    }

    fn procedures(&mut self, version: &'a ast::Version, scope: &Scope) -> Vec<Procedure> {
        let mut names: HashMap<&str, Span> = HashMap::new();
        let mut numbers: HashMap<i128, Span> = HashMap::new();
        let mut out = Vec::new();
        for procedure in &version.procedures {
            if let Some(before) = names.insert(&procedure.name.text, procedure.name.span) {
                self.error(clash("procedure", &procedure.name, before, "duplicate-procedure"));
            }
            let number = self.wire_number(&procedure.number, scope, "procedure");
            if let Some(number) = &number {
                self.unique_number("procedure", number, &procedure.number, &mut numbers, "duplicate-procedure-number");
            }
            let result = self.passed(&procedure.result, scope);
            let arguments = self.arguments(procedure, scope);
            if number.as_ref().is_some_and(|number| number.value == 0) {
                self.check_null(&procedure.name, procedure, &arguments, result.as_ref());
            }
            out.push(Procedure {
                name: procedure.name.text.clone(),
                docs: procedure.docs.clone(),
                number: number.unwrap_or_default(),
                arguments,
                result: result.unwrap_or(Shape::Void),
                idempotent: false,
            });
        }
        out
    }

    fn arguments(&mut self, procedure: &'a ast::Procedure, scope: &Scope) -> Vec<Argument> {
        let mut names: HashMap<&str, Span> = HashMap::new();
        let mut out = Vec::new();
        for argument in &procedure.arguments {
            if matches!(argument.type_spec.kind, TypeSpecKind::Void) {
                if procedure.arguments.len() > 1 {
                    self.error(
                        Diagnostic::error("void-argument", "`void` is no argument beside others")
                            .at(argument.type_spec.span, "remove this"),
                    );
                } else {
                    // It says what is wrong with `void *` and the like.
                    self.passed(argument, scope);
                }
                continue;
            }
            let name = argument.declarator.name.as_ref();
            if let Some(name) = name
                && let Some(before) = names.insert(&name.text, name.span)
            {
                self.error(clash("argument", name, before, "duplicate-argument"));
            }
            let shape = self.passed(argument, scope).unwrap_or(Shape::Void);
            out.push(Argument { name: name.map(|name| name.text.clone()), shape });
        }
        out
    }

    fn passed(&mut self, passed: &'a Passed, scope: &Scope) -> Option<Shape> {
        let declarator = &passed.declarator;
        if matches!(passed.type_spec.kind, TypeSpecKind::Void) {
            let bare = declarator.pointers == 0 && declarator.suffixes.is_empty() && declarator.name.is_none();
            if !bare {
                // `void F<>(void)`: the name is the procedure's, and right.
                let wrong = match declarator.suffixes.first() {
                    Some(suffix) if declarator.pointers == 0 && declarator.name.is_none() => suffix.span,
                    _ => declarator.span,
                };
                self.error(
                    Diagnostic::error("void-name", "`void` is nothing: there is no pointer to it, and it has no name")
                        .at(wrong, "remove this")
                        .help("for bytes of any length write `opaque<>`"),
                );
                return None;
            }
            return Some(Shape::Void);
        }
        self.shape(&passed.type_spec, declarator, scope, Place::Passed)
    }

    fn check_null(&mut self, name: &Ident, procedure: &ast::Procedure, arguments: &[Argument], result: Option<&Shape>) {
        let takes = !arguments.is_empty();
        let returns = result.is_some_and(|result| *result != Shape::Void);
        if !takes && !returns {
            return;
        }
        // RFC 5531 §12: "By convention, procedure zero of any protocol takes no parameters and returns no results".
        self.diagnostics.push(
            Diagnostic::warning("null-procedure", format!("procedure 0, `{}`, takes or returns something", name.text))
                .at(procedure.number.span, "")
                .because("procedure 0 is what everyone calls to see whether a server is there: it takes and returns void (RFC 5531 §12)")
                .help("give it another number"),
        );
    }

    fn unique_number(
        &mut self,
        what: &str,
        number: &Number,
        written: &Expression,
        numbers: &mut HashMap<i128, Span>,
        code: &'static str,
    ) {
        if let Some(before) = numbers.insert(number.value, written.span) {
            self.error(
                Diagnostic::error(code, format!("two {what}s have the number {}", number.value))
                    .at(written.span, "again here")
                    .at(before, "first here"),
            );
        }
    }

    /// RFC 5531 §12.2: numbers are unsigned and of 32 bits.
    fn wire_number(&mut self, written: &'a Expression, scope: &Scope, what: &str) -> Option<Number> {
        let value = self.given_number(written, scope)?;
        let number = self.as_written(value, written, Lookup::new(scope));
        if u32::try_from(number.value).is_ok() {
            return Some(number);
        }
        let message = if number.value < 0 {
            format!("a {what} number cannot be negative")
        } else {
            format!("a {what} number is at most {}", u32::MAX)
        };
        let mut diagnostic =
            Diagnostic::error("number-range", message).at(written.span, format!("this is {}", number.value));
        if let Ok(value) = i32::try_from(number.value) {
            diagnostic = diagnostic
                .help(format!("on the wire it would be {:#x}: write that if it is meant", value.cast_unsigned()));
        }
        self.error(diagnostic);
        None
    }
}
