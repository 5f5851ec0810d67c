//! The modules of a generated file.

use proc_macro2::TokenStream;
use quote::quote;

use super::{docs, layout, paths::ident};

/// A module of the generated file, or the file itself.
#[derive(Debug, Default)]
pub(super) struct Module {
    contents: Vec<Content>,
}

/// A part of a module.
#[derive(Debug)]
enum Content {
    /// Items, formatted already: those of the file itself, which are not indented.
    Source(String),
    Items(TokenStream),
    /// A namespace: its name in the file, and in Rust.
    Module(String, String, Module),
}

impl Module {
    /// Adds items at the end of the file.
    pub(super) fn add(&mut self, source: String) {
        self.contents.push(Content::Source(source));
    }

    /// Adds items at the end of the module at this path: the namespaces' names in the file, and in Rust.
    pub(super) fn add_inside<'p>(&mut self, path: impl Iterator<Item = (&'p String, String)>, items: TokenStream) {
        self.inside(path).contents.push(Content::Items(items));
    }

    /// The module at this path, made when it is new.
    fn inside<'p>(&mut self, path: impl Iterator<Item = (&'p String, String)>) -> &mut Module {
        let mut module = self;
        for (original, name) in path {
            let known = module
                .contents
                .iter()
                .position(|content| matches!(content, Content::Module(_, other, _) if *other == name));
            let at = known.unwrap_or_else(|| {
                module.contents.push(Content::Module(original.clone(), name, Module::default()));
                module.contents.len() - 1
            });
            let Content::Module(_, _, inner) = &mut module.contents[at] else { unreachable!("it is a module") };
            module = inner;
        }
        module
    }

    /// The file as Rust source.
    pub(super) fn into_source(self) -> String {
        let piece = |content: Content| match content {
            Content::Source(source) => source,
            other => layout::format(other.into_tokens()),
        };
        self.contents.into_iter().map(piece).collect::<Vec<_>>().join("\n")
    }

    fn into_tokens(self) -> TokenStream {
        self.contents.into_iter().map(Content::into_tokens).collect()
    }
}

impl Content {
    fn into_tokens(self) -> TokenStream {
        match self {
            Self::Items(tokens) => tokens,
            Self::Source(_) => unreachable!("only the file itself has it"),
            Self::Module(original, name, module) => {
                let (docs, alias) =
                    (docs::paragraph(&format!("`namespace {original}`.")), docs::alias(&original, &name));
                let (name, items) = (ident(&name), module.into_tokens());
                quote!(#docs #alias pub mod #name { #items })
            }
        }
    }
}
