//! What everything is called in Rust.
//!
//! One rule for clashes, everywhere: who is spelled in Rust's way already keeps the name, then who comes first; the others
//! get a number, from 2. Types come before versions, versions before procedures' modules.

use std::collections::{HashMap, HashSet};

use super::{
    Settings,
    case::{PRIMITIVES, camel, escape, shouty, snake},
    prefix,
};
use crate::model::{Enum, Model, Name, Number, Struct, Symbol, Type, TypeId, TypeKind, Union, Version};

/// Every name of a generated file.
#[derive(Debug)]
pub(super) struct Names {
    keep: bool,
    /// Types by Rust's own names would be taken for those by what serde's derives write.
    serde: bool,
    types: Vec<String>,
    parts: Vec<Parts>,
    constants: Vec<String>,
    constant_indices: HashMap<Name, usize>,
    /// What a label is called that has the name of an enum's member, for each type that is an enum.
    labels: Vec<Vec<String>>,
    programs: Vec<ProgramNames>,
    type_names: HashSet<String>,
    value_names: HashSet<String>,
    /// No parameter can have these: a constant of its name would be a pattern that has to match.
    no_parameters: HashSet<String>,
}

/// The names inside a type, in the order of the model.
#[derive(Debug, Default)]
struct Parts {
    /// Of an enum: variants, and associated constants for members of the same value (all of them when it is open). Of a
    /// struct: fields. Of a union: variants.
    names: Vec<String>,
    /// Of a union: the default's variant.
    default: String,
}

/// The names that a program leads to.
#[derive(Debug)]
pub(super) struct ProgramNames {
    /// Its number's constant, unless something else has that name.
    pub(super) constant: Option<String>,
    /// Its versions, in order.
    pub(super) versions: Vec<VersionNames>,
}

/// The names that a version leads to.
#[derive(Debug)]
pub(super) struct VersionNames {
    /// Its number's constant, unless something else has that name.
    pub(super) constant: Option<String>,
    /// `CalcV1`
    pub(super) service: String,
    /// `CalcV1Server`
    pub(super) server: String,
    /// `CalcV1Client`
    pub(super) client: String,
    /// `calc_v1`
    pub(super) module: String,
    /// Its procedures, in order.
    pub(super) procedures: Vec<ProcedureNames>,
}

/// The names that a procedure leads to.
#[derive(Debug)]
pub(super) struct ProcedureNames {
    /// `add_pair`, in the trait and in the client.
    pub(super) method: String,
    /// `AddPair`, in the module of its version.
    pub(super) marker: String,
    /// Its parameters.
    pub(super) arguments: Vec<String>,
}

/// Names that are taken in one Rust module, or in one type.
#[derive(Debug, Default)]
struct Scope {
    types: HashSet<String>,
    values: HashSet<String>,
}

/// Methods that a client has of its own.
const CLIENT_METHODS: [&str; 5] = ["clone", "connect", "connect_to", "from_client", "new"];

/// What the module of a version has besides its procedures.
const MODULE_ITEMS: [&str; 1] = ["INTERFACE"];

/// What the generated code calls its own parameters and variables.
const OWN_VARIABLES: [&str; 17] = [
    "arms",
    "call",
    "client",
    "cx",
    "discriminant",
    "f",
    "fail",
    "from",
    "given",
    "name",
    "outcome",
    "result",
    "service",
    "status",
    "target",
    "to",
    "value",
];

/// Those of them that are where a procedure's parameters are, and what would be a pattern there by Rust's prelude.
const BESIDE_PARAMETERS: [&str; 7] = ["Err", "None", "Ok", "Some", "call", "cx", "service"];

