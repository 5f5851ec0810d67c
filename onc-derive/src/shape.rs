//! The shape of a field: what its attributes add to its type.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, GenericArgument, Path, PathArguments, PathSegment, Type};

use crate::attribute::{FieldAttributes, Said};
use crate::context::Context;
use crate::expand::{at, located};

/// What a type looks like on the wire; the same tree as the types in the runtime's `xdr::shape`.
pub(crate) enum Shape {
    Plain,
    Max(Bound, Box<Shape>),
    Item(Box<Shape>),
    List(Box<Shape>),
    Chain(Box<Shape>),
    Unpacked,
    With(Type),
}

/// What `max = …` says.
pub(crate) struct Bound {
    pub(crate) expression: Expr,
    /// What the constant is called that has its value, so that it is computed, and complained about, once.
    pub(crate) constant: Ident,
}

/// Whether values of a field all have one size, as far as its looks tell. The compiler knows in the end: a wrong guess
/// costs speed, not correctness.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fixed {
    Never,
    Perhaps,
    Always,
}

impl Shape {
    /// Makes sense of the attributes.
    pub(crate) fn from_attributes(context: &Context, said: FieldAttributes) -> Self {
        let FieldAttributes { max, item, list, chain, unpacked, text, with } = said;
        let kinds = [
            ("max", span(&max)),
            ("list", span(&list)),
            ("chain", span(&chain)),
            ("unpacked", span(&unpacked)),
            ("with", span(&with)),
        ];
        let mut kinds = kinds.into_iter().filter_map(|(name, span)| Some((name, span?)));
        if let Some((first, _)) = kinds.next() {
            for (other, span) in kinds {
                let why = match (first, other) {
                    ("max", "list" | "chain") => "XDR has no bound for a linked list",
                    ("list", "chain") => "a chain is the list whose first node is always there",
                    (_, "with") => "a shape of its own says all there is to say",
                    _ => "a lone byte has neither length nor items",
                };
                context.error_at(span, format_args!("`{first}` and `{other}` do not go together: {why}"));
            }
            if let (Some(item), "unpacked" | "with") = (&item, first) {
                context.error_at(
                    item.span,
                    format_args!("`{first}` says all there is to say: `item` does not go with it"),
                );
            }
        }
        let no_text =
            [("item", span(&item)), ("list", span(&list)), ("chain", span(&chain)), ("unpacked", span(&unpacked))];
        if let (Some(text), Some((other, _))) = (&text, no_text.iter().find(|(_, span)| span.is_some())) {
            context.error_at(text.span, format_args!("`{other}` and `text` do not go together: text has no items"));
        }

        let bare = item.is_none();
        let inner = Box::new(item.map_or(Self::Plain, |item| Self::from_attributes(context, *item.value)));
        match (max, list, chain, unpacked, with) {
            (Some(max), ..) => {
                let constant = Ident::new("__XDR_MAX", max.value.span());
                Self::Max(Bound { expression: max.value, constant }, inner)
            }
            (_, Some(_), ..) => Self::List(inner),
            (_, _, Some(_), ..) => Self::Chain(inner),
            (_, _, _, Some(_), _) => Self::Unpacked,
            (_, _, _, _, Some(with)) => Self::With(with.value),
            _ if bare => Self::Plain,
            _ => Self::Item(inner),
        }
    }

    /// Gives the constants of all bounds names of their own, from `next` on.
    pub(crate) fn number(&mut self, next: &mut usize) {
        match self {
            Self::Plain | Self::Unpacked | Self::With(_) => {}
            Self::Max(bound, item) => {
                bound.constant = format_ident!("__XDR_MAX_{next}", span = located(bound.expression.span()));
                *next += 1;
                item.number(next);
            }
            Self::Item(item) | Self::List(item) | Self::Chain(item) => item.number(next),
        }
    }

    /// The bounds in it.
    pub(crate) fn bounds(&self) -> Vec<&Bound> {
        match self {
            Self::Plain | Self::Unpacked | Self::With(_) => Vec::new(),
            Self::Max(bound, item) => std::iter::once(bound).chain(item.bounds()).collect(),
            Self::Item(item) | Self::List(item) | Self::Chain(item) => item.bounds(),
        }
    }

