//! `union`.

use proc_macro2::TokenStream;
use quote::quote;

use super::{
    Generator,
    attributes::Own,
    discriminant::{Discriminant, is_bool},
    docs,
    paths::{Place, ident},
    traits::{DefaultArm, default_arm, standard_traits},
};
use crate::model::{Docs, Field, Number, Radix, Type, TypeId, Union};

impl Generator<'_> {
    pub(super) fn union_(&self, at: &Place, id: TypeId, type_: &Type, union_: &Union) -> TokenStream {
        let role = format!("`union {}`, switched on `{}`.", type_.name.ident, union_.discriminant);
        let head = self.type_head(id, type_, &role);
        let (name, discriminant) = (ident(self.names.type_(id)), self.rust_type(at, &union_.discriminant_shape));
        let default = if self.traits.default(id) { default_arm(self.model, union_) } else { None };
        // `derive` takes variants without data only.
        let derivable = match default {
            Some(DefaultArm::Arm(arm)) => union_.arms[arm].field.is_none() && union_.arms[arm].cases.len() == 1,
            Some(DefaultArm::Otherwise) | None => false,
        };
        let values = union_.arms.iter().map(|arm| &arm.field).chain(union_.default.iter().map(|arm| &arm.field));
        let opaque = values.flatten().any(|field| self.shows_opaque(&field.shape));
        let mut traits = standard_traits(opaque);
        traits.extend(derivable.then_some("Default"));
        traits.push("PartialEq");
        traits.extend(self.traits.eq(id).then_some("Eq"));
        let derives = self.derives(&traits, Own { hex_debug: opaque, serde: true }, &type_.options.attributes);
        let allow = self.allow(&self.lints_of_union(id, union_));
        let arms = union_.arms.iter().zip(self.names.parts(id)).enumerate().map(|(index, (arm, rust))| {
            let cases: Vec<TokenStream> = arm.cases.iter().map(|case| self.case(at, union_, case)).collect();
            let (label, keeps) = match cases.as_slice() {
                [case] => (quote!(case = #case), None),
                _ => (quote!(case = [#(#cases),*]), Some(&discriminant)),
            };
            let default = (derivable && default == Some(DefaultArm::Arm(index))).then(|| quote!(#[default]));
            let variant = self.variant(at, rust, keeps, arm.field.as_ref());
            let role = self.arm_role(union_, &arm.cases, arm.field.as_ref());
            let head = self.arm_head(&arm.docs, &role, arm.field.as_ref(), rust);
            let cfg = self.cfg(arm.feature.as_ref());
            quote!(#head #cfg #[xdr(#label)] #default #variant)
        });
        let otherwise = union_.default.as_ref().map(|arm| {
            let rust = self.names.default_variant(id);
            let variant = self.variant(at, rust, Some(&discriminant), arm.field.as_ref());
            let role = self.arm_role(union_, &[], arm.field.as_ref());
            let head = self.arm_head(&arm.docs, &role, arm.field.as_ref(), rust);
            let cfg = self.cfg(arm.feature.as_ref());
            quote!(#head #cfg #[xdr(default)] #variant)
        });
        let default = default.filter(|_| !derivable).map(|arm| {
            let value = self.default_variant(at, id, union_, arm);
            self.impl_default(type_, &name, value)
        });
        let serde = self.serde_union(at, id, type_, union_);
        let conversions = self.union_conversions(at, id, type_, union_);
        quote! {
            #head #derives #[xdr(union(#discriminant))] #allow
            pub enum #name { #(#arms,)* #otherwise }
            #default
            #conversions
            #serde
        }
    }

    /// A variant: the discriminant, if it keeps it, and the arm's value.
    fn variant(&self, at: &Place, rust: &str, keeps: Option<&TokenStream>, field: Option<&Field>) -> TokenStream {
        let variant = ident(rust);
        let field = field.map(|field| {
            let (added, xdr) = (self.added(&field.attributes), self.field_attribute(at, field));
            let type_ = self.field_type(at, field);
            quote!(#xdr #added #type_)
        });
        let parts: Vec<TokenStream> = keeps.cloned().into_iter().chain(field).collect();
        if parts.is_empty() { quote!(#variant) } else { quote!(#variant(#(#parts),*)) }
    }

    fn arm_head(&self, docs: &Docs, role: &str, field: Option<&Field>, rust: &str) -> TokenStream {
        let docs = match (docs.is_empty(), field) {
            (true, Some(field)) => docs::comment_or(&field.docs, role),
            _ => docs::comment_or(docs, role),
        };
        let alias = field.and_then(|field| docs::alias(&field.name, rust));
        quote!(#docs #alias)
    }

    fn arm_role(&self, union_: &Union, cases: &[Number], field: Option<&Field>) -> String {
        let value = field.map_or_else(|| "void".to_owned(), |field| self.model.declaration(&field.shape, &field.name));
        if cases.is_empty() {
            return format!("`default: {value}`");
        }
        let label = |case: &Number| match case.value {
            0 if is_bool(self.model, union_) => "FALSE".to_owned(),
            1 if is_bool(self.model, union_) => "TRUE".to_owned(),
            _ => self.model.number(case),
        };
        let cases: Vec<String> = cases.iter().map(|case| format!("case {}: ", label(case))).collect();
        format!("`{}{value}`", cases.concat())
    }

    fn default_variant(&self, at: &Place, id: TypeId, union_: &Union, arm: DefaultArm) -> TokenStream {
        let value = Discriminant::of(self.model, union_).default_value(self.model);
        let discriminant = self.case(at, union_, &Number { value, symbol: None, radix: Radix::Decimal });
        let (variant, keeps, field) = match arm {
            DefaultArm::Arm(arm) => {
                let name = &self.names.parts(id)[arm];
                let arm = &union_.arms[arm];
                (ident(name), arm.cases.len() > 1, arm.field.as_ref())
            }
            DefaultArm::Otherwise => {
                let field = union_.default.as_ref().and_then(|default| default.field.as_ref());
                (ident(self.names.default_variant(id)), true, field)
            }
        };
        let field = field.map(|field| self.default_value(at, field));
        let parts: Vec<TokenStream> = keeps.then_some(discriminant).into_iter().chain(field).collect();
        quote!(Self::#variant(#(#parts),*))
    }
}
