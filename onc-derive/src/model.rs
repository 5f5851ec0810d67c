//! What is derived for: the parsed type, with its attributes understood.

use syn::ext::IdentExt;
use syn::{DeriveInput, Expr, Generics, Ident, Index, Member, Path, Type, WherePredicate, parse_quote};

use crate::attribute::{FieldAttributes, TypeAttributes, VariantAttributes};
use crate::context::Context;
use crate::shape::Shape;

/// A type with `#[derive(Xdr)]`.
pub(crate) struct Container<'a> {
    pub(crate) ident: &'a Ident,
    pub(crate) generics: &'a Generics,
    /// Where the runtime is.
    pub(crate) runtime: Path,
    /// The where clause that the user asks for.
    pub(crate) bound: Option<Vec<WherePredicate>>,
    pub(crate) data: Data<'a>,
}

pub(crate) enum Data<'a> {
    Struct(Vec<Field<'a>>),
    /// An XDR enum: its values.
    Enum(Vec<&'a syn::Variant>),
    Union(Box<Union<'a>>),
    /// Something that the errors speak about.
    Invalid,
}

pub(crate) struct Field<'a> {
    pub(crate) member: Member,
    pub(crate) ty: &'a Type,
    pub(crate) shape: Shape,
    pub(crate) original: &'a syn::Field,
}

/// A discriminated union.
pub(crate) struct Union<'a> {
    pub(crate) discriminant: Type,
    pub(crate) arms: Vec<Arm<'a>>,
}

pub(crate) struct Arm<'a> {
    pub(crate) variant: &'a syn::Variant,
    pub(crate) selector: Selector,
    /// The field that keeps the discriminant, where the variant alone does not tell it.
    pub(crate) kept: Option<Field<'a>>,
    pub(crate) fields: Vec<Field<'a>>,
}

/// The discriminants of an arm.
pub(crate) enum Selector {
    One(Box<Expr>),
    Several(Vec<Expr>),
    Default,
}

impl<'a> Container<'a> {
    pub(crate) fn parse(context: &Context, input: &'a DeriveInput) -> Self {
        let TypeAttributes { runtime, bound, union } = TypeAttributes::parse(context, &input.attrs);
        let data = match &input.data {
            syn::Data::Struct(data) => {
                if let Some(union) = union {
                    context.error_at(union.span, "a union is an enum with data, not a struct");
                }
                Data::Struct(fields(context, &data.fields))
            }
            syn::Data::Enum(data) => {
                let has_data = data.variants.iter().any(|variant| !variant.fields.is_empty());
                match union {
                    _ if data.variants.is_empty() => {
                        context.error(&input.ident, "an enum without variants has no values to encode");
                        Data::Invalid
                    }
                    Some(union) => {
                        let arms = data.variants.iter().filter_map(|variant| Arm::parse(context, variant)).collect();
                        match union.value {
                            Some(discriminant) => Data::Union(Box::new(Union { discriminant, arms })),
                            None => Data::Invalid,
                        }
                    }
                    None if has_data => {
                        context.error(
                            &input.ident,
                            "an enum with data is a discriminated union: say which type tells its arms apart, \
                             `#[xdr(union(i32))]`, and which value each arm has, `#[xdr(case = 1)]`",
                        );
                        Data::Invalid
                    }
                    None => Data::Enum(values(context, data)),
                }
            }
            syn::Data::Union(data) => {
                context.error(
                    data.union_token,
                    "XDR's union tells its arms apart by a discriminant: make it an enum with `#[xdr(union(…))]`",
                );
                Data::Invalid
            }
        };
        let mut container = Self {
            ident: &input.ident,
            generics: &input.generics,
            runtime: runtime.map_or_else(|| parse_quote!(::onc_runtime), |said| said.value),
            bound: bound.map(|said| said.value),
            data,
        };
        let mut next = 0;
        for field in container.fields_mut() {
            field.shape.number(&mut next);
        }
        container
    }

    /// The name as people say it.
    pub(crate) fn name(&self) -> String {
        self.ident.unraw().to_string()
    }

