//! `#[derive(HexDebug)]`: the standard library's `Debug`, in which opaque data is hexadecimal.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Error, Field, Fields, Generics, Index, Member, Path, Variant, parse_quote};

use crate::attribute::{FieldAttributes, TypeAttributes};
use crate::context::Context;
use crate::expand::{at, located};

/// `impl Debug for` the type.
pub(crate) fn implementation(input: &DeriveInput) -> syn::Result<TokenStream> {
    // Of what is wrong in `#[xdr(…)]`, `derive(Xdr)` speaks.
    let context = Context::new();
    let runtime = TypeAttributes::parse(&context, &input.attrs).runtime;
    let runtime = runtime.map_or_else(|| parse_quote!(::onc_runtime), |said| said.value);
    let arm = |path: TokenStream, name: &Ident, fields: &Fields| arm(&context, &runtime, &path, name, fields);
    let arms: Vec<TokenStream> = match &input.data {
        Data::Struct(data) => vec![arm(quote!(Self), &input.ident, &data.fields)],
        Data::Enum(data) => {
            let variant = |variant: &Variant| {
                let name = &variant.ident;
                arm(quote!(Self::#name), name, &variant.fields)
            };
            data.variants.iter().map(variant).collect()
        }
        Data::Union(data) => {
            let message = "which field of a Rust union is to be shown? Make it an enum with `#[xdr(union(…))]`";
            return Err(Error::new(data.union_token.span, message));
        }
    };
    let _ = context.finish();
    let (ident, generics) = (&input.ident, bounded(&input.generics));
    let (parameters, arguments, clause) = generics.split_for_impl();
    // `match self {}` would be of a reference, which is not empty.
    let value = if arms.is_empty() { quote!(*self) } else { quote!(self) };
    Ok(quote! {
        #[automatically_derived]
        impl #parameters ::core::fmt::Debug for #ident #arguments #clause {
            fn fmt(&self, __f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                #[allow(unused_imports)]
                use #runtime::xdr::derive::{AsDebug as _, AsHex as _};
                match #value { #(#arms)* }
            }
        }
    })
}

/// The arm of the `match` for a struct or for a variant.
fn arm(context: &Context, runtime: &Path, path: &TokenStream, name: &Ident, fields: &Fields) -> TokenStream {
    let name = name.unraw().to_string();
    let mut members = Vec::new();
    let mut bindings = Vec::new();
    let mut shown = Vec::new();
    for (number, field) in fields.iter().enumerate() {
        members.push(match &field.ident {
            Some(ident) => Member::Named(ident.clone()),
            None => Member::Unnamed(Index::from(number)),
        });
        let binding = format_ident!("__{number}", span = located(field.ty.span()));
        shown.push(value(context, runtime, field, &binding));
        bindings.push(binding);
    }
    let body = match fields {
        Fields::Unit => quote!(__f.write_str(#name)),
        Fields::Unnamed(_) => quote!(__f.debug_tuple(#name) #(.field(#shown))* .finish()),
        Fields::Named(_) => {
            let names = fields.iter().map(|field| field.ident.as_ref().map(|ident| ident.unraw().to_string()));
            quote!(__f.debug_struct(#name) #(.field(#names, #shown))* .finish())
        }
    };
    quote!(#path { #(#members: #bindings),* } => #body,)
}

/// A reference to what shows a field.
fn value(context: &Context, runtime: &Path, field: &Field, binding: &Ident) -> TokenStream {
    if is_legible(&FieldAttributes::parse(context, &field.attrs)) {
        return quote!(#binding);
    }
    let span = located(field.ty.span());
    let runtime = at(span, runtime);
    quote_spanned!(span=> &(&#runtime::xdr::derive::Shown(#binding)).__shown())
}

/// Its bytes are text, or numbers.
fn is_legible(said: &FieldAttributes) -> bool {
    said.text.is_some() || said.unpacked.is_some() || said.item.as_ref().is_some_and(|item| is_legible(&item.value))
}

/// What the standard library's derive asks: each type parameter can be shown.
fn bounded(generics: &Generics) -> Generics {
    let mut generics = generics.clone();
    for parameter in generics.type_params_mut() {
        parameter.bounds.push(parse_quote!(::core::fmt::Debug));
    }
    generics
}
