//! An XDR enum: a signed integer of which only the named values are valid (RFC 4506 §4.3).

use proc_macro2::Ident;
use quote::{format_ident, quote, quote_spanned};
use syn::Variant;

use crate::expand::{Body, at, located};
use crate::model::Container;

pub(crate) fn body(container: &Container<'_>, values: &[&Variant]) -> Body {
    let runtime = &container.runtime;
    let ident = container.ident;
    let names = values.iter().map(|value| &value.ident).collect::<Vec<_>>();
    let numbers = (0..values.len()).map(|at| format_ident!("__XDR_{at}")).collect::<Vec<_>>();
    let items = names.iter().zip(&numbers).map(|(name, number)| {
        let span = located(name.span());
        let runtime = at(span, runtime);
        // A deprecated value is still a value: only what users write of it is worth a warning.
        let mut name = Ident::clone(name);
        name.set_span(span);
        quote_spanned! {span=>
            const #number: ::core::primitive::i32 = #runtime::xdr::derive::enum_value(#ident::#name as ::core::primitive::i128);
        }
    });
    Body {
        items: quote!(#(#items)*),
        constants: quote! {
            const FIXED: ::core::option::Option<::core::primitive::usize> = ::core::option::Option::Some(4);
            const LEAST: ::core::primitive::usize = 4;
        },
        measure: quote!(::core::result::Result::Ok(#runtime::xdr::Size::of(4))),
        encode: quote! {
            let __value = match self { #(Self::#names => #numbers,)* };
            #runtime::xdr::Xdr::encode(&__value, __out);
        },
        decode: quote! {
            match <::core::primitive::i32 as #runtime::xdr::Xdr>::decode(__from)? {
                #(#numbers => ::core::result::Result::Ok(Self::#names),)*
                __value => ::core::result::Result::Err(#runtime::xdr::derive::unknown_value(__from, __value)),
            }
        },
    }
}
