//! From pest's pairs to the AST: structs, enums and unions.

use super::{
    Rule,
    build::{Builder, Node},
};
use crate::{
    ast::{ArmLabel, Declaration, Enumerator, TypeSpecKind, UnionArm, UnionBody},
    diagnostics::Diagnostic,
};

impl Builder<'_, '_> {
    pub(super) fn compound(&mut self, pair: Node<'_>) -> TypeSpecKind {
        let whole = self.span(&pair);
        let mut path = None;
        let mut body = None;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::path => path = Some(self.path(part)),
                Rule::struct_body | Rule::enum_body | Rule::union_body => body = Some(part),
                _ => {}
            }
        }
        let Some(body) = body else {
            return path.map_or(TypeSpecKind::Void, TypeSpecKind::Named);
        };
        let name = path.and_then(|path| {
            if path.segments.len() > 1 {
                self.error(
                    Diagnostic::error("scoped-definition", "a definition is named by one word")
                        .at(path.span, "")
                        .help("put it into a `namespace`"),
                );
            }
            path.segments.into_iter().next_back()
        });
        let brace =
            body.clone().into_inner().find(|part| part.as_rule() == Rule::OPEN_BRACE).map(|part| self.span(&part));
        let kind = match body.as_rule() {
            Rule::struct_body => TypeSpecKind::Struct { name, fields: self.fields(body) },
            Rule::enum_body => TypeSpecKind::Enum { name, members: self.members(body) },
            _ => match self.union_body(body) {
                Some(body) => TypeSpecKind::Union { name, body: Box::new(body) },
                None => TypeSpecKind::Void,
            },
        };
        self.opening = brace.map(|brace| (whole, brace));
        kind
    }

    fn fields(&mut self, body: Node<'_>) -> Vec<Declaration> {
        let mut fields = Vec::new();
        for field in body.into_inner().filter(|part| part.as_rule() == Rule::field) {
            let feature = self.part_feature(&field);
            let span = self.span(&field);
            let Some(declaration) = field.into_inner().next() else { continue };
            let mut declaration = self.declaration(declaration);
            declaration.feature = feature;
            declaration.docs = self.docs_before(span);
            declaration.docs.extend(self.opening_docs(&declaration.type_spec));
            declaration.docs.extend(self.docs_behind(span));
            fields.push(declaration);
        }
        fields
    }

    fn members(&mut self, body: Node<'_>) -> Vec<Enumerator> {
        let mut members = Vec::new();
        for member in body.into_inner().filter(|part| part.as_rule() == Rule::enumerator) {
            let feature = self.part_feature(&member);
            let span = self.span(&member);
            let (mut name, mut value) = (None, None);
            for part in member.into_inner() {
                match part.as_rule() {
                    Rule::name => name = Some(self.ident(&part)),
                    Rule::expression => value = Some(self.expression(part)),
                    _ => {}
                }
            }
            let docs = self.docs_of(span);
            members.extend(name.map(|name| Enumerator { name, value, docs, feature }));
        }
        members
    }

    fn union_body(&mut self, body: Node<'_>) -> Option<UnionBody> {
        let mut discriminant = None;
        let mut discriminant_type = None;
        let mut discriminant_docs = Vec::new();
        let mut arms = Vec::new();
        for part in body.into_inner() {
            match part.as_rule() {
                Rule::discriminant => {
                    discriminant_docs = self.docs_behind(self.span(&part));
                    for part in part.into_inner() {
                        match part.as_rule() {
                            Rule::type_spec => discriminant_type = Some(self.type_spec(part)),
                            _ => discriminant = Some(self.ident(&part)),
                        }
                    }
                }
                Rule::arm => {
                    arms.extend(self.arm(part));
                }
                _ => {}
            }
        }
        Some(UnionBody { discriminant_type: discriminant_type?, discriminant: discriminant?, discriminant_docs, arms })
    }

    fn arm(&mut self, pair: Node<'_>) -> Option<UnionArm> {
        let span = self.span(&pair);
        let feature = self.part_feature(&pair);
        let mut docs = self.docs_before(span);
        let mut labels: Vec<ArmLabel> = Vec::new();
        let mut declaration = None;
        for part in pair.into_inner() {
            let part_span = self.span(&part);
            match part.as_rule() {
                Rule::label => {
                    let inner = part.into_inner().next()?;
                    let value = inner.into_inner().find(|part| part.as_rule() == Rule::expression);
                    docs.extend(self.docs_behind(part_span));
                    labels.push(ArmLabel { value: value.map(|value| self.expression(value)), span: part_span });
                }
                Rule::declaration => {
                    docs.extend(self.docs_before(part_span));
                    declaration = Some(self.declaration(part));
                }
                _ => {}
            }
        }
        let mut declaration = declaration?;
        docs.extend(self.opening_docs(&declaration.type_spec));
        docs.extend(self.docs_behind(span));
        declaration.docs = docs;
        declaration.feature = feature;
        Some(UnionArm { labels, declaration })
    }
}
