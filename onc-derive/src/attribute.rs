//! `#[xdr(…)]`, read as written: what is known where, with spans. What goes together is not decided here.

use std::fmt::Display;

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::meta::ParseNestedMeta;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Attribute, Expr, ExprLit, Lit, Path, Token, Type, WherePredicate, parenthesized, token};

use crate::context::Context;

/// Something that an attribute says, and where it says so.
pub(crate) struct Said<T> {
    pub(crate) span: Span,
    pub(crate) value: T,
}

/// What is said of a type.
#[derive(Default)]
pub(crate) struct TypeAttributes {
    pub(crate) runtime: Option<Said<Path>>,
    pub(crate) bound: Option<Said<Vec<WherePredicate>>>,
    /// The type of the discriminant; nothing if it could not be read.
    pub(crate) union: Option<Said<Option<Type>>>,
}

/// What is said of a variant.
#[derive(Default)]
pub(crate) struct VariantAttributes {
    pub(crate) case: Option<Said<Expr>>,
    pub(crate) default: Option<Said<()>>,
}

/// What is said of a field, or in an `item(…)`.
#[derive(Default)]
pub(crate) struct FieldAttributes {
    pub(crate) max: Option<Said<Expr>>,
    pub(crate) item: Option<Said<Box<FieldAttributes>>>,
    pub(crate) list: Option<Said<()>>,
    pub(crate) chain: Option<Said<()>>,
    pub(crate) unpacked: Option<Said<()>>,
    pub(crate) text: Option<Said<()>>,
    pub(crate) with: Option<Said<Type>>,
}

impl TypeAttributes {
    pub(crate) fn parse(context: &Context, attributes: &[Attribute]) -> Self {
        let mut said = Self::default();
        for_each(context, attributes, |meta| {
            match name(meta).as_str() {
                "crate" => set(
                    context,
                    meta,
                    &mut said.runtime,
                    quoted(meta, "a path in quotes: `crate = \"my::onc_runtime\"`")?,
                ),
                "bound" => {
                    let Predicates(bound) = quoted(meta, "a where clause in quotes: `bound = \"T: Xdr\"`")?;
                    set(context, meta, &mut said.bound, bound);
                }
                "union" => {
                    let discriminant = in_parentheses(meta, "the type of the discriminant: `union(Status)`");
                    let discriminant = discriminant.map_err(|error| context.push(error)).ok();
                    set(context, meta, &mut said.union, discriminant);
                }
                _ => unknown(context, meta, "a type", "`crate`, `bound` and, for an enum with data, `union`")?,
            }
            Ok(())
        });
        said
    }
}

impl VariantAttributes {
    pub(crate) fn parse(context: &Context, attributes: &[Attribute]) -> Self {
        let mut said = Self::default();
        for_each(context, attributes, |meta| {
            match name(meta).as_str() {
                "case" => set(context, meta, &mut said.case, meta.value()?.parse()?),
                "default" => set(context, meta, &mut said.default, ()),
                _ => unknown(context, meta, "a variant", "`case` and `default`")?,
            }
            Ok(())
        });
        said
    }
}

impl FieldAttributes {
    pub(crate) fn parse(context: &Context, attributes: &[Attribute]) -> Self {
        let mut said = Self::default();
        for_each(context, attributes, |meta| said.one(context, meta));
        said
    }

    fn one(&mut self, context: &Context, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
        match name(meta).as_str() {
            "max" => set(context, meta, &mut self.max, meta.value()?.parse()?),
            "list" => set(context, meta, &mut self.list, ()),
            "chain" => set(context, meta, &mut self.chain, ()),
            "unpacked" => set(context, meta, &mut self.unpacked, ()),
            "text" => set(context, meta, &mut self.text, ()),
            "with" => set(context, meta, &mut self.with, quoted(meta, "a type in quotes: `with = \"my::Shape\"`")?),
            "item" => {
                if !meta.input.peek(token::Paren) {
                    return Err(meta.error("expected what is said of each item: `item(max = 255)`"));
                }
                let mut item = Self::default();
                meta.parse_nested_meta(|meta| item.one(context, &meta))?;
                set(context, meta, &mut self.item, Box::new(item));
            }
            _ => unknown(context, meta, "a field", "`max`, `item`, `list`, `chain`, `unpacked`, `text` and `with`")?,
        }
        Ok(())
    }
}

/// Calls `one` for each thing that an `#[xdr(…)]` says.
fn for_each(context: &Context, attributes: &[Attribute], mut one: impl FnMut(&ParseNestedMeta<'_>) -> syn::Result<()>) {
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("xdr")) {
        if let Err(error) = attribute.parse_nested_meta(|meta| one(&meta)) {
            context.push(error);
        }
    }
}

fn name(meta: &ParseNestedMeta<'_>) -> String {
    meta.path.get_ident().map(ToString::to_string).unwrap_or_default()
}

fn set<T>(context: &Context, meta: &ParseNestedMeta<'_>, said: &mut Option<Said<T>>, value: T) {
    if said.is_some() {
        context.error(&meta.path, format_args!("`{}` is said twice", name(meta)));
    }
    *said = Some(Said { span: meta.path.span(), value });
}

/// Reports a name that is not known here, and passes over what belongs to it.
fn unknown(context: &Context, meta: &ParseNestedMeta<'_>, place: impl Display, known: &str) -> syn::Result<()> {
    let found = meta.path.to_token_stream().to_string();
    let elsewhere = match found.as_str() {
        "crate" | "bound" | "union" => Some("a type"),
        "case" | "default" => Some("a variant of a union"),
        "max" | "item" | "list" | "chain" | "unpacked" | "text" | "with" => Some("a field"),
        _ => None,
    };
    match elsewhere {
        Some(elsewhere) => context.error(&meta.path, format_args!("`{found}` belongs to {elsewhere}, not to {place}")),
        None => context.error(&meta.path, format_args!("unknown attribute `{found}`: {place} has {known}")),
    }
    if meta.input.peek(Token![=]) {
        meta.value()?.parse::<Expr>()?;
    } else if meta.input.peek(token::Paren) {
        let inside;
        parenthesized!(inside in meta.input);
        inside.parse::<TokenStream>()?;
    }
    Ok(())
}

/// The value of `name = "…"`, parsed.
fn quoted<T: Parse>(meta: &ParseNestedMeta<'_>, expected: &str) -> syn::Result<T> {
    let value = meta.value()?.parse::<Expr>()?;
    let error = || syn::Error::new(value.span(), format_args!("expected {expected}"));
    match &value {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => text.parse().map_err(|_| error()),
        _ => Err(error()),
    }
}

/// The content of `name(…)`.
fn in_parentheses<T: Parse>(meta: &ParseNestedMeta<'_>, expected: &str) -> syn::Result<T> {
    let error = |span| syn::Error::new(span, format_args!("expected {expected}"));
    if !meta.input.peek(token::Paren) {
        return Err(error(meta.path.span()));
    }
    let inside;
    let parentheses = parenthesized!(inside in meta.input);
    let tokens = inside.parse::<TokenStream>()?;
    T::parse.parse2(tokens).map_err(|_| error(parentheses.span.join()))
}

/// A where clause without the `where`.
struct Predicates(Vec<WherePredicate>);

impl Parse for Predicates {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        Ok(Self(Punctuated::<WherePredicate, Token![,]>::parse_terminated(input)?.into_iter().collect()))
    }
}
