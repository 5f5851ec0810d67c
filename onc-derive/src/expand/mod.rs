//! From the model to the implementation.
//!
//! Everything is named by its full path, so that a type called `Option` or `Result` beside it changes nothing, and
//! everything that a user could have named too begins with `__`.

mod enum_;
mod part;
mod struct_;
mod union_;

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, Generics, Path};

use crate::bound;
use crate::model::{Container, Data};
use crate::shape::Bound;

/// The parts of an implementation that differ from type to type.
pub(crate) struct Body {
    /// Constants that the rest uses.
    pub(crate) items: TokenStream,
    /// `FIXED`, `LEAST` and what else the trait has of constants.
    pub(crate) constants: TokenStream,
    /// The body of `measure(&self)`.
    pub(crate) measure: TokenStream,
    /// The body of `encode(&self, __out)`.
    pub(crate) encode: TokenStream,
    /// The body of `decode(__from)`.
    pub(crate) decode: TokenStream,
}

/// `impl Xdr for` the container.
pub(crate) fn implementation(container: &Container<'_>) -> TokenStream {
    let body = match &container.data {
        Data::Struct(fields) => struct_::body(container, fields),
        Data::Enum(values) => enum_::body(container, values),
        Data::Union(union) => union_::body(container, union),
        Data::Invalid => return stub(container),
    };
    frame(container, &bound::bounded(container), &bounds(container), &body)
}

/// An implementation that stands in for one that cannot be made, so that uses of the type are no errors as well.
pub(crate) fn stub(container: &Container<'_>) -> TokenStream {
    let unreachable = quote!(::core::unreachable!());
    let body = Body {
        items: TokenStream::new(),
        constants: TokenStream::new(),
        measure: unreachable.clone(),
        encode: unreachable.clone(),
        decode: unreachable,
    };
    frame(container, container.generics, &TokenStream::new(), &body)
}

/// The place of `span`, while names are looked up as in any macro's own code: errors point at what the user wrote, lints know
/// that a macro wrote it.
pub(crate) fn located(span: Span) -> Span {
    Span::mixed_site().located_at(span)
}

/// The path, at the place of `span`.
pub(crate) fn at(span: Span, path: &Path) -> TokenStream {
    let place = |mut token: TokenTree| {
        token.set_span(token.span().located_at(span));
        token
    };
    path.to_token_stream().into_iter().map(place).collect()
}

/// `Self` means nothing in a constant beside the implementation; the type's name does.
pub(crate) fn without_self(tokens: TokenStream, ident: &Ident) -> TokenStream {
    let replace = |token| match token {
        TokenTree::Ident(found) if found == "Self" => {
            let mut ident = ident.clone();
            ident.set_span(found.span());
            TokenTree::Ident(ident)
        }
        TokenTree::Group(group) => {
            let mut replaced = Group::new(group.delimiter(), without_self(group.stream(), ident));
            replaced.set_span(group.span());
            TokenTree::Group(replaced)
        }
        other => other,
    };
    tokens.into_iter().map(replace).collect()
}

/// The constants of all bounds.
fn bounds(container: &Container<'_>) -> TokenStream {
    let bounds = container.fields().flat_map(|field| field.shape.bounds());
    let bounds = bounds.filter(|bound| !const_parameter(container.generics, &bound.expression));
    let constant = |Bound { expression, constant }: &Bound| {
        let span = located(expression.span());
        let runtime = at(span, &container.runtime);
        let expression = without_self(expression.to_token_stream(), container.ident);
        quote_spanned! {span=>
            const #constant: ::core::primitive::u32 = #runtime::xdr::derive::bound((#expression) as ::core::primitive::i128);
        }
    };
    bounds.map(constant).collect()
}

/// The expression is a const parameter of the container.
pub(crate) fn const_parameter(generics: &Generics, expression: &Expr) -> bool {
    match expression {
        Expr::Path(path) => path
            .path
            .get_ident()
            .is_some_and(|ident| generics.const_params().any(|parameter| parameter.ident == *ident)),
        Expr::Group(group) => const_parameter(generics, &group.expr),
        _ => false,
    }
}

fn frame(container: &Container<'_>, generics: &Generics, bounds: &TokenStream, body: &Body) -> TokenStream {
    let Body { items, constants, measure, encode, decode } = body;
    let runtime = &container.runtime;
    let ident = container.ident;
    let (parameters, arguments, clause) = generics.split_for_impl();
    let implementation = quote! {
        impl #parameters #runtime::xdr::Xdr for #ident #arguments #clause {
            #constants

            #[inline]
            fn measure(&self) -> ::core::result::Result<#runtime::xdr::Size, #runtime::xdr::EncodeError> {
                #measure
            }

            #[inline]
            fn encode<__S: #runtime::xdr::Sink>(&self, __out: &mut __S) {
                #encode
            }

            #[inline]
            fn decode<__S: #runtime::xdr::Source>(
                __from: &mut __S,
            ) -> ::core::result::Result<Self, #runtime::xdr::DecodeError> {
                #decode
            }
        }
    };
    if items.is_empty() && bounds.is_empty() {
        quote! {
            #[automatically_derived]
            #implementation
        }
    } else {
        quote! {
            const _: () = {
                #bounds
                #items

                #[automatically_derived]
                #implementation
            };
        }
    }
}
