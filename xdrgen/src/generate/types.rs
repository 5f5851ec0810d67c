//! `struct` and `typedef`.

use proc_macro2::TokenStream;
use quote::quote;

use super::{
    Generator,
    attributes::Own,
    docs,
    paths::{Place, ident},
    traits::{LONGEST_DEFAULT, standard_traits},
};
use crate::model::{Field, Shape, Struct, Type, TypeId, TypeKind};

impl Generator<'_> {
    /// A type and all that belongs to it.
    pub(super) fn type_(&self, at: &Place, id: TypeId) -> TokenStream {
        let type_ = self.model.type_(id);
        match &type_.kind {
            TypeKind::Struct(struct_) => self.struct_(at, id, type_, struct_),
            TypeKind::Enum(enum_) if type_.options.open => self.open_enum(id, type_, enum_),
            TypeKind::Enum(enum_) => self.enum_(id, type_, enum_),
            TypeKind::Union(union_) => self.union_(at, id, type_, union_),
            TypeKind::Alias(shape) => self.typedef(at, id, type_, shape),
            TypeKind::Extern(_) => TokenStream::new(),
        }
    }

    /// What stands before a type: documentation, the file's name, cfg.
    pub(super) fn type_head(&self, id: TypeId, type_: &Type, role: &str) -> TokenStream {
        let docs = docs::comment_or(&type_.docs, role);
        let alias = docs::alias(&type_.name.ident, self.names.type_(id));
        let cfg = self.cfg(type_.feature.as_ref());
        quote!(#docs #alias #cfg)
    }

    fn typedef(&self, at: &Place, id: TypeId, type_: &Type, shape: &Shape) -> TokenStream {
        let declared = self.model.declaration(shape, &type_.name.ident);
        let head = self.type_head(id, type_, &format!("`typedef {declared}`."));
        let (added, allow) = (self.added(&type_.options.attributes), self.allow(&self.lints_of_name(id)));
        let (name, target) = (ident(self.names.type_(id)), self.rust_type(at, shape));
        quote!(#head #allow #added pub type #name = #target;)
    }

    fn struct_(&self, at: &Place, id: TypeId, type_: &Type, struct_: &Struct) -> TokenStream {
        let original = &type_.name.ident;
        let role = match &struct_.list {
            Some(link) => format!(
                "`struct {original}`: a node of a linked list, which is a `Vec` of these; its link, `{}`, is not here.",
                link.name
            ),
            None => format!("`struct {original}`."),
        };
        let head = self.type_head(id, type_, &role);
        let derivable = struct_.fields.iter().all(|field| self.derives_default(&field.shape));
        let default = self.traits.default(id);
        let opaque = struct_.fields.iter().any(|field| self.shows_opaque(&field.shape));
        let mut traits = standard_traits(opaque);
        traits.extend((default && derivable).then_some("Default"));
        traits.push("PartialEq");
        traits.extend(self.traits.eq(id).then_some("Eq"));
        let derives = self.derives(&traits, Own { hex_debug: opaque, serde: false }, &type_.options.attributes);
        let name = ident(self.names.type_(id));
        let fields = struct_.fields.iter().zip(self.names.parts(id)).map(|(field, rust)| {
            let docs = docs::comment_or(&field.docs, &self.field_role(field));
            let (alias, added) = (docs::alias(&field.name, rust), self.added(&field.attributes));
            let (xdr, serde) = (self.field_attribute(at, field), self.serde_attribute(field, rust));
            let (name, type_) = (ident(rust), self.field_type(at, field));
            let cfg = self.cfg(field.feature.as_ref());
            quote!(#docs #alias #cfg #xdr #serde #added pub #name: #type_)
        });
        let long_default = (default && !derivable).then(|| {
            let values = struct_.fields.iter().zip(self.names.parts(id)).map(|(field, rust)| {
                let cfg = self.cfg(field.feature.as_ref());
                let (field, value) = (ident(rust), self.default_value(at, field));
                quote!(#cfg #field: #value)
            });
            self.impl_default(type_, &name, quote!(Self { #(#values),* }))
        });
        let allow = self.allow(&self.lints_of_name(id));
        quote!(#head #derives #allow pub struct #name { #(#fields),* } #long_default)
    }

    /// What a field is, when nobody said it: its declaration.
    pub(super) fn field_role(&self, field: &Field) -> String {
        format!("`{}`", self.model.declaration(&field.shape, &field.name))
    }

    /// `impl Default`, where `derive` cannot make it.
    pub(super) fn impl_default(&self, type_: &Type, name: &proc_macro2::Ident, value: TokenStream) -> TokenStream {
        let (default, cfg) = (self.std_type("Default"), self.cfg(type_.feature.as_ref()));
        quote!(#cfg impl #default for #name { fn default() -> Self { #value } })
    }

    /// The default of a field as an expression.
    pub(super) fn default_value(&self, at: &Place, field: &Field) -> TokenStream {
        if field.boxed {
            let default = self.std_type("Default");
            return quote!(#default::default());
        }
        self.default_of(at, &field.shape)
    }

    fn default_of(&self, at: &Place, shape: &Shape) -> TokenStream {
        let default = self.std_type("Default");
        match self.model.resolve(shape) {
            Shape::FixedOpaque(length) if length.value > LONGEST_DEFAULT => {
                let length = self.length(at, length);
                quote!([0; #length])
            }
            Shape::Array { item, .. } if !self.derives_default(shape) => {
                let item = self.default_of(at, item);
                quote!(::core::array::from_fn(|_| #item))
            }
            _ => quote!(#default::default()),
        }
    }
}
