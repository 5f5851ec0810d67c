//! From the file as it is written to the [`Model`]: every name resolved, every number evaluated, every clash reported.
//!
//! One run finds all errors, and reports none that only follows from another: what could not be read, or was already
//! complained of, counts as known.

mod bodies;
mod builtin;
mod collect;
mod constants;
mod features;
mod macros;
mod numbers;
mod programs;
mod recursion;
mod shapes;
mod unknown;
mod wishes;

use std::collections::HashMap;

pub(crate) use self::wishes::unmatched_message;
use self::{collect::Scope, numbers::NumberName, unknown::Unknown};
use crate::{
    ast::{Enumerator, Expression, Ident, Parsed, Program, TypeSpec, docs::Comments},
    diagnostics::{Diagnostic, Diagnostics},
    model::{self, Docs, Model, Name, TypeId, TypeKind, TypeOptions},
    options::Options,
    source::Span,
};

/// What came of it. The model is of use only when no errors were reported.
#[derive(Debug)]
pub(crate) struct Checked {
    /// What is to be generated.
    pub(crate) model: Model,
    /// What the options ask for and cannot be done.
    pub(crate) misuse: Vec<String>,
    /// What of the options nothing in the file fits.
    pub(crate) unmatched: Vec<String>,
}

/// Checks `parsed`, whose model is to be called `name`.
pub(crate) fn check(parsed: &Parsed, name: String, options: &Options, diagnostics: &mut Diagnostics) -> Checked {
    let mut checker = Checker {
        parsed,
        options,
        diagnostics,
        types: Vec::new(),
        type_names: HashMap::new(),
        bodies: HashMap::new(),
        constants: Vec::new(),
        values: HashMap::new(),
        enum_values: HashMap::new(),
        member_names: HashMap::new(),
        taken_names: HashMap::new(),
        programs: Vec::new(),
        numbers: Vec::new(),
        number_names: HashMap::new(),
        given_numbers: HashMap::new(),
        order: Vec::new(),
        unknown: Unknown::default(),
        macro_constants: Vec::new(),
        depth: 0,
    };
    checker.collect();
    checker.evaluate_all();
    let mut kinds: Vec<TypeKind> = (0..checker.types.len()).map(|at| checker.kind(at)).collect();
    let programs = checker.programs();
    checker.report_unknown();
    // Types of the configuration were added on the way.
    for extern_type in &checker.types[kinds.len()..] {
        kinds.push(TypeKind::Extern(match &extern_type.body {
            Body::Extern(path) => path.clone(),
            _ => String::new(),
        }));
    }
    let mut model = checker.model(name, kinds, programs);
    let spans: Vec<Span> = checker.types.iter().map(|one| one.span).collect();
    if checker.diagnostics.has_errors() {
        recursion::report(&model, &spans, checker.diagnostics);
    } else {
        checker.check_features(&model);
        recursion::resolve(&mut model, &spans, checker.diagnostics);
    }
    let (misuse, unmatched) = wishes::apply(&mut model, options);
    Checked { model, misuse, unmatched }
}

struct Checker<'a, 'd> {
    parsed: &'a Parsed,
    options: &'a Options,
    diagnostics: &'d mut Diagnostics,
    types: Vec<TypeDef<'a>>,
    /// Full names.
    type_names: HashMap<String, TypeId>,
    /// Bodies within other definitions, by their address in the AST.
    bodies: HashMap<*const TypeSpec, TypeId>,
    constants: Vec<ConstantDef<'a>>,
    /// Constants, enum members and numbers of programs by full name.
    values: HashMap<String, ValueId>,
    /// Evaluated members.
    enum_values: HashMap<TypeId, constants::EnumValues>,
    /// Members of each enum by name.
    member_names: HashMap<TypeId, HashMap<&'a str, usize>>,
    /// How often an anonymous body was to have a name that is taken.
    taken_names: HashMap<String, usize>,
    programs: Vec<ProgramDef<'a>>,
    /// Names of programs, versions and procedures.
    numbers: Vec<NumberName<'a>>,
    /// Their places by full name, until all other names are known.
    number_names: HashMap<String, usize>,
    /// Evaluated numbers of programs, versions and procedures, by their address in the AST. `None`: it is wrong, and that
    /// has been said.
    given_numbers: HashMap<*const Expression, Option<i128>>,
    order: Vec<(model::Item, Span)>,
    unknown: Unknown,
    /// Of each macro that is a constant: its place among the constants. `None`: it has several values.
    macro_constants: Vec<Option<usize>>,
    /// Evaluations under way.
    depth: usize,
}

