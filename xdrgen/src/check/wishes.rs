//! What the configuration says of single items, put into the model.

use std::collections::HashMap;

use crate::{
    model::{Field, Integer, Model, Name, Procedure, Shape, Type, TypeKind},
    options::{Options, PathOptions},
    suggest,
};

/// What came of the wishes.
struct Outcome {
    misuse: Vec<String>,
    matched: bool,
}

/// Applies the options to `model`: what cannot be done, and what fits nothing.
pub(super) fn apply(model: &mut Model, options: &Options) -> (Vec<String>, Vec<String>) {
    let mut misuse = Vec::new();
    let mut unmatched = Vec::new();
    let names: Vec<String> = model.types.iter().map(|one| full(&one.name)).collect();
    for (path, wishes) in &options.paths {
        let mut outcome = Outcome { misuse: Vec::new(), matched: path == "*" };
        for one in &mut model.types {
            if one.module.is_none() {
                apply_to_type(one, path, wishes, &names, &mut outcome);
            }
        }
        for program in &mut model.programs {
            let name = full(&program.name);
            for version in &mut program.versions {
                for procedure in &mut version.procedures {
                    let place = format!("{name}.{}.{}", version.name, procedure.name);
                    apply_to_procedure(procedure, path, &place, wishes, &mut outcome);
                }
            }
        }
        if !outcome.matched {
            unmatched.push(path.clone());
        }
        misuse.append(&mut outcome.misuse);
    }
    for name in options.extern_types.keys() {
        let used =
            model.types.iter().any(|one| matches!(one.kind, TypeKind::Extern(_)) && one.name.ident == last(name));
        if !used {
            unmatched.push(name.clone());
        }
    }
    (misuse, unmatched)
}

/// What to say of paths that no file has, with the nearest ones that some model has.
pub(crate) fn unmatched_message(path: &str, models: &[&Model]) -> String {
    let mut known: HashMap<String, ()> = HashMap::new();
    for model in models {
        for one in &model.types {
            let name = full(&one.name);
            let fields: Vec<&str> = match &one.kind {
                TypeKind::Struct(body) => body.fields.iter().map(|field| field.name.as_str()).collect(),
                TypeKind::Union(body) => {
                    body.arms.iter().filter_map(|arm| arm.field.as_ref()).map(|field| field.name.as_str()).collect()
                }
                _ => Vec::new(),
            };
            known.extend(fields.into_iter().map(|field| (format!("{name}.{field}"), ())));
            known.insert(name, ());
        }
        for program in &model.programs {
            for version in &program.versions {
                let base = format!("{}.{}", full(&program.name), version.name);
                known.extend(version.procedures.iter().map(|procedure| (format!("{base}.{}", procedure.name), ())));
            }
        }
    }
    let mut names: Vec<&str> = known.keys().map(String::as_str).collect();
    names.sort_unstable();
    match suggest::similar(path, names) {
        Some(near) => format!("the configuration names `{path}`, which no file has: did you mean `{near}`?"),
        None => format!(
            "the configuration names `{path}`, which no file has: a type is named as in the file, a field `type.field`, a procedure \
             `PROGRAM.VERSION.PROCEDURE`"
        ),
    }
}

fn apply_to_type(one: &mut Type, path: &str, wishes: &PathOptions, names: &[String], outcome: &mut Outcome) {
    let name = full(&one.name);
    let all = path == "*";
    let whole = all || path == name;
    let field_path = path.strip_prefix(&name).and_then(|rest| rest.strip_prefix('.'));
    if !whole && field_path.is_none() {
        return;
    }
    if whole {
        outcome.matched = true;
        one.options.attributes.extend(wishes.attributes.iter().cloned());
        let is_enum = matches!(one.kind, TypeKind::Enum(_));
        one.options.open |= wishes.open && is_enum;
        if !all {
            if wishes.open && !is_enum {
                outcome.misuse.push(format!("`{path}` cannot be open: it is no enum"));
            }
            for (wish, asked) in [("boxed", wishes.boxed), ("idempotent", wishes.idempotent)] {
                if asked {
                    outcome.misuse.push(format!("`{path}` cannot be {wish}: it is a type"));
                }
            }
            if wishes.integer.is_some() && !matches!(one.kind, TypeKind::Alias(_)) {
                outcome.misuse.push(format!("`{path}` cannot become another integer: it is none"));
            }
        }
    }
    let mut any_string = false;
    let fields: Vec<&mut Field> = match &mut one.kind {
        TypeKind::Alias(shape) if whole => {
            if let (Some(integer), false) = (wishes.integer, all) {
                replace_integer(shape, integer, path, outcome);
            }
            if wishes.bytes && !as_bytes(shape) && !all {
                outcome.misuse.push(no_string(path, shape, names));
            }
            return;
        }
        TypeKind::Struct(body) => body.fields.iter_mut().collect(),
        TypeKind::Union(body) => {
            let default = body.default.iter_mut().filter_map(|arm| arm.field.as_mut());
            body.arms.iter_mut().filter_map(|arm| arm.field.as_mut()).chain(default).collect()
        }
        _ => Vec::new(),
    };
    for field in fields {
        if whole {
            any_string |= wishes.bytes && as_bytes(&mut field.shape);
        } else if field_path == Some(&field.name) {
            outcome.matched = true;
            apply_to_field(field, path, wishes, names, outcome);
        }
    }
    if whole && wishes.bytes && !all && !any_string {
        outcome.misuse.push(format!("`{path}` cannot be bytes: it has no string"));
    }
}

