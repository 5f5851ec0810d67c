//! Which standard traits a type can have.

use super::{Generator, discriminant::Discriminant};
use crate::model::{Model, Shape, TypeId, TypeKind, Union};

/// The longest array that has `Default` in the standard library.
pub(super) const LONGEST_DEFAULT: i128 = 32;

/// The answers for every type of a model.
#[derive(Debug)]
pub(super) struct Traits {
    eq: Vec<bool>,
    default: Vec<bool>,
}

/// Where the default of a union comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DefaultArm {
    /// The arm of this index.
    Arm(usize),
    /// `default:`
    Otherwise,
}

impl Traits {
    /// Finds them out: a type has a trait when all that it holds has it. What is defined elsewhere has neither.
    pub(super) fn new(model: &Model) -> Self {
        let count = model.types.len();
        // Types may contain each other: one answer is found from the optimistic side, the other from the pessimistic one,
        // until nothing changes.
        let eq = settle(vec![true; count], |id, known| has_eq(model, id, known));
        let default = settle(vec![false; count], |id, known| has_default(model, id, known));
        Self { eq, default }
    }

    /// `Eq`: it holds no floating-point number.
    pub(super) fn eq(&self, id: TypeId) -> bool {
        self.eq[id.0]
    }

    /// `Default`
    pub(super) fn default(&self, id: TypeId) -> bool {
        self.default[id.0]
    }
}

impl Generator<'_> {
    /// Whether opaque data is among what `Debug` shows of a field of this shape: then it is to be hexadecimal.
    pub(super) fn shows_opaque(&self, shape: &Shape) -> bool {
        match self.model.resolve(shape) {
            Shape::Opaque(_) | Shape::FixedOpaque(_) | Shape::Quadruple => true,
            Shape::Array { item, .. } | Shape::Vector { item, .. } | Shape::Optional(item) => self.shows_opaque(item),
            _ => false,
        }
    }

    /// Whether `#[derive(Default)]` works for a field of this shape: not for the standard library's long arrays.
    pub(super) fn derives_default(&self, shape: &Shape) -> bool {
        match self.model.resolve(shape) {
            Shape::FixedOpaque(length) => length.value <= LONGEST_DEFAULT,
            Shape::Array { item, length } => length.value <= LONGEST_DEFAULT && self.derives_default(item),
            _ => true,
        }
    }
}

/// What every type derives from the standard library, before what it may; `Debug` is ours when it shows opaque data.
pub(super) fn standard_traits(opaque: bool) -> Vec<&'static str> {
    if opaque { vec!["Clone"] } else { vec!["Clone", "Debug"] }
}

/// The arm that a union is in by default: that of its discriminant's default value.
pub(super) fn default_arm(model: &Model, union_: &Union) -> Option<DefaultArm> {
    let value = Discriminant::of(model, union_).default_value(model);
    let default = || union_.default.as_ref().filter(|default| default.feature.is_none());
    match union_.arms.iter().position(|arm| arm.cases.iter().any(|case| case.value == value)) {
        Some(arm) if union_.arms[arm].feature.is_some() => None,
        Some(arm) => Some(DefaultArm::Arm(arm)),
        None => default().map(|_| DefaultArm::Otherwise),
    }
}

/// Asks again what is known of each type, until the answers stay.
fn settle(mut known: Vec<bool>, answer: impl Fn(TypeId, &[bool]) -> bool) -> Vec<bool> {
    loop {
        let mut changed = false;
        for index in 0..known.len() {
            let now = answer(TypeId(index), &known);
            changed |= now != known[index];
            known[index] = now;
        }
        if !changed {
            return known;
        }
    }
}

fn has_eq(model: &Model, id: TypeId, known: &[bool]) -> bool {
    let shape_has = |shape: &Shape| shape_has_eq(shape, known);
    match &model.type_(id).kind {
        TypeKind::Enum(_) => true,
        TypeKind::Struct(struct_) => struct_.fields.iter().all(|field| shape_has(&field.shape)),
        TypeKind::Union(union_) => {
            let default = union_.default.iter().filter_map(|default| default.field.as_ref());
            let mut fields = union_.arms.iter().filter_map(|arm| arm.field.as_ref()).chain(default);
            fields.all(|field| shape_has(&field.shape))
        }
        TypeKind::Alias(shape) => shape_has(shape),
        TypeKind::Extern(_) => false,
    }
}

fn shape_has_eq(shape: &Shape, known: &[bool]) -> bool {
    match shape {
        Shape::Float | Shape::Double => false,
        Shape::Array { item, .. } | Shape::Vector { item, .. } | Shape::Optional(item) => shape_has_eq(item, known),
        Shape::List(id) | Shape::Chain(id) | Shape::Named(id) => known[id.0],
        _ => true,
    }
}

fn has_default(model: &Model, id: TypeId, known: &[bool]) -> bool {
    match &model.type_(id).kind {
        TypeKind::Enum(enum_) => !enum_.members.is_empty(),
        TypeKind::Struct(struct_) => struct_.fields.iter().all(|field| shape_has_default(&field.shape, known)),
        TypeKind::Union(union_) => match default_arm(model, union_) {
            Some(DefaultArm::Arm(arm)) => {
                union_.arms[arm].field.as_ref().is_none_or(|field| shape_has_default(&field.shape, known))
            }
            Some(DefaultArm::Otherwise) => {
                let field = union_.default.as_ref().and_then(|default| default.field.as_ref());
                field.is_none_or(|field| shape_has_default(&field.shape, known))
            }
            None => false,
        },
        TypeKind::Alias(shape) => shape_has_default(shape, known),
        TypeKind::Extern(_) => false,
    }
}

fn shape_has_default(shape: &Shape, known: &[bool]) -> bool {
    match shape {
        // An empty `Vec` is no list that has one node at least.
        Shape::Chain(_) => false,
        Shape::Array { item, .. } => shape_has_default(item, known),
        Shape::Named(id) => known[id.0],
        _ => true,
    }
}
