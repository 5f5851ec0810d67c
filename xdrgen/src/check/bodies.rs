//! What is in enums, structs and unions.

use std::collections::{HashMap, HashSet};

use super::{Body, Checker, clash, collect::Scope, constants::Lookup, shapes::Place};
use crate::{
    ast::{ArmLabel, Declaration, Enumerator, Expression, ExpressionKind, Path, TypeSpecKind, UnionArm, UnionBody},
    diagnostics::Diagnostic,
    model::{
        Arm, DefaultArm, Enum, Field, Integer, Member, Number, Radix, Shape, Struct, Symbol, TypeId, TypeKind, Union,
    },
    source::Span,
    suggest,
};

/// What a union is switched on.
#[derive(Clone, Copy)]
enum Discriminant {
    /// A number from the lowest to the highest.
    Number(i128, i128),
    Bool,
    Enum(TypeId),
    /// A type of the configuration.
    Extern,
    /// It is wrong, and that has been said: nothing of the cases can be checked.
    Unknown,
}

impl<'a> Checker<'a, '_> {
    /// What the type `at` is.
    pub(super) fn kind(&mut self, at: usize) -> TypeKind {
        let id = TypeId(at);
        let scope = self.types[at].scope.clone();
        match &self.types[at].body {
            Body::Extern(path) => TypeKind::Extern(path.clone()),
            Body::Alias(spec, declarator) => {
                let (spec, declarator) = (*spec, *declarator);
                TypeKind::Alias(self.shape(spec, declarator, &scope, Place::Declaration).unwrap_or(Shape::Void))
            }
            Body::Spec(spec) => match &spec.kind {
                TypeSpecKind::Struct { fields, .. } => TypeKind::Struct(self.struct_(id, fields, &scope)),
                TypeSpecKind::Union { body, .. } => TypeKind::Union(self.union_(id, body, &scope)),
                TypeSpecKind::Enum { members, .. } => TypeKind::Enum(self.enum_(id, members)),
                _ => TypeKind::Alias(Shape::Void),
            },
        }
    }

    fn enum_(&mut self, id: TypeId, members: &'a [Enumerator]) -> Enum {
        if members.is_empty() {
            let span = self.type_span(id);
            self.error(
                Diagnostic::error("empty-enum", "this enum has no members")
                    .at(span, "")
                    .because("RFC 4506 §4.3: it would be a type without values"),
            );
        }
        let mut first_of: HashMap<i32, usize> = HashMap::new();
        let mut out: Vec<Member> = Vec::with_capacity(members.len());
        for (at, member) in members.iter().enumerate() {
            let value = self.member_state(id, at).and_then(|value| i32::try_from(value).ok()).unwrap_or_default();
            let radix = match member.value.as_ref().map(|value| &value.kind) {
                Some(ExpressionKind::Number(_, radix)) => *radix,
                _ => Radix::Decimal,
            };
            let alias_of = first_of.get(&value).copied();
            first_of.entry(value).or_insert(at);
            out.push(Member {
                name: member.name.text.clone(),
                docs: member.docs.clone(),
                value,
                radix,
                alias_of,
                feature: self.own_feature(id, member.feature),
            });
        }
        self.check_guarded_members(id, members, &out);
        Enum { members: out }
    }

    fn struct_(&mut self, id: TypeId, declarations: &'a [Declaration], scope: &Scope) -> Struct {
        let mut seen: HashMap<&str, Span> = HashMap::new();
        let mut fields = Vec::new();
        for declaration in declarations {
            for (at, declarator) in declaration.declarators.iter().enumerate() {
                let shape = self.shape(&declaration.type_spec, declarator, scope, Place::Declaration);
                let Some(name) = &declarator.name else { continue };
                if let Some(before) = seen.insert(&name.text, name.span) {
                    self.error(clash("field", name, before, "duplicate-field"));
                    continue;
                }
                // A comment over `int a, b;` is over the first.
                let docs = if at == 0 { declaration.docs.clone() } else { Vec::new() };
                let feature = self.own_feature(id, declaration.feature);
                fields.push(Field { feature, ..field(name.text.clone(), docs, shape.unwrap_or(Shape::Void)) });
            }
        }
        Struct { fields, list: None }
    }

    fn union_(&mut self, id: TypeId, body: &'a UnionBody, scope: &Scope) -> Union {
        let (shape, discriminant) = self.discriminant(body, scope);
        let mut labels = Labels { discriminant, seen: HashMap::new(), members: None };
        let mut arms: Vec<Arm> = Vec::new();
        let mut default: Option<(DefaultArm, Span)> = None;
        let mut arm_names: HashMap<&str, (Span, Option<Shape>)> = HashMap::new();
        for arm in &body.arms {
            let value = self.arm_field(arm, scope, &mut arm_names);
            let docs = arm.declaration.docs.clone();
            let feature = self.own_feature(id, arm.declaration.feature);
            let cases: Vec<Number> =
                arm.labels.iter().filter_map(|label| self.case(label, scope, &mut labels)).collect();
            match arm.labels.iter().find(|label| label.value.is_none()) {
                Some(label) => {
                    if let Some((_, before)) = &default {
                        let before = *before;
                        self.error(
                            Diagnostic::error("duplicate-default", "a union has one default")
                                .at(label.span, "again here")
                                .at(before, "first here"),
                        );
                    } else {
                        // Further labels say nothing new: they would come here anyway.
                        default = Some((DefaultArm { docs, field: value, feature }, label.span));
                    }
                }
                None => arms.push(Arm { cases, docs, field: value, feature }),
            }
        }
        if body.arms.is_empty() {
            let span = self.type_span(id);
            self.error(
                Diagnostic::error("empty-union", "this union has no cases").at(span, "").because("RFC 4506 §4.15"),
            );
        }
        Union {
            discriminant: body.discriminant.text.clone(),
            discriminant_docs: body.discriminant_docs.clone(),
            discriminant_shape: shape,
            arms,
            default: default.map(|(arm, _)| arm),
        }
    }

    fn arm_field(
        &mut self,
        arm: &'a UnionArm,
        scope: &Scope,
        names: &mut HashMap<&'a str, (Span, Option<Shape>)>,
    ) -> Option<Field> {
        let declaration = &arm.declaration;
        if let Some(second) = declaration.declarators.get(1) {
            self.error(
                Diagnostic::error("two-values", "an arm of a union has one value")
                    .at(second.span, "this is the second")
                    .help("put them into a struct"),
            );
        }
        let declarator = declaration.declarators.first()?;
        let shape = self.shape(&declaration.type_spec, declarator, scope, Place::Declaration);
        let name = declarator.name.as_ref()?;
        match names.get(name.text.as_str()) {
            Some((before, other)) if *other != shape && other.is_some() && shape.is_some() => {
                let before = *before;
                self.diagnostics.push(
                    Diagnostic::warning(
                        "shared-arm-name",
                        format!("two arms are called `{}` and differ in type", name.text),
                    )
                    .at(name.span, "this")
                    .at(before, "and this")
                    .because("the C that rpcgen makes of this does not compile"),
                );
            }
            Some(_) => {}
            None => {
                names.insert(&name.text, (name.span, shape.clone()));
            }
        }
        Some(field(name.text.clone(), Vec::new(), shape.unwrap_or(Shape::Void)))
    }

    fn discriminant(&mut self, body: &'a UnionBody, scope: &Scope) -> (Shape, Discriminant) {
        let spec = &body.discriminant_type;
        let shape = match &spec.kind {
            TypeSpecKind::String | TypeSpecKind::Opaque => None,
            _ => {
                let Some(shape) = self.base(spec, scope) else { return (Shape::Void, Discriminant::Unknown) };
                Some(shape)
            }
        };
        let kind = shape.as_ref().map(|shape| self.discriminant_kind(shape.clone()));
        match (shape, kind) {
            (Some(_), Some(Ok(Discriminant::Extern))) => {
                let (lowest, highest) = Integer::I32.range();
                (Shape::Integer(Integer::I32), Discriminant::Number(lowest, highest))
            }
            (Some(shape), Some(Ok(kind))) => (shape, kind),
            (_, kind) => {
                let what = match kind {
                    Some(Err(what)) => what,
                    _ => "bytes",
                };
                self.error(
                    Diagnostic::error("bad-discriminant", "a union cannot be switched on this type")
                        .at(spec.span, format!("this is {what}"))
                        .because("RFC 4506 §4.15: a discriminant is an `int`, an `unsigned int`, a `bool` or an enum"),
                );
                (Shape::Void, Discriminant::Unknown)
            }
        }
    }

    /// What a discriminant can be, behind its typedefs; `Err` says what it is.
    fn discriminant_kind(&mut self, shape: Shape) -> Result<Discriminant, &'static str> {
        let mut shape = shape;
        let mut seen: HashSet<TypeId> = HashSet::new();
        loop {
            return match shape {
                Shape::Bool => Ok(Discriminant::Bool),
                Shape::Integer(integer) => {
                    let (lowest, highest) = integer.range();
                    Ok(Discriminant::Number(lowest, highest))
                }
                Shape::Named(id) => match &self.types[id.0].body {
                    Body::Spec(spec) => match spec.kind {
                        TypeSpecKind::Enum { .. } => Ok(Discriminant::Enum(id)),
                        TypeSpecKind::Struct { .. } => Err("a struct"),
                        _ => Err("a union"),
                    },
                    // Its values are in Rust; what the cases are worth has to be said here, and 4 bytes they are.
                    Body::Extern(_) => Ok(Discriminant::Extern),
                    Body::Alias(spec, declarator) => {
                        let (spec, declarator) = (*spec, *declarator);
                        if declarator.pointers > 0 {
                            return Err("a pointer");
                        }
                        if !declarator.suffixes.is_empty() {
                            return Err("an array");
                        }
                        if matches!(spec.kind, TypeSpecKind::String | TypeSpecKind::Opaque) {
                            return Err("bytes");
                        }
                        // Circles of typedefs are reported where they are.
                        if !seen.insert(id) {
                            return Ok(Discriminant::Unknown);
                        }
                        let scope = self.types[id.0].scope.clone();
                        match self.base(spec, &scope) {
                            Some(next) => {
                                shape = next;
                                continue;
                            }
                            None => Ok(Discriminant::Unknown),
                        }
                    }
                },
                Shape::Void => Err("nothing"),
                _ => Err("a floating-point number"),
            };
        }
    }

    /// The value of a label, checked. `None`: it has none, or is wrong.
    fn case(&mut self, label: &ArmLabel, scope: &Scope, labels: &mut Labels) -> Option<Number> {
        let expression = label.value.as_ref()?;
        let of = match labels.discriminant {
            Discriminant::Enum(id) => Some(id),
            Discriminant::Unknown => return None,
            _ => None,
        };
        let lookup = Lookup { scope, members_of: of };
        if let (Some(of), ExpressionKind::Name(path)) = (of, &expression.kind)
            && self.find_value(path, lookup).is_none()
        {
            self.no_member(of, path);
            return None;
        }
        let mut number = self.number(expression, lookup)?;
        let span = expression.span;
        match labels.discriminant {
            Discriminant::Enum(of) => number.symbol = Some(self.member_case(of, &number, expression, labels)?),
            Discriminant::Bool => {
                if number.value != 0 && number.value != 1 {
                    self.error(
                        Diagnostic::error("impossible-case", format!("a bool is never {}", number.value))
                            .at(span, "")
                            .help("the values of a bool are `TRUE` and `FALSE`"),
                    );
                    return None;
                }
            }
            Discriminant::Number(lowest, highest) => {
                if lowest == 0 && i32::try_from(number.value).is_ok_and(|value| value < 0) && highest == u32::MAX.into()
                {
                    // C takes `case -1` of an unsigned for its highest value.
                    number = Number { value: number.value & 0xffff_ffff, symbol: None, radix: Radix::Hexadecimal };
                }
                if !(lowest..=highest).contains(&number.value) {
                    self.error(
                        Diagnostic::error("impossible-case", format!("the discriminant is never {}", number.value))
                            .at(span, format!("its values are {lowest} to {highest}")),
                    );
                    return None;
                }
            }
            Discriminant::Extern | Discriminant::Unknown => {}
        }
        if let Some(before) = labels.seen.insert(number.value, span) {
            let shown = self.parsed.sources.text(span).to_owned();
            self.error(
                Diagnostic::error("duplicate-case", format!("two cases have the value {}", number.value))
                    .at(span, format!("`{shown}` again"))
                    .at(before, "first here"),
            );
            return None;
        }
        Some(number)
    }

    /// The member of the enum that has the value of a case.
    fn member_case(
        &mut self,
        of: TypeId,
        number: &Number,
        expression: &Expression,
        labels: &mut Labels,
    ) -> Option<Symbol> {
        if let Some(Symbol::Member { of: its, .. }) = &number.symbol
            && *its == of
        {
            return number.symbol.clone();
        }
        let members = self.members(of)?;
        if labels.members.is_none() {
            let values: Option<Vec<i128>> = (0..members.len()).map(|at| self.member_state(of, at)).collect();
            // If one of them is wrong, who knows what it was to be: nothing is said then.
            let values = values?;
            labels.members = Some(values.iter().enumerate().rev().map(|(at, value)| (*value, at)).collect());
        }
        let Some(member) = labels.members.as_ref().and_then(|members| members.get(&number.value).copied()) else {
            let of_span = self.type_span(of);
            let name = self.types[of.0].name.ident.clone();
            self.error(
                Diagnostic::error("impossible-case", format!("enum `{name}` has no member of value {}", number.value))
                    .at(expression.span, "this case never comes")
                    .at(of_span, "the enum"),
            );
            return None;
        };
        if let Some(Symbol::Member { of: other, .. }) = &number.symbol {
            let (name, right) = (self.types[other.0].name.ident.clone(), members[member].name.text.clone());
            self.diagnostics.push(
                Diagnostic::warning(
                    "foreign-case",
                    format!("this is a member of enum `{name}`, which the union is not switched on"),
                )
                .at(expression.span, "")
                .help(format!("`{right}` has the same value")),
            );
        }
        Some(Symbol::Member { of, member })
    }

    fn no_member(&mut self, of: TypeId, path: &Path) {
        let name = self.types[of.0].name.ident.clone();
        if self.is_unreadable(path.last()) || self.is_unreadable(&name) {
            return;
        }
        let of_span = self.type_span(of);
        let members = self.members(of).unwrap_or_default();
        let near = suggest::similar(path.last(), members.iter().map(|member| member.name.text.as_str()));
        let label = near.map_or("not a member".to_owned(), |near| format!("did you mean `{near}`?"));
        self.error(
            Diagnostic::error("unknown-case", format!("enum `{name}` has no member `{path}`"))
                .at(path.span, label)
                .at(of_span, "the enum"),
        );
    }
}

/// The labels of one union so far.
struct Labels {
    discriminant: Discriminant,
    seen: HashMap<i128, Span>,
    /// The members of the enum by value, once they were needed: of two of one value the first.
    members: Option<HashMap<i128, usize>>,
}

fn field(name: String, docs: Vec<String>, shape: Shape) -> Field {
    Field { name, docs, shape, boxed: false, attributes: Vec::new(), feature: None }
}