fn apply_to_field(field: &mut Field, path: &str, wishes: &PathOptions, names: &[String], outcome: &mut Outcome) {
    field.attributes.extend(wishes.attributes.iter().cloned());
    field.boxed |= wishes.boxed;
    if wishes.bytes && !as_bytes(&mut field.shape) {
        outcome.misuse.push(no_string(path, &field.shape, names));
    }
    if let Some(integer) = wishes.integer {
        replace_integer(&mut field.shape, integer, path, outcome);
    }
    if wishes.open {
        outcome.misuse.push(format!("`{path}` cannot be open: name its enum instead"));
    }
    if wishes.idempotent {
        outcome.misuse.push(format!("`{path}` cannot be idempotent: it is no procedure"));
    }
}

fn apply_to_procedure(procedure: &mut Procedure, path: &str, place: &str, wishes: &PathOptions, outcome: &mut Outcome) {
    let exact = path == place;
    // A program or a version means all of its procedures.
    let within = place.strip_prefix(path).is_some_and(|rest| rest.starts_with('.'));
    if !exact && !within && path != "*" {
        return;
    }
    outcome.matched = true;
    procedure.idempotent |= wishes.idempotent;
    if wishes.bytes {
        as_bytes(&mut procedure.result);
        for argument in &mut procedure.arguments {
            as_bytes(&mut argument.shape);
        }
    }
    let other = wishes.open || wishes.boxed || wishes.integer.is_some() || !wishes.attributes.is_empty();
    if other && path != "*" {
        let what = if exact { "is a procedure: it" } else { "has procedures: they" };
        let message = format!("`{path}` {what} can only be idempotent, or have bytes instead of strings");
        // Once for a program.
        if !outcome.misuse.contains(&message) {
            outcome.misuse.push(message);
        }
    }
}

/// Why a field, or what a typedef names, cannot be bytes. `names`: of all types.
fn no_string(path: &str, shape: &Shape, names: &[String]) -> String {
    match shape {
        Shape::Named(id) => format!("`{path}` cannot be bytes: it is a `{0}`; say it of `{0}`", names[id.0]),
        Shape::Optional(item) | Shape::Array { item, .. } | Shape::Vector { item, .. } => no_string(path, item, names),
        _ => format!("`{path}` cannot be bytes: it is no string"),
    }
}

/// Whether there was a string.
fn as_bytes(shape: &mut Shape) -> bool {
    match shape {
        Shape::String { as_bytes, .. } => {
            *as_bytes = true;
            true
        }
        Shape::Optional(item) | Shape::Array { item, .. } | Shape::Vector { item, .. } => self::as_bytes(item),
        _ => false,
    }
}

fn replace_integer(shape: &mut Shape, integer: Integer, path: &str, outcome: &mut Outcome) {
    match shape {
        Shape::Integer(declared) if is_wide(*declared) == is_wide(integer) => *declared = integer,
        Shape::Integer(declared) => outcome.misuse.push(format!(
            "`{path}` cannot become {integer:?}: it is {declared:?}, which has another size on the wire"
        )),
        Shape::Optional(item) | Shape::Array { item, .. } | Shape::Vector { item, .. } => {
            replace_integer(item, integer, path, outcome);
        }
        _ => outcome.misuse.push(format!("`{path}` cannot become another integer: it is none")),
    }
}

fn is_wide(integer: Integer) -> bool {
    matches!(integer, Integer::I64 | Integer::U64)
}

fn full(name: &Name) -> String {
    super::collect::full_name(&name.namespace, &name.ident)
}

fn last(name: &str) -> &str {
    name.rsplit("::").next().unwrap_or(name)
}
