//! `#[derive(Xdr)]`

/// Derives `Xdr`.
#[proc_macro_derive(Xdr, attributes(xdr))]
pub fn derive_xdr(_input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    proc_macro::TokenStream::new()
}
