//! Unions that are a result or an optional value in all but name.

use proc_macro2::TokenStream;
use quote::quote;

use super::{
    Generator,
    discriminant::{Discriminant, is_bool},
    paths::{Place, ident},
};
use crate::model::{Field, Number, Type, TypeId, Union};

impl Generator<'_> {
    /// Conversions of a union with one arm of data: to and from `Option` when it is switched on a bool, to and from
    /// `Result` otherwise.
    pub(super) fn union_conversions(
        &self,
        at: &Place,
        id: TypeId,
        type_: &Type,
        union_: &Union,
    ) -> Option<TokenStream> {
        let mut with_data = union_.arms.iter().enumerate().filter(|(_, arm)| arm.field.is_some());
        let (index, arm) = with_data.next()?;
        if with_data.next().is_some() || arm.cases.len() != 1 || (union_.arms.len() == 1 && union_.default.is_none()) {
            return None;
        }
        let field = arm.field.as_ref()?;
        let conversion = Conversion { at, id, type_, union_, index, field };
        let otherwise = union_.default.as_ref().and_then(|default| default.field.as_ref());
        let guarded = union_.arms.iter().filter(|arm| arm.feature.is_some()).count();
        let default_guarded = union_.default.as_ref().is_some_and(|default| default.feature.is_some());
        if arm.feature.is_some() || default_guarded || (guarded > 0 && is_bool(self.model, union_)) {
            return None;
        }
        if is_bool(self.model, union_) {
            return (arm.cases[0].value == 1 && otherwise.is_none()).then(|| self.option_conversions(&conversion));
        }
        match otherwise {
            None => Some(self.result_conversions(&conversion)),
            Some(fail) if union_.arms.len() == 1 => Some(self.detailed_result_conversions(&conversion, fail)),
            Some(_) => None,
        }
    }

    fn option_conversions(&self, conversion: &Conversion<'_>) -> TokenStream {
        let Conversion { at, id, type_, union_, index, field } = *conversion;
        let allow = self.allow(&[]);
        let (cfg, name) = (self.cfg(type_.feature.as_ref()), ident(self.names.type_(id)));
        let (value, from) = (self.field_type(at, field), self.std_type("From"));
        let (option, some, none) = (self.std_type("Option"), self.std_value("Some"), self.std_value("None"));
        let data = ident(&self.names.parts(id)[index]);
        let (pattern, absent) = match union_.arms.iter().position(|arm| arm.field.is_none()) {
            Some(void) => {
                let void = ident(&self.names.parts(id)[void]);
                (quote!(Self::#void), quote!(Self::#void))
            }
            None => {
                let other = ident(self.names.default_variant(id));
                (quote!(Self::#other(_)), quote!(Self::#other(false)))
            }
        };
        quote! {
            #cfg #allow
            impl #name {
                /// The value, if there is one.
                pub fn into_option(self) -> #option<#value> {
                    match self {
                        Self::#data(value) => #some(value),
                        #pattern => #none,
                    }
                }
            }
            #cfg
            impl #from<#option<#value>> for #name {
                fn from(value: #option<#value>) -> Self {
                    match value {
                        #some(value) => Self::#data(value),
                        #none => #absent,
                    }
                }
            }
        }
    }

    /// One arm has the data, the others say why there is none.
    fn result_conversions(&self, conversion: &Conversion<'_>) -> TokenStream {
        let Conversion { at, id, type_, union_, index, field } = *conversion;
        let allow = self.allow(&[]);
        let (cfg, name) = (self.cfg(type_.feature.as_ref()), ident(self.names.type_(id)));
        let (value, status) = (self.field_type(at, field), self.rust_type(at, &union_.discriminant_shape));
        let (result, ok, err) = (self.std_type("Result"), self.std_value("Ok"), self.std_value("Err"));
        let (from, try_from) = (self.std_type("From"), self.std_type("TryFrom"));
        let data = ident(&self.names.parts(id)[index]);
        let by_name = matches!(Discriminant::of(self.model, union_), Discriminant::Enum(_));
        let mut to_result = Vec::new();
        let mut from_status = Vec::new();
        for (arm, rust) in union_.arms.iter().zip(self.names.parts(id)).filter(|(arm, _)| arm.field.is_none()) {
            let variant = ident(rust);
            let cases: Vec<TokenStream> = arm.cases.iter().map(|case| self.case(at, union_, case)).collect();
            // The paths of an enum and literals are patterns; other expressions are not.
            let are_patterns = by_name || arm.cases.iter().all(Number::is_literal);
            let pattern = match cases.as_slice() {
                [case] if are_patterns => quote!(#err(#case)),
                [case] => quote!(#err(status) if status == #case),
                cases if are_patterns => quote!(#err(status @ (#(#cases)|*))),
                cases => quote!(#err(status) if [#(#cases),*].contains(&status)),
            };
            let (value, status) = match cases.as_slice() {
                [case] => (quote!(Self::#variant), quote!(#case)),
                _ => (quote!(Self::#variant(status)), quote!(status)),
            };
            let cfg = self.cfg(arm.feature.as_ref());
            to_result.push(quote!(#cfg #value => #err(#status)));
            from_status.push((quote!(#cfg #pattern), value));
        }
        let otherwise = union_.default.is_some().then(|| ident(self.names.default_variant(id)));
        let into = {
            let other = otherwise.as_ref().map(|other| quote!(Self::#other(status) => #err(status),));
            quote! {
                #cfg #allow
                impl #name {
                    /// The value, or the status that came instead.
                    pub fn into_result(self) -> #result<#value, #status> {
                        match self {
                            Self::#data(value) => #ok(value),
                            #(#to_result,)*
                            #other
                        }
                    }
                }
            }
        };
        let (patterns, values): (Vec<_>, Vec<_>) = from_status.into_iter().unzip();
        let back = match otherwise {
            Some(other) => quote! {
                #cfg
                impl #from<#result<#value, #status>> for #name {
                    fn from(result: #result<#value, #status>) -> Self {
                        match result {
                            #ok(value) => Self::#data(value),
                            #(#patterns => #values,)*
                            #err(status) => Self::#other(status),
                        }
                    }
                }
            },
            None => quote! {
                /// A status that has no arm comes back as the error.
                #cfg
                impl #try_from<#result<#value, #status>> for #name {
                    type Error = #status;
                    fn try_from(result: #result<#value, #status>) -> #result<Self, #status> {
                        match result {
                            #ok(value) => #ok(Self::#data(value)),
                            #(#patterns => #ok(#values),)*
                            #err(status) => #err(status),
                        }
                    }
                }
            },
        };
        quote!(#into #back)
    }

    /// One arm has the data, the default tells more of the failure: NFS's `READ3res`.
    fn detailed_result_conversions(&self, conversion: &Conversion<'_>, fail: &Field) -> TokenStream {
        let Conversion { at, id, type_, union_, index, field } = *conversion;
        let allow = self.allow(&self.lints_of_error(fail));
        let (cfg, name) = (self.cfg(type_.feature.as_ref()), ident(self.names.type_(id)));
        let (value, fail) = (self.field_type(at, field), self.field_type(at, fail));
        let (status, from) = (self.rust_type(at, &union_.discriminant_shape), self.std_type("From"));
        let (result, ok, err) = (self.std_type("Result"), self.std_value("Ok"), self.std_value("Err"));
        let (data, other) = (ident(&self.names.parts(id)[index]), ident(self.names.default_variant(id)));
        quote! {
            #cfg #allow
            impl #name {
                /// The value, or the status that came instead and what came with it.
                pub fn into_result(self) -> #result<#value, (#status, #fail)> {
                    match self {
                        Self::#data(value) => #ok(value),
                        Self::#other(status, fail) => #err((status, fail)),
                    }
                }
            }
            #cfg
            impl #from<#result<#value, (#status, #fail)>> for #name {
                fn from(result: #result<#value, (#status, #fail)>) -> Self {
                    match result {
                        #ok(value) => Self::#data(value),
                        #err((status, fail)) => Self::#other(status, fail),
                    }
                }
            }
        }
    }
}

/// A union, and the one arm of it that has data.
#[derive(Clone, Copy)]
struct Conversion<'c> {
    at: &'c Place,
    id: TypeId,
    type_: &'c Type,
    union_: &'c Union,
    index: usize,
    field: &'c Field,
}
