//! The bounds of the implementation: each type parameter that a field uses must be able to do what the field does with it.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Generics, Ident, Path, Type, TypePath};

use crate::expand::{const_parameter, located};
use crate::model::Container;
use crate::shape::{Shape, item_of, ungroup};

/// The generics of the container with what its fields ask added to the where clause.
pub(crate) fn bounded(container: &Container<'_>) -> Generics {
    let mut generics = container.generics.clone();
    if let Some(bound) = &container.bound {
        generics.make_where_clause().predicates.extend(bound.iter().cloned());
        return generics;
    }
    let parameters = generics.type_params().map(|parameter| parameter.ident.clone()).collect::<Vec<_>>();
    if parameters.is_empty() {
        return generics;
    }
    let mut bounds = Bounds { container, parameters, predicates: Vec::new() };
    for field in container.fields() {
        bounds.ask(&field.shape, field.ty);
    }
    let predicates = bounds.predicates;
    let clause = generics.make_where_clause();
    for predicate in predicates {
        // What is written here always parses; were it not so, the compiler would report the missing bound.
        if let Ok(predicate) = syn::parse2(predicate) {
            clause.predicates.push(predicate);
        }
    }
    generics
}

struct Bounds<'a> {
    container: &'a Container<'a>,
    parameters: Vec<Ident>,
    predicates: Vec<TokenStream>,
}

impl Bounds<'_> {
    /// Asks what a field of this type and shape needs. Containers whose items have a shape are gone through item by item,
    /// so that a type that contains itself does not become its own condition.
    fn ask(&mut self, shape: &Shape, ty: &Type) {
        let runtime = &self.container.runtime;
        match (shape, item_of(ty)) {
            (Shape::Plain, _) => {
                let used = Used::by(ty, &self.parameters);
                for used in used {
                    let span = located(ty.span());
                    self.add(quote_spanned!(span=> #used: #runtime::xdr::Xdr));
                }
            }
            (Shape::Max(_, inner) | Shape::Item(inner) | Shape::List(inner) | Shape::Chain(inner), Some(item)) => {
                self.ask(inner, item);
            }
            // Here the shape itself must fit the type.
            (shape, _) if !Used::by(ty, &self.parameters).is_empty() => {
                let generics = self.container.generics;
                let span = located(ty.span());
                let shape = shape.tokens(span, runtime, &|bound| const_parameter(generics, bound));
                self.add(quote_spanned!(span=> #shape: #runtime::xdr::Shape<#ty>));
            }
            _ => {}
        }
    }

    fn add(&mut self, predicate: TokenStream) {
        let text = predicate.to_string();
        if self.predicates.iter().all(|known| known.to_string() != text) {
            self.predicates.push(predicate);
        }
    }
}

/// The type parameters, and their associated types, that a type mentions.
struct Used<'a> {
    parameters: &'a [Ident],
    found: Vec<TokenStream>,
}

impl<'a> Used<'a> {
    fn by(ty: &Type, parameters: &'a [Ident]) -> Vec<TokenStream> {
        let mut used = Self { parameters, found: Vec::new() };
        used.visit_type(ungroup(ty));
        used.found
    }
}

impl<'ast> Visit<'ast> for Used<'_> {
    fn visit_path(&mut self, path: &'ast Path) {
        // Nothing of its parameter goes over the wire.
        if path.segments.last().is_some_and(|segment| segment.ident == "PhantomData") {
            return;
        }
        visit::visit_path(self, path);
    }

    fn visit_type_path(&mut self, ty: &'ast TypePath) {
        let first = ty.path.segments.first().map(|segment| &segment.ident);
        if ty.qself.is_none()
            && ty.path.leading_colon.is_none()
            && first.is_some_and(|first| self.parameters.contains(first))
        {
            // `T` or `T::Associated`
            self.found.push(quote!(#ty));
        } else if let Some(qself) = &ty.qself
            && !Used::by(&qself.ty, self.parameters).is_empty()
        {
            // `<T as Trait>::Associated`
            self.found.push(quote!(#ty));
        } else {
            visit::visit_type_path(self, ty);
        }
    }
}
