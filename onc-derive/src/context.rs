//! The errors of one expansion, collected so that all are reported at once.

use std::cell::RefCell;
use std::fmt::Display;
use std::thread;

use proc_macro2::Span;
use quote::ToTokens;

/// Collects errors. [`finish`](Self::finish) must be called: dropping it unread panics, lest an error go unnoticed.
pub(crate) struct Context {
    /// `None` once they were looked at.
    errors: RefCell<Option<Vec<syn::Error>>>,
}

impl Context {
    pub(crate) fn new() -> Self {
        Self { errors: RefCell::new(Some(Vec::new())) }
    }

    /// Adds an error about `tokens`.
    pub(crate) fn error(&self, tokens: impl ToTokens, message: impl Display) {
        self.push(syn::Error::new_spanned(tokens, message));
    }

    /// Adds an error at `span`.
    pub(crate) fn error_at(&self, span: Span, message: impl Display) {
        self.push(syn::Error::new(span, message));
    }

    pub(crate) fn push(&self, error: syn::Error) {
        if let Some(errors) = self.errors.borrow_mut().as_mut() {
            errors.push(error);
        }
    }

    /// All errors as one, if there are any.
    pub(crate) fn finish(self) -> syn::Result<()> {
        let errors = self.errors.take().unwrap_or_default();
        match errors.into_iter().reduce(|mut all, error| {
            all.combine(error);
            all
        }) {
            Some(all) => Err(all),
            None => Ok(()),
        }
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        let unread = self.errors.get_mut().is_some();
        assert!(!unread || thread::panicking(), "the errors of this expansion were not looked at");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_is_kept() {
        let context = Context::new();
        context.error_at(Span::call_site(), "one");
        context.error_at(Span::call_site(), "two");
        let errors = context.finish().expect_err("two errors were added");
        assert_eq!(errors.into_iter().map(|error| error.to_string()).collect::<Vec<_>>(), ["one", "two"]);
    }

    #[test]
    #[should_panic(expected = "not looked at")]
    fn forgetting_to_look_panics() {
        drop(Context::new());
    }
}
