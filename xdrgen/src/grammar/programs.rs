//! From pest's pairs to the AST: programs.

use super::{
    Rule,
    build::{Builder, Node},
};
use crate::{
    ast::{Declarator, Ident, Passed, Procedure, Program, Version},
    diagnostics::Diagnostic,
    source::Span,
};

impl Builder<'_, '_> {
    pub(super) fn program(&mut self, parts: Vec<Node<'_>>, docs: &mut Vec<String>) -> Option<Program> {
        let (mut name, mut number, mut versions) = (None, None, Vec::new());
        for part in parts {
            match part.as_rule() {
                Rule::name => name = Some(self.ident(&part)),
                Rule::OPEN_BRACE => docs.extend(self.docs_behind(self.span(&part))),
                Rule::version => versions.extend(self.version(part)),
                Rule::expression => number = Some(self.expression(part)),
                _ => {}
            }
        }
        Some(Program { name: name?, versions, number: number? })
    }

    fn version(&mut self, pair: Node<'_>) -> Option<Version> {
        let span = self.span(&pair);
        let mut docs = self.docs_before(span);
        let (mut name, mut number, mut procedures) = (None, None, Vec::new());
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::name => name = Some(self.ident(&part)),
                Rule::OPEN_BRACE => docs.extend(self.docs_behind(self.span(&part))),
                Rule::procedure => procedures.extend(self.procedure(part)),
                Rule::expression => number = Some(self.expression(part)),
                _ => {}
            }
        }
        docs.extend(self.docs_behind_line(span));
        Some(Version { name: name?, docs, procedures, number: number? })
    }

    fn procedure(&mut self, pair: Node<'_>) -> Option<Procedure> {
        let span = self.span(&pair);
        let docs = self.docs_of(span);
        let mut written = String::new();
        let (mut name, mut number, mut result, mut arguments) = (None, None, None::<Passed>, Vec::new());
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::passed => {
                    written = part.as_str().to_owned();
                    result = self.passed(part);
                }
                Rule::procedure_name | Rule::second_name => {
                    for part in part.into_inner() {
                        if part.as_rule() == Rule::name {
                            let other = name.replace(self.ident(&part));
                            if let Some((other, name)) = other.zip(name.as_ref()) {
                                self.refuse_result_name(&other, name, &written);
                            }
                        } else if let Some(result) = &mut result {
                            written.push_str(part.as_str());
                            result.declarator.span = result.declarator.span.to(self.span(&part));
                            self.declarator_part(&mut result.declarator, part);
                        }
                    }
                }
                Rule::argument => arguments.extend(self.passed(part)),
                Rule::expression => number = Some(self.expression(part)),
                _ => {}
            }
        }
        Some(Procedure { name: name?, docs, result: result?, arguments, number: number? })
    }

    /// `int list<> LIST(void)`. `result`: its tokens without the name.
    fn refuse_result_name(&mut self, other: &Ident, name: &Ident, result: &str) {
        self.error(
            Diagnostic::error("result-name", "the result of a procedure has no name")
                .at(other.span, "remove this")
                .at(name.span, "this is the procedure's")
                .help(format!("write `{}(…)`", as_written(result, &name.text))),
        );
    }

    fn passed(&mut self, pair: Node<'_>) -> Option<Passed> {
        let mut type_spec = None;
        let mut declarator = Declarator { pointers: 0, name: None, suffixes: Vec::new(), span: Span::default() };
        for part in pair.into_inner() {
            let span = self.span(&part);
            if part.as_rule() == Rule::type_spec {
                type_spec = Some(self.type_spec(part));
                declarator.span = span.after();
            } else {
                self.declarator_part(&mut declarator, part);
                declarator.span = declarator.span.to(span);
            }
        }
        Some(Passed { type_spec: type_spec?, declarator })
    }
}

/// The result's tokens, which have blanks between them, and the procedure's name.
fn as_written(result: &str, name: &str) -> String {
    let mut text = String::new();
    for token in result.split_whitespace().chain([name]) {
        let tight = matches!(token, "<" | ">" | "[" | "]") || text.ends_with(['<', '[', '*']);
        if !tight && !text.is_empty() {
            text.push(' ');
        }
        text.push_str(token);
    }
    text
}
