//! A discriminated union: the discriminant, then what its arm has (RFC 4506 §4.15).

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Path, Type};

use crate::expand::part::{Part, Parts};
use crate::expand::{Body, at, located, without_self};
use crate::model::{Arm, Container, Field, Selector, Union};
use crate::shape::Fixed;

pub(crate) fn body(container: &Container<'_>, union: &Union<'_>) -> Body {
    let runtime = &container.runtime;
    let name = container.name();
    let discriminant = &union.discriminant;
    let span = located(discriminant.span());
    let codec = quote_spanned!(span=> <#discriminant as #runtime::xdr::Xdr>);
    let arms = arms(container, union, &name, &codec);

    let labels = arms.iter().flat_map(|arm| arm.labels.iter().zip(arm.arm.selector.labels()));
    let labels = labels.map(|(constant, label)| {
        let label = without_self(label.to_token_stream(), container.ident);
        quote_spanned!(located(label.span())=> const #constant: #discriminant = #label;)
    });
    let runtime_there = at(span, runtime);
    let fixed = fixed(runtime, &arms);
    let least = arms.iter().map(|arm| arm.with_discriminant.least());
    let measure = arms.iter().map(|arm| {
        let (pattern, check, size) = (arm.pattern(), arm.check(runtime, &arms), arm.with_discriminant.measure());
        let typed = arm.typed(discriminant);
        quote!(#pattern => { #typed #check #size })
    });
    let encode = arms.iter().map(|arm| {
        let (pattern, encode) = (arm.pattern(), arm.with_discriminant.encode());
        let typed = arm.typed(discriminant);
        quote!(#pattern => { #typed #encode })
    });
    let decode = decode(runtime, &arms);
    Body {
        items: quote_spanned! {span=>
            #(#labels)*
            const __XDR_DISCRIMINANT: () = #runtime_there::xdr::derive::discriminant::<#discriminant>();
        },
        constants: quote! {
            const FIXED: ::core::option::Option<::core::primitive::usize> = #fixed;
            const LEAST: ::core::primitive::usize = #runtime::xdr::derive::least([#(#least),*]);
        },
        measure: quote!(::core::result::Result::Ok(match self { #(#measure)* })),
        encode: quote!(match self { #(#encode)* }),
        decode: quote! {
            let () = __XDR_DISCRIMINANT;
            let __discriminant = match #codec::decode(__from) {
                ::core::result::Result::Ok(__discriminant) => __discriminant,
                ::core::result::Result::Err(__error) => {
                    return ::core::result::Result::Err(__error.within(#name, "discriminant"));
                }
            };
            #decode
        },
    }
}

/// An arm, ready to be written out.
struct Expansion<'a> {
    arm: &'a Arm<'a>,
    /// The constants of its labels.
    labels: Vec<Ident>,
    /// What the discriminant is called that the arm keeps.
    kept: Ident,
    /// The discriminant and the fields, as they are encoded.
    with_discriminant: Parts<'a>,
    /// The fields alone, as they are decoded.
    alone: Parts<'a>,
    owner: &'a str,
}

impl Expansion<'_> {
    /// The variant with its fields bound by reference.
    fn pattern(&self) -> TokenStream {
        let Self { arm, kept, alone, .. } = self;
        let variant = &arm.variant.ident;
        let kept = arm.kept.as_ref().map(|Field { member, .. }| quote!(#member: #kept,));
        let members = arm.fields.iter().map(|field| &field.member);
        let bindings = alone.parts.iter().map(|part| &part.binding);
        quote!(Self::#variant { #kept #(#members: #bindings),* })
    }

    /// Has the compiler compare the type of the kept discriminant, where it is written, with what it must be.
    fn typed(&self, discriminant: &Type) -> Option<TokenStream> {
        let kept = &self.kept;
        self.arm.kept.as_ref().map(|_| quote!(let #kept: &#discriminant = #kept;))
    }

    /// Refuses to encode a discriminant that would be decoded as another arm.
    fn check(&self, runtime: &Path, arms: &[Self]) -> TokenStream {
        let (kept, owner, name) = (&self.kept, self.owner, self.arm.variant.ident.unraw().to_string());
        let refuse = quote! {
            return ::core::result::Result::Err(
                #runtime::xdr::derive::wrong_discriminant(#kept).within(#owner, #name),
            )
        };
        let labels = &self.labels;
        match self.arm.selector {
            Selector::One(_) => TokenStream::new(),
            Selector::Several(_) => quote!(match *#kept { #(#labels)|* => {} _ => #refuse, }),
            Selector::Default => {
                let others = arms.iter().flat_map(|arm| &arm.labels).collect::<Vec<_>>();
                if others.is_empty() {
                    return TokenStream::new();
                }
                quote!(match *#kept { #(#others)|* => #refuse, _ => {} })
            }
        }
    }
}

fn arms<'a>(
    container: &'a Container<'_>,
    union: &'a Union<'_>,
    name: &'a str,
    codec: &TokenStream,
) -> Vec<Expansion<'a>> {
    let arm = |(at, arm): (usize, &'a Arm<'a>)| {
        let labels = arm.selector.labels().iter().enumerate();
        let labels =
            labels.map(|(of, label)| format_ident!("__XDR_{at}_{of}", span = label.span())).collect::<Vec<_>>();
        let place = arm.kept.as_ref().map_or_else(|| arm.variant.ident.span(), |kept| kept.ty.span());
        let kept = format_ident!("__kept", span = located(place));
        let value = match (&arm.selector, labels.as_slice()) {
            (Selector::One(_), [label]) => quote!(&#label),
            _ => quote!(#kept),
        };
        let discriminant = Part {
            codec: codec.clone(),
            fixed: Fixed::Always,
            value,
            binding: kept.clone(),
            name: "discriminant".to_owned(),
        };
        let fields = || arm.fields.iter().enumerate().map(|(at, field)| part(container, arm, at, field));
        let parts = |parts| Parts { runtime: &container.runtime, owner: name, parts };
        Expansion {
            arm,
            labels,
            kept,
            with_discriminant: parts(std::iter::once(discriminant).chain(fields()).collect()),
            alone: parts(fields().collect()),
            owner: name,
        }
    };
    union.arms.iter().enumerate().map(arm).collect()
}

/// A field of an arm. Errors call it by its variant, and by its own name where there are several.
fn part(container: &Container<'_>, arm: &Arm<'_>, at: usize, field: &Field<'_>) -> Part {
    let mut part = Part::of(container, field, at, TokenStream::new());
    part.value = part.binding.to_token_stream();
    let variant = arm.variant.ident.unraw();
    part.name = if arm.fields.len() == 1 { variant.to_string() } else { format!("{variant}.{}", part.name) };
    part
}

/// The size, if all arms have the same. It has none if a value can be wrong, as then each must be measured.
fn fixed(runtime: &Path, arms: &[Expansion<'_>]) -> TokenStream {
    let some_wrong = arms.iter().any(|arm| !arm.labels.is_empty());
    if some_wrong && arms.iter().any(|arm| arm.arm.kept.is_some()) {
        return quote!(::core::option::Option::None);
    }
    let sizes = arms.iter().map(|arm| arm.with_discriminant.fixed());
    quote!(#runtime::xdr::derive::same([#(#sizes),*]))
}

fn decode(runtime: &Path, arms: &[Expansion<'_>]) -> TokenStream {
    let value = |arm: &Expansion<'_>| {
        let variant = &arm.arm.variant.ident;
        let decode = arm.alone.decode();
        let name = &arm.kept;
        let kept = arm.arm.kept.as_ref().map(|Field { member, .. }| quote!(#member: #name,));
        let rename = kept.as_ref().map(|_| quote!(let #name = __discriminant;));
        let members = arm.arm.fields.iter().map(|field| &field.member);
        let bindings = arm.alone.parts.iter().map(|part| &part.binding);
        quote!({ #rename #decode ::core::result::Result::Ok(Self::#variant { #kept #(#members: #bindings),* }) })
    };
    let cases = arms.iter().filter(|arm| !arm.labels.is_empty()).map(|arm| {
        let (labels, value) = (&arm.labels, value(arm));
        quote!(#(#labels)|* => #value)
    });
    let rest = match arms.iter().find(|arm| matches!(arm.arm.selector, Selector::Default)) {
        Some(default) => value(default),
        None => {
            let owner = arms.first().map(|arm| arm.owner);
            quote! {
                ::core::result::Result::Err(
                    #runtime::xdr::derive::unknown_discriminant(__from, &__discriminant).within(#owner, "discriminant"),
                )
            }
        }
    };
    quote! {
        // Labels of one value under two names: the second would never be reached.
        #[deny(unreachable_patterns)]
        match __discriminant {
            #(#cases)*
            _ => #rest
        }
    }
}
