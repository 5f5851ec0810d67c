//! What serde has to be told.

use proc_macro2::TokenStream;
use quote::quote;

use super::{Generator, paths::Place};
use crate::model::{Field, Model, Shape, TypeKind};

/// The longest array that serde knows.
const LONGEST: i128 = 32;

/// The module that the generated code uses; `__runtime` stands for the runtime's path.
const SUPPORT: &str = include_str!("serde_support.rs.in");

/// How a field is written where serde alone would not know, or would write bytes as a list of numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Codec {
    Plain,
    Hex,
    Each(Box<Codec>),
}

impl Generator<'_> {
    /// The file's name of a member is its name in JSON.
    pub(super) fn serde_rename(&self, original: &str) -> Option<TokenStream> {
        self.settings.serde.then(|| quote!(#[serde(rename = #original)]))
    }

    /// An open enum is its number.
    pub(super) fn serde_transparent(&self) -> Option<TokenStream> {
        self.settings.serde.then(|| quote!(#[serde(transparent)]))
    }

    /// `#[serde(with = …)]` of a field, if it needs one.
    pub(super) fn serde_attribute(&self, at: &Place, field: &Field) -> Option<TokenStream> {
        let codec = if self.settings.serde { codec_of(self.model, field) } else { None }?;
        let support = self.path(at, None, &[], "serde_support").to_string().replace(' ', "");
        let path = format!("{support}::As::<{}>", codec.path(&support));
        Some(quote!(#[serde(with = #path)]))
    }

    /// The module that these attributes refer to, if there are any.
    pub(super) fn serde_support(&self) -> Option<TokenStream> {
        if !self.settings.serde || !own_fields(self.model).any(|field| codec_of(self.model, field).is_some()) {
            return None;
        }
        let runtime = &self.settings.runtime_path;
        // It is our own text, and a test generates it.
        SUPPORT.replace("__runtime", runtime).parse().ok()
    }
}

impl Codec {
    fn path(&self, support: &str) -> String {
        match self {
            Self::Plain => format!("{support}::Plain"),
            Self::Hex => format!("{support}::Hex"),
            Self::Each(item) => format!("{support}::Each<{}>", item.path(support)),
        }
    }
}

fn own_fields(model: &Model) -> impl Iterator<Item = &Field> {
    model.types.iter().filter(|type_| type_.module.is_none()).flat_map(|type_| {
        let fields: Vec<&Field> = match &type_.kind {
            TypeKind::Struct(struct_) => struct_.fields.iter().collect(),
            TypeKind::Union(union_) => {
                let default = union_.default.iter().filter_map(|default| default.field.as_ref());
                union_.arms.iter().filter_map(|arm| arm.field.as_ref()).chain(default).collect()
            }
            _ => Vec::new(),
        };
        fields
    })
}

fn codec_of(model: &Model, field: &Field) -> Option<Codec> {
    let each = |codec: Codec| Codec::Each(Box::new(codec));
    match (&field.shape, field.boxed) {
        // The box is inside the option.
        (Shape::Optional(item), true) => codec(model, item).map(|item| each(each(item))),
        (shape, true) => codec(model, shape).map(each),
        (shape, false) => codec(model, shape),
    }
}

fn codec(model: &Model, shape: &Shape) -> Option<Codec> {
    let each = |codec: Codec| Codec::Each(Box::new(codec));
    match model.resolve(shape) {
        Shape::Opaque(_) | Shape::FixedOpaque(_) | Shape::Quadruple | Shape::String { as_bytes: true, .. } => {
            Some(Codec::Hex)
        }
        Shape::Array { item, length } => match codec(model, item) {
            Some(item) => Some(each(item)),
            None => (length.value > LONGEST).then(|| each(Codec::Plain)),
        },
        Shape::Vector { item, .. } | Shape::Optional(item) => codec(model, item).map(each),
        _ => None,
    }
}
