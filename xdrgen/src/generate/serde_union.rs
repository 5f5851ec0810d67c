//! Unions in JSON and the like: an object with the discriminant and the arm's field, as the file calls them.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{format_ident, quote};

use super::{
    Generator,
    discriminant::{Discriminant, covers_all},
    paths::{Place, ident},
    serde::codec_of,
};
use crate::model::{Field, Model, Number, Shape, Type, TypeId, Union};

/// The arms of a union, `default` last and without cases.
struct Arm<'u> {
    variant: Ident,
    cases: Option<&'u [Number]>,
    field: Option<Key<'u>>,
    feature: Option<&'u String>,
}

/// The field of an arm.
struct Key<'u> {
    field: &'u Field,
    /// What it is called in JSON.
    name: String,
    /// Where it is read to. Arms whose fields have one name have one place.
    place: Ident,
    /// The feature that all of these arms have.
    feature: Option<&'u String>,
}

impl Generator<'_> {
    /// `Serialize` and `Deserialize` of a union.
    pub(super) fn serde_union(&self, at: &Place, id: TypeId, type_: &Type, union_: &Union) -> Option<TokenStream> {
        if !self.settings.serde {
            return None;
        }
        let arms = self.serde_arms(id, union_);
        let write = self.serialize_union(at, id, type_, union_, &arms);
        let read = self.deserialize_union(at, id, type_, union_, &arms);
        Some(quote!(#write #read))
    }

    fn serde_arms<'u>(&self, id: TypeId, union_: &'u Union) -> Vec<Arm<'u>> {
        let variants = self.names.parts(id).iter().map(String::as_str).chain([self.names.default_variant(id)]);
        let arms = union_.arms.iter().map(|arm| (Some(arm.cases.as_slice()), arm.field.as_ref(), arm.feature.as_ref()));
        let default = union_.default.iter().map(|arm| (None, arm.field.as_ref(), arm.feature.as_ref()));
        let arms: Vec<_> = arms.chain(default).collect();
        let mut names: Vec<&str> = Vec::new();
        let mut key = |field: &'u Field| {
            let at = names.iter().position(|name| *name == field.name).unwrap_or_else(|| {
                names.push(&field.name);
                names.len() - 1
            });
            let mut features = arms.iter().filter(|(_, other, _)| other.is_some_and(|other| other.name == field.name));
            let first = features.next().and_then(|(_, _, feature)| *feature);
            let feature = first.filter(|_| features.all(|(_, _, feature)| *feature == first));
            Key { field, name: key_name(union_, field), place: format_ident!("arm_{at}"), feature }
        };
        let keys: Vec<Option<Key<'u>>> =
            arms.iter().map(|(_, field, _)| *field).map(|field| field.map(&mut key)).collect();
        let parts = arms.into_iter().zip(keys).zip(variants);
        parts
            .map(|(((cases, _, feature), field), variant)| Arm { variant: ident(variant), cases, field, feature })
            .collect()
    }

    fn serialize_union(&self, at: &Place, id: TypeId, type_: &Type, union_: &Union, arms: &[Arm<'_>]) -> TokenStream {
        let (runtime, cfg) = (&self.runtime, self.cfg(type_.feature.as_ref()));
        let (name, t, result) = (ident(self.names.type_(id)), self.type_parameter(), self.std_type("Result"));
        let discriminant = self.rust_type(at, &union_.discriminant_shape);
        let (original, tag) = (&type_.name.ident, &union_.discriminant);
        let arms = arms.iter().map(|Arm { variant, cases, field, feature }| {
            let cfg = self.cfg(*feature);
            let case = match cases {
                Some([case]) => Some(self.case(at, union_, case)),
                _ => None,
            };
            let kept = case.is_none().then(|| quote!(discriminant)).into_iter();
            let which = case.map_or_else(|| quote!(discriminant), |case| reference(&case));
            match field {
                Some(Key { field, name, .. }) => {
                    let (codec, parts) = (self.codec_type(field), kept.chain([quote!(value)]));
                    quote!(#cfg Self::#variant(#(#parts),*) => to.arm::<#codec, #discriminant, _>(#which, #name, value))
                }
                None => {
                    let parts: Vec<TokenStream> = kept.collect();
                    let parts = (!parts.is_empty()).then(|| quote!((#(#parts),*)));
                    quote!(#cfg Self::#variant #parts => to.void::<#discriminant>(#which))
                }
            }
        });
        quote! {
            #cfg
            impl ::serde::Serialize for #name {
                fn serialize<#t: ::serde::Serializer>(&self, to: #t) -> #result<#t::Ok, #t::Error> {
                    let to = #runtime::serde::UnionWriter::new(to, #original, #tag);
                    match self { #(#arms),* }
                }
            }
        }
    }

    fn deserialize_union(&self, at: &Place, id: TypeId, type_: &Type, union_: &Union, arms: &[Arm<'_>]) -> TokenStream {
        let (runtime, cfg) = (&self.runtime, self.cfg(type_.feature.as_ref()));
        let (name, t, result) = (ident(self.names.type_(id)), self.type_parameter(), self.std_type("Result"));
        let discriminant = self.rust_type(at, &union_.discriminant_shape);
        let (original, tag, fields) = (&type_.name.ident, &union_.discriminant, self.local_type_name());
        let mut keys: Vec<&Key<'_>> = Vec::new();
        for key in arms.iter().filter_map(|arm| arm.field.as_ref()) {
            if keys.iter().all(|other| other.place != key.place) {
                keys.push(key);
            }
        }
        let members = keys.iter().map(|key| self.union_member(at, key));
        let places = keys.iter().map(|Key { place, feature, .. }| {
            let cfg = self.cfg(*feature);
            quote!(#cfg #place)
        });
        let given = keys.iter().map(|Key { name, place, feature, .. }| {
            let cfg = self.cfg(*feature);
            quote!(#cfg (#name, #place.is_some()))
        });
        let patterns = arms.iter().map(|arm| self.union_arm(at, union_, arm));
        let err = self.std_value("Err");
        let (has_default, complete) = (union_.default.is_some(), covers_all(self.model, union_));
        let none = (!has_default && !complete).then(|| quote!(_ => #err(arms.none())));
        // Which arms there are depends on features.
        let complete = complete || arms.iter().any(|arm| arm.feature.is_some());
        let unreachable = ((has_default || none.is_some()) && complete).then(|| quote!(#[allow(unreachable_patterns)]));
        quote! {
            #cfg
            impl<'de> ::serde::Deserialize<'de> for #name {
                fn deserialize<#t: ::serde::Deserializer<'de>>(from: #t) -> #result<Self, #t::Error> {
                    #[derive(::serde::Deserialize)]
                    #[serde(rename = #original, deny_unknown_fields)]
                    struct #fields {
                        #[serde(rename = #tag)]
                        discriminant: #discriminant,
                        #(#members,)*
                    }
                    let #fields { discriminant, #(#places),* } = ::serde::Deserialize::deserialize(from)?;
                    let arms = #runtime::serde::Arms {
                        discriminant: &discriminant,
                        given: &[#(#given),*],
                    };
                    #unreachable
                    match &discriminant {
                        #(#patterns,)*
                        #none
                    }
                }
            }
        }
    }

    /// The field that an arm is read to: an `Option`, as another arm may be there.
    fn union_member(&self, at: &Place, key: &Key<'_>) -> TokenStream {
        let Key { field, name, place, feature } = key;
        let cfg = self.cfg(*feature);
        let (option, type_) = (self.std_type("Option"), self.field_type(at, field));
        let optional = is_optional(self.model, field);
        let type_ = if optional { type_ } else { quote!(#option<#type_>) };
        let with = codec_of(self.model, field).map(|codec| {
            let codec = if optional { codec } else { super::serde::Codec::Each(Box::new(codec)) };
            let path = self.codec_path(&codec);
            quote!(, with = #path)
        });
        quote!(#cfg #[serde(rename = #name, default #with)] #place: #type_)
    }

    fn union_arm(&self, at: &Place, union_: &Union, arm: &Arm<'_>) -> TokenStream {
        let Arm { variant, cases, field, feature } = arm;
        let cfg = self.cfg(*feature);
        let ok = self.std_value("Ok");
        let by_name = matches!(Discriminant::of(self.model, union_), Discriminant::Enum(_));
        let pattern = match cases {
            Some(numbers) => {
                let cases: Vec<TokenStream> = numbers.iter().map(|case| self.case(at, union_, case)).collect();
                // The paths of an enum and literals are patterns; other expressions are not.
                match by_name || numbers.iter().all(Number::is_literal) {
                    true => match range(numbers).filter(|_| !by_name) {
                        Some((first, last)) => {
                            let (first, last) = (&cases[first], &cases[last]);
                            quote!(#first..=#last)
                        }
                        None => quote!(#(#cases)|*),
                    },
                    false => quote!(_ if [#(#cases),*].contains(&discriminant)),
                }
            }
            None => quote!(_),
        };
        let kept = (!matches!(cases, Some([_]))).then(|| quote!(discriminant)).into_iter();
        match field {
            Some(Key { field, name, place, .. }) => {
                let read = if is_optional(self.model, field) { quote!(optional) } else { quote!(value) };
                let parts = kept.chain([quote!(value)]);
                quote!(#cfg #pattern => { let value = arms.#read(#name, #place)?; #ok(Self::#variant(#(#parts),*)) })
            }
            None => {
                let parts: Vec<TokenStream> = kept.collect();
                let parts = (!parts.is_empty()).then(|| quote!((#(#parts),*)));
                quote!(#cfg #pattern => { arms.void()?; #ok(Self::#variant #parts) })
            }
        }
    }
}

/// A reference to a case, which may be a cast.
fn reference(case: &TokenStream) -> TokenStream {
    let is_cast = case.clone().into_iter().any(|token| matches!(token, TokenTree::Ident(word) if word == "as"));
    if is_cast { quote!(&(#case)) } else { quote!(&#case) }
}

/// What the field of an arm is called in JSON. In C the discriminant is outside of what has the fields, and one of them may be
/// called as it.
fn key_name(union_: &Union, field: &Field) -> String {
    let mut name = field.name.clone();
    if name == union_.discriminant {
        let arms = union_.arms.iter().map(|arm| &arm.field).chain(union_.default.iter().map(|arm| &arm.field));
        let names: Vec<&String> = arms.flatten().map(|field| &field.name).collect();
        while names.contains(&&name) {
            name.push('_');
        }
    }
    name
}

/// The field is an `Option` by itself.
fn is_optional(model: &Model, field: &Field) -> bool {
    match &field.shape {
        Shape::Optional(_) => true,
        shape => !field.boxed && matches!(model.resolve(shape), Shape::Optional(_)),
    }
}

/// Where the least and the greatest of three numbers and more are that follow each other: written one by one, they are for a
/// lint to complain of.
fn range(numbers: &[Number]) -> Option<(usize, usize)> {
    let value = |at: &usize| numbers[*at].value;
    let (first, last) = ((0..numbers.len()).min_by_key(value)?, (0..numbers.len()).max_by_key(value)?);
    let all_between = value(&last) - value(&first) + 1 == numbers.len() as i128;
    (numbers.len() > 2 && all_between).then_some((first, last))
}
