//! What serde has to be told, so that its formats show what is in the file: its names, the names of enums' values, opaque data in
//! hexadecimal.

use proc_macro2::TokenStream;
use quote::quote;

use super::{Generator, names::unescape, numbers::literal, paths::ident};
use crate::model::{Enum, Field, Model, Shape, Type, TypeId};

/// The longest array that serde knows.
const LONGEST: i128 = 32;

/// How a field is written where serde alone would not know, or would write bytes as a list of numbers. The runtime's codecs, by
/// name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Codec {
    Plain,
    Hex,
    Real,
    Text,
    Each(Box<Codec>),
    Nested(Box<Codec>),
}

impl Generator<'_> {
    /// The file's name of a member is its name in JSON.
    pub(super) fn serde_rename(&self, original: &str) -> Option<TokenStream> {
        self.settings.serde.then(|| quote!(#[serde(rename = #original)]))
    }

    /// `#[serde(…)]` of a field called `rust`, if it needs one: the file's name, and how it is written.
    pub(super) fn serde_attribute(&self, field: &Field, rust: &str) -> Option<TokenStream> {
        if !self.settings.serde {
            return None;
        }
        let original = &field.name;
        let rename = (unescape(rust) != *original).then(|| quote!(rename = #original));
        let with = codec_of(self.model, field).map(|codec| {
            let path = self.codec_path(&codec);
            quote!(with = #path)
        });
        // Of an `Option` serde knows by itself that it may be missing, unless it is told how to read it.
        let optional = matches!(self.model.resolve(&field.shape), Shape::Optional(_));
        let default = (with.is_some() && optional).then(|| quote!(default));
        let said: Vec<TokenStream> = rename.into_iter().chain(default).chain(with).collect();
        (!said.is_empty()).then(|| quote!(#[serde(#(#said),*)]))
    }

    /// An open enum is the name of its number, or the number.
    pub(super) fn serde_open_enum(&self, id: TypeId, type_: &Type, enum_: &Enum) -> Option<TokenStream> {
        if !self.settings.serde {
            return None;
        }
        let (runtime, cfg) = (&self.runtime, self.cfg(type_.feature.as_ref()));
        let (name, t, result) = (ident(self.names.type_(id)), self.type_parameter(), self.std_type("Result"));
        let number = self.std_type("i32");
        let text = self.std_type("str");
        let names = enum_.members.iter().map(|member| {
            let (name, value) = (&member.name, literal(member.value.into(), member.radix));
            let cfg = self.cfg(member.feature.as_ref());
            quote!(#cfg (#name, #value))
        });
        Some(quote! {
            #cfg
            const _: () = {
                const NAMES: &[(&#text, #number)] = &[#(#names),*];
                impl ::serde::Serialize for #name {
                    fn serialize<#t: ::serde::Serializer>(&self, to: #t) -> #result<#t::Ok, #t::Error> {
                        #runtime::serde::write_number(self.0, NAMES, to)
                    }
                }
                impl<'de> ::serde::Deserialize<'de> for #name {
                    fn deserialize<#t: ::serde::Deserializer<'de>>(from: #t) -> #result<Self, #t::Error> {
                        #runtime::serde::read_number(NAMES, from).map(Self)
                    }
                }
            };
        })
    }

    /// How a field is written, as a type.
    pub(super) fn codec_type(&self, field: &Field) -> TokenStream {
        let codec = codec_of(self.model, field).unwrap_or(Codec::Plain);
        // A path of ours, and of the configuration, which has refused what is no path.
        self.codec_path(&codec).parse().unwrap_or_default()
    }

    /// How a field is written, as text.
    pub(super) fn codec_path(&self, codec: &Codec) -> String {
        let runtime = &self.settings.runtime_path;
        match codec {
            Codec::Plain => format!("{runtime}::serde::Plain"),
            Codec::Hex => format!("{runtime}::serde::Hex"),
            Codec::Real => format!("{runtime}::serde::Real"),
            Codec::Text => format!("{runtime}::serde::Text"),
            Codec::Each(item) => format!("{runtime}::serde::Each::<{}>", self.codec_path(item)),
            Codec::Nested(item) => format!("{runtime}::serde::Nested::<{}>", self.codec_path(item)),
        }
    }
}

/// How a field is written, if serde alone would not know.
pub(super) fn codec_of(model: &Model, field: &Field) -> Option<Codec> {
    let each = |codec: Codec| Codec::Each(Box::new(codec));
    match (&field.shape, field.boxed) {
        // The box is inside the option.
        (Shape::Optional(item), true) => match optional(model, item) {
            Codec::Nested(item) => Some(Codec::Nested(Box::new(each(*item)))),
            _ => codec(model, item).map(|item| each(each(item))),
        },
        (shape, true) => codec(model, shape).map(each),
        (shape, false) => codec(model, shape),
    }
}

fn codec(model: &Model, shape: &Shape) -> Option<Codec> {
    let each = |codec: Codec| Codec::Each(Box::new(codec));
    match model.resolve(shape) {
        Shape::Opaque(_) | Shape::FixedOpaque(_) | Shape::Quadruple => Some(Codec::Hex),
        Shape::String { as_bytes: true, .. } => Some(Codec::Text),
        Shape::Float | Shape::Double => Some(Codec::Real),
        Shape::Array { item, length } => match codec(model, item) {
            Some(item) => Some(each(item)),
            None => (length.value > LONGEST).then(|| each(Codec::Plain)),
        },
        Shape::Vector { item, .. } => codec(model, item).map(each),
        Shape::Optional(item) => Some(optional(model, item)).filter(|codec| *codec != each(Codec::Plain)),
        _ => None,
    }
}

/// How an option of `item` is written.
fn optional(model: &Model, item: &Shape) -> Codec {
    let inner = Box::new(codec(model, item).unwrap_or(Codec::Plain));
    // `null` can only be one of the two.
    if matches!(model.resolve(item), Shape::Optional(_)) { Codec::Nested(inner) } else { Codec::Each(inner) }
}
