//! The client's side of a version.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::{
    Generator, docs,
    paths::ident,
    programs::{Interface, tuple},
};

/// Parameters beside `self` that clippy lets pass.
const MANY_ARGUMENTS: usize = 6;

impl Generator<'_> {
    pub(super) fn client(&self, interface: &Interface<'_>) -> TokenStream {
        let names = interface.names;
        let (runtime, client, module) = (&self.runtime, ident(&names.client), ident(&names.module));
        let (cfg, allow) = (self.cfg(interface.program.feature.as_ref()), self.allow(&[]));
        let (result, into) = (self.std_type("Result"), self.std_type("Into"));
        let docs = docs::paragraph(&format!(
            "Calls {}.\n\nIts clones share one connection. A call is sent when it is awaited, and can be given options before.",
            interface.title()
        ));
        let alias = docs::alias(&interface.version.name, &names.client);
        let connect = docs::paragraph(&format!(
            "Asks the port mapper of `target` where {} is, and connects to it.\n\n# Errors\n\n\
             The port mapper cannot be reached or does not know the program, or the connection fails.",
            interface.title()
        ));
        let methods = interface.procedures().map(|(procedure, names)| {
            let docs = docs::comment_or(&procedure.docs, &self.procedure_role(procedure));
            let alias = docs::alias(&procedure.name, &names.method);
            let (method, marker) = (ident(&names.method), ident(&names.marker));
            let arguments: Vec<Ident> = names.arguments.iter().map(|name| ident(name)).collect();
            let types = procedure.arguments.iter().map(|argument| self.rust_type(interface.at, &argument.shape));
            let sent = tuple(arguments.iter().map(|name| quote!(#name)).collect());
            let allow = self.allow_method(&names.method, arguments.len() > MANY_ARGUMENTS);
            quote! {
                #docs #alias #allow
                pub fn #method(&self, #(#arguments: #types),*) -> #runtime::Call<#module::#marker> {
                    self.client.call(#sent)
                }
            }
        });
        quote! {
            #docs #alias #cfg #allow
            #[derive(Clone, Debug)]
            pub struct #client {
                client: #runtime::Client,
            }
            #cfg #allow
            impl #client {
                #connect
                pub async fn connect(target: impl #into<#runtime::client::Target>) -> #result<Self, #runtime::Error> {
                    #runtime::Client::builder().connect(target).await
                }
                /// Connects to an address that is known, without a port mapper.
                ///
                /// # Errors
                ///
                /// The connection fails.
                pub async fn connect_to(address: ::std::net::SocketAddr) -> #result<Self, #runtime::Error> {
                    #runtime::Client::builder().connect_to(address).await
                }
                /// Calls over a client that was made elsewhere.
                pub fn new(client: #runtime::Client) -> Self {
                    Self { client }
                }
                #(#methods)*
            }
            #cfg
            impl #runtime::client::Stub for #client {
                const INTERFACE: &'static #runtime::Interface = &#module::INTERFACE;
                fn from_client(client: #runtime::Client) -> Self {
                    Self::new(client)
                }
                fn client(&self) -> &#runtime::Client {
                    &self.client
                }
            }
        }
    }
}
