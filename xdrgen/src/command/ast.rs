//! `xdrgen ast`: see `ast_format.txt` for what it prints.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use super::{
    arguments::Reading,
    output::{self, Outcome},
};
use crate::{
    ast::Parsed,
    ast::{
        Declaration, Declarator, Enumerator, Expression, ExpressionKind, Ident, Item, ItemKind, Operator, Passed, Path,
        Procedure, Program, TypeSpec, TypeSpecKind, UnionBody, Version,
    },
    diagnostics::place,
    front,
    generate::integer_name,
    model::Radix,
    source::Span,
};

/// Print a .x file as JSON: what is in it, as it is written, and where.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES, after_long_help = format!("{FORMAT}\n{EXAMPLES}"))]
pub(super) struct Arguments {
    /// The .x file.
    file: PathBuf,
    #[command(flatten)]
    reading: Reading,
}

/// What is printed.
const FORMAT: &str = include_str!("ast_format.txt");

const EXAMPLES: &str = "\
The format has a number, \"format\", which changes when what is there means something else; more may be added.
Names are not resolved, and nothing is checked beyond the grammar.

Examples:
  xdrgen ast calc.x | jq -r '.items[] | select(.kind == \"program\") | .name.text'
  xdrgen ast calc.x | jq '.items[0].place.line'";

pub(super) fn run(arguments: Arguments) -> Outcome {
    let config = arguments.reading.config().and_then(|config| config.validate().map(|()| config));
    match config.and_then(|config| front::parse(&arguments.file, &config.options)) {
        Ok(parsed) => output::print(&format!("{:#}\n", Dump { parsed: &parsed }.file())),
        Err(error) => output::fail(&error),
    }
}

struct Dump<'p> {
    parsed: &'p Parsed,
}

