//! Names that mean nothing: all types in one error, with the lines that would help.

use std::collections::BTreeMap;

use super::{Checker, builtin};
use crate::{ast::Path, diagnostics::Diagnostic, source::Span, suggest};

/// What was looked up and not found.
#[derive(Debug, Default)]
pub(super) struct Unknown {
    types: BTreeMap<String, Vec<Span>>,
    values: BTreeMap<String, Vec<Span>>,
    /// Looked up for no use: nothing is remembered.
    pub(super) quiet: bool,
}

/// Places of one name that are shown.
const MOST_PLACES: usize = 3;
/// Names that are spelled out in one error.
const MOST_NAMES: usize = 40;

impl Unknown {
    pub(super) fn type_(&mut self, path: &Path) {
        self.types.entry(path.to_string()).or_default().push(path.span);
    }

    pub(super) fn value(&mut self, path: &Path) {
        if !self.quiet {
            self.values.entry(path.to_string()).or_default().push(path.span);
        }
    }
}

impl Checker<'_, '_> {
    pub(super) fn report_unknown(&mut self) {
        self.report_types();
        self.report_values();
    }

    fn report_types(&mut self) {
        let unknown = std::mem::take(&mut self.unknown.types);
        if unknown.is_empty() {
            return;
        }
        let mut names: Vec<(&String, &Vec<Span>)> = unknown.iter().collect();
        names.sort_by_key(|(_, spans)| spans.first().copied());
        let message = match names.as_slice() {
            [(name, _)] => format!("type `{name}` is defined nowhere"),
            names => format!(
                "{} types are defined nowhere: {}",
                names.len(),
                list(names.iter().map(|(name, _)| name.as_str()))
            ),
        };
        let mut diagnostic = Diagnostic::error("unknown-type", message);
        let several = names.len() > 1;
        for (name, spans) in names.iter().take(MOST_NAMES) {
            let shown = if several { 1 } else { MOST_PLACES };
            for span in spans.iter().take(shown) {
                let known = self.type_names.keys().map(String::as_str).chain(builtin::type_names());
                let near = suggest::similar(name, known);
                let text = match near {
                    Some(near) => format!("did you mean `{near}`?"),
                    None if spans.len() > shown => format!("not defined; used {} times", spans.len()),
                    None => "not defined".to_owned(),
                };
                diagnostic = diagnostic.at(*span, text);
            }
        }
        if let Some(header) = self.parsed.preprocessed.not_found() {
            diagnostic = diagnostic.because(header);
        }
        diagnostic.helps.extend(self.headers_with_source());
        let externs: Vec<String> = names
            .iter()
            .take(MOST_NAMES)
            .map(|(name, _)| {
                let rust = crate_path(name);
                format!(".extern_type(\"{name}\", \"{rust}\")")
            })
            .collect();
        let what = if several { "they are Rust types of yours" } else { "it is a Rust type of yours" };
        diagnostic = diagnostic.help(format!(
            "if {what}, tell the configuration, or the command by `--extern-type NAME=RUST`:\n{}",
            externs.join("\n")
        ));
        self.error(diagnostic);
    }

    fn report_values(&mut self) {
        let unknown = std::mem::take(&mut self.unknown.values);
        let mut names: Vec<(&String, &Vec<Span>)> = unknown.iter().collect();
        names.sort_by_key(|(_, spans)| spans.first().copied());
        if names.is_empty() {
            return;
        }
        let several = names.len() > 1;
        let message = match names.as_slice() {
            [(name, _)] => format!("constant `{name}` is defined nowhere"),
            names => {
                format!(
                    "{} constants are defined nowhere: {}",
                    names.len(),
                    list(names.iter().map(|(name, _)| name.as_str()))
                )
            }
        };
        let mut diagnostic = Diagnostic::error("unknown-constant", message);
        for (name, spans) in names.iter().take(MOST_NAMES) {
            let known = self.values.keys().map(String::as_str).chain(builtin::value_names());
            let near = suggest::similar(name, known);
            let shown = if several { 1 } else { MOST_PLACES };
            for span in spans.iter().take(shown) {
                let text = match near {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "not defined".to_owned(),
                };
                diagnostic = diagnostic.at(*span, text);
            }
        }
        if let Some(header) = self.parsed.preprocessed.not_found() {
            diagnostic = diagnostic.because(header);
        }
        diagnostic.helps.extend(self.headers_with_source());
        let defines: Vec<String> =
            names.iter().take(MOST_NAMES).map(|(name, _)| format!(".define(\"{name}=…\")")).collect();
        let what = if several { "they come" } else { "it comes" };
        self.error(diagnostic.help(format!(
            "if {what} from a C header, tell the configuration the value, or the command by `-D NAME=NUMBER`:\n{}",
            defines.join("\n")
        )));
    }

    fn headers_with_source(&self) -> Option<String> {
        let (header, source) = self.parsed.preprocessed.headers_with_source.first()?;
        Some(format!(
            "{header} is what rpcgen makes of {}: `.includes(Includes::Use)` reads that, or write `#include` without the `%`",
            source.display()
        ))
    }
}

fn list<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    if names.len() > MOST_NAMES {
        return format!("{}, …", names[..MOST_NAMES].join(", "));
    }
    names.join(", ")
}

/// A Rust path to suggest for a type of this name.
fn crate_path(name: &str) -> String {
    let last = name.rsplit("::").next().unwrap_or(name);
    let mut upper = true;
    let mut rust = String::new();
    for c in last.chars() {
        if c == '_' {
            upper = true;
        } else if upper {
            rust.push(c.to_ascii_uppercase());
            upper = false;
        } else {
            rust.push(c);
        }
    }
    format!("crate::{rust}")
}
