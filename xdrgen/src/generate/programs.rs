//! `program`: numbers, and for each version its procedures, its server's side and its client's side.

use proc_macro2::TokenStream;
use quote::quote;

use super::{
    Generator, docs,
    names::{ProcedureNames, VersionNames, unescape},
    paths::{Place, ident},
};
use crate::model::{Procedure, Program, Shape, Version};

/// A version and what is needed to speak of it.
#[derive(Clone, Copy)]
pub(super) struct Interface<'i> {
    pub(super) at: &'i Place,
    pub(super) program: &'i Program,
    pub(super) version: &'i Version,
    pub(super) names: &'i VersionNames,
}

impl<'i> Interface<'i> {
    /// The procedures and their names.
    pub(super) fn procedures(&self) -> impl Iterator<Item = (&'i Procedure, &'i ProcedureNames)> + use<'i> {
        self.version.procedures.iter().zip(&self.names.procedures)
    }

    /// "version 1 of `CALC_PROG`"
    pub(super) fn title(&self) -> String {
        format!("version {} of `{}`", self.version.number.value, self.program.name.ident)
    }
}

impl Generator<'_> {
    /// A program and all its versions.
    pub(super) fn program(&self, at: &Place, index: usize) -> TokenStream {
        let program = &self.model.programs[index];
        let names = self.names.program(index);
        let cfg = self.cfg(program.feature.as_ref());
        let number = names.constant.as_ref().map(|rust| {
            let original = &program.name.ident;
            let docs = docs::comment_or(&program.docs, &format!("The number of program `{original}`."));
            self.number_constant(at, original, rust, docs, &program.number, cfg.as_ref())
        });
        let versions = program.versions.iter().zip(&names.versions).map(|(version, names)| {
            let number = names.constant.as_ref().map(|rust| {
                let role = format!("The number of version `{}` of `{}`.", version.name, program.name.ident);
                self.number_constant(at, &version.name, rust, docs::paragraph(&role), &version.number, cfg.as_ref())
            });
            let interface = Interface { at, program, version, names };
            let server = self.settings.services.has_server().then(|| self.server(&interface));
            let client = self.settings.services.has_client().then(|| self.client(&interface));
            let procedures = self.settings.services.has_any().then(|| self.procedures(&interface));
            quote!(#number #server #client #procedures)
        });
        quote!(#number #(#versions)*)
    }

    fn number_constant(
        &self,
        at: &Place,
        original: &str,
        rust: &str,
        docs: TokenStream,
        number: &crate::model::Number,
        cfg: Option<&TokenStream>,
    ) -> TokenStream {
        let (alias, allow) = (docs::alias(original, rust), self.allow(&[]));
        let (name, type_, value) = (ident(rust), self.std_type("u32"), self.number_as(at, number, "u32"));
        quote!(#docs #alias #cfg #allow pub const #name: #type_ = #value;)
    }

    /// The module with a type for each procedure.
    fn procedures(&self, interface: &Interface<'_>) -> TokenStream {
        let Interface { at, program, version, names } = *interface;
        let inside = at.inside(&names.module);
        let runtime = &self.runtime;
        let (module, service) = (ident(&names.module), unescape(&names.service));
        let docs = docs::paragraph(&format!("The procedures of {}, as types.", self.link_to_service(service)));
        let docs = if self.settings.services.has_server() {
            docs
        } else {
            docs::paragraph(&format!("The procedures of {}, as types.", interface.title()))
        };
        let (cfg, allow) = (self.cfg(program.feature.as_ref()), self.allow(&[]));
        let (program_name, version_name) = (&program.name.ident, &version.name);
        let program_number = self.number_as(&inside, &program.number, "u32");
        let version_number = self.number_as(&inside, &version.number, "u32");
        let infos = interface.procedures().map(|(procedure, _)| {
            let (number, name) = (self.number_as(&inside, &procedure.number, "u32"), &procedure.name);
            let idempotent = is_idempotent(procedure);
            quote!(#runtime::ProcedureInfo { number: #number, name: #name, idempotent: #idempotent })
        });
        let markers = interface.procedures().map(|(procedure, names)| self.marker(&inside, procedure, names));
        let title = docs::paragraph(&format!("The numbers and names of {}.", interface.title()));
        quote! {
            #docs #cfg #allow
            pub mod #module {
                #title
                pub static INTERFACE: #runtime::Interface = #runtime::Interface {
                    program: #program_number,
                    version: #version_number,
                    program_name: #program_name,
                    version_name: #version_name,
                    procedures: &[#(#infos),*],
                };
                #(#markers)*
            }
        }
    }

    /// A procedure as a type.
    fn marker(&self, at: &Place, procedure: &Procedure, names: &ProcedureNames) -> TokenStream {
        let (runtime, name) = (&self.runtime, ident(&names.marker));
        let docs = docs::comment_or(&procedure.docs, &self.procedure_role(procedure));
        let alias = docs::alias(&procedure.name, &names.marker);
        let arguments = tuple(procedure.arguments.iter().map(|argument| self.rust_type(at, &argument.shape)).collect());
        let arguments_shape =
            tuple(procedure.arguments.iter().map(|argument| self.shape_type(at, &argument.shape)).collect());
        let (results, results_shape) = (self.rust_type(at, &procedure.result), self.shape_type(at, &procedure.result));
        let (number, original) = (self.number_as(at, &procedure.number, "u32"), &procedure.name);
        let (u32_, bool_, str_) = (self.std_type("u32"), self.std_type("bool"), self.std_type("str"));
        let idempotent = is_idempotent(procedure).then(|| quote!(const IDEMPOTENT: #bool_ = true;));
        quote! {
            #docs #alias
            #[derive(Clone, Copy, Debug)]
            pub struct #name;
            impl #runtime::Procedure for #name {
                type Arguments = #arguments;
                type Results = #results;
                type ArgumentsShape = #arguments_shape;
                type ResultsShape = #results_shape;
                const INTERFACE: &'static #runtime::Interface = &INTERFACE;
                const NUMBER: #u32_ = #number;
                const NAME: &'static #str_ = #original;
                #idempotent
            }
        }
    }

    /// A link to a version's trait, for rustdoc: a constant may have its name.
    pub(super) fn link_to_service(&self, service: &str) -> String {
        if self.names.hides_value(service) {
            format!("[`{service}`](trait@{service})")
        } else {
            format!("[`{service}`]")
        }
    }

    /// What a procedure is, when nobody said it: its declaration.
    pub(super) fn procedure_role(&self, procedure: &Procedure) -> String {
        format!("`{}`", self.model.signature(procedure))
    }
}

/// RFC 5531 §12.3 "By convention, procedure 0": nothing in, nothing out; the runtime answers it.
pub(super) fn is_null(procedure: &Procedure) -> bool {
    procedure.number.value == 0 && procedure.arguments.is_empty() && procedure.result == Shape::Void
}

/// A call of the null procedure changes nothing.
fn is_idempotent(procedure: &Procedure) -> bool {
    procedure.idempotent || is_null(procedure)
}

/// The longest tuple that the runtime encodes.
const LONGEST_TUPLE: usize = 12;

/// A tuple; what is too long for one goes on in a tuple at its end.
pub(super) fn tuple(mut parts: Vec<TokenStream>) -> TokenStream {
    if parts.len() > LONGEST_TUPLE {
        let rest = tuple(parts.split_off(LONGEST_TUPLE - 1));
        parts.push(rest);
    }
    match parts.as_slice() {
        [one] => quote!((#one,)),
        _ => quote!((#(#parts),*)),
    }
}
