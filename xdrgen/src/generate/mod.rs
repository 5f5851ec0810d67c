//! From the model to Rust source.

mod attributes;
mod case;
mod client;
mod constants;
mod conversions;
mod discriminant;
mod docs;
mod enums;
mod head;
mod layout;
mod module_name;
mod names;
mod numbers;
mod paths;
mod prefix;
mod programs;
mod serde;
mod server;
mod shapes;
mod sizes;
#[cfg(feature = "command")]
mod surface;
mod traits;
mod types;
mod unions;

pub(crate) use self::attributes::parse as parse_attributes;
#[cfg(feature = "command")]
pub(crate) use self::{case::camel, docs::declaration, numbers::integer_name, surface::surface};

pub(crate) use self::module_name::module_name;

use proc_macro2::TokenStream;
use quote::quote;

use self::{names::Names, paths::ident, traits::Traits};
use crate::model::{Item, Model};

/// Where the runtime is unless the configuration says otherwise.
pub(crate) const RUNTIME: &str = "::onc_runtime";

/// What is to be generated, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    /// Names stay as the file spells them.
    pub(crate) keep_names: bool,
    /// Types derive serde's traits.
    pub(crate) serde: bool,
    /// The path of the runtime.
    pub(crate) runtime_path: String,
    /// The `%` lines are listed in the head.
    pub(crate) list_passthrough: bool,
    /// Which sides of a program.
    pub(crate) services: Services,
}

/// Which sides of a program are generated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Services {
    /// Clients and servers.
    #[default]
    Both,
    /// Clients.
    Client,
    /// Servers: traits and adapters.
    Server,
    /// Neither: types and constants only, for a crate that has the runtime without its network part.
    None,
}

impl Services {
    fn has_client(self) -> bool {
        matches!(self, Self::Both | Self::Client)
    }

    fn has_server(self) -> bool {
        matches!(self, Self::Both | Self::Server)
    }

    fn has_any(self) -> bool {
        self != Self::None
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            keep_names: false,
            serde: false,
            runtime_path: RUNTIME.to_owned(),
            list_passthrough: false,
            services: Services::Both,
        }
    }
}

/// Generates Rust source.
pub(crate) fn generate(model: &Model, settings: &Settings) -> String {
    let generator = Generator::new(model, settings);
    let items = generator.items();
    format!("{}\n{}", head::head(model, settings), layout::format(items))
}

/// What every part of the generator works with.
#[derive(Debug)]
struct Generator<'m> {
    model: &'m Model,
    settings: &'m Settings,
    names: Names,
    traits: Traits,
    runtime: TokenStream,
}

/// A module of the generated file.
#[derive(Default)]
struct Module {
    contents: Vec<Content>,
}

/// A part of a module.
enum Content {
    Items(TokenStream),
    Module(String, Module),
}

impl<'m> Generator<'m> {
    fn new(model: &'m Model, settings: &'m Settings) -> Self {
        Self {
            model,
            settings,
            names: Names::new(model, settings.keep_names),
            traits: Traits::new(model),
            // The configuration has refused what is no path.
            runtime: settings.runtime_path.parse().unwrap_or_else(|_| quote!(::onc_runtime)),
        }
    }

    /// Everything, in the order of the file; a namespace stands where it was first opened.
    fn items(&self) -> TokenStream {
        let mut top = Module::default();
        for item in &self.model.order {
            let (name, tokens) = match *item {
                Item::Constant(index) => {
                    let constant = &self.model.constants[index];
                    (&constant.name, self.constant(&self.place_of(&constant.name.namespace), constant))
                }
                Item::Type(id) => {
                    let name = &self.model.type_(id).name;
                    (name, self.type_(&self.place_of(&name.namespace), id))
                }
                Item::Program(index) => {
                    let name = &self.model.programs[index].name;
                    (name, self.program(&self.place_of(&name.namespace), index))
                }
            };
            top.inside(name.namespace.iter().map(|segment| self.names.namespace(segment)))
                .contents
                .push(Content::Items(tokens));
        }
        top.contents.extend(self.serde_support().map(Content::Items));
        top.into_tokens()
    }
}

impl Module {
    /// The module at this path, made when it is new.
    fn inside(&mut self, path: impl Iterator<Item = String>) -> &mut Module {
        let mut module = self;
        for name in path {
            let known = module
                .contents
                .iter()
                .position(|content| matches!(content, Content::Module(other, _) if *other == name));
            let at = known.unwrap_or_else(|| {
                module.contents.push(Content::Module(name, Module::default()));
                module.contents.len() - 1
            });
            let Content::Module(_, inner) = &mut module.contents[at] else { unreachable!("it is a module") };
            module = inner;
        }
        module
    }

    fn into_tokens(self) -> TokenStream {
        self.contents
            .into_iter()
            .map(|content| match content {
                Content::Items(tokens) => tokens,
                Content::Module(name, module) => {
                    let docs = docs::paragraph(&format!("`namespace {}`.", names::unescape(&name)));
                    let (name, items) = (ident(&name), module.into_tokens());
                    quote!(#docs pub mod #name { #items })
                }
            })
            .collect()
    }
}
