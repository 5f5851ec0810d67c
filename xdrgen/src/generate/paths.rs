//! How generated code says where something is: from any module, wherever the file is included.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};

use super::{Generator, case::PRIMITIVES, names::unescape};
use crate::model::{Name, TypeId, TypeKind};

/// The module that code is written for: its path from the top of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Place(Vec<String>);

impl Place {
    /// The module `name` in this one.
    pub(super) fn inside(&self, name: &str) -> Self {
        let mut path = self.0.clone();
        path.push(name.to_owned());
        Self(path)
    }
}

/// A name as an identifier; `r#` makes it a raw one.
pub(super) fn ident(name: &str) -> Ident {
    match name.strip_prefix("r#") {
        Some(raw) => Ident::new_raw(raw, Span::call_site()),
        None => format_ident!("{name}"),
    }
}

impl Generator<'_> {
    /// The module of a namespace.
    pub(super) fn place_of(&self, namespace: &[String]) -> Place {
        Place(namespace.iter().map(|segment| self.names.namespace(segment)).collect())
    }

    /// The path to a type.
    pub(super) fn path_to_type(&self, from: &Place, id: TypeId) -> TokenStream {
        let type_ = self.model.type_(id);
        match &type_.kind {
            TypeKind::Extern(path) => extern_path(from, path),
            _ => self.path(from, type_.module.as_deref(), &type_.name.namespace, self.names.type_(id)),
        }
    }

    /// The path to a constant of the file or of a used module.
    pub(super) fn path_to_constant(&self, from: &Place, name: &Name) -> TokenStream {
        match self.names.constant_index(name) {
            Some(index) => {
                let module = self.model.constants[index].module.as_deref();
                self.path(from, module, &name.namespace, self.names.constant(index))
            }
            None => self.path(from, None, &name.namespace, &name.ident),
        }
    }

    /// The path to a member of an enum.
    pub(super) fn path_to_member(&self, from: &Place, of: TypeId, member: usize) -> TokenStream {
        let type_ = self.path_to_type(from, of);
        let member = ident(&self.names.parts(of)[member]);
        quote!(#type_::#member)
    }

    /// The path to what a procedures' module knows of its parent.
    pub(super) fn path(&self, from: &Place, module: Option<&str>, namespace: &[String], name: &str) -> TokenStream {
        let to = self.place_of(namespace);
        let (up, down) = match module {
            Some(module) => {
                let module = super::module_name(module);
                (from.0.len() + 1, std::iter::once(module).chain(to.0).collect::<Vec<_>>())
            }
            None => {
                let shared = from.0.iter().zip(&to.0).take_while(|(one, two)| one == two).count();
                (from.0.len() - shared, to.0[shared..].to_vec())
            }
        };
        let supers = std::iter::repeat_n(quote!(super::), up);
        // A bare `a::B` could be a crate called `a`, and a bare `u32` is the one of Rust to the derive.
        let here = (up == 0 && (!down.is_empty() || PRIMITIVES.contains(&name))).then(|| quote!(self::));
        let down = down.iter().map(|segment| ident(segment));
        let name = ident(name);
        quote!(#(#supers)* #here #(#down::)* #name)
    }

    /// A type of the prelude: by its bare name where that means it, otherwise by its path.
    pub(super) fn std_type(&self, name: &str) -> TokenStream {
        let bare = ident(name);
        if !self.names.hides_type(name) {
            return quote!(#bare);
        }
        match name {
            "Option" => quote!(::core::option::#bare),
            "Result" => quote!(::core::result::#bare),
            "String" => quote!(::std::string::#bare),
            "Vec" => quote!(::std::vec::#bare),
            "Box" => quote!(::std::boxed::#bare),
            "Default" => quote!(::core::default::#bare),
            "Clone" => quote!(::core::clone::#bare),
            "From" | "Into" | "TryFrom" => quote!(::core::convert::#bare),
            "Send" | "Sync" => quote!(::core::marker::#bare),
            _ => quote!(::core::primitive::#bare),
        }
    }

    /// `Ok`, `Err`, `Some` or `None`, in the same way.
    pub(super) fn std_value(&self, name: &str) -> TokenStream {
        let bare = ident(name);
        if !self.names.hides_value(name) && !self.names.hides_type(name) {
            return quote!(#bare);
        }
        match name {
            "Ok" | "Err" => quote!(::core::result::Result::#bare),
            _ => quote!(::core::option::Option::#bare),
        }
    }

    /// A name for a type parameter that no type of the file has.
    pub(super) fn type_parameter(&self) -> Ident {
        let name = ["T", "S", "Service", "TService"].into_iter().find(|name| !self.names.hides_type(name));
        ident(name.unwrap_or("T_"))
    }

    /// A name for a type within a function that no type of the file has.
    pub(super) fn local_type_name(&self) -> Ident {
        let name = ["Fields", "Arms", "UnionFields"].into_iter().find(|name| !self.names.hides_type(name));
        ident(name.unwrap_or("Fields_"))
    }
}

/// A path that the configuration gave; one that starts with `super` or `self` counts from the top of the file.
fn extern_path(from: &Place, path: &str) -> TokenStream {
    let parsed: TokenStream = path.parse().unwrap_or_else(|_| {
        // The configuration has refused what is no path.
        let name = ident(unescape("unnamed"));
        quote!(#name)
    });
    if !path.starts_with("super") && !path.starts_with("self::") {
        return parsed;
    }
    let supers = std::iter::repeat_n(quote!(super::), from.0.len());
    let path: TokenStream = path.strip_prefix("self::").unwrap_or(path).parse().unwrap_or(parsed);
    quote!(#(#supers)* #path)
}
