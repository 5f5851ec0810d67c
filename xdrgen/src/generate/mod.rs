//! From the model to Rust source.

mod attributes;
mod case;
mod client;
mod concurrent;
mod constants;
mod conversions;
mod discriminant;
mod docs;
mod enums;
mod head;
mod layout;
mod lints;
mod module;
mod module_name;
mod names;
mod numbers;
mod paths;
mod prefix;
mod programs;
mod serde;
mod serde_union;
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
pub(crate) use self::{case::camel, numbers::integer_name, surface::surface};

pub(crate) use self::module_name::module_name;

use std::sync::Arc;

use proc_macro2::TokenStream;
use quote::quote;

use self::{module::Module, names::Names, traits::Traits};
use crate::model::{Item, Model, Name};

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
    format!("{}\n{}", head::head(model, settings), generator.items().into_source())
}

/// What every part of the generator works with.
#[derive(Debug)]
struct Generator<'m> {
    model: &'m Model,
    settings: &'m Settings,
    names: Arc<Names>,
    traits: Arc<Traits>,
    runtime: TokenStream,
}

impl<'m> Generator<'m> {
    fn new(model: &'m Model, settings: &'m Settings) -> Self {
        let names = Arc::new(Names::new(model, settings));
        Self::with(model, settings, names, Arc::new(Traits::new(model)))
    }

    /// With names and traits that are known.
    fn with(model: &'m Model, settings: &'m Settings, names: Arc<Names>, traits: Arc<Traits>) -> Self {
        // The configuration has refused what is no path.
        let runtime = settings.runtime_path.parse().unwrap_or_else(|_| quote!(::onc_runtime));
        Self { model, settings, names, traits, runtime }
    }

    /// Everything, in the order of the file; a namespace stands where it was first opened.
    fn items(&self) -> Module {
        let own = |item: &Item| self.name_of(*item).namespace.is_empty();
        let mut sources = self.sources(self.model.order.iter().copied().filter(own).collect()).into_iter();
        let mut top = Module::default();
        for item in &self.model.order {
            if own(item) {
                top.add(sources.next().unwrap_or_default());
            } else {
                let namespace = &self.name_of(*item).namespace;
                let path = namespace.iter().map(|segment| (segment, self.names.namespace(segment)));
                top.add_inside(path, self.item(*item));
            }
        }
        top
    }

    fn name_of(&self, item: Item) -> &'m Name {
        match item {
            Item::Constant(index) => &self.model.constants[index].name,
            Item::Type(id) => &self.model.type_(id).name,
            Item::Program(index) => &self.model.programs[index].name,
        }
    }

    /// A definition and all that belongs to it.
    fn item(&self, item: Item) -> TokenStream {
        let at = self.place_of(&self.name_of(item).namespace);
        match item {
            Item::Constant(index) => self.constant(&at, index),
            Item::Type(id) => self.type_(&at, id),
            Item::Program(index) => self.program(&at, index),
        }
    }
}
