//! From the model to the implementation.
//!
//! Everything is named by its full path, so that a type called `Option` or `Result` beside it changes nothing, and
//! everything that a user could have named too begins with `__`.

mod enum_;
mod part;
mod struct_;
mod union_;

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{Expr, Generics};

use crate::bound;
use crate::model::{Container, Data};

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
    frame(container, &body)
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
    frame(container, &body)
}

/// The place of `span`, while names are looked up as in any macro's own code: errors point at what the user wrote, lints know
/// that a macro wrote it.
pub(crate) fn located(span: Span) -> Span {
    Span::mixed_site().located_at(span)
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

fn frame(container: &Container<'_>, body: &Body) -> TokenStream {
    let Body { items, constants, measure, encode, decode } = body;
    let runtime = &container.runtime;
    let ident = container.ident;
    let generics = bound::bounded(container);
    let (parameters, arguments, clause) = generics.split_for_impl();
    let allow = quote! {
        #[allow(
            deprecated,
            non_local_definitions,
            trivial_casts,
            trivial_numeric_casts,
            unreachable_code,
            unused_comparisons,
            unused_qualifications,
            clippy::all,
            clippy::nursery,
            clippy::pedantic
        )]
    };
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
    if items.is_empty() {
        quote! {
            #[automatically_derived]
            #allow
            #implementation
        }
    } else {
        quote! {
            #[doc(hidden)]
            #allow
            const _: () = {
                #items

                #[automatically_derived]
                #implementation
            };
        }
    }
}
