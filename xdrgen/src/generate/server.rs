//! The server's side of a version: the trait that people implement, and the adapter that answers calls with it.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::{
    Generator,
    case::snake,
    docs,
    names::unescape,
    paths::ident,
    programs::{Interface, is_null, tuple},
};

/// Parameters beside `self` and the context that clippy lets pass.
const MANY_ARGUMENTS: usize = 5;

impl Generator<'_> {
    pub(super) fn server(&self, interface: &Interface<'_>) -> TokenStream {
        let service = self.service(interface);
        let adapter = self.adapter(interface);
        quote!(#service #adapter)
    }

    /// The trait.
    fn service(&self, interface: &Interface<'_>) -> TokenStream {
        let (version, names) = (interface.version, interface.names);
        let (runtime, name) = (&self.runtime, ident(&names.service));
        let role = format!("What a server of {} answers.", interface.title());
        let docs = docs::comment_or(&version.docs, &role);
        let alias = docs::alias(&version.name, &names.service);
        let (cfg, allow) = (self.cfg(interface.program.feature.as_ref()), self.allow(&[]));
        let (send, sync, result) = (self.std_type("Send"), self.std_type("Sync"), self.std_type("Result"));
        let err = self.std_value("Err");
        let methods = interface.procedures().filter(|(procedure, _)| !is_null(procedure)).map(|(procedure, names)| {
            let docs = docs::comment_or(&procedure.docs, &self.procedure_role(procedure));
            let alias = docs::alias(&procedure.name, &names.method);
            let method = ident(&names.method);
            let arguments: Vec<Ident> = names.arguments.iter().map(|name| ident(name)).collect();
            let types = procedure.arguments.iter().map(|argument| self.rust_type(interface.at, &argument.shape));
            let results = self.rust_type(interface.at, &procedure.result);
            let allow = self.allow_method(&names.method, arguments.len() > MANY_ARGUMENTS);
            let ignored =
                tuple(std::iter::once(quote!(cx)).chain(arguments.iter().map(|name| quote!(#name))).collect());
            let ignored = if arguments.is_empty() { quote!(cx) } else { ignored };
            quote! {
                #docs #alias #allow
                fn #method(
                    &self,
                    cx: &#runtime::Context,
                    #(#arguments: #types),*
                ) -> impl ::core::future::Future<Output = #result<#results, #runtime::Fault>> + #send {
                    let _ = #ignored;
                    async { #err(#runtime::Fault::ProcedureUnavailable) }
                }
            }
        });
        quote! {
            #docs #alias #cfg #allow
            pub trait #name: #send + #sync + 'static { #(#methods)* }
        }
    }

    /// The adapter.
    fn adapter(&self, interface: &Interface<'_>) -> TokenStream {
        let names = interface.names;
        let (runtime, service, server) = (&self.runtime, ident(&names.service), ident(&names.server));
        let (module, parameter, clone) = (ident(&names.module), self.type_parameter(), self.std_type("Clone"));
        let (cfg, allow) = (self.cfg(interface.program.feature.as_ref()), self.allow(&[]));
        let mut parameters = interface.procedures().flat_map(|(_, names)| &names.arguments);
        let others = self.settings.keep_names && parameters.any(|name| snake(name) != *name);
        let allow_parameters = others.then(|| quote!(#[allow(non_snake_case)]));
        let docs = docs::paragraph(&format!(
            "Answers the calls of {} with a {}.",
            interface.title(),
            self.link_to_service(unescape(&names.service))
        ));
        let shown = unescape(&names.server);
        let answer = self.answer(interface, &parameter);
        quote! {
            #docs #cfg #allow
            pub struct #server<#parameter> {
                service: ::std::sync::Arc<#parameter>,
            }
            #cfg #allow
            impl<#parameter: #service> #server<#parameter> {
                /// Answers calls with `service`.
                pub fn new(service: #parameter) -> Self {
                    Self::from_arc(::std::sync::Arc::new(service))
                }
                /// Answers calls with a service that others hold, too.
                pub fn from_arc(service: ::std::sync::Arc<#parameter>) -> Self {
                    Self { service }
                }
            }
            #cfg
            impl<#parameter> #clone for #server<#parameter> {
                fn clone(&self) -> Self {
                    Self { service: ::std::sync::Arc::clone(&self.service) }
                }
            }
            #cfg
            impl<#parameter> ::core::fmt::Debug for #server<#parameter> {
                fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    f.debug_struct(#shown).finish_non_exhaustive()
                }
            }
            #cfg #allow_parameters
            impl<#parameter: #service> #runtime::service::Program for #server<#parameter> {
                fn interface(&self) -> &'static #runtime::Interface {
                    &#module::INTERFACE
                }
                fn call(&self, call: #runtime::service::IncomingCall<'_>) -> #runtime::service::Handling {
                    #answer
                }
            }
        }
    }

    fn answer(&self, interface: &Interface<'_>, parameter: &Ident) -> TokenStream {
        let module = ident(&interface.names.module);
        let cases: Vec<TokenStream> = interface
            .procedures()
            .filter(|(procedure, _)| !is_null(procedure))
            .map(|(procedure, names)| {
                let number = super::numbers::literal(procedure.number.value, procedure.number.radix);
                let (marker, method) = (ident(&names.marker), ident(&names.method));
                let arguments: Vec<TokenStream> = names
                    .arguments
                    .iter()
                    .map(|name| {
                        let name = ident(name);
                        quote!(#name)
                    })
                    .collect();
                let pattern = tuple(arguments.clone());
                quote! {
                    #number => call.handle::<#module::#marker, _, _, _>(
                        &self.service,
                        |call, #pattern| async move {
                            let outcome = #parameter::#method(&call.service, &call.context, #(#arguments),*).await;
                            (call, outcome)
                        },
                    )
                }
            })
            .collect();
        if cases.is_empty() {
            return quote! {
                let _ = &self.service;
                call.procedure_unavailable()
            };
        }
        quote! {
            match call.procedure() {
                #(#cases,)*
                _ => call.procedure_unavailable(),
            }
        }
    }
}