impl Names {
    /// Names everything in `model`.
    pub(super) fn new(model: &Model, settings: &Settings) -> Self {
        let mut names = Self {
            keep: settings.keep_names,
            serde: settings.serde,
            types: vec![String::new(); model.types.len()],
            parts: Vec::new(),
            constants: vec![String::new(); model.constants.len()],
            constant_indices: HashMap::new(),
            labels: Vec::new(),
            programs: Vec::new(),
            type_names: HashSet::new(),
            value_names: HashSet::new(),
            no_parameters: BESIDE_PARAMETERS.iter().map(|name| (*name).to_owned()).collect(),
        };
        // A scope for each module: its file (`None`: this one) and its namespace.
        let mut scopes: HashMap<(Option<&str>, &[String]), Scope> = HashMap::new();
        names.claim_namespaces(model, &mut scopes);
        names.claim_types(model, &mut scopes);
        names.claim_constants(model, &mut scopes);
        names.labels = model.types.iter().map(|type_| names.labels_of(&type_.kind)).collect();
        names.parts = model.types.iter().map(|type_| names.parts_of(model, type_)).collect();
        names.no_parameters.extend(scopes.values().flat_map(|scope| &scope.values).cloned());
        for program in &model.programs {
            let numbered =
                std::iter::once(&program.name.ident).chain(program.versions.iter().map(|version| &version.name));
            let constants: Vec<String> = numbered.map(|ident| names.number_constant(ident)).collect();
            names.no_parameters.extend(constants);
        }
        for program in &model.programs {
            let scope = scopes.entry((None, &program.name.namespace)).or_default();
            let constant = names.constant_if_free(scope, &program.name.ident);
            let versions = program
                .versions
                .iter()
                .map(|version| names.name_version(scope, &program.name.ident, version))
                .collect();
            names.programs.push(ProgramNames { constant, versions });
        }
        for scope in scopes.into_values() {
            names.type_names.extend(scope.types);
            names.value_names.extend(scope.values);
        }
        let versions = names.programs.iter().flat_map(|program| &program.versions);
        let markers: Vec<String> =
            versions.flat_map(|version| &version.procedures).map(|procedure| procedure.marker.clone()).collect();
        names.type_names.extend(markers.iter().cloned());
        names.value_names.extend(markers);
        names
    }

    /// The name of a type.
    pub(super) fn type_(&self, id: TypeId) -> &str {
        &self.types[id.0]
    }

    /// The names of a struct's fields, of an enum's members or of a union's arms.
    pub(super) fn parts(&self, id: TypeId) -> &[String] {
        &self.parts[id.0].names
    }

    /// The name of a union's default variant.
    pub(super) fn default_variant(&self, id: TypeId) -> &str {
        &self.parts[id.0].default
    }

    /// The name of the constant of this index.
    pub(super) fn constant(&self, index: usize) -> &str {
        &self.constants[index]
    }

    /// The index of the constant that the file calls so.
    pub(super) fn constant_index(&self, name: &Name) -> Option<usize> {
        self.constant_indices.get(name).copied()
    }

    /// The names that a program leads to.
    pub(super) fn program(&self, index: usize) -> &ProgramNames {
        &self.programs[index]
    }

    /// The name of a namespace's module.
    pub(super) fn namespace(&self, segment: &str) -> String {
        escape(self.not_rusts(if self.keep { segment.to_owned() } else { snake(segment) }))
    }

    /// A name for a type or a module, with a `_` where it would stand for one of Rust's own.
    fn not_rusts(&self, name: String) -> String {
        if self.is_rusts(&name) { name + "_" } else { name }
    }

    fn is_rusts(&self, name: &str) -> bool {
        self.serde && PRIMITIVES.contains(&name)
    }

    /// Something in the file is called as a type of the prelude is: that type has to be spelled out.
    pub(super) fn hides_type(&self, name: &str) -> bool {
        self.type_names.contains(name)
    }

    /// Something in the file is called as a value of the prelude is.
    pub(super) fn hides_value(&self, name: &str) -> bool {
        self.value_names.contains(name)
    }

