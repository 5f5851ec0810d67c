//! What stands before an item: documentation, derives, attributes that the configuration adds.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Attribute, Path, Token, parse::Parser, punctuated::Punctuated};

use super::Generator;

/// As many traits as fit on a line with `Xdr`.
const ONE_LINE: usize = 6;

/// Parses attributes that the configuration gave, as Rust source.
pub(crate) fn parse(source: &str) -> syn::Result<Vec<Attribute>> {
    Attribute::parse_outer.parse_str(source)
}

/// What a type has in place of a derive of the standard library's or of serde's.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Own {
    /// `Debug`, which shows opaque data in hexadecimal.
    pub(super) hex_debug: bool,
    /// Implementations of serde's traits, if they are asked for.
    pub(super) serde: bool,
}

impl Generator<'_> {
    /// `#[derive(…)]` with `Debug` and `Xdr`, and the attributes that the configuration adds; a trait is derived once, whoever
    /// asks for it. `own`: what else this type has of ours.
    pub(super) fn derives(&self, standard: &[&str], own: Own, added: &[String]) -> TokenStream {
        let runtime = &self.runtime;
        let mut names: Vec<String> = standard.iter().map(|name| (*name).to_owned()).collect();
        let mut paths: Vec<TokenStream> =
            standard.iter().map(|name| super::paths::ident(name).into_token_stream()).collect();
        let mut ours = vec![quote!(#runtime::Xdr)];
        if own.hex_debug {
            names.push("Debug".to_owned());
            ours.insert(0, quote!(#runtime::HexDebug));
        }
        if self.settings.serde {
            names.extend(["Serialize", "Deserialize"].map(str::to_owned));
            if !own.serde {
                paths.extend([quote!(::serde::Serialize), quote!(::serde::Deserialize)]);
            }
        }
        let mut others = Vec::new();
        for attribute in added.iter().flat_map(|source| parse(source).unwrap_or_default()) {
            let derived = attribute.path().is_ident("derive").then(|| {
                attribute.parse_args_with(Punctuated::<Path, Token![,]>::parse_terminated).unwrap_or_default()
            });
            let Some(derived) = derived else {
                others.push(attribute);
                continue;
            };
            for path in derived {
                let name = path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default();
                if !names.contains(&name) {
                    names.push(name);
                    paths.push(path.into_token_stream());
                }
            }
        }
        // On a line of its own where one line would be too long.
        let apart = if paths.len() + ours.len() > ONE_LINE + 1 {
            Some(quote!(#[derive(#(#ours),*)]))
        } else {
            paths.append(&mut ours);
            None
        };
        let crate_ = (self.settings.runtime_path != super::RUNTIME).then(|| {
            let path = &self.settings.runtime_path;
            quote!(#[xdr(crate = #path)])
        });
        quote!(#[derive(#(#paths),*)] #apart #crate_ #(#others)*)
    }

    /// Attributes that the configuration adds to a field.
    pub(super) fn added(&self, added: &[String]) -> TokenStream {
        let attributes = added.iter().flat_map(|source| parse(source).unwrap_or_default());
        quote!(#(#attributes)*)
    }

    /// Nobody uses all of a protocol, and the file's own spelling is the file's.
    pub(super) fn allow(&self, more: &[&str]) -> TokenStream {
        let names: &[&str] = match self.settings.keep_names {
            true => {
                &["non_camel_case_types", "non_snake_case", "non_upper_case_globals", "clippy::upper_case_acronyms"]
            }
            false => &[],
        };
        let lints = ["dead_code"].iter().chain(names).chain(more).map(|lint| {
            let path = lint.split("::").map(super::paths::ident);
            quote!(#(#path)::*)
        });
        quote!(#[allow(#(#lints),*)])
    }

    /// Allows what clippy says of a method whose name and parameters are the file's; `many`: more parameters than it likes.
    pub(super) fn allow_method(&self, name: &str, many: bool) -> Option<TokenStream> {
        let conversion = name.starts_with("from_") || name.starts_with("into_");
        match (conversion, many) {
            (false, false) => None,
            (true, false) => Some(quote!(#[allow(clippy::wrong_self_convention)])),
            (false, true) => Some(quote!(#[allow(clippy::too_many_arguments)])),
            (true, true) => Some(quote!(#[allow(clippy::too_many_arguments, clippy::wrong_self_convention)])),
        }
    }

    /// `#[cfg(feature = "…")]` of an item that stood between `#ifdef`s that became features.
    pub(super) fn cfg(&self, feature: Option<&String>) -> Option<TokenStream> {
        feature.map(|feature| quote!(#[cfg(feature = #feature)]))
    }
}
