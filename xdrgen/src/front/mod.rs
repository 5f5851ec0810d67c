//! The front of the compiler as one step: from a file to the [`Model`].

#[cfg(test)]
mod tests;

use std::{
    collections::{HashMap, HashSet},
    path::Path,
    sync::Arc,
};

use crate::{
    ast::{Item, ItemKind, Parsed, TypeSpecKind},
    check::{self, Checked},
    diagnostics::{Diagnostic, Diagnostics, Label, Report},
    error::Error,
    grammar,
    model::Model,
    options::Options,
    preprocess::{Input, Pass, files::Files, preprocess},
    source::{SourceMap, Span},
};

/// A file that is right.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// What is to be generated.
    pub(crate) model: Model,
    /// Warnings and notes.
    pub(crate) warnings: Report,
    /// Paths of [`Options::paths`] and names of [`Options::extern_types`] that nothing in the file has. Where several
    /// files are compiled with the same options, only what no file has is a mistake.
    pub(crate) unmatched: Vec<String>,
}

/// Reads, parses and checks the file at `path`.
///
/// # Errors
///
/// The file cannot be read, holds errors (all of them are in the error), or the options do not fit it.
pub(crate) fn load(path: &Path, options: &Options) -> Result<Loaded, Error> {
    run(&Input::Path(path.to_owned()), options)
}

/// As [`load`], with the file's text at hand; `path` is what it is called, and where its includes are looked for.
///
/// # Errors
///
/// As [`load`].
pub(crate) fn load_source(path: &Path, text: &str, options: &Options) -> Result<Loaded, Error> {
    run(&Input::Text(path.to_owned(), Arc::from(text.strip_prefix('\u{feff}').unwrap_or(text))), options)
}

/// Reads and parses the file at `path`.
///
/// # Errors
///
/// The file cannot be read, or cannot be parsed.
pub(crate) fn parse(path: &Path, options: &Options) -> Result<Parsed, Error> {
    let mut diagnostics = Diagnostics::default();
    let parsed = read(&Input::Path(path.to_owned()), options, &mut diagnostics)?;
    if diagnostics.has_errors() {
        return Err(Error::input(report(parsed, diagnostics)));
    }
    Ok(parsed)
}

fn run(input: &Input, options: &Options) -> Result<Loaded, Error> {
    let mut diagnostics = Diagnostics::default();
    let parsed = read(input, options, &mut diagnostics)?;
    let (Input::Path(path) | Input::Text(path, _)) = input;
    let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let checked = check::check(&parsed, name, options, &mut diagnostics);
    let failed = diagnostics.has_errors();
    let report = report(parsed, diagnostics);
    if failed {
        return Err(Error::input(report));
    }
    let Checked { model, misuse, unmatched } = checked;
    if !misuse.is_empty() {
        return Err(Error::misuse(misuse.join("\n")));
    }
    Ok(Loaded { model, warnings: report, unmatched })
}

fn report(parsed: Parsed, diagnostics: Diagnostics) -> Report {
    let mut diagnostics = diagnostics.finish();
    if !diagnostics.is_empty() {
        show_macros(&parsed, &mut diagnostics);
    }
    Report { sources: parsed.sources, diagnostics }
}

/// What is wrong within a macro is shown where the macro is used; this adds what the macro says.
fn show_macros(parsed: &Parsed, diagnostics: &mut [Diagnostic]) {
    let mut bodies: HashMap<Span, Span> = HashMap::new();
    for token in &parsed.preprocessed.text.tokens {
        if let Some(definition) = token.definition.filter(|span| !parsed.sources.file(span.file).is_made_up()) {
            let body = bodies.entry(token.span).or_insert(definition);
            *body = body.to(definition);
        }
    }
    for diagnostic in diagnostics {
        let used = diagnostic.labels.first().map(|label| label.span);
        if let Some(body) = used.and_then(|span| bodies.get(&span)) {
            diagnostic.labels.push(Label { span: *body, text: "the macro stands for this".to_owned() });
        }
    }
}

/// Reads as rpcgen does for its header, and adds what only the other outputs' passes declare.
fn read(input: &Input, options: &Options, diagnostics: &mut Diagnostics) -> Result<Parsed, Error> {
    let mut sources = SourceMap::default();
    let mut files = Files::default();
    let [header, others @ ..] = Pass::ALL;
    let mut preprocessed = preprocess(input, header, options, &mut files, Vec::new(), &mut sources, diagnostics)?;
    let mut file = grammar::parse(&preprocessed, &sources, diagnostics);
    if preprocessed.other_passes_differ {
        for pass in others {
            let constants = std::mem::take(&mut preprocessed.constants);
            let mut other = preprocess(input, pass, options, &mut files, constants, &mut sources, diagnostics)?;
            preprocessed.constants = std::mem::take(&mut other.constants);
            let more = grammar::parse(&other, &sources, diagnostics);
            file.unreadable.extend(more.unreadable);
            add_missing(&mut file.items, more.items);
            for (id, comments) in other.comments {
                preprocessed.comments.entry(id).or_insert(comments);
            }
            preprocessed.modules.extend(other.modules);
        }
    }
    Ok(Parsed { sources, preprocessed, file, paths: files.into_paths() })
}

/// Adds to `items` those of `more` that define a name not yet defined.
fn add_missing(items: &mut Vec<Item>, more: Vec<Item>) {
    let mut names: HashSet<String> = HashSet::new();
    let mut places: HashSet<Span> = HashSet::new();
    for item in items.iter() {
        names.extend(defined_names(item));
        places.insert(item.span);
    }
    for item in more {
        if let ItemKind::Namespace { name, items: inner } = item.kind {
            let same = items.iter_mut().find_map(|other| match &mut other.kind {
                ItemKind::Namespace { name: its, items } if *its == name => Some(items),
                _ => None,
            });
            match same {
                Some(outer) => add_missing(outer, inner),
                None => items.push(Item { kind: ItemKind::Namespace { name, items: inner }, ..item }),
            }
            continue;
        }
        let new = defined_names(&item);
        if !places.contains(&item.span) && !new.is_empty() && !new.iter().any(|name| names.contains(name)) {
            names.extend(new);
            items.push(item);
        }
    }
}

fn defined_names(item: &Item) -> Vec<String> {
    match &item.kind {
        ItemKind::Constant { name, .. } => vec![name.text.clone()],
        ItemKind::Typedef(declaration) => declaration
            .declarators
            .iter()
            .filter_map(|declarator| declarator.name.as_ref().map(|name| name.text.clone()))
            .collect(),
        ItemKind::Type(spec) => match &spec.kind {
            TypeSpecKind::Struct { name: Some(name), .. }
            | TypeSpecKind::Enum { name: Some(name), .. }
            | TypeSpecKind::Union { name: Some(name), .. } => vec![name.text.clone()],
            TypeSpecKind::Enum { name: None, members } => {
                members.iter().map(|member| member.name.text.clone()).collect()
            }
            _ => Vec::new(),
        },
        ItemKind::Program(program) => vec![program.name.text.clone()],
        _ => Vec::new(),
    }
}
