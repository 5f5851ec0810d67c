//! `const`.

use proc_macro2::TokenStream;
use quote::quote;

use super::{
    Generator, docs,
    numbers::{constant_type, integer_name},
    paths::{Place, ident},
};
use crate::model::ConstantValue;

impl Generator<'_> {
    pub(super) fn constant(&self, at: &Place, index: usize) -> TokenStream {
        let constant = &self.model.constants[index];
        let original = &constant.name.ident;
        let rust = self.names.constant(index);
        let (name, alias) = (ident(rust), docs::alias(original, rust));
        let docs = docs::comment_or(&constant.docs, &format!("`const {original}`."));
        let (cfg, allow) = (self.cfg(constant.feature.as_ref()), self.allow(&[]));
        let value = self.constant_value(at, constant);
        let type_ = match &constant.value {
            ConstantValue::Text(_) => {
                let text = self.std_type("str");
                quote!(&#text)
            }
            ConstantValue::Integer(value) => self.std_type(integer_name(constant_type(*value))),
        };
        quote!(#docs #alias #cfg #allow pub const #name: #type_ = #value;)
    }
}
