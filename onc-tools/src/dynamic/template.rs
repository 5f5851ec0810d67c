//! JSON to fill in.

use serde_json::{Map, Value};
use xdrgen::model::{Field, Model, Shape, TypeId, TypeKind};

/// A value of the type that `shape` describes, with every field and nothing in it.
#[must_use]
pub fn template(model: &Model, shape: &Shape) -> Value {
    fill(model, shape, &mut Vec::new())
}

/// `inside` holds the types that are being filled in: one that comes again is left out.
fn fill(model: &Model, shape: &Shape, inside: &mut Vec<TypeId>) -> Value {
    match shape {
        Shape::Void | Shape::Optional(_) => Value::Null,
        Shape::Bool => false.into(),
        Shape::Integer(_) => 0.into(),
        Shape::Float | Shape::Double => 0.0.into(),
        Shape::String { .. } | Shape::Opaque(_) => "".into(),
        Shape::Quadruple => "00".repeat(16).into(),
        Shape::FixedOpaque(length) => "00".repeat(usize::try_from(length.value).unwrap_or_default()).into(),
        Shape::Array { item, length } => {
            let item = fill(model, item, inside);
            vec![item; usize::try_from(length.value).unwrap_or_default().min(1 << 16)].into()
        }
        Shape::Vector { item, .. } => one(fill(model, item, inside)),
        Shape::List(id) | Shape::Chain(id) => one(named(model, *id, inside)),
        Shape::Named(id) => named(model, *id, inside),
    }
}

/// One element, so that it can be seen what goes there.
fn one(item: Value) -> Value {
    if item.is_null() { Value::Array(Vec::new()) } else { vec![item].into() }
}

fn named(model: &Model, id: TypeId, inside: &mut Vec<TypeId>) -> Value {
    if inside.contains(&id) {
        return Value::Null;
    }
    inside.push(id);
    let value = match &model.type_(id).kind {
        TypeKind::Alias(shape) => fill(model, shape, inside),
        TypeKind::Enum(members) => members.members.first().map_or(Value::Null, |member| member.name.clone().into()),
        TypeKind::Struct(fields) => object(model, None, fields.fields.iter(), inside),
        TypeKind::Union(union) => {
            let (case, field) = match (union.arms.first(), &union.default) {
                (Some(arm), _) => (arm.cases.first().map_or(0, |case| case.value), arm.field.as_ref()),
                (None, default) => (0, default.as_ref().and_then(|default| default.field.as_ref())),
            };
            let label = label(model, &union.discriminant_shape, case);
            object(model, Some((&union.discriminant, label)), field.into_iter(), inside)
        }
        TypeKind::Extern(_) => Value::Null,
    };
    inside.pop();
    value
}

fn object<'a>(
    model: &Model,
    first: Option<(&String, Value)>,
    fields: impl Iterator<Item = &'a Field>,
    inside: &mut Vec<TypeId>,
) -> Value {
    let mut object: Map<String, Value> = first.map(|(name, value)| (name.clone(), value)).into_iter().collect();
    object.extend(fields.map(|field| (field.name.clone(), fill(model, &field.shape, inside))));
    Value::Object(object)
}

/// A case as it is written: the enum's member, a bool, a number.
fn label(model: &Model, shape: &Shape, case: i128) -> Value {
    if let Some(members) = super::enumeration(model, shape) {
        let member = members.members.iter().find(|member| i128::from(member.value) == case);
        return member.map_or(Value::Null, |member| member.name.clone().into());
    }
    if let Shape::Bool = model.resolve(shape) {
        return (case != 0).into();
    }
    i64::try_from(case).map_or(Value::Null, Value::from)
}
