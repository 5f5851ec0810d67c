//! A type as it is used: its Rust type, and what `#[xdr(…)]` or a shape has to say about it.

use proc_macro2::TokenStream;
use quote::quote;

use super::{
    Generator,
    numbers::integer_name,
    paths::{Place, ident},
};
use crate::model::{Field, Integer, Number, Shape};

/// What the Rust type alone does not say of the encoding. The runtime's shapes, by name.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Spec<'m> {
    Plain,
    Max(&'m Number, Box<Spec<'m>>),
    Item(Box<Spec<'m>>),
    List,
    Chain,
    Unpacked,
    /// Bytes that people read: nothing on the wire.
    Text,
}

impl Spec<'_> {
    /// Without what is said for people only.
    fn on_the_wire(self) -> Self {
        match self {
            Self::Text => Self::Plain,
            Self::Max(max, item) => Self::Max(max, Box::new(item.on_the_wire())),
            Self::Item(item) => match item.on_the_wire() {
                Self::Plain => Self::Plain,
                item => Self::Item(Box::new(item)),
            },
            other => other,
        }
    }
}

impl<'m> Generator<'m> {
    /// The Rust type of `shape`.
    pub(super) fn rust_type(&self, at: &Place, shape: &Shape) -> TokenStream {
        match shape {
            Shape::Void => quote!(()),
            Shape::Bool => self.std_type("bool"),
            Shape::Integer(integer) => self.std_type(integer_name(*integer)),
            Shape::Float => self.std_type("f32"),
            Shape::Double => self.std_type("f64"),
            Shape::Quadruple => {
                let byte = self.std_type("u8");
                quote!([#byte; 16])
            }
            Shape::String { as_bytes: false, .. } => self.std_type("String"),
            Shape::String { as_bytes: true, .. } | Shape::Opaque(_) => {
                let runtime = &self.runtime;
                quote!(#runtime::Bytes)
            }
            Shape::FixedOpaque(length) => {
                let (byte, length) = (self.std_type("u8"), self.length(at, length));
                quote!([#byte; #length])
            }
            Shape::Array { item, length } => {
                let (item, length) = (self.rust_type(at, item), self.length(at, length));
                quote!([#item; #length])
            }
            Shape::Vector { item, .. } => {
                let (vec, item) = (self.std_type("Vec"), self.rust_type(at, item));
                quote!(#vec<#item>)
            }
            Shape::Optional(item) => {
                let (option, item) = (self.std_type("Option"), self.rust_type(at, item));
                quote!(#option<#item>)
            }
            Shape::List(id) | Shape::Chain(id) => {
                let (vec, node) = (self.std_type("Vec"), self.path_to_type(at, *id));
                quote!(#vec<#node>)
            }
            Shape::Named(id) => self.path_to_type(at, *id),
        }
    }

    /// The Rust type of a field.
    pub(super) fn field_type(&self, at: &Place, field: &Field) -> TokenStream {
        let box_ = self.std_type("Box");
        match &field.shape {
            Shape::Optional(item) if field.boxed => {
                let (option, item) = (self.std_type("Option"), self.rust_type(at, item));
                quote!(#option<#box_<#item>>)
            }
            shape => {
                let plain = self.rust_type(at, shape);
                if field.boxed { quote!(#box_<#plain>) } else { plain }
            }
        }
    }

    /// `#[xdr(…)]` of a field, if it needs one.
    pub(super) fn field_attribute(&self, at: &Place, field: &Field) -> Option<TokenStream> {
        let spec = match (self.spec(&field.shape), field.boxed) {
            (Spec::Plain, _) => return None,
            (Spec::Item(item), true) if matches!(field.shape, Shape::Optional(_)) => {
                Spec::Item(Box::new(Spec::Item(item)))
            }
            (spec, true) => Spec::Item(Box::new(spec)),
            (spec, false) => spec,
        };
        let meta = self.meta(at, &spec);
        Some(quote!(#[xdr(#meta)]))
    }

    /// The shape of an argument or of a result, as a type.
    pub(super) fn shape_type(&self, at: &Place, shape: &Shape) -> TokenStream {
        match shape {
            Shape::Void => quote!(()),
            shape => self.spec_type(at, &self.spec(shape).on_the_wire()),
        }
    }

    /// What has to be said of `shape`.
    pub(super) fn spec<'s>(&self, shape: &'s Shape) -> Spec<'s>
    where
        'm: 's,
    {
        match self.model.resolve(shape) {
            Shape::String { max: Some(max), as_bytes: true } => Spec::Max(max, Box::new(Spec::Text)),
            Shape::String { max: None, as_bytes: true } => Spec::Text,
            Shape::String { max: Some(max), .. } | Shape::Opaque(Some(max)) => Spec::Max(max, Box::new(Spec::Plain)),
            Shape::Vector { item, max: Some(max) } => Spec::Max(max, Box::new(self.item_spec(item))),
            Shape::Vector { item, max: None } | Shape::Array { item, .. } => match self.item_spec(item) {
                Spec::Plain => Spec::Plain,
                item => Spec::Item(Box::new(item)),
            },
            Shape::Optional(item) => match self.spec(item) {
                Spec::Plain => Spec::Plain,
                item => Spec::Item(Box::new(item)),
            },
            Shape::List(_) => Spec::List,
            Shape::Chain(_) => Spec::Chain,
            _ => Spec::Plain,
        }
    }

    /// A byte in a sequence is opaque data unless it says otherwise: C's `u_char x<>` has four bytes for each.
    fn item_spec<'s>(&self, item: &'s Shape) -> Spec<'s>
    where
        'm: 's,
    {
        match self.model.resolve(item) {
            Shape::Integer(Integer::U8) => Spec::Unpacked,
            _ => self.spec(item),
        }
    }

    fn meta(&self, at: &Place, spec: &Spec<'_>) -> TokenStream {
        match spec {
            Spec::Plain => TokenStream::new(),
            Spec::Max(max, item) => {
                let max = self.bound_attribute(at, max);
                match **item {
                    Spec::Plain => quote!(max = #max),
                    Spec::Text => quote!(max = #max, text),
                    ref item => {
                        let item = self.meta(at, item);
                        quote!(max = #max, item(#item))
                    }
                }
            }
            Spec::Item(item) => {
                let item = self.meta(at, item);
                quote!(item(#item))
            }
            Spec::List => quote!(list),
            Spec::Chain => quote!(chain),
            Spec::Unpacked => quote!(unpacked),
            Spec::Text => quote!(text),
        }
    }

    fn spec_type(&self, at: &Place, spec: &Spec<'_>) -> TokenStream {
        let runtime = &self.runtime;
        let name = |name: &str| {
            let name = ident(name);
            quote!(#runtime::xdr::#name)
        };
        match spec {
            Spec::Plain | Spec::Text => name("Plain"),
            Spec::Max(max, item) => {
                let (shape, max) = (name("Max"), self.bound(at, max));
                match **item {
                    Spec::Plain => quote!(#shape<#max>),
                    ref item => {
                        let item = self.spec_type(at, item);
                        quote!(#shape<#max, #item>)
                    }
                }
            }
            Spec::Item(item) => {
                let (shape, item) = (name("Item"), self.spec_type(at, item));
                quote!(#shape<#item>)
            }
            Spec::List => name("List"),
            Spec::Chain => name("Chain"),
            Spec::Unpacked => name("Unpacked"),
        }
    }
}
