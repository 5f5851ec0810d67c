//! What can be seen to be wrong in a parsed type. Everything is looked at, so that all errors come at once.

use std::collections::HashMap;

use quote::ToTokens;
use syn::{Expr, ExprLit, ExprUnary, Lit, UnOp};

use crate::context::Context;
use crate::model::{Arm, Container, Data, Selector, Union};
use crate::shape::{Shape, is_scalar, item_of, ungroup};

pub(crate) fn check(context: &Context, container: &Container<'_>) {
    for field in container.fields() {
        check_shape(context, &field.shape, field.ty);
    }
    match &container.data {
        Data::Union(union) => check_union(context, union),
        Data::Enum(_) => {
            if let Some(parameter) = container.generics.params.first() {
                context.error(parameter, "an XDR enum has numbers and no parameters");
            }
        }
        Data::Struct(_) | Data::Invalid => {}
    }
}

/// A shape must fit its type as far as the type can be read; the compiler finds the rest.
fn check_shape(context: &Context, shape: &Shape, ty: &syn::Type) {
    let what = match shape {
        Shape::Plain | Shape::With(_) => return,
        Shape::Unpacked => {
            if is_scalar(ty) && !is(ty, "u8") || item_of(ty).is_some() {
                context.error(ty, "`unpacked` is for a `u8`: inside a sequence, `item(unpacked)`");
            }
            return;
        }
        Shape::Max(max, item) => {
            check_bound(context, &max.expression);
            if matches!(ungroup(ty), syn::Type::Array(_)) {
                context.error(ty, "an array has its length: `max` is for what varies, a `Vec`");
                return;
            }
            if (is(ty, "String") || is(ty, "Bytes")) && !matches!(**item, Shape::Plain) {
                context.error(ty, "a string or opaque has no items to say something about");
                return;
            }
            "max"
        }
        Shape::Item(_) => "item",
        Shape::List(_) => "list",
        Shape::Chain(_) => "chain",
    };
    if is_scalar(ty) {
        context.error(
            ty,
            format_args!("`{what}` says something about the length or the items of a field, and this has none"),
        );
        return;
    }
    let outer = ungroup(ty);
    if matches!(shape, Shape::List(_) | Shape::Chain(_))
        && (is(ty, "String") || is(ty, "Bytes") || is_generic(ty, "Option") || matches!(outer, syn::Type::Array(_)))
    {
        context.error(ty, format_args!("`{what}` is for a `Vec`: one element for each node"));
        return;
    }
    if let (Shape::Max(_, inner) | Shape::Item(inner) | Shape::List(inner) | Shape::Chain(inner), Some(item)) =
        (shape, item_of(ty))
    {
        check_shape(context, inner, item);
    }
}

/// RFC 4506 §4.13: a bound is an unsigned integer of 32 bits.
fn check_bound(context: &Context, max: &Expr) {
    match number(max) {
        Literal::Number(value) if u32::try_from(value).is_err() => {
            context.error(max, "a bound is between 0 and 4294967295, as XDR counts in 32 bits");
        }
        Literal::Other => context.error(max, "a bound is an integer"),
        Literal::Number(_) | Literal::None => {}
    }
}

fn check_union(context: &Context, union: &Union<'_>) {
    let mut seen = HashMap::new();
    let mut default: Option<&Arm<'_>> = None;
    for arm in &union.arms {
        check_kept(context, arm);
        for label in arm.selector.labels() {
            let key = match number(label) {
                Literal::Number(value) => value.to_string(),
                Literal::Other | Literal::None => label.to_token_stream().to_string(),
            };
            if let Some(first) = seen.insert(key, &arm.variant.ident) {
                context.error(label, format_args!("this case is already the one of `{first}`"));
            }
        }
        if matches!(arm.selector, Selector::Default)
            && let Some(first) = default.replace(arm)
        {
            let first = &first.variant.ident;
            context.error(&arm.variant.ident, format_args!("a second default arm: `{first}` is one already"));
        }
    }
}

/// Where the variant does not tell the discriminant, its first field does.
fn check_kept(context: &Context, arm: &Arm<'_>) {
    let why = match &arm.selector {
        Selector::One(_) => return,
        Selector::Several(labels) => match labels.as_slice() {
            [] => {
                context.error(&arm.variant.ident, "an arm without a case is never selected");
                return;
            }
            [label] => {
                context.error(label, "a single case is written without brackets, and its arm keeps no discriminant");
                return;
            }
            _ => "an arm of several cases",
        },
        Selector::Default => "the default arm",
    };
    match &arm.kept {
        None => context.error(
            &arm.variant.ident,
            format_args!(
                "{why} keeps the discriminant that it arrived with: its first field has the discriminant's type"
            ),
        ),
        Some(kept) if !matches!(kept.shape, Shape::Plain) => {
            context.error(
                &kept.original.ty,
                format_args!("in {why} the first field is the discriminant, without attributes"),
            );
        }
        Some(_) => {}
    }
}

enum Literal {
    Number(i128),
    /// A literal that is no number.
    Other,
    None,
}

/// The value of an integer literal, with or without a sign.
fn number(expression: &Expr) -> Literal {
    match expression {
        Expr::Lit(ExprLit { lit: Lit::Int(literal), .. }) => match literal.base10_parse() {
            Ok(value) => Literal::Number(value),
            Err(_) => Literal::Other,
        },
        Expr::Lit(ExprLit { lit: Lit::Byte(_) | Lit::Char(_), .. }) => Literal::None,
        Expr::Lit(_) => Literal::Other,
        Expr::Unary(ExprUnary { op: UnOp::Neg(_), expr, .. }) => match number(expr) {
            Literal::Number(value) => Literal::Number(-value),
            other => other,
        },
        Expr::Group(group) => number(&group.expr),
        Expr::Paren(paren) => number(&paren.expr),
        _ => Literal::None,
    }
}

fn is(ty: &syn::Type, name: &str) -> bool {
    match ungroup(ty) {
        syn::Type::Path(path) => path.path.is_ident(name),
        _ => false,
    }
}

fn is_generic(ty: &syn::Type, name: &str) -> bool {
    match ungroup(ty) {
        syn::Type::Path(path) => path.path.segments.last().is_some_and(|segment| segment.ident == name),
        _ => false,
    }
}