    fn claim_namespaces<'m>(&self, model: &'m Model, scopes: &mut HashMap<(Option<&'m str>, &'m [String]), Scope>) {
        let of_types = model.types.iter().map(|type_| (type_.module.as_deref(), &type_.name));
        let of_constants = model.constants.iter().map(|constant| (constant.module.as_deref(), &constant.name));
        let of_programs = model.programs.iter().map(|program| (None, &program.name));
        for (module, name) in of_types.chain(of_constants).chain(of_programs) {
            for depth in 1..=name.namespace.len() {
                let parent = scopes.entry((module, &name.namespace[..depth - 1])).or_default();
                parent.types.insert(self.namespace(&name.namespace[depth - 1]));
            }
        }
    }

    fn claim_types<'m>(&mut self, model: &'m Model, scopes: &mut HashMap<(Option<&'m str>, &'m [String]), Scope>) {
        for native in [true, false] {
            for (index, type_) in model.types.iter().enumerate() {
                let ident = &type_.name.ident;
                let wanted = self.not_rusts(if self.keep { ident.clone() } else { camel(ident) });
                if matches!(type_.kind, TypeKind::Extern(_)) || (wanted == *ident) != native {
                    continue;
                }
                let scope = scopes.entry((type_.module.as_deref(), &type_.name.namespace)).or_default();
                let is_value = type_.options.open;
                let taken = |name: &str| scope.types.contains(name) || is_value && OWN_VARIABLES.contains(&name);
                let name = free(wanted, |name| !taken(name));
                // The newtype of an open enum is a function, too.
                if is_value {
                    scope.values.insert(name.clone());
                }
                scope.types.insert(name.clone());
                self.types[index] = name;
            }
        }
    }

    fn claim_constants<'m>(&mut self, model: &'m Model, scopes: &mut HashMap<(Option<&'m str>, &'m [String]), Scope>) {
        for native in [true, false] {
            for (index, constant) in model.constants.iter().enumerate() {
                let ident = &constant.name.ident;
                let wanted = if self.keep { ident.clone() } else { shouty(ident) };
                if (wanted == *ident) != native {
                    continue;
                }
                let scope = scopes.entry((constant.module.as_deref(), &constant.name.namespace)).or_default();
                let name = free(wanted, |name| !scope.values.contains(name) && !OWN_VARIABLES.contains(&name));
                scope.values.insert(name.clone());
                self.constants[index] = name;
                self.constant_indices.insert(constant.name.clone(), index);
            }
        }
    }

    fn constant_if_free(&self, scope: &mut Scope, ident: &str) -> Option<String> {
        let name = self.number_constant(ident);
        if OWN_VARIABLES.contains(&name.as_str()) {
            return None;
        }
        scope.values.insert(name.clone()).then_some(name)
    }

    /// What the number of a program or a version is called.
    fn number_constant(&self, ident: &str) -> String {
        escape(if self.keep { ident.to_owned() } else { shouty(ident) })
    }

    fn parts_of(&self, model: &Model, type_: &Type) -> Parts {
        let open = type_.options.open;
        match &type_.kind {
            TypeKind::Enum(enum_) => Parts { names: self.members(enum_, open), ..Parts::default() },
            TypeKind::Struct(struct_) => Parts { names: self.fields(struct_), ..Parts::default() },
            TypeKind::Union(union_) => self.arms(model, union_),
            TypeKind::Alias(_) | TypeKind::Extern(_) => Parts::default(),
        }
    }

    fn fields(&self, struct_: &Struct) -> Vec<String> {
        let idents: Vec<&str> = struct_.fields.iter().map(|field| field.name.as_str()).collect();
        self.distinct(&idents, |_, ident| snake(ident))
    }

    /// Variants; constants where there is no variant: for a value that another member has, and in an open enum.
    fn members(&self, enum_: &Enum, open: bool) -> Vec<String> {
        let constant: Vec<bool> = enum_.members.iter().map(|member| open || member.alias_of.is_some()).collect();
        self.distinct(
            &self.short_members(enum_),
            |index, ident| {
                if constant[index] { shouty(ident) } else { camel(ident) }
            },
        )
    }

    fn short_members<'e>(&self, enum_: &'e Enum) -> Vec<&'e str> {
        let idents: Vec<&str> = enum_.members.iter().map(|member| member.name.as_str()).collect();
        let shared = if self.keep { 0 } else { prefix::of_members(&idents) };
        idents.into_iter().map(|ident| prefix::without(ident, shared)).collect()
    }

    /// What cases with the names of members are called.
    fn labels_of(&self, kind: &TypeKind) -> Vec<String> {
        let TypeKind::Enum(enum_) = kind else { return Vec::new() };
        let short = self.short_members(enum_).into_iter();
        short.map(|short| if self.keep { short.to_owned() } else { camel(short) }).collect()
    }

    /// The variants of a union: called as the label of their arm is, where that is a name; as its field when the label is a
    /// number or there are several.
    fn arms(&self, model: &Model, union_: &Union) -> Parts {
        let mut wanted: Vec<String> = Vec::new();
        for arm in &union_.arms {
            let field = arm.field.as_ref().map(|field| field.name.as_str()).filter(|name| !name.is_empty());
            let label = arm.cases.first().map(|case| self.label(model, union_, case));
            wanted.push(match (arm.cases.as_slice(), field, label) {
                ([_], _, Some(Label::Name(name))) => name,
                (_, Some(field), _) => {
                    if self.keep {
                        field.to_owned()
                    } else {
                        camel(field)
                    }
                }
                (_, None, Some(Label::Name(name) | Label::Number(name))) => name,
                (_, None, None) => "Unnamed".to_owned(),
            });
        }
        let mut taken = HashSet::new();
        let mut names = Vec::new();
        for name in wanted {
            let name = free(name, |name| !taken.contains(name));
            taken.insert(name.clone());
            names.push(name);
        }
        let default = free("Other".to_owned(), |name| !taken.contains(name));
        Parts { names, default }
    }

    fn label(&self, model: &Model, union_: &Union, case: &Number) -> Label {
        if let Some((id, member)) = super::discriminant::member_of(model, union_, case) {
            return Label::Name(self.labels[id.0][member].clone());
        }
        if super::discriminant::is_bool(model, union_) {
            return Label::Name(if case.value == 0 { "False" } else { "True" }.to_owned());
        }
        match &case.symbol {
            Some(Symbol::Constant(Name { ident, .. }) | Symbol::Number(ident)) => {
                Label::Name(if self.keep { ident.clone() } else { camel(ident) })
            }
            Some(Symbol::Member { of, member }) => Label::Name(self.labels[of.0][*member].clone()),
            None if case.value < 0 => Label::Number(format!("CaseMinus{}", case.value.unsigned_abs())),
            None => Label::Number(format!("Case{}", case.value)),
        }
    }

    fn name_version(&self, scope: &mut Scope, program: &str, version: &Version) -> VersionNames {
        let plain = if self.keep { version.name.clone() } else { camel(&version.name) };
        let qualified = if self.keep { format!("{program}_{plain}") } else { camel(program) + &plain };
        let module_of = |stem: &str| if self.keep { format!("{}_procedures", snake(stem)) } else { snake(stem) };
        let fits = |stem: &str| {
            ![stem, &format!("{stem}Server"), &format!("{stem}Client"), &escape(module_of(stem))]
                .iter()
                .any(|name| scope.types.contains(*name) || self.is_rusts(name))
        };
        let stem = if fits(&plain) { plain } else { free(qualified, fits) };
        let names = VersionNames {
            constant: self.constant_if_free(scope, &version.name),
            server: format!("{}Server", unescape(&stem)),
            client: format!("{}Client", unescape(&stem)),
            module: escape(module_of(unescape(&stem))),
            service: escape(stem),
            procedures: self.procedures(program, version),
        };
        scope.types.extend([&names.service, &names.server, &names.client, &names.module].map(String::clone));
        names
    }

    fn procedures(&self, program: &str, version: &Version) -> Vec<ProcedureNames> {
        let idents: Vec<&str> = version.procedures.iter().map(|procedure| procedure.name.as_str()).collect();
        let shared = if self.keep { 0 } else { prefix::of_procedures(program, &idents) };
        let short: Vec<&str> = idents.iter().map(|ident| prefix::without(ident, shared)).collect();
        let methods = self.distinct_but(&short, |_, ident| snake(ident), &CLIENT_METHODS);
        let markers = self.distinct_but(&short, |_, ident| camel(ident), &MODULE_ITEMS);
        let arguments = version.procedures.iter().map(|procedure| {
            let names: Vec<Option<&str>> =
                procedure.arguments.iter().map(|argument| argument.name.as_deref()).collect();
            self.parameters(&names)
        });
        methods
            .into_iter()
            .zip(markers)
            .zip(arguments)
            .map(|((method, marker), arguments)| ProcedureNames { method, marker, arguments })
            .collect()
    }

    /// Parameters without a name are `arg`, or `a`, `b`, `c` when there are several; `_1` is `arg_1`.
    fn parameters(&self, names: &[Option<&str>]) -> Vec<String> {
        let several = names.len() > 1;
        let mut taken: HashSet<String> = HashSet::new();
        let mut parameters = vec![String::new(); names.len()];
        // Names that were given go first.
        for given in [true, false] {
            for (index, name) in names.iter().enumerate().filter(|(_, name)| name.is_some() == given) {
                let wanted = match name {
                    // A name of no letters is one that clippy complains of.
                    Some(name) if !name.contains(|c: char| c.is_ascii_alphabetic()) => format!("arg{name}"),
                    Some(name) if self.keep => (*name).to_owned(),
                    Some(name) => snake(name),
                    None if several && index < 26 => char::from(b'a' + index as u8).to_string(),
                    None if several => format!("arg{}", index + 1),
                    None => "arg".to_owned(),
                };
                let name = free(wanted, |name| !taken.contains(name) && !self.no_parameters.contains(name));
                taken.insert(name.clone());
                parameters[index] = name;
            }
        }
        parameters
    }

    fn distinct(&self, idents: &[&str], case: impl Fn(usize, &str) -> String) -> Vec<String> {
        self.distinct_but(idents, case, &[])
    }

    fn distinct_but(&self, idents: &[&str], case: impl Fn(usize, &str) -> String, reserved: &[&str]) -> Vec<String> {
        let mut taken: HashSet<String> = HashSet::new();
        let mut names = vec![String::new(); idents.len()];
        for native in [true, false] {
            for (index, ident) in idents.iter().enumerate() {
                let wanted = if self.keep { (*ident).to_owned() } else { case(index, ident) };
                if (wanted == *ident) != native {
                    continue;
                }
                let wanted = if reserved.contains(&wanted.as_str()) { wanted + "_" } else { wanted };
                names[index] = free(wanted, |name| !taken.contains(name));
                taken.insert(names[index].clone());
            }
        }
        names
    }
}

/// What a case is called.
enum Label {
    /// It has a name.
    Name(String),
    /// It is a number.
    Number(String),
}

/// A name without `r#`.
pub(super) fn unescape(name: &str) -> &str {
    name.strip_prefix("r#").unwrap_or(name)
}

/// `wanted`, or with the first number from 2 that makes it free; no keyword.
fn free(wanted: String, is_free: impl Fn(&str) -> bool) -> String {
    let numbered = |number: u32| {
        let gap = if wanted.ends_with(|last: char| last.is_ascii_digit()) { "_" } else { "" };
        format!("{wanted}{gap}{number}")
    };
    std::iter::once(escape(wanted.clone()))
        .chain((2..).map(numbered))
        .find(|name| is_free(name))
        .unwrap_or_else(|| wanted.clone())
}
