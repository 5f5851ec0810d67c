//! Types as they are used.

use super::{
    Body, Checker, TypeDef, builtin,
    collect::{Scope, full_name, has_body},
    constants::Lookup,
};
use crate::{
    ast::{Declarator, Expression, Path, Suffix, TypeSpec, TypeSpecKind},
    diagnostics::Diagnostic,
    model::{Docs, Name, Number, Shape, TypeId},
    source::Span,
};

/// Where a type is used: what is allowed differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A field, an arm or a typedef.
    Declaration,
    /// An argument or a result.
    Passed,
}

impl<'a> Checker<'a, '_> {
    /// The type of what `declarator` declares. `None`: it is wrong, or means nothing, and that has been or will be said.
    pub(super) fn shape(
        &mut self,
        spec: &'a TypeSpec,
        declarator: &'a Declarator,
        scope: &Scope,
        place: Place,
    ) -> Option<Shape> {
        match &spec.kind {
            TypeSpecKind::String => return self.string(spec, declarator, scope, place),
            TypeSpecKind::Opaque => return self.opaque(spec, declarator, scope, place),
            _ => {}
        }
        if place == Place::Passed && has_body(spec) {
            self.error(
                Diagnostic::error("body-in-procedure", "a type cannot be defined within a procedure")
                    .at(spec.span, "")
                    .help("define it before the program, and use its name here"),
            );
            return None;
        }
        let base = self.base(spec, scope);
        // The bounds are checked even if the type is wrong: they have mistakes of their own.
        let suffixes: Vec<Option<(bool, Option<Number>)>> =
            declarator.suffixes.iter().map(|suffix| self.suffix(suffix, scope)).collect();
        if declarator.pointers > 1 || suffixes.len() > 1 {
            self.too_many(declarator);
            return None;
        }
        let mut base = base?;
        if declarator.pointers == 1 {
            base = Shape::Optional(Box::new(base));
            if !suffixes.is_empty() {
                self.diagnostics.push(
                    Diagnostic::warning("pointer-and-bound", "a pointer and a bound on one name")
                        .at(declarator.span, "read as C does: an array of pointers")
                        .because("RFC 4506 §6.3: a declaration has one `*`, or one bound")
                        .help("give the pointer a name with `typedef` to be clear"),
                );
            }
        }
        match suffixes.into_iter().next() {
            None => Some(base),
            Some(suffix) => match suffix? {
                (true, Some(length)) => Some(Shape::Array { item: Box::new(base), length }),
                (true, None) => None,
                (false, max) => Some(Shape::Vector { item: Box::new(base), max }),
            },
        }
    }

    /// A type without what stands behind the name.
    pub(super) fn base(&mut self, spec: &'a TypeSpec, scope: &Scope) -> Option<Shape> {
        Some(match &spec.kind {
            TypeSpecKind::Void => Shape::Void,
            TypeSpecKind::Bool => Shape::Bool,
            TypeSpecKind::Integer(integer) => Shape::Integer(*integer),
            TypeSpecKind::Float => Shape::Float,
            TypeSpecKind::Double => Shape::Double,
            TypeSpecKind::Quadruple => Shape::Quadruple,
            TypeSpecKind::Named(path) => return self.named(path, scope),
            TypeSpecKind::Struct { .. } | TypeSpecKind::Enum { .. } | TypeSpecKind::Union { .. } => {
                let id = self.bodies.get(&std::ptr::from_ref(spec)).copied();
                // A body that is not there is the second one of its name.
                return id.map(Shape::Named);
            }
            TypeSpecKind::String | TypeSpecKind::Opaque => {
                self.error(Diagnostic::error("bad-type", "this type cannot be used here").at(spec.span, ""));
                return None;
            }
        })
    }

    fn named(&mut self, path: &Path, scope: &Scope) -> Option<Shape> {
        let name = path.to_string();
        if let Some(id) = self.find_type_named(&name, scope) {
            return Some(Shape::Named(id));
        }
        if let Some(rust) = self.options.extern_types.get(&name) {
            let id = TypeId(self.types.len());
            self.type_names.insert(name, id);
            self.types.push(TypeDef {
                name: Name { namespace: Vec::new(), ident: path.last().to_owned() },
                scope: Scope::from([]),
                span: path.span,
                docs: Docs::new(),
                feature: None,
                module: None,
                body: Body::Extern(rust.clone()),
            });
            return Some(Shape::Named(id));
        }
        if let Some(shape) = builtin::shape(path.last()).filter(|_| path.segments.len() == 1) {
            return Some(shape);
        }
        if !self.is_unreadable(path.last()) {
            self.unknown.type_(path);
        }
        None
    }

    /// The type of this name, from the innermost namespace outward.
    pub(super) fn find_type_named(&self, name: &str, scope: &Scope) -> Option<TypeId> {
        (0..=scope.len()).rev().find_map(|outer| self.type_names.get(&full_name(&scope[..outer], name)).copied())
    }

    fn string(&mut self, spec: &'a TypeSpec, declarator: &'a Declarator, scope: &Scope, place: Place) -> Option<Shape> {
        if declarator.pointers > 0 {
            return self.no_pointer("string", spec.span, declarator);
        }
        match declarator.suffixes.as_slice() {
            [] => Some(Shape::String { max: None, as_bytes: false }),
            [suffix] if suffix.fixed => {
                let mut help = "the bound of a string is its greatest length: write `string name<5>`".to_owned();
                if let Some(bound) = &suffix.bound {
                    help = help.replace('5', self.parsed.sources.text(bound.span));
                }
                self.error(
                    Diagnostic::error("fixed-string", "a string has no fixed length")
                        .at(suffix.span, "expected `<…>`")
                        .help(help),
                );
                None
            }
            [suffix] => {
                let (_, max) = self.suffix(suffix, scope)?;
                Some(Shape::String { max, as_bytes: false })
            }
            _ => {
                let _ = place;
                self.too_many(declarator);
                None
            }
        }
    }

    fn opaque(&mut self, spec: &'a TypeSpec, declarator: &'a Declarator, scope: &Scope, place: Place) -> Option<Shape> {
        if declarator.pointers > 0 {
            return self.no_pointer("opaque", spec.span, declarator);
        }
        match declarator.suffixes.as_slice() {
            [] if place == Place::Passed => Some(Shape::Opaque(None)),
            [] => {
                self.error(
                    Diagnostic::error("opaque-length", "`opaque` needs a length")
                        .at(declarator.span, "expected `[…]` or `<…>` behind this")
                        .help("`opaque name[16]` is always 16 bytes, `opaque name<16>` at most 16, `opaque name<>` any number"),
                );
                None
            }
            [suffix] => match self.suffix(suffix, scope)? {
                (true, Some(length)) => Some(Shape::FixedOpaque(length)),
                (true, None) => None,
                (false, max) => Some(Shape::Opaque(max)),
            },
            _ => {
                self.too_many(declarator);
                None
            }
        }
    }

    fn no_pointer(&mut self, what: &str, span: Span, declarator: &Declarator) -> Option<Shape> {
        let name = declarator.name.as_ref().map_or("name", |name| &name.text);
        self.error(
            Diagnostic::error("pointer-to-bytes", format!("there is no pointer to `{what}`"))
                .at(span.to(declarator.span), "")
                .help(format!("`{what} {name}<>` may be empty; for one that may be absent give it a name first:\ntypedef {what} {name}_t<>;\nand then write `{name}_t *{name}`")),
        );
        None
    }

    fn too_many(&mut self, declarator: &Declarator) {
        let message = if declarator.pointers > 1 {
            "a pointer to a pointer needs a name for the inner one"
        } else {
            "an array of arrays needs a name for the inner one"
        };
        self.error(
            Diagnostic::error("too-many-bounds", message)
                .at(declarator.span, "")
                .because("RFC 4506 §6.3: a declaration has one `*`, or one bound")
                .help("give the inner type a name with `typedef`"),
        );
    }

    /// Whether it is fixed, and its bound. `None`: it is wrong.
    fn suffix(&mut self, suffix: &Suffix, scope: &Scope) -> Option<(bool, Option<Number>)> {
        match &suffix.bound {
            Some(bound) => {
                let number = self.bound(bound, scope)?;
                Some((suffix.fixed, Some(number)))
            }
            None if suffix.fixed => {
                self.error(
                    Diagnostic::error("no-length", "an array of fixed length needs its length")
                        .at(suffix.span, "empty")
                        .help("for any length write `<>`"),
                );
                None
            }
            None => Some((false, None)),
        }
    }

    fn bound(&mut self, bound: &Expression, scope: &Scope) -> Option<Number> {
        let number = self.number(bound, Lookup::new(scope))?;
        let value = number.value;
        // RFC 4506 §4.9, §4.10: a length is an unsigned integer of 32 bits.
        if u32::try_from(value).is_ok() {
            return Some(number);
        }
        let shown = self.parsed.sources.text(bound.span);
        let label = if shown == value.to_string() { String::new() } else { format!("this is {value}") };
        let diagnostic = if value < 0 {
            Diagnostic::error("negative-bound", "a length cannot be negative")
        } else {
            Diagnostic::error("bound-range", format!("a length is at most {}", u32::MAX))
        };
        self.error(diagnostic.at(bound.span, label));
        None
    }
}
