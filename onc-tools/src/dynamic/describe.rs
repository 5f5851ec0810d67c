//! What a `.x` file holds, as text.

use std::fmt::Write as _;

use xdrgen::model::{ConstantValue, Docs, Field, Model, Program, Type, TypeKind, Version};

use super::LookupError;
use super::lookup::same;

/// The programs, versions and procedures of a file, a line each.
#[must_use]
pub fn list(model: &Model) -> String {
    let mut out = String::new();
    for program in &model.programs {
        for version in &program.versions {
            list_version(model, program, version, &mut out);
        }
    }
    out
}

/// What a name stands for, as the file would write it, with its comment: a type, a procedure, a constant, a program or a
/// version. A member of an enum is shown with the enum.
///
/// # Errors
///
/// It stands for nothing; in whatever case it is written.
pub fn describe(model: &Model, name: &str) -> Result<String, LookupError> {
    let mut out = String::new();
    for is in [|own: &str, name: &str| own == name, same as fn(&str, &str) -> bool] {
        describe_all(model, &|own| is(own, name), &mut out);
        if !out.is_empty() {
            return Ok(out);
        }
    }
    let versions = || model.programs.iter().flat_map(|program| &program.versions);
    let types = model.types.iter().map(|named| named.name.ident.clone());
    let known = versions().flat_map(|version| version.procedures.iter().map(|procedure| procedure.name.clone()));
    Err(LookupError::unknown("type or procedure", name, known.chain(types)))
}

fn describe_all(model: &Model, is: &dyn Fn(&str) -> bool, out: &mut String) {
    let has = |kind: &TypeKind| match kind {
        TypeKind::Enum(members) => members.members.iter().any(|member| is(&member.name)),
        _ => false,
    };
    for named in model.types.iter().filter(|named| is(&named.name.ident) || has(&named.kind)) {
        describe_type(model, named, out);
    }
    for constant in model.constants.iter().filter(|constant| is(&constant.name.ident)) {
        comment(out, &constant.docs, "");
        let value = match &constant.value {
            ConstantValue::Integer(number) => number.to_string(),
            ConstantValue::Text(text) => format!("{text:?}"),
        };
        line(out, &format!("const {} = {value};", constant.name.ident));
    }
    for program in &model.programs {
        if is(&program.name.ident) {
            comment(out, &program.docs, "");
        }
        for version in &program.versions {
            if is(&version.name) {
                comment(out, &version.docs, "");
            }
            if is(&version.name) || is(&program.name.ident) {
                list_version(model, program, version, out);
            }
            for procedure in version.procedures.iter().filter(|procedure| is(&procedure.name)) {
                comment(out, &procedure.docs, "");
                line(out, &format!("{} = {};", model.signature(procedure), procedure.number.value));
                line(out, &format!("    of {}", version_title(program, version)));
            }
        }
    }
}

fn list_version(model: &Model, program: &Program, version: &Version, out: &mut String) {
    line(out, &version_title(program, version));
    for procedure in &version.procedures {
        let about = procedure.docs.first().map(|text| format!("    {text}")).unwrap_or_default();
        line(out, &format!("  {:>4}  {}{about}", procedure.number.value, model.signature(procedure)));
    }
}

fn version_title(program: &Program, version: &Version) -> String {
    format!("{} {} ({}.{})", program.name.ident, version.name, program.number.value, version.number.value)
}

fn describe_type(model: &Model, named: &Type, out: &mut String) {
    let name = &named.name.ident;
    comment(out, &named.docs, "");
    match &named.kind {
        TypeKind::Alias(shape) => line(out, &format!("typedef {};", model.declaration(shape, name))),
        TypeKind::Enum(members) => {
            line(out, &format!("enum {name} {{"));
            for member in &members.members {
                comment(out, &member.docs, "    ");
                line(out, &format!("    {} = {},", member.name, member.value));
            }
            line(out, "};");
        }
        TypeKind::Struct(fields) => {
            line(out, &format!("struct {name} {{"));
            for one in &fields.fields {
                field(model, one, "    ", out);
            }
            if let Some(link) = &fields.list {
                line(out, &format!("    {name} *{};", link.name));
            }
            line(out, "};");
        }
        TypeKind::Union(union) => {
            let discriminant = model.declaration(&union.discriminant_shape, &union.discriminant);
            line(out, &format!("union {name} switch ({discriminant}) {{"));
            for arm in &union.arms {
                for case in &arm.cases {
                    line(out, &format!("case {}:", model.number(case)));
                }
                arm_field(model, arm.field.as_ref(), out);
            }
            if let Some(default) = &union.default {
                line(out, "default:");
                arm_field(model, default.field.as_ref(), out);
            }
            line(out, "};");
        }
        TypeKind::Extern(path) => line(out, &format!("{name} is defined in Rust: {path}")),
    }
}

fn arm_field(model: &Model, value: Option<&Field>, out: &mut String) {
    match value {
        Some(value) => field(model, value, "    ", out),
        None => line(out, "    void;"),
    }
}

fn field(model: &Model, one: &Field, indent: &str, out: &mut String) {
    comment(out, &one.docs, indent);
    line(out, &format!("{indent}{};", model.declaration(&one.shape, &one.name)));
}

fn comment(out: &mut String, docs: &Docs, indent: &str) {
    for text in docs {
        line(out, &format!("{indent}/* {text} */"));
    }
}

fn line(out: &mut String, text: &str) {
    writeln!(out, "{}", text.trim_end()).expect("a String takes everything");
}
