//! How large a type roughly is in memory.

use super::{Generator, numbers::integer_name};
use crate::model::{Field, Shape, TypeId, TypeKind, Union};

/// A difference between the two largest variants of which clippy speaks, with room for what is not exact here.
const LOPSIDED: u64 = 150;

/// Nothing is looked into more deeply than this; what goes deeper contains itself, and is in a box.
const DEPTH: u32 = 16;

impl Generator<'_> {
    /// Whether one variant is so much larger than the others that clippy would have it in a box.
    pub(super) fn is_lopsided(&self, union_: &Union) -> bool {
        let default = union_.default.iter().map(|default| default.field.as_ref());
        let fields = union_.arms.iter().map(|arm| arm.field.as_ref()).chain(default);
        let mut sizes: Vec<u64> = fields.map(|field| field.map_or(0, |field| self.size_of_field(field))).collect();
        sizes.sort_unstable();
        match sizes.as_slice() {
            [.., second, largest] => largest - second >= LOPSIDED,
            _ => false,
        }
    }

    /// How many bytes a field takes, roughly.
    pub(super) fn size_of_field(&self, field: &Field) -> u64 {
        self.size_of_field_within(field, DEPTH)
    }

    fn size_of_field_within(&self, field: &Field, depth: u32) -> u64 {
        if field.boxed { 8 } else { self.size_of(&field.shape, depth) }
    }

    fn size_of(&self, shape: &Shape, depth: u32) -> u64 {
        let Some(deeper) = depth.checked_sub(1) else { return 8 };
        match shape {
            Shape::Void => 0,
            Shape::Bool => 1,
            Shape::Integer(integer) => match integer_name(*integer) {
                "i8" | "u8" => 1,
                "i16" | "u16" => 2,
                "i32" | "u32" => 4,
                _ => 8,
            },
            Shape::Float => 4,
            Shape::Double => 8,
            Shape::Quadruple => 16,
            Shape::String { as_bytes: true, .. } | Shape::Opaque(_) => 32,
            Shape::String { .. } | Shape::Vector { .. } | Shape::List(_) | Shape::Chain(_) => 24,
            Shape::FixedOpaque(length) => u64::try_from(length.value).unwrap_or(u64::MAX),
            Shape::Array { item, length } => {
                self.size_of(item, deeper).saturating_mul(u64::try_from(length.value).unwrap_or(u64::MAX))
            }
            Shape::Optional(item) => self.size_of(item, deeper).saturating_add(8),
            Shape::Named(id) => self.size_of_type(*id, deeper),
        }
    }

    fn size_of_type(&self, id: TypeId, depth: u32) -> u64 {
        let all = |fields: &mut dyn Iterator<Item = &Field>| {
            fields.fold(0, |sum: u64, field| sum.saturating_add(self.size_of_field_within(field, depth)))
        };
        match &self.model.type_(id).kind {
            TypeKind::Enum(_) => 4,
            TypeKind::Struct(struct_) => all(&mut struct_.fields.iter()),
            TypeKind::Union(union_) => {
                let default = union_.default.iter().filter_map(|default| default.field.as_ref());
                let fields = union_.arms.iter().filter_map(|arm| arm.field.as_ref()).chain(default);
                fields.map(|field| self.size_of_field_within(field, depth)).max().unwrap_or(0).saturating_add(8)
            }
            TypeKind::Alias(shape) => self.size_of(shape, depth),
            // Nobody knows.
            TypeKind::Extern(_) => 256,
        }
    }
}
