//! What serde has to be told.

use proc_macro2::TokenStream;
use quote::quote;

use super::Generator;

impl Generator<'_> {
    /// The file's name of a member is its name in JSON.
    pub(super) fn serde_rename(&self, original: &str) -> Option<TokenStream> {
        self.settings.serde.then(|| quote!(#[serde(rename = #original)]))
    }
}
