//! A struct: its fields in order (RFC 4506 §4.14).

use proc_macro2::TokenStream;
use quote::quote;

use crate::expand::Body;
use crate::expand::part::{Part, Parts};
use crate::model::{Container, Field};
use crate::shape::Shape;

pub(crate) fn body(container: &Container<'_>, fields: &[Field<'_>]) -> Body {
    let runtime = &container.runtime;
    let name = container.name();
    let part = |(at, field): (usize, &Field<'_>)| {
        let member = &field.member;
        Part::of(container, field, at, quote!(&self.#member))
    };
    let parts = Parts { runtime, owner: &name, parts: fields.iter().enumerate().map(part).collect() };

    let fixed = parts.fixed();
    let least = parts.least();
    let signed = signed(runtime, fields);
    let measured = parts.measure();
    let decode = parts.decode();
    let members = fields.iter().map(|field| &field.member);
    let bindings = parts.parts.iter().map(|part| &part.binding);
    Body {
        items: TokenStream::new(),
        constants: quote! {
            const FIXED: ::core::option::Option<::core::primitive::usize> = #fixed;
            const LEAST: ::core::primitive::usize = #least;
            #signed
        },
        measure: quote! {
            if let ::core::option::Option::Some(__length) = <Self as #runtime::xdr::Xdr>::FIXED {
                return ::core::result::Result::Ok(#runtime::xdr::Size::of(__length));
            }
            ::core::result::Result::Ok(#measured)
        },
        encode: parts.encode(),
        decode: quote! {
            #decode
            ::core::result::Result::Ok(Self { #(#members: #bindings),* })
        },
    }
}

/// A newtype is a discriminant as the type in it is.
fn signed(runtime: &syn::Path, fields: &[Field<'_>]) -> Option<TokenStream> {
    match fields {
        [Field { ty, shape: Shape::Plain, .. }] => {
            Some(quote!(const SIGNED: ::core::primitive::bool = <#ty as #runtime::xdr::Xdr>::SIGNED;))
        }
        _ => None,
    }
}
