//! `enum`.

use proc_macro2::TokenStream;
use quote::quote;

use super::{Generator, attributes::Own, discriminant::default_member, docs, numbers::literal, paths::ident};
use crate::model::{Enum, Member, Type, TypeId};

impl Generator<'_> {
    /// A closed enum: a Rust enum.
    pub(super) fn enum_(&self, id: TypeId, type_: &Type, enum_: &Enum) -> TokenStream {
        let head = self.type_head(id, type_, &format!("`enum {}`.", type_.name.ident));
        let traits = ["Clone", "Copy", "Debug", "Default", "PartialEq", "Eq", "PartialOrd", "Ord", "Hash"];
        let derives = self.derives(&traits, Own::default(), &type_.options.attributes);
        let name = ident(self.names.type_(id));
        let default = default_member(enum_);
        let default = enum_.members.get(default).and_then(|member| member.alias_of).unwrap_or(default);
        let named = || enum_.members.iter().zip(self.names.parts(id)).enumerate();
        let variants = named().filter(|(_, (member, _))| member.alias_of.is_none()).map(|(index, (member, rust))| {
            let (head, rename) = (self.member_head(member, rust), self.serde_rename(&member.name));
            let default = (index == default).then(|| quote!(#[default]));
            let (variant, value) = (ident(rust), literal(member.value.into(), member.radix));
            quote!(#head #default #rename #variant = #value)
        });
        let aliases = named().filter_map(|(_, (member, rust))| {
            let original = ident(&self.names.parts(id)[member.alias_of?]);
            let (head, constant) = (self.member_head(member, rust), ident(rust));
            Some(quote!(#head pub const #constant: Self = Self::#original;))
        });
        let (cfg, allow) = (self.cfg(type_.feature.as_ref()), self.allow(&self.lints_of_enum(id, enum_)));
        let aliases: TokenStream = aliases.collect();
        let aliases = (!aliases.is_empty()).then(|| quote!(#cfg #allow impl #name { #aliases }));
        let conversions = self.enum_conversions(id, type_, enum_);
        quote! {
            #head #derives #allow #[repr(i32)] pub enum #name { #(#variants),* }
            #aliases
            #conversions
        }
    }

    /// `Display`, `From` and `TryFrom` of a closed enum.
    fn enum_conversions(&self, id: TypeId, type_: &Type, enum_: &Enum) -> TokenStream {
        let (cfg, runtime, name) = (self.cfg(type_.feature.as_ref()), &self.runtime, ident(self.names.type_(id)));
        let (from, try_from) = (self.std_type("From"), self.std_type("TryFrom"));
        let (number, result) = (self.std_type("i32"), self.std_type("Result"));
        let (ok, err) = (self.std_value("Ok"), self.std_value("Err"));
        // Not `Self::Error`: a member may be called so.
        let error = quote!(#runtime::xdr::UnknownValue);
        let spelled = &type_.name.ident;
        let own = || enum_.members.iter().zip(self.names.parts(id)).filter(|(member, _)| member.alias_of.is_none());
        let shown = own().map(|(member, rust)| {
            let (cfg, variant, original) = (self.cfg(member.feature.as_ref()), ident(rust), &member.name);
            quote!(#cfg Self::#variant => #original)
        });
        let known = own().map(|(member, rust)| {
            let (variant, value) = (ident(rust), literal(member.value.into(), member.radix));
            let cfg = self.cfg(member.feature.as_ref());
            quote!(#cfg #value => #ok(Self::#variant))
        });
        quote! {
            #cfg
            impl ::core::fmt::Display for #name {
                fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    let name = match self { #(#shown),* };
                    f.pad(name)
                }
            }
            #cfg
            impl #from<#name> for #number {
                fn from(value: #name) -> Self {
                    value as Self
                }
            }
            #cfg
            impl #try_from<#number> for #name {
                type Error = #error;
                fn try_from(value: #number) -> #result<Self, #error> {
                    match value {
                        #(#known,)*
                        _ => #err(#error::new(#spelled, value)),
                    }
                }
            }
        }
    }

    /// An open enum: a number with names.
    pub(super) fn open_enum(&self, id: TypeId, type_: &Type, enum_: &Enum) -> TokenStream {
        let role = format!("`enum {}`; values that it has no name for are kept.", type_.name.ident);
        let head = self.type_head(id, type_, &role);
        let zero = enum_.members.iter().any(|member| member.value == 0) || enum_.members.is_empty();
        let mut traits = vec!["Clone", "Copy", "Debug"];
        traits.extend(zero.then_some("Default"));
        traits.extend(["PartialEq", "Eq", "PartialOrd", "Ord", "Hash"]);
        let derives = self.derives(&traits, Own { hex_debug: false, serde: true }, &type_.options.attributes);
        let (name, number) = (ident(self.names.type_(id)), self.std_type("i32"));
        let (cfg, from) = (self.cfg(type_.feature.as_ref()), self.std_type("From"));
        let (allow, serde) = (self.allow(&[]), self.serde_open_enum(id, type_, enum_));
        let named = || enum_.members.iter().zip(self.names.parts(id));
        let constants = named().map(|(member, rust)| {
            let (head, constant) = (self.member_head(member, rust), ident(rust));
            let value = literal(member.value.into(), member.radix);
            quote!(#head pub const #constant: Self = Self(#value);)
        });
        let shown = named().filter(|(member, _)| member.alias_of.is_none()).map(|(member, rust)| {
            let (cfg, constant, original) = (self.cfg(member.feature.as_ref()), ident(rust), &member.name);
            quote!(#cfg Self::#constant => f.pad(#original))
        });
        let default = (!zero).then(|| {
            let first = ident(&self.names.parts(id)[0]);
            self.impl_default(type_, &name, quote!(Self::#first))
        });
        quote! {
            #head #derives #allow pub struct #name(
                /// The value on the wire.
                pub #number
            );
            #cfg #allow
            impl #name { #(#constants)* }
            #default
            #cfg
            impl ::core::fmt::Display for #name {
                fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    match *self {
                        #(#shown,)*
                        Self(value) => ::core::fmt::Display::fmt(&value, f),
                    }
                }
            }
            #cfg
            impl #from<#name> for #number {
                fn from(value: #name) -> Self {
                    value.0
                }
            }
            #cfg
            impl #from<#number> for #name {
                fn from(value: #number) -> Self {
                    Self(value)
                }
            }
            #serde
        }
    }

    fn member_head(&self, member: &Member, rust: &str) -> TokenStream {
        let docs = docs::comment_or(&member.docs, &format!("`{}`, {}.", member.name, member.value));
        let (alias, cfg) = (docs::alias(&member.name, rust), self.cfg(member.feature.as_ref()));
        quote!(#docs #alias #cfg)
    }
}