impl Dump<'_> {
    fn file(&self) -> Value {
        let files: Vec<String> = self.parsed.paths.iter().map(|path| path.display().to_string()).collect();
        let passthrough: Vec<&str> =
            self.parsed.preprocessed.passthrough.iter().map(|line| line.text.as_str()).collect();
        json!({ "format": 1, "files": files, "items": self.items(&self.parsed.file.items), "passthrough": passthrough })
    }

    fn items(&self, items: &[Item]) -> Value {
        items.iter().map(|item| self.item(item)).collect()
    }

    fn item(&self, item: &Item) -> Value {
        let mut value = match &item.kind {
            ItemKind::Constant { name, value } => {
                json!({ "kind": "constant", "name": self.name(name), "value": self.expression(value) })
            }
            ItemKind::Typedef(declaration) => {
                json!({ "kind": "typedef", "declaration": self.declaration(declaration) })
            }
            ItemKind::Type(spec) => json!({ "kind": "type", "type": self.type_(spec) }),
            ItemKind::Program(program) => self.program(program),
            ItemKind::Pragma(words) => json!({ "kind": "pragma", "words": self.names(words) }),
            ItemKind::Namespace { name, items } => {
                json!({ "kind": "namespace", "name": self.names(name), "items": self.items(items) })
            }
        };
        value["docs"] = item.docs.as_slice().into();
        value["place"] = self.place(item.span);
        value
    }

    fn place(&self, span: Span) -> Value {
        place(&self.parsed.sources, span)
    }

    fn name(&self, name: &Ident) -> Value {
        json!({ "text": name.text, "place": self.place(name.span) })
    }

    fn names(&self, names: &[Ident]) -> Value {
        names.iter().map(|name| self.name(name)).collect()
    }

    fn maybe_name(&self, name: Option<&Ident>) -> Value {
        name.map_or(Value::Null, |name| self.name(name))
    }

    fn path(&self, path: &Path) -> Value {
        self.names(&path.segments)
    }

    fn type_(&self, spec: &TypeSpec) -> Value {
        let mut value = match &spec.kind {
            TypeSpecKind::Void => json!({ "kind": "void" }),
            TypeSpecKind::Bool => json!({ "kind": "bool" }),
            TypeSpecKind::Float => json!({ "kind": "float" }),
            TypeSpecKind::Double => json!({ "kind": "double" }),
            TypeSpecKind::Quadruple => json!({ "kind": "quadruple" }),
            TypeSpecKind::String => json!({ "kind": "string" }),
            TypeSpecKind::Opaque => json!({ "kind": "opaque" }),
            TypeSpecKind::Integer(integer) => {
                let (sign, bits) = integer_name(*integer).split_at(1);
                json!({ "kind": "integer", "bits": bits.parse::<u8>().unwrap_or_default(), "signed": sign == "i" })
            }
            TypeSpecKind::Named(path) => json!({ "kind": "named", "path": self.path(path) }),
            TypeSpecKind::Struct { name, fields } => {
                json!({ "kind": "struct", "name": self.maybe_name(name.as_ref()), "fields": self.declarations(fields) })
            }
            TypeSpecKind::Enum { name, members } => {
                let members: Value = members.iter().map(|member| self.member(member)).collect();
                json!({ "kind": "enum", "name": self.maybe_name(name.as_ref()), "members": members })
            }
            TypeSpecKind::Union { name, body } => self.union_(name.as_ref(), body),
        };
        value["place"] = self.place(spec.span);
        value
    }

    fn member(&self, member: &Enumerator) -> Value {
        let value = member.value.as_ref().map_or(Value::Null, |value| self.expression(value));
        json!({ "name": self.name(&member.name), "value": value, "docs": member.docs })
    }

    fn union_(&self, name: Option<&Ident>, body: &UnionBody) -> Value {
        let arms: Value = body
            .arms
            .iter()
            .map(|arm| {
                let labels: Value = arm
                    .labels
                    .iter()
                    .map(|label| {
                        let value = label.value.as_ref().map_or(Value::Null, |value| self.expression(value));
                        json!({ "value": value, "place": self.place(label.span) })
                    })
                    .collect();
                json!({ "labels": labels, "declaration": self.declaration(&arm.declaration) })
            })
            .collect();
        json!({
            "kind": "union",
            "name": self.maybe_name(name),
            "discriminant": {
                "type": self.type_(&body.discriminant_type),
                "name": self.name(&body.discriminant),
                "docs": body.discriminant_docs,
            },
            "arms": arms,
        })
    }

    fn declarations(&self, declarations: &[Declaration]) -> Value {
        declarations.iter().map(|declaration| self.declaration(declaration)).collect()
    }

    fn declaration(&self, declaration: &Declaration) -> Value {
        let declarators: Value = declaration.declarators.iter().map(|declarator| self.declarator(declarator)).collect();
        json!({
            "type": self.type_(&declaration.type_spec),
            "declarators": declarators,
            "docs": declaration.docs,
            "place": self.place(declaration.span),
        })
    }

    fn declarator(&self, declarator: &Declarator) -> Value {
        let suffixes: Value = declarator
            .suffixes
            .iter()
            .map(|suffix| {
                let bound = suffix.bound.as_ref().map_or(Value::Null, |bound| self.expression(bound));
                json!({ "fixed": suffix.fixed, "bound": bound })
            })
            .collect();
        json!({
            "name": self.maybe_name(declarator.name.as_ref()),
            "pointers": declarator.pointers,
            "suffixes": suffixes,
            "place": self.place(declarator.span),
        })
    }

    fn program(&self, program: &Program) -> Value {
        let versions: Value = program.versions.iter().map(|version| self.version(version)).collect();
        json!({
            "kind": "program",
            "name": self.name(&program.name),
            "number": self.expression(&program.number),
            "versions": versions,
        })
    }

    fn version(&self, version: &Version) -> Value {
        let procedures: Value = version.procedures.iter().map(|procedure| self.procedure(procedure)).collect();
        json!({
            "name": self.name(&version.name),
            "number": self.expression(&version.number),
            "docs": version.docs,
            "procedures": procedures,
        })
    }

    fn procedure(&self, procedure: &Procedure) -> Value {
        let passed = |passed: &Passed| json!({ "type": self.type_(&passed.type_spec), "declarator": self.declarator(&passed.declarator) });
        let arguments: Value = procedure.arguments.iter().map(passed).collect();
        json!({
            "name": self.name(&procedure.name),
            "number": self.expression(&procedure.number),
            "docs": procedure.docs,
            "result": passed(&procedure.result),
            "arguments": arguments,
        })
    }

    fn expression(&self, expression: &Expression) -> Value {
        let mut value = match &expression.kind {
            ExpressionKind::Number(value, radix) => {
                let radix: Value = match radix {
                    Radix::Decimal => 10.into(),
                    Radix::Hexadecimal => 16.into(),
                    Radix::Octal => 8.into(),
                    Radix::Character => "character".into(),
                };
                json!({ "kind": "number", "value": value.to_string(), "radix": radix })
            }
            ExpressionKind::Text(text) => json!({ "kind": "text", "value": text }),
            ExpressionKind::Name(path) => json!({ "kind": "name", "path": self.path(path) }),
            ExpressionKind::Macro(index) => {
                let constant = self.parsed.preprocessed.constants.get(*index as usize);
                json!({ "kind": "macro", "name": constant.map(|constant| constant.name.as_str()) })
            }
            ExpressionKind::Prefix(operator, operand) => {
                json!({ "kind": "prefix", "operator": operator.to_string(), "operand": self.expression(operand) })
            }
            ExpressionKind::Binary(left, operator, right) => json!({
                "kind": "binary",
                "operator": symbol(*operator),
                "left": self.expression(left),
                "right": self.expression(right),
            }),
        };
        value["place"] = self.place(expression.span);
        value
    }
}

fn symbol(operator: Operator) -> &'static str {
    match operator {
        Operator::Add => "+",
        Operator::Subtract => "-",
        Operator::Multiply => "*",
        Operator::Divide => "/",
        Operator::Remainder => "%",
        Operator::ShiftLeft => "<<",
        Operator::ShiftRight => ">>",
        Operator::And => "&",
        Operator::Or => "|",
        Operator::Xor => "^",
    }
}
