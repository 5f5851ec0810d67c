//! What generated code offers, as names and signatures: to be compared with what it offered before.

use std::collections::BTreeMap;

use proc_macro2::TokenStream;

use super::{
    Generator, Settings,
    numbers::{constant_type, integer_name},
    paths::Place,
};
use crate::model::{ConstantValue, Field, Item, Model, Name, TypeId, TypeKind};

/// The items of a generated file.
#[derive(Debug, Default)]
pub(crate) struct Surface {
    /// By path: `Pair`, `Pair.a`, `Color::Red`, `CalcV1::add`.
    pub(crate) items: BTreeMap<String, Offered>,
}

/// One item.
#[derive(Debug)]
pub(crate) struct Offered {
    /// What the compiler knows of it.
    pub(crate) signature: String,
    /// The item that it is in.
    pub(crate) owner: Option<String>,
    /// Its owner cannot be made or matched without knowing it.
    pub(crate) counts: bool,
}

/// What the generated code for `model` offers.
pub(crate) fn surface(model: &Model, settings: &Settings) -> Surface {
    let generator = Generator::new(model, settings);
    let mut surface = Surface::default();
    for item in &model.order {
        match *item {
            Item::Constant(index) => {
                let constant = &model.constants[index];
                let type_ = match &constant.value {
                    ConstantValue::Text(_) => "&str",
                    ConstantValue::Integer(value) => integer_name(constant_type(*value)),
                };
                let rust = generator.names.constant(index);
                surface.add(generator.full(&constant.name, rust), format!("const: {type_}"));
            }
            Item::Type(id) => generator.offer_type(id, &mut surface),
            Item::Program(index) => generator.offer_program(index, &mut surface),
        }
    }
    surface
}

impl Surface {
    fn add(&mut self, name: String, signature: String) {
        self.items.insert(name, Offered { signature, owner: None, counts: false });
    }

    fn add_part(&mut self, owner: &str, name: String, signature: String, counts: bool) {
        self.items.insert(name, Offered { signature, owner: Some(owner.to_owned()), counts });
    }
}

impl Generator<'_> {
    fn full(&self, name: &Name, rust: &str) -> String {
        let modules = name.namespace.iter().map(|segment| self.names.namespace(segment));
        modules.chain(std::iter::once(rust.to_owned())).collect::<Vec<_>>().join("::")
    }

    fn offer_type(&self, id: TypeId, surface: &mut Surface) {
        let type_ = self.model.type_(id);
        let at = self.place_of(&type_.name.namespace);
        let owner = self.full(&type_.name, self.names.type_(id));
        let parts = self.names.parts(id);
        match &type_.kind {
            TypeKind::Alias(shape) => surface.add(owner, format!("type = {}", shown(&self.rust_type(&at, shape)))),
            TypeKind::Struct(struct_) => {
                surface.add(owner.clone(), "struct".to_owned());
                for (field, rust) in struct_.fields.iter().zip(parts) {
                    surface.add_part(&owner, format!("{owner}.{rust}"), shown(&self.field_type(&at, field)), true);
                }
            }
            TypeKind::Enum(enum_) => {
                let open = type_.options.open;
                surface.add(owner.clone(), if open { "number with names" } else { "enum" }.to_owned());
                for (member, rust) in enum_.members.iter().zip(parts) {
                    let constant = open || member.alias_of.is_some();
                    let signature = if constant { "const" } else { "variant" }.to_owned();
                    surface.add_part(&owner, format!("{owner}::{rust}"), signature, !constant);
                }
            }
            TypeKind::Union(union_) => {
                surface.add(owner.clone(), "enum".to_owned());
                let discriminant = shown(&self.rust_type(&at, &union_.discriminant_shape));
                let arms = union_.arms.iter().map(|arm| (arm.cases.len() > 1, arm.field.as_ref()));
                let default = union_.default.iter().map(|default| (true, default.field.as_ref()));
                let names = parts.iter().map(String::as_str).chain([self.names.default_variant(id)]);
                for ((keeps, field), rust) in arms.chain(default).zip(names) {
                    let signature = self.variant_signature(&at, keeps.then_some(&discriminant), field);
                    surface.add_part(&owner, format!("{owner}::{rust}"), signature, true);
                }
            }
            TypeKind::Extern(_) => {}
        }
    }

    fn variant_signature(&self, at: &Place, discriminant: Option<&String>, field: Option<&Field>) -> String {
        let field = field.map(|field| shown(&self.field_type(at, field)));
        let parts: Vec<String> = discriminant.cloned().into_iter().chain(field).collect();
        format!("variant({})", parts.join(", "))
    }

    fn offer_program(&self, index: usize, surface: &mut Surface) {
        let program = &self.model.programs[index];
        let at = self.place_of(&program.name.namespace);
        for (version, names) in program.versions.iter().zip(&self.names.program(index).versions) {
            let owner = self.full(&program.name, &names.service);
            surface.add(owner.clone(), "trait".to_owned());
            for (procedure, names) in version.procedures.iter().zip(&names.procedures) {
                let arguments: Vec<String> =
                    procedure.arguments.iter().map(|argument| shown(&self.rust_type(&at, &argument.shape))).collect();
                let result = shown(&self.rust_type(&at, &procedure.result));
                let signature = format!("fn({}) -> {result}", arguments.join(", "));
                surface.add_part(&owner, format!("{owner}::{}", names.method), signature, false);
            }
        }
    }
}

/// Tokens as people write them.
fn shown(tokens: &TokenStream) -> String {
    let text = tokens.to_string();
    text.replace(" :: ", "::")
        .replace(":: ", "::")
        .replace(" < ", "<")
        .replace(" >", ">")
        .replace(" ;", ";")
        .replace("< ", "<")
}