    /// The shape as a type of the runtime, at the place of `span`: the field whose type it must fit. `is_parameter` knows the
    /// const parameters of the container.
    pub(crate) fn tokens(&self, span: Span, runtime: &Path, is_parameter: &dyn Fn(&Expr) -> bool) -> TokenStream {
        let inner = |inner: &Self| inner.tokens(span, runtime, is_parameter);
        let runtime = at(span, runtime);
        match self {
            Self::Plain => quote_spanned!(span=> #runtime::xdr::Plain),
            Self::Max(Bound { expression, constant }, item) => {
                let item = inner(item);
                // A const parameter cannot be computed with; by itself it is a bound if it is a u32.
                if is_parameter(expression) {
                    quote_spanned!(span=> #runtime::xdr::Max<#expression, #item>)
                } else {
                    quote_spanned!(span=> #runtime::xdr::Max<#constant, #item>)
                }
            }
            Self::Item(item) => {
                let item = inner(item);
                quote_spanned!(span=> #runtime::xdr::Item<#item>)
            }
            Self::List(item) => {
                let item = inner(item);
                quote_spanned!(span=> #runtime::xdr::List<#item>)
            }
            Self::Chain(item) => {
                let item = inner(item);
                quote_spanned!(span=> #runtime::xdr::Chain<#item>)
            }
            Self::Unpacked => quote_spanned!(span=> #runtime::xdr::Unpacked),
            Self::With(shape) => shape.to_token_stream(),
        }
    }

    /// Whether a field of this shape and type has one size.
    pub(crate) fn fixed(&self, ty: &Type) -> Fixed {
        let item = match self {
            Self::Plain => &Self::Plain,
            Self::Item(item) => item,
            Self::Max(..) | Self::List(_) | Self::Chain(_) => return Fixed::Never,
            Self::Unpacked => return Fixed::Always,
            Self::With(_) => return Fixed::Perhaps,
        };
        match ungroup(ty) {
            Type::Array(array) => item.fixed(&array.elem),
            Type::Path(path) => match path.path.segments.last().map(|segment| segment.ident.to_string()).as_deref() {
                Some("String" | "Bytes" | "Vec" | "Option" | "Box") => Fixed::Never,
                _ if is_scalar(ty) => Fixed::Always,
                _ => Fixed::Perhaps,
            },
            _ => Fixed::Perhaps,
        }
    }
}

/// A number or bool of XDR, or of Rust and not of XDR, by its primitive name.
pub(crate) fn is_scalar(ty: &Type) -> bool {
    const SCALARS: [&str; 11] = ["i8", "u8", "i16", "u16", "i32", "u32", "i64", "u64", "f32", "f64", "bool"];
    match ungroup(ty) {
        Type::Path(path) => path.path.get_ident().is_some_and(|ident| SCALARS.iter().any(|scalar| ident == scalar)),
        _ => false,
    }
}

/// `T` of `Vec<T>`, `Option<T>`, `Box<T>` or `[T; N]`.
pub(crate) fn item_of(ty: &Type) -> Option<&Type> {
    match ungroup(ty) {
        Type::Array(array) => Some(&array.elem),
        Type::Path(path) => match path.path.segments.last() {
            Some(PathSegment { ident, arguments: PathArguments::AngleBracketed(arguments), .. })
                if ident == "Vec" || ident == "Option" || ident == "Box" =>
            {
                match arguments.args.first() {
                    Some(GenericArgument::Type(ty)) if arguments.args.len() == 1 => Some(ty),
                    _ => None,
                }
            }
            _ => None,
        },
        _ => None,
    }
}

/// A type without the invisible group that macros put around their fragments, and without parentheses.
pub(crate) fn ungroup(mut ty: &Type) -> &Type {
    loop {
        ty = match ty {
            Type::Group(group) => &group.elem,
            Type::Paren(paren) => &paren.elem,
            _ => return ty,
        };
    }
}

fn span<T>(said: &Option<Said<T>>) -> Option<Span> {
    said.as_ref().map(|said| said.span)
}
