//! What a union is switched on.

use crate::model::{Enum, Integer, Member, Model, Number, Shape, Symbol, Type, TypeId, TypeKind, Union};

/// A discriminant's type, aliases followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Discriminant {
    /// `bool`
    Bool,
    /// An integer.
    Integer(Integer),
    /// An enum.
    Enum(TypeId),
}

impl Discriminant {
    /// What `union_` is switched on.
    pub(super) fn of(model: &Model, union_: &Union) -> Self {
        match model.resolve(&union_.discriminant_shape) {
            Shape::Bool => Self::Bool,
            Shape::Named(id) if matches!(model.type_(*id).kind, TypeKind::Enum(_)) => Self::Enum(*id),
            Shape::Integer(integer) => Self::Integer(*integer),
            // The check lets nothing else through; an extern type is taken for an integer.
            _ => Self::Integer(Integer::I32),
        }
    }

    /// The value that a discriminant has by default: zero, `false`, the enum's own.
    pub(super) fn default_value(self, model: &Model) -> i128 {
        match self {
            Self::Bool | Self::Integer(_) => 0,
            Self::Enum(id) => match &model.type_(id).kind {
                TypeKind::Enum(enum_) => {
                    enum_.members.get(default_member(enum_)).map_or(0, |member| member.value.into())
                }
                _ => 0,
            },
        }
    }
}

/// The member that an enum is by default: the one of value 0, or the first, of those that are always there.
pub(super) fn default_member(enum_: &Enum) -> usize {
    let first = |wanted: &dyn Fn(&Member) -> bool| {
        enum_.members.iter().position(|member| member.feature.is_none() && wanted(member))
    };
    first(&|member| member.value == 0).or_else(|| first(&|_| true)).unwrap_or(0)
}

/// Whether `union_` is switched on a bool.
pub(super) fn is_bool(model: &Model, union_: &Union) -> bool {
    Discriminant::of(model, union_) == Discriminant::Bool
}

/// Whether every value that the discriminant can have is a case, whatever features there are.
pub(super) fn covers_all(model: &Model, union_: &Union) -> bool {
    let always = union_.arms.iter().filter(|arm| arm.feature.is_none());
    let is_case = |value: i128| always.clone().any(|arm| arm.cases.iter().any(|case| case.value == value));
    match Discriminant::of(model, union_) {
        Discriminant::Bool => is_case(0) && is_case(1),
        Discriminant::Integer(_) => false,
        Discriminant::Enum(id) => match model.type_(id) {
            Type { kind: TypeKind::Enum(enum_), options, .. } if !options.open => {
                enum_.members.iter().all(|member| is_case(member.value.into()))
            }
            _ => false,
        },
    }
}

/// The member of the discriminant's enum that `case` names, or has the value of.
pub(super) fn member_of(model: &Model, union_: &Union, case: &Number) -> Option<(TypeId, usize)> {
    let Discriminant::Enum(id) = Discriminant::of(model, union_) else { return None };
    if let Some(Symbol::Member { of, member }) = case.symbol
        && of == id
    {
        return Some((of, member));
    }
    let TypeKind::Enum(enum_) = &model.type_(id).kind else { return None };
    enum_.members.iter().position(|member| i128::from(member.value) == case.value).map(|member| (id, member))
}
