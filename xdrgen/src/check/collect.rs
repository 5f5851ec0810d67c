//! Finds every name that a file defines, before any is looked up: in `.x` files order does not matter.

use std::{collections::HashMap, rc::Rc};

use super::{Body, Checker, ConstantDef, ProgramDef, Source, TypeDef, ValueId, builtin, clash, constants::State};
use crate::{
    ast::{Declaration, Declarator, Enumerator, Ident, Item, ItemKind, TypeSpec, TypeSpecKind},
    diagnostics::Diagnostic,
    model::{self, Docs, Name, TypeId},
    preprocess::lexer::{RawKind, lex},
    source::Span,
};

/// The namespaces around something, outermost first.
pub(super) type Scope = Rc<[String]>;

/// What the parts of a definition have in common.
#[derive(Clone)]
struct Around<'a> {
    scope: Scope,
    feature: Option<u16>,
    item: &'a Item,
}

impl<'a> Checker<'a, '_> {
    pub(super) fn collect(&mut self) {
        self.collect_macros();
        let items: &'a [Item] = &self.parsed.file.items;
        self.collect_items(items, &Scope::from([]));
        self.place_numbers();
        self.collect_for_c();
        self.place_macros();
    }

    fn collect_items(&mut self, items: &'a [Item], scope: &Scope) {
        for item in items {
            let around = Around { scope: Rc::clone(scope), feature: item.feature, item };
            match &item.kind {
                ItemKind::Constant { name, value } => {
                    self.add_constant(&around, name, item.docs.clone(), Source::Expression(value));
                }
                ItemKind::Typedef(declaration) => self.collect_typedef(&around, declaration),
                ItemKind::Type(spec) => self.collect_type(&around, spec),
                ItemKind::Program(program) => {
                    self.collect_numbers(program, scope);
                    if self.module(item.span).is_none() {
                        self.order.push((model::Item::Program(self.programs.len()), item.span));
                        let (scope, docs) = (Rc::clone(scope), item.docs.clone());
                        self.programs.push(ProgramDef { program, scope, docs, feature: item.feature });
                    }
                }
                ItemKind::Pragma(_) => {}
                ItemKind::Namespace { name, items } => {
                    let inner: Vec<String> =
                        scope.iter().cloned().chain(name.iter().map(|part| part.text.clone())).collect();
                    self.collect_items(items, &Scope::from(inner));
                }
            }
        }
    }

    fn collect_type(&mut self, around: &Around<'a>, spec: &'a TypeSpec) {
        match &spec.kind {
            TypeSpecKind::Enum { name: None, members } => {
                // Nothing can have its type: its members are constants.
                let mut previous = None;
                for member in members {
                    previous = self
                        .add_constant(around, &member.name, member.docs.clone(), Source::Member(member, previous))
                        .or(previous);
                }
            }
            TypeSpecKind::Struct { name: Some(name), .. }
            | TypeSpecKind::Enum { name: Some(name), .. }
            | TypeSpecKind::Union { name: Some(name), .. } => {
                self.collect_body(around, spec, name, around.item.docs.clone());
            }
            // A declaration ahead of the definition.
            _ => {}
        }
    }

    fn collect_typedef(&mut self, around: &Around<'a>, declaration: &'a Declaration) {
        let docs = &around.item.docs;
        let Some(first) = declaration.declarators.iter().find_map(|declarator| declarator.name.as_ref()) else {
            return;
        };
        // The declarator that the body itself is named by.
        let mut named_by = None;
        if has_body(&declaration.type_spec) {
            let plain = declaration.declarators.iter().position(|one| one.pointers == 0 && one.suffixes.is_empty());
            match (own_name(&declaration.type_spec), plain.and_then(|at| declaration.declarators[at].name.as_ref())) {
                (Some(name), _) => {
                    self.collect_body(around, &declaration.type_spec, name, docs.clone());
                    named_by = declaration.declarators.iter().position(|one| {
                        one.pointers == 0
                            && one.suffixes.is_empty()
                            && one.name.as_ref().is_some_and(|its| its.text == name.text)
                    });
                }
                (None, Some(name)) => {
                    self.collect_body(around, &declaration.type_spec, name, docs.clone());
                    named_by = plain;
                }
                (None, None) => {
                    let name = Ident { text: format!("{}_item", first.text), span: first.span };
                    let name = self.free_name(around, name);
                    self.collect_body(around, &declaration.type_spec, &name, docs.clone());
                }
            }
        }
        for (at, declarator) in declaration.declarators.iter().enumerate() {
            if named_by == Some(at) {
                continue;
            }
            self.collect_alias(around, declaration, declarator);
        }
    }

    fn collect_alias(&mut self, around: &Around<'a>, declaration: &'a Declaration, declarator: &'a Declarator) {
        let Some(name) = &declarator.name else { return };
        let plain = declarator.pointers == 0 && declarator.suffixes.is_empty();
        if plain {
            // `typedef struct a a;` is how C says that `struct a` may be called `a`.
            if let TypeSpecKind::Named(path) = &declaration.type_spec.kind
                && path.segments.len() == 1
                && path.last() == name.text
            {
                return;
            }
            // What everyone knows need not be said, unless it is said differently.
            if around.scope.is_empty() && self.says_what_is_known(&declaration.type_spec, &name.text) {
                return;
            }
        }
        let body = Body::Alias(&declaration.type_spec, declarator);
        self.add_type(around, name, around.item.docs.clone(), body);
    }

    fn says_what_is_known(&self, spec: &TypeSpec, name: &str) -> bool {
        let meant = match &spec.kind {
            TypeSpecKind::Bool => Some(model::Shape::Bool),
            TypeSpecKind::Integer(integer) => Some(model::Shape::Integer(*integer)),
            TypeSpecKind::Named(path) => builtin::shape(path.last()),
            _ => None,
        };
        meant.is_some() && meant == builtin::shape(name)
    }

    /// A body and those within it.
    fn collect_body(&mut self, around: &Around<'a>, spec: &'a TypeSpec, name: &Ident, docs: Docs) {
        // Types within come first: so they stand in the generated file.
        match &spec.kind {
            TypeSpecKind::Struct { fields, .. } => {
                for field in fields {
                    self.collect_inner(around, field, &name.text);
                }
            }
            TypeSpecKind::Union { body, .. } => {
                if has_body(&body.discriminant_type) {
                    self.collect_inner_named(
                        around,
                        &body.discriminant_type,
                        &name.text,
                        &body.discriminant,
                        &Docs::new(),
                    );
                }
                for arm in &body.arms {
                    self.collect_inner(around, &arm.declaration, &name.text);
                }
            }
            _ => {}
        }
        let Some(id) = self.add_type(around, name, docs, Body::Spec(spec)) else { return };
        self.bodies.insert(spec, id);
        if let TypeSpecKind::Enum { members, .. } = &spec.kind {
            self.collect_members(around, id, members);
        }
    }

    fn collect_inner(&mut self, around: &Around<'a>, declaration: &'a Declaration, owner: &str) {
        let Declaration { type_spec, declarators, docs, feature, .. } = declaration;
        if !has_body(type_spec) {
            return;
        }
        if let Some(name) = declarators.first().and_then(|declarator| declarator.name.as_ref()) {
            // What guards the field guards its body.
            let around = Around { feature: *feature, ..around.clone() };
            self.collect_inner_named(&around, type_spec, owner, name, docs);
        }
    }

    fn collect_inner_named(
        &mut self,
        around: &Around<'a>,
        spec: &'a TypeSpec,
        owner: &str,
        field: &Ident,
        docs: &Docs,
    ) {
        if let Some(name) = own_name(spec) {
            return self.collect_body(around, spec, name, docs.clone());
        }
        let name = Ident { text: format!("{owner}_{}", field.text), span: field.span };
        let name = self.free_name(around, name);
        self.collect_body(around, spec, &name, docs.clone());
    }

    /// `name`, or with a number behind it: nobody chose the name of an anonymous body.
    fn free_name(&mut self, around: &Around<'a>, name: Ident) -> Ident {
        let key = full_name(&around.scope, &name.text);
        if !self.type_names.contains_key(&key) {
            return name;
        }
        let mut number = self.taken_names.get(&key).copied().unwrap_or(1);
        let text = loop {
            number += 1;
            let text = format!("{}_{number}", name.text);
            if !self.type_names.contains_key(&full_name(&around.scope, &text)) {
                break text;
            }
        };
        self.taken_names.insert(key, number);
        Ident { text, span: name.span }
    }

    fn collect_members(&mut self, around: &Around<'a>, id: TypeId, members: &'a [Enumerator]) {
        let mut own: HashMap<&str, usize> = HashMap::new();
        for (at, member) in members.iter().enumerate() {
            if let Some(before) = own.get(member.name.text.as_str()) {
                self.error(clash("member", &member.name, members[*before].name.span, "duplicate-member"));
                continue;
            }
            own.insert(&member.name.text, at);
            let key = full_name(&around.scope, &member.name.text);
            match self.values.get(&key).copied() {
                None => {
                    self.values.insert(key, ValueId::Member(id, at));
                }
                // Within its enum a member is found first, whatever else has its name.
                Some(before) => self.note_value_clash(&member.name, before),
            }
        }
        self.member_names.insert(id, own);
    }

    fn note_value_clash(&mut self, name: &Ident, before: ValueId) {
        let (what, span) = match before {
            ValueId::Constant(at) => ("a constant", self.constants[at].span),
            ValueId::Member(id, at) => ("a member of another enum", self.member_span(id, at)),
            ValueId::Number(at) => ("a number of a program", self.numbers[at].first().0.span),
        };
        if self.module(span).is_some() && self.module(name.span).is_some() {
            return;
        }
        self.diagnostics.push(
            Diagnostic::warning("shared-name", format!("`{}` is also the name of {what}", name.text))
                .at(name.span, "here")
                .at(span, "and here")
                .because("the C that rpcgen makes of this does not compile"),
        );
    }

    pub(super) fn member_span(&self, id: TypeId, member: usize) -> Span {
        match &self.types[id.0].body {
            Body::Spec(TypeSpec { kind: TypeSpecKind::Enum { members, .. }, .. }) => members[member].name.span,
            _ => self.types[id.0].span,
        }
    }

    fn add_type(&mut self, around: &Around<'a>, name: &Ident, docs: Docs, body: Body<'a>) -> Option<TypeId> {
        let key = full_name(&around.scope, &name.text);
        if let Some(before) = self.type_names.get(&key).copied() {
            self.type_twice(around, name, before, &body);
            return None;
        }
        let id = TypeId(self.types.len());
        let module = self.module(name.span);
        if module.is_none() {
            self.order.push((model::Item::Type(id), around.item.span));
        }
        self.type_names.insert(key, id);
        self.types.push(TypeDef {
            name: Name { namespace: around.scope.to_vec(), ident: name.text.clone() },
            scope: Rc::clone(&around.scope),
            span: name.span,
            docs,
            feature: around.feature,
            module,
            body,
        });
        Some(id)
    }

    fn type_twice(&mut self, around: &Around<'a>, name: &Ident, before: TypeId, body: &Body<'a>) {
        let first = &self.types[before.0];
        if self.is_same_place(name.span, first.span) || around.feature != first.feature {
            return;
        }
        let first_span = first.span;
        let same = match (body, &first.body) {
            (Body::Spec(new), Body::Spec(old)) => self.same_text(new.span, old.span),
            (Body::Alias(new, new_declarator), Body::Alias(old, old_declarator)) => {
                self.same_text(new.span.to(new_declarator.span), old.span.to(old_declarator.span))
            }
            _ => false,
        };
        self.defined_twice("type", name, first_span, same, "duplicate-type");
    }

    fn defined_twice(&mut self, what: &str, name: &Ident, before: Span, same: bool, code: &'static str) {
        let mut diagnostic = clash(what, name, before, code);
        if same {
            diagnostic.severity = crate::diagnostics::Severity::Warning;
            diagnostic.notes.push("both say the same, so the second one is ignored".to_owned());
        }
        self.error(diagnostic);
    }

    /// The same lines of the same file, included twice.
    fn is_same_place(&self, a: Span, b: Span) -> bool {
        let path = |span: Span| &self.parsed.sources.file(span.file).path;
        a.file != b.file && (a.start, a.end) == (b.start, b.end) && path(a) == path(b)
    }

    /// Whether the same is written there, blanks and comments apart.
    fn same_text(&self, a: Span, b: Span) -> bool {
        let tokens = |span| {
            let text = self.parsed.sources.text(span);
            let tokens =
                lex(text).into_iter().filter(|token| token.kind != RawKind::Newline && !token.kind.is_comment());
            tokens.map(|token| &text[token.start..token.end])
        };
        tokens(a).eq(tokens(b))
    }

    fn add_constant(&mut self, around: &Around<'a>, name: &Ident, docs: Docs, value: Source<'a>) -> Option<usize> {
        let key = full_name(&around.scope, &name.text);
        if let Some(before) = self.values.get(&key).copied() {
            let ValueId::Constant(at) = before else {
                self.note_value_clash(name, before);
                return None;
            };
            let first = &self.constants[at];
            if self.is_same_place(name.span, first.span) || around.feature != first.feature {
                return None;
            }
            let same = match (&value, &first.value) {
                (Source::Expression(new), Source::Expression(old)) => self.same_text(new.span, old.span),
                _ => false,
            };
            let before = first.span;
            self.defined_twice("constant", name, before, same, "duplicate-constant");
            return None;
        }
        let at = self.constants.len();
        let module = self.module(name.span);
        if module.is_none() {
            self.order.push((model::Item::Constant(at), around.item.span));
        }
        self.values.insert(key, ValueId::Constant(at));
        self.constants.push(ConstantDef {
            name: Name { namespace: around.scope.to_vec(), ident: name.text.clone() },
            scope: Rc::clone(&around.scope),
            span: name.span,
            docs,
            feature: around.feature,
            module,
            value,
            named: true,
            if_used: false,
            state: State::New,
        });
        Some(at)
    }
}

/// Whether a type is written with its body.
pub(super) fn has_body(spec: &TypeSpec) -> bool {
    matches!(spec.kind, TypeSpecKind::Struct { .. } | TypeSpecKind::Enum { .. } | TypeSpecKind::Union { .. })
}

fn own_name(spec: &TypeSpec) -> Option<&Ident> {
    match &spec.kind {
        TypeSpecKind::Struct { name, .. } | TypeSpecKind::Enum { name, .. } | TypeSpecKind::Union { name, .. } => {
            name.as_ref()
        }
        _ => None,
    }
}

/// A name with its namespaces before it.
pub(super) fn full_name(scope: &[String], name: &str) -> String {
    if scope.is_empty() { name.to_owned() } else { format!("{}::{name}", scope.join("::")) }
}