    /// Every field that goes over the wire.
    pub(crate) fn fields(&self) -> impl Iterator<Item = &Field<'a>> {
        let (fields, arms) = match &self.data {
            Data::Struct(fields) => (fields.as_slice(), [].as_slice()),
            Data::Union(union) => ([].as_slice(), union.arms.as_slice()),
            Data::Enum(_) | Data::Invalid => ([].as_slice(), [].as_slice()),
        };
        fields.iter().chain(arms.iter().flat_map(|arm| &arm.fields))
    }

    fn fields_mut(&mut self) -> impl Iterator<Item = &mut Field<'a>> {
        let (fields, arms) = match &mut self.data {
            Data::Struct(fields) => (fields.as_mut_slice(), [].as_mut_slice()),
            Data::Union(union) => ([].as_mut_slice(), union.arms.as_mut_slice()),
            Data::Enum(_) | Data::Invalid => ([].as_mut_slice(), [].as_mut_slice()),
        };
        fields.iter_mut().chain(arms.iter_mut().flat_map(|arm| &mut arm.fields))
    }
}

impl<'a> Arm<'a> {
    fn parse(context: &Context, variant: &'a syn::Variant) -> Option<Self> {
        let VariantAttributes { case, default } = VariantAttributes::parse(context, &variant.attrs);
        let mut fields = fields(context, &variant.fields);
        let selector = match (case, default) {
            (Some(_), Some(default)) => {
                context.error_at(
                    default.span,
                    "the default arm takes every value without a case: drop `case` or `default`",
                );
                return None;
            }
            (None, None) => {
                context.error(
                    &variant.ident,
                    "which discriminant selects this arm? `#[xdr(case = …)]`, or `#[xdr(default)]` for all the rest",
                );
                return None;
            }
            (None, Some(_)) => Selector::Default,
            (Some(case), None) => match case.value {
                Expr::Array(labels) => Selector::Several(labels.elems.into_iter().collect()),
                label => Selector::One(Box::new(label)),
            },
        };
        let kept = match selector {
            Selector::Several(_) | Selector::Default if !fields.is_empty() => Some(fields.remove(0)),
            _ => None,
        };
        Some(Self { variant, selector, kept, fields })
    }
}

impl Selector {
    pub(crate) fn labels(&self) -> &[Expr] {
        match self {
            Self::One(label) => std::slice::from_ref(label),
            Self::Several(labels) => labels,
            Self::Default => &[],
        }
    }
}

impl Field<'_> {
    /// The name as people say it.
    pub(crate) fn name(&self) -> String {
        match &self.member {
            Member::Named(ident) => ident.unraw().to_string(),
            Member::Unnamed(index) => index.index.to_string(),
        }
    }
}

fn fields<'a>(context: &Context, fields: &'a syn::Fields) -> Vec<Field<'a>> {
    let parse = |(at, field): (usize, &'a syn::Field)| Field {
        member: match &field.ident {
            Some(ident) => Member::Named(ident.clone()),
            None => Member::Unnamed(Index::from(at)),
        },
        ty: &field.ty,
        shape: Shape::from_attributes(context, FieldAttributes::parse(context, &field.attrs)),
        original: field,
    };
    fields.iter().enumerate().map(parse).collect()
}

/// The values of an XDR enum, about which nothing else can be said.
fn values<'a>(context: &Context, data: &'a syn::DataEnum) -> Vec<&'a syn::Variant> {
    for variant in &data.variants {
        let VariantAttributes { case, default } = VariantAttributes::parse(context, &variant.attrs);
        for span in case.map(|said| said.span).into_iter().chain(default.map(|said| said.span)) {
            context.error_at(span, "an arm of a union has this; the type needs `#[xdr(union(…))]` to be one");
        }
        if !matches!(variant.fields, syn::Fields::Unit) {
            context.error(&variant.fields, "the value of an XDR enum is a name and a number, without parentheses");
        }
    }
    data.variants.iter().collect()
}
