//! Consecutive parts of an encoding: the fields of a struct, or the discriminant and the fields of an arm.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::Path;
use syn::spanned::Spanned;

use crate::expand::{at, const_parameter, located};
use crate::model::{Container, Field};
use crate::shape::{Fixed, Shape};

/// One part.
pub(crate) struct Part {
    /// The type with its codec, `<u32 as Xdr>`: its functions take and return the value.
    pub(crate) codec: TokenStream,
    pub(crate) fixed: Fixed,
    /// A reference to the value.
    pub(crate) value: TokenStream,
    /// What the value is called after decoding.
    pub(crate) binding: Ident,
    /// What errors call it.
    pub(crate) name: String,
}

/// Parts in order.
pub(crate) struct Parts<'a> {
    pub(crate) runtime: &'a Path,
    /// What errors call the whole.
    pub(crate) owner: &'a str,
    pub(crate) parts: Vec<Part>,
}

impl Part {
    /// A field whose value is at `value`.
    pub(crate) fn of(container: &Container<'_>, field: &Field<'_>, at: usize, value: TokenStream) -> Self {
        Self {
            codec: codec(container, field),
            fixed: field.shape.fixed(field.ty),
            value,
            binding: format_ident!("__{}", at, span = located(field.ty.span())),
            name: field.name(),
        }
    }
}

impl Parts<'_> {
    /// `Option<usize>`: the size, if it is known.
    pub(crate) fn fixed(&self) -> TokenStream {
        sum(self.runtime, &self.parts)
    }

    /// `usize`: the least size.
    pub(crate) fn least(&self) -> TokenStream {
        least(&self.parts)
    }

    /// An expression of type `Size`; errors are returned.
    pub(crate) fn measure(&self) -> TokenStream {
        let runtime = self.runtime;
        let (always, others): (Vec<_>, Vec<_>) = self.parts.iter().partition(|part| part.fixed == Fixed::Always);
        // Where the size is fixed, the least is the only one.
        let known = least(always);
        let others = others.into_iter().map(|Part { codec, value, name, .. }| {
            let owner = self.owner;
            quote! {
                + match #codec::measure(#value) {
                    ::core::result::Result::Ok(__size) => __size,
                    ::core::result::Result::Err(__error) => {
                        return ::core::result::Result::Err(__error.within(#owner, #name));
                    }
                }
            }
        });
        quote!(#runtime::xdr::Size::of(const { #known }) #(#others)*)
    }

    /// Statements that encode to `__out`.
    pub(crate) fn encode(&self) -> TokenStream {
        self.runs().map(|run| self.encode_run(run)).collect()
    }

    /// Statements that decode from `__from` and bind each part; errors are returned.
    pub(crate) fn decode(&self) -> TokenStream {
        let bindings = self.parts.iter().map(|part| &part.binding);
        let runs = self.runs().map(|run| self.decode_run(run));
        quote!(#(let #bindings;)* #(#runs)*)
    }

    /// Cuts the parts into the longest pieces in which each part may be of known size, and single other ones.
    fn runs(&self) -> impl Iterator<Item = &[Part]> {
        self.parts.chunk_by(|a, b| a.fixed != Fixed::Never && b.fixed != Fixed::Never)
    }

    fn encode_run(&self, run: &[Part]) -> TokenStream {
        if let [part] = run {
            return encode_each(std::slice::from_ref(part), &quote!(__out));
        }
        let runtime = self.runtime;
        let size = sum(runtime, run);
        let together = encode_each(run, &quote!(__run));
        if is_certain(run) {
            return quote! {
                #runtime::xdr::Sink::run(__out, const { #runtime::xdr::derive::known(#size) }, |__run| {
                    __run.has_length(const { #size });
                    #together
                });
            };
        }
        let apart = pieces(run).map(|piece| self.encode_run(piece));
        quote! {
            if let ::core::option::Option::Some(__length) = const { #size } {
                #runtime::xdr::Sink::run(__out, __length, |__run| {
                    __run.has_length(const { #size });
                    #together
                });
            } else {
                #(#apart)*
            }
        }
    }

    /// The bindings are declared before, as two branches give them a value.
    fn decode_run(&self, run: &[Part]) -> TokenStream {
        if let [part] = run {
            return self.decode_each(std::slice::from_ref(part), &quote!(__from));
        }
        let runtime = self.runtime;
        let size = sum(runtime, run);
        let together = self.decode_each(run, &quote!(&mut __run));
        if is_certain(run) {
            return quote! {
                let mut __run = #runtime::xdr::Source::run(__from, const { #runtime::xdr::derive::known(#size) })?;
                #together
            };
        }
        let apart = pieces(run).map(|piece| self.decode_run(piece));
        quote! {
            if let ::core::option::Option::Some(__length) = const { #size } {
                let mut __run = #runtime::xdr::Source::run(__from, __length)?;
                #together
            } else {
                #(#apart)*
            }
        }
    }

    fn decode_each(&self, parts: &[Part], source: &TokenStream) -> TokenStream {
        let owner = self.owner;
        let decode = |Part { codec, binding, name, .. }: &Part| {
            quote! {
                #binding = match #codec::decode(#source) {
                    ::core::result::Result::Ok(__value) => __value,
                    ::core::result::Result::Err(__error) => {
                        return ::core::result::Result::Err(__error.within(#owner, #name));
                    }
                };
            }
        };
        parts.iter().map(decode).collect()
    }
}

fn encode_each(parts: &[Part], sink: &TokenStream) -> TokenStream {
    parts.iter().map(|Part { codec, value, .. }| quote!(#codec::encode(#value, #sink);)).collect()
}

fn is_certain(run: &[Part]) -> bool {
    run.iter().all(|part| part.fixed == Fixed::Always)
}

/// A run that turned out not to be one: the pieces of it that certainly are.
fn pieces(run: &[Part]) -> impl Iterator<Item = &[Part]> {
    run.chunk_by(|a, b| a.fixed == Fixed::Always && b.fixed == Fixed::Always)
}

fn sum(runtime: &Path, parts: &[Part]) -> TokenStream {
    let sizes = parts.iter().map(|part| &part.codec);
    quote!(#runtime::xdr::derive::sum([#(#sizes::FIXED),*]))
}

fn least<'a>(parts: impl IntoIterator<Item = &'a Part>) -> TokenStream {
    let sizes = parts.into_iter().map(|part| &part.codec);
    quote!(0usize #(+ #sizes::LEAST)*)
}

/// The codec of a field: its type's own, or its shape's.
fn codec(container: &Container<'_>, field: &Field<'_>) -> TokenStream {
    let ty = field.ty;
    let span = located(ty.span());
    let runtime = at(span, &container.runtime);
    match &field.shape {
        Shape::Plain => quote_spanned!(span=> <#ty as #runtime::xdr::Xdr>),
        shape => {
            let shape = shape.tokens(span, &container.runtime, &|bound| const_parameter(container.generics, bound));
            quote_spanned!(span=> <#shape as #runtime::xdr::Shape<#ty>>)
        }
    }
}