/// A type as it was found.
struct TypeDef<'a> {
    name: Name,
    scope: Scope,
    span: Span,
    docs: Docs,
    feature: Option<u16>,
    module: Option<String>,
    body: Body<'a>,
}

/// What a type is.
enum Body<'a> {
    /// `struct`, `enum`, `union` with a body.
    Spec(&'a TypeSpec),
    /// `typedef`
    Alias(&'a TypeSpec, &'a crate::ast::Declarator),
    /// By the configuration: the Rust path.
    Extern(String),
}

struct ConstantDef<'a> {
    name: Name,
    scope: Scope,
    span: Span,
    docs: Docs,
    feature: Option<u16>,
    module: Option<String>,
    value: Source<'a>,
    /// The file gave it its name; the configuration did not.
    named: bool,
    /// Part of the model only if something uses it.
    if_used: bool,
    state: constants::State,
}

/// What a constant's value is made of.
enum Source<'a> {
    Expression(&'a Expression),
    /// Of a macro; parsed for this purpose.
    Macro(Option<Expression>),
    /// Member of an anonymous enum, and the one before it.
    Member(&'a Enumerator, Option<usize>),
}

/// What a name of a value means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ValueId {
    Constant(usize),
    Member(TypeId, usize),
    /// Of a program, a version or a procedure.
    Number(usize),
}

struct ProgramDef<'a> {
    program: &'a Program,
    scope: Scope,
    docs: Docs,
    feature: Option<u16>,
}

impl<'a> Checker<'a, '_> {
    fn error(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// The module that a place belongs to.
    fn module(&self, span: Span) -> Option<String> {
        self.parsed.preprocessed.modules.get(&span.file).cloned()
    }

    fn feature(&self, feature: Option<u16>) -> Option<String> {
        feature.and_then(|at| self.parsed.preprocessed.features.get(usize::from(at)).cloned())
    }

    fn is_unreadable(&self, name: &str) -> bool {
        self.parsed.file.unreadable.contains(name)
    }

    fn comments(&self) -> Comments<'a> {
        Comments::new(&self.parsed.sources, &self.parsed.preprocessed.comments)
    }

    fn type_span(&self, id: TypeId) -> Span {
        self.types[id.0].span
    }

    fn model(&mut self, name: String, kinds: Vec<TypeKind>, programs: Vec<model::Program>) -> Model {
        let input = &self.parsed.preprocessed;
        let first = input.text.tokens.iter().map(|token| token.span).find(|span| span.file == input.main);
        let docs = self.comments().head(input.main, first);
        let mut uses: Vec<String> = Vec::new();
        let modules = self.types.iter().map(|one| &one.module).chain(self.constants.iter().map(|one| &one.module));
        for module in modules.flatten() {
            if !uses.contains(module) {
                uses.push(module.clone());
            }
        }
        let types = self
            .types
            .iter()
            .zip(kinds)
            .map(|(one, kind)| model::Type {
                name: one.name.clone(),
                docs: one.docs.clone(),
                module: one.module.clone(),
                kind,
                feature: self.feature(one.feature),
                options: TypeOptions::default(),
            })
            .collect();
        // Constants that are left out shift the others.
        let mut place: Vec<Option<usize>> = Vec::with_capacity(self.constants.len());
        let mut constants = Vec::new();
        for at in 0..self.constants.len() {
            let constant = self.constant(at);
            place.push(constant.as_ref().map(|_| constants.len()));
            constants.extend(constant);
        }
        let order = self
            .order
            .iter()
            .filter_map(|(item, _)| match item {
                model::Item::Constant(at) => place[*at].map(model::Item::Constant),
                other => Some(*other),
            })
            .collect();
        Model {
            name,
            sources: self.parsed.paths.clone(),
            docs,
            passthrough: self.parsed.preprocessed.passthrough.iter().map(|line| line.text.clone()).collect(),
            uses,
            types,
            constants,
            programs,
            order,
        }
    }
}

/// Two definitions of one name.
fn clash(what: &str, name: &Ident, before: Span, code: &'static str) -> Diagnostic {
    Diagnostic::error(code, format!("{what} `{}` is defined twice", name.text))
        .at(name.span, "defined again here")
        .at(before, "first defined here")
}
