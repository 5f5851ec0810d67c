//! `#include`: which file it means, and what if there is none.

use std::path::{Path, PathBuf};

use super::{MOST_INCLUDES_DEEP, Run, files::NotIncluded, lexer::RawKind, macros::PpToken};
use crate::{diagnostics::Diagnostic, options::IncludeMode, source::Span};

impl Run<'_> {
    /// `#include` and what follows it.
    pub(super) fn include(&mut self, first: &PpToken, rest: &[PpToken]) {
        let rest = match rest.first() {
            Some(token) if token.kind == RawKind::Name => {
                match self.macros.expand_all(rest, self.sources, self.diagnostics) {
                    Some(expanded) => expanded,
                    None => {
                        self.stopped = true;
                        return;
                    }
                }
            }
            _ => rest.to_vec(),
        };
        let Some((name, span, system)) = self.included_name(&rest) else {
            return self.bad(first.span(), "`#include` needs a file name, as \"file\" or <file>");
        };
        if self.depth >= MOST_INCLUDES_DEEP {
            self.diagnostics.push(
                Diagnostic::error("include-cycle", format!("files are included {MOST_INCLUDES_DEEP} levels deep"))
                    .at(span, format!("{name} is not read here"))
                    .help("does a file include itself? Guard it by `#ifndef`, `#define` and `#endif`"),
            );
            self.stopped = true;
            return;
        }
        let beside = self.sources.file(span.file).path.parent().map(Path::to_owned).unwrap_or_default();
        let mut folders: Vec<&Path> = Vec::new();
        if !system {
            folders.push(&beside);
        }
        folders.extend(self.options.include_paths.iter().map(PathBuf::as_path));
        match self.files.include(&name, &folders, span, self.sources) {
            Ok(file) => {
                if let Some(module) = self.module_for(&name, span.file) {
                    self.out.modules.insert(file, module);
                }
                self.enter(file);
            }
            Err(NotIncluded::NotFound) => self.not_found(name, span, &folders),
            Err(NotIncluded::Unreadable(path, error)) => self.diagnostics.push(
                Diagnostic::error("unreadable-include", format!("cannot read {}: {error}", path.display()))
                    .at(span, ""),
            ),
            Err(NotIncluded::TooMuch) => {
                self.diagnostics.push(
                    Diagnostic::error("include-limit", "the included files are too large together")
                        .at(span, "given up here"),
                );
                self.stopped = true;
            }
        }
    }

    /// `%#include "name.h"`, at `span`: a header that rpcgen makes of `name.x`. Where includes become modules that file is
    /// read; otherwise it is remembered, to be told of when something is missing.
    pub(super) fn include_for_c(&mut self, line: &str, span: Span) {
        let Some(rest) = line.trim_start().strip_prefix('#').and_then(|rest| rest.trim_start().strip_prefix("include"))
        else {
            return;
        };
        let name = rest.trim().trim_matches(['"', '<', '>']);
        let Some(stem) = name.strip_suffix(".h") else { return };
        let file_name = stem.rsplit('/').next().unwrap_or(stem);
        let beside = self.sources.file(span.file).path.parent().map(Path::to_owned).unwrap_or_default();
        let folders: Vec<&Path> =
            std::iter::once(beside.as_path()).chain(self.options.include_paths.iter().map(PathBuf::as_path)).collect();
        for candidate in [format!("{stem}.x"), format!("{file_name}.x")] {
            let own = self.sources.file(span.file).path.file_name().is_some_and(|own| own == candidate.as_str());
            if own {
                return;
            }
            if self.options.includes != IncludeMode::Use {
                if let Some(folder) = folders.iter().find(|folder| folder.join(&candidate).is_file()) {
                    self.out.headers_with_source.push((name.to_owned(), folder.join(&candidate)));
                    return;
                }
                continue;
            }
            if self.depth < MOST_INCLUDES_DEEP
                && let Ok(file) = self.files.include(&candidate, &folders, span, self.sources)
            {
                let module = Path::new(&candidate).file_stem().map(|stem| stem.to_string_lossy().into_owned());
                // C's headers guard themselves: each is read once.
                if let Some(module) = module.filter(|module| !self.out.modules.values().any(|known| known == module)) {
                    self.out.modules.insert(file, module);
                    self.enter(file);
                }
                return;
            }
        }
    }

    fn not_found(&mut self, name: String, span: Span, folders: &[&Path]) {
        let is_x = Path::new(&name).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("x"));
        if !is_x {
            // C's headers matter only if something is missing because of them.
            self.out.missing_headers.push((span, name));
            return;
        }
        let looked: Vec<String> = folders
            .iter()
            .map(|folder| {
                if folder.as_os_str().is_empty() {
                    "the current folder".to_owned()
                } else {
                    folder.display().to_string()
                }
            })
            .collect();
        let looked = if looked.is_empty() { "nowhere: there is no include path".to_owned() } else { looked.join(", ") };
        self.diagnostics.push(
            Diagnostic::error("missing-include", format!("there is no file {name}"))
                .at(span, "")
                .because(format!("looked in {looked}"))
                .help("add its folder to the include path"),
        );
    }

    /// The file's name, where it stands, and whether it is in angle brackets.
    fn included_name(&self, tokens: &[PpToken]) -> Option<(String, Span, bool)> {
        let (first, last) = (tokens.first()?, tokens.last()?);
        let span = first.span().to(last.span());
        let text = self.sources.text(first.text);
        if first.kind == RawKind::Text {
            return Some((text.trim_matches('"').to_owned(), first.span(), false));
        }
        if text == "<" && self.sources.text(last.text) == ">" {
            let inner = Span { start: first.text.end, end: last.text.start, ..first.text };
            return Some((self.sources.text(inner).trim().to_owned(), span, true));
        }
        None
    }
}
